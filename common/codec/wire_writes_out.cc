// The bodies of writes, value -> message.
#include <type_traits>

#include "common/base/macros.h"
#include "common/codec/wire_values.h"

namespace kapea::codec {
namespace {

void Put(const domain::FieldWrite& from, v1::FieldWrite& to) {
  to.set_record(from.record.str());
  if (from.form) {
    to.mutable_form()->set_form(from.form->form);
    to.mutable_form()->set_version(from.form->version);
  }
  WriteOptionalId(from.parent, to.mutable_parent());
  to.set_field(from.field);
  if (from.clear) *to.mutable_clear() = ToWire(*from.clear);
  if (from.sealed) {
    to.mutable_sealed()->set_key_epoch(from.sealed->key_epoch.str());
    to.mutable_sealed()->set_key_class(static_cast<uint32_t>(from.sealed->key_class));
    to.mutable_sealed()->set_envelope(from.sealed->envelope);
  }
  to.set_cleared(from.cleared());
  for (const ChangeId& id : from.replaces) to.add_replaces(id.str());
  if (from.of) to.set_of(*from.of);
}

void Put(const domain::Member& from, v1::Member& to) {
  WriteOptionalId(from.person, to.mutable_person());
  to.set_unit(from.unit.str());
  to.set_role(static_cast<v1::Role>(from.role));
  for (const domain::Duty duty : from.duties) to.add_duties(static_cast<v1::Duty>(duty));
}

void Put(const domain::Wrap& from, v1::Wrap& to) {
  WriteOptionalId(from.key_epoch, to.mutable_key_epoch());
  to.set_key_class(static_cast<uint32_t>(from.key_class));
  to.set_half(from.half);
  to.set_recipient_kind(static_cast<v1::RecipientKind>(from.recipient_kind));
  to.set_recipient(from.recipient.str());
  to.set_generation(from.generation);
  to.set_recipient_key_hash(from.recipient_key.str());
  to.set_encapsulated(from.encapsulated);
  to.set_ciphertext(from.ciphertext);
  WriteOptionalId(from.wrapped_owner, to.mutable_wrapped_person());
  to.set_wrapped_generation(from.wrapped_generation);
}

void Put(const domain::PersonEntry& from, v1::PersonEntry& to) {
  to.set_person(from.person.str());
  to.set_generation(from.generation);
  to.set_receive_key(from.receive_key);
  for (const domain::RoleAt& at : from.roles) {
    to.add_roles()->set_role(static_cast<v1::Role>(at.role));
    to.mutable_roles(to.roles_size() - 1)->set_unit(at.unit.str());
  }
  to.set_ended(from.ended);
}

void Put(const domain::DeviceEntry& from, v1::DeviceEntry& to) {
  to.set_device(from.device.str());
  to.set_person(from.person.str());
  to.set_signing_key(from.signing_key);
  to.set_receive_key(from.receive_key);
  to.set_revoked(from.revoked);
}

void Put(const domain::UnitEntry& from, v1::UnitEntry& to) {
  to.set_unit(from.unit.str());
  to.set_kind(static_cast<v1::UnitKind>(from.kind));
  to.set_code(from.code);
  to.set_generation(from.generation);
  to.set_receive_key(from.receive_key);
  to.set_ended(from.ended);
  to.set_province(from.province);
}

void Put(const domain::Genesis& from, v1::Genesis& to) {
  to.set_deployment(from.deployment.str());
  to.set_log_key(from.log_key);
  to.set_root_certificate(from.root_certificate.str());
  to.set_server_device(from.server_device.str());
  to.set_server_signing_key(from.server_signing_key);
  for (const PersonId& registrar : from.registrars) to.add_registrars(registrar.str());
  for (const std::string& owner : from.pack_owners) to.add_pack_owners(owner);
}

void Put(const domain::SealedNote& from, v1::SealedNote& to) {
  to.set_recipient_kind(static_cast<v1::RecipientKind>(from.recipient_kind));
  to.set_recipient(from.recipient.str());
  to.set_generation(from.generation);
  to.set_recipient_key_hash(from.recipient_key.str());
  to.set_encapsulated(from.encapsulated);
  to.set_ciphertext(from.ciphertext);
}

void Put(const domain::Disclosure& from, v1::Disclosure& to) {
  for (const domain::DisclosedField& field : from.fields) {
    v1::DisclosedField& line = *to.add_fields();
    line.set_record(field.record.str());
    line.set_field(field.field);
  }
  WriteOptionalId(from.to_unit, to.mutable_to_unit());
  to.set_to_body(from.to_body);
  to.set_purpose(from.purpose);
  to.set_expires_ms(from.expires.unix_ms());
  to.set_because(from.because);
}

void Put(const domain::Publication& from, v1::Publication& to) {
  to.set_report(from.report);
  to.set_from_ms(from.from.unix_ms());
  to.set_before_ms(from.before.unix_ms());
  WriteOptionalId(from.scope.unit, to.mutable_unit());
  to.set_province(from.scope.province);
  to.set_as_of_ms(from.as_of.unix_ms());
  to.set_ledger_size(from.ledger_size);
  to.set_hidden_below(from.hidden_below);
  to.set_rounded_to(from.rounded_to);
  for (const domain::PublishedTable& table : from.tables) {
    v1::PublishedTable& made = *to.add_tables();
    made.set_measure(table.measure);
    made.set_dimension(table.dimension);
    made.set_decimals(table.decimals);
    for (const domain::PublishedCell& cell : table.cells) {
      v1::PublishedCell& line = *made.add_cells();
      line.set_code(cell.code);
      if (cell.value) line.set_value(*cell.value);
    }
  }
  WriteOptionalId(from.revises, to.mutable_revises());
  to.set_reason(from.reason);
}

}  // namespace

v1::Write ToWire(const domain::WriteBody& body) {  // tidy: long because it names every body once
  v1::Write wire;
  std::visit(
      [&wire](const auto& from) {
        using T = std::decay_t<decltype(from)>;
        if constexpr (std::is_same_v<T, domain::Withheld>) {
          KAPEA_CHECK(false && "a withheld write has no body");
        } else if constexpr (std::is_same_v<T, domain::FieldWrite>) {
          Put(from, *wire.mutable_field());
        } else if constexpr (std::is_same_v<T, domain::Founding>) {
          wire.mutable_founding()->set_kind(static_cast<v1::FileKind>(from.kind));
          wire.mutable_founding()->set_drill(from.drill);
        } else if constexpr (std::is_same_v<T, domain::RosterWrite>) {
          v1::RosterWrite& to = *wire.mutable_roster();
          for (const auto& member : from.added) Put(member, *to.add_added());
          for (const auto& member : from.removed) Put(member, *to.add_removed());
          for (const auto& member : from.changed) Put(member, *to.add_changed());
        } else if constexpr (std::is_same_v<T, domain::KeyOpening>) {
          v1::KeyOpening& to = *wire.mutable_key_opening();
          to.set_key_class(static_cast<uint32_t>(from.key_class));
          to.set_commitment(from.commitment.str());
          WriteOptionalId(from.half_a, to.mutable_half_a_hash());
          WriteOptionalId(from.half_b, to.mutable_half_b_hash());
        } else if constexpr (std::is_same_v<T, domain::Wrap>) {
          Put(from, *wire.mutable_wrap());
        } else if constexpr (std::is_same_v<T, domain::PersonEntry>) {
          Put(from, *wire.mutable_person());
        } else if constexpr (std::is_same_v<T, domain::DeviceEntry>) {
          Put(from, *wire.mutable_device());
        } else if constexpr (std::is_same_v<T, domain::UnitEntry>) {
          Put(from, *wire.mutable_unit());
        } else if constexpr (std::is_same_v<T, domain::Genesis>) {
          Put(from, *wire.mutable_genesis());
        } else if constexpr (std::is_same_v<T, domain::CustodyOffer>) {
          v1::CustodyOffer& to = *wire.mutable_custody_offer();
          to.set_handover(from.handover.str());
          to.set_to_unit(from.to_unit.str());
          WriteOptionalId(from.to_person, to.mutable_to_person());
          to.set_of_persons(from.of_persons);
          WriteOptionalId(from.operation, to.mutable_operation());
        } else if constexpr (std::is_same_v<T, domain::CustodyAnswer>) {
          v1::CustodyAnswer& to = *wire.mutable_custody_answer();
          to.set_handover(from.handover.str());
          to.set_accepted(from.accepted);
          to.set_reason(from.reason);
          to.set_counted(from.counted);
        } else if constexpr (std::is_same_v<T, domain::LinkWrite>) {
          v1::LinkWrite& to = *wire.mutable_link();
          to.set_relation(from.relation);
          to.set_link_id(from.link_id.str());
          WriteOptionalId(from.other_file, to.mutable_other_file());
          if (from.proposal) {
            to.mutable_proposal()->set_change(from.proposal->change.str());
            to.mutable_proposal()->set_hash(from.proposal->hash.str());
          }
          to.set_ended(from.ended);
        } else if constexpr (std::is_same_v<T, domain::Waiver>) {
          wire.mutable_waiver()->set_clause(from.clause);
          wire.mutable_waiver()->set_reason(from.reason);
          wire.mutable_waiver()->set_ended(from.ended);
        } else if constexpr (std::is_same_v<T, domain::ReadNotice>) {
          wire.mutable_read_notice()->set_record(from.record.str());
          for (const std::string& field : from.fields)
            wire.mutable_read_notice()->add_fields(field);
          wire.mutable_read_notice()->set_times(from.times);
        } else if constexpr (std::is_same_v<T, domain::Delivery>) {
          wire.mutable_delivery()->set_device(from.device.str());
          wire.mutable_delivery()->set_first_number(from.first);
          wire.mutable_delivery()->set_last_number(from.last);
        } else if constexpr (std::is_same_v<T, domain::PackPart>) {
          v1::PackPart& to = *wire.mutable_pack_part();
          to.set_pack_hash(from.pack.str());
          to.set_pack_id(from.pack_id);
          to.set_version(from.version);
          to.set_part(from.part);
          to.set_parts(from.parts);
          to.set_content(from.content);
        } else if constexpr (std::is_same_v<T, domain::Disclosure>) {
          Put(from, *wire.mutable_disclosure());
        } else if constexpr (std::is_same_v<T, domain::SealedNote>) {
          Put(from, *wire.mutable_sealed_note());
        } else if constexpr (std::is_same_v<T, domain::Publication>) {
          Put(from, *wire.mutable_publication());
        } else {
          static_assert(std::is_same_v<T, domain::Decision>);
          v1::Decision& to = *wire.mutable_decision();
          to.set_reason(from.reason);
          to.set_subject(from.subject);
          to.set_field(from.field);
          to.set_from(from.from);
          to.set_to(from.to);
          WriteOptionalId(from.maker, to.mutable_maker());
          WriteOptionalId(from.parent, to.mutable_parent());
          if (from.form) {
            to.set_form(from.form->form);
            to.set_form_version(from.form->version);
          }
        }
      },
      body);
  return wire;
}

}  // namespace kapea::codec
