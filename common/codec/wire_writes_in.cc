// The bodies of writes, message -> value: every limit of a body is kept here.
#include <algorithm>
#include <set>
#include <utility>

#include "common/base/macros.h"
#include "common/codec/wire_values.h"
#include "common/crypto/hash.h"
#include "common/crypto/low_order.h"
#include "common/crypto/seal.h"
#include "common/domain/roles.h"

namespace kapea::codec {
namespace {

constexpr size_t kFieldCodeBytesMax = 64;
constexpr int kMembersMax = 256;
// Of the padded texts of a SealedNote, without the tag.
constexpr size_t kNoteBytes[] = {256, 512, 1024, 2048};
constexpr size_t kTagBytes = 16;
constexpr int64_t kPublishedValueMax = int64_t{1} << 53;  // whole numbers of every program

absl::Status Bad(const char* what) {
  return absl::InvalidArgumentError(std::string("malformed ") + what);
}

bool IsNameOrEmpty(std::string_view text) { return text.empty() || IsName(text); }

template <typename T>
bool Ascends(const std::vector<T>& items) {
  return std::adjacent_find(items.begin(), items.end(),
                            [](const T& a, const T& b) { return !(a < b); }) == items.end();
}

absl::Status Take(const v1::FieldWrite& from, domain::FieldWrite& to) {
  KAPEA_TRY(ReadId(from.record(), to.record));
  if (from.has_form()) {
    if (!IsName(from.form().form()) || from.form().version() == 0) return Bad("write: form");
    to.form = domain::FormPin{from.form().form(), from.form().version()};
  }
  KAPEA_TRY(ReadOptionalId(from.parent(), to.parent));
  if (from.field().empty() || from.field().size() > kFieldCodeBytesMax || !IsName(from.field())) {
    return Bad("write: field");
  }
  to.field = from.field();
  if (from.has_clear()) {
    KAPEA_ASSIGN(to.clear, FromWire(from.clear()));
  }
  if (from.has_sealed()) {
    domain::Sealed& sealed = to.sealed.emplace();
    KAPEA_TRY(ReadId(from.sealed().key_epoch(), sealed.key_epoch));
    sealed.key_class = EnumCast(from.sealed().key_class(), domain::KeyClass::kPlan);
    sealed.envelope = from.sealed().envelope();
    if (sealed.key_class == domain::KeyClass::kNone ||
        !crypto::IsEnvelopeSize(sealed.envelope.size())) {
      return Bad("write: envelope");
    }
  }
  const bool attachment = to.clear && std::holds_alternative<domain::Attachment>(*to.clear);
  if (from.cleared() != to.cleared() || (to.clear && to.sealed && !attachment)) {
    return Bad("write: want one of clear, sealed and cleared");
  }
  if (static_cast<size_t>(from.replaces_size()) > kReplacesMax) return Bad("write: replaces");
  for (const std::string& id : from.replaces()) {
    KAPEA_TRY(ReadId(id, to.replaces.emplace_back()));
  }
  if (!Ascends(to.replaces)) return Bad("write: replaces");
  if (from.has_of()) {
    if (!to.replaces.empty()) return Bad("write: a derived fact replaces nothing itself");
    to.of = from.of();
  }
  return absl::OkStatus();
}

absl::Status Take(const google::protobuf::RepeatedPtrField<v1::Member>& from,
                  std::vector<domain::Member>& to) {
  if (from.size() > kMembersMax) return Bad("roster: too many members");
  for (const v1::Member& wire : from) {
    domain::Member& member = to.emplace_back();
    KAPEA_TRY(ReadOptionalId(wire.person(), member.person));
    KAPEA_TRY(ReadId(wire.unit(), member.unit));
    member.role = EnumCast(wire.role(), domain::Role::kServer);
    if (member.role == domain::Role::kNone) return Bad("roster: role");
    for (const int duty : wire.duties()) {
      member.duties.push_back(EnumCast(duty, domain::Duty::kComms));
      if (member.duties.back() == domain::Duty::kNone) return Bad("roster: duty");
    }
    if (!Ascends(member.duties)) return Bad("roster: duties");
  }
  return absl::OkStatus();
}

absl::Status Take(const v1::Wrap& from, domain::Wrap& to) {
  KAPEA_TRY(ReadOptionalId(from.key_epoch(), to.key_epoch));
  to.key_class = EnumCast(from.key_class(), domain::KeyClass::kPlan);
  to.half = from.half();
  to.recipient_kind = EnumCast(from.recipient_kind(), domain::RecipientKind::kDevice);
  KAPEA_TRY(ReadId(from.recipient(), to.recipient));
  to.generation = from.generation();
  KAPEA_TRY(ReadId(from.recipient_key_hash(), to.recipient_key));
  to.encapsulated = from.encapsulated();
  to.ciphertext = from.ciphertext();
  KAPEA_TRY(ReadOptionalId(from.wrapped_person(), to.wrapped_owner));
  to.wrapped_generation = from.wrapped_generation();
  const bool of_file = to.key_epoch.has_value();
  if (to.recipient_kind == domain::RecipientKind::kNone || to.half > 2 ||
      to.encapsulated.size() != 32 || to.ciphertext.size() != 48 ||
      of_file != (to.key_class != domain::KeyClass::kNone) || of_file != (from.key_class() != 0) ||
      of_file == to.wrapped_owner.has_value()) {
    return Bad("wrap");
  }
  return absl::OkStatus();
}

// One to which nothing can be sealed would stop whoever has to.
bool IsReceiveKey(std::string_view key, uint32_t generation) {
  return generation == 0 ? key.empty() : key.size() == 32 && !crypto::IsLowOrder(key);
}

absl::Status Take(const v1::PersonEntry& from, domain::PersonEntry& to) {
  KAPEA_TRY(ReadId(from.person(), to.person));
  to.generation = from.generation();
  to.receive_key = from.receive_key();
  if (!IsReceiveKey(to.receive_key, to.generation)) return Bad("person: receive key");
  if (from.roles_size() > 64) return Bad("person: roles");
  for (const v1::RoleAt& wire : from.roles()) {
    domain::RoleAt& at = to.roles.emplace_back();
    at.role = EnumCast(wire.role(), domain::Role::kServer);
    if (at.role == domain::Role::kNone) return Bad("person: role");
    KAPEA_TRY(ReadId(wire.unit(), at.unit));
  }
  to.ended = from.ended();
  return absl::OkStatus();
}

absl::Status Take(const v1::DeviceEntry& from, domain::DeviceEntry& to) {
  KAPEA_TRY(ReadId(from.device(), to.device));
  KAPEA_TRY(ReadId(from.person(), to.person));
  to.signing_key = from.signing_key();
  to.receive_key = from.receive_key();
  to.revoked = from.revoked();
  if (to.signing_key.size() != 65 || !IsReceiveKey(to.receive_key, 1)) return Bad("device: keys");
  return absl::OkStatus();
}

bool IsUnitCode(std::string_view code) {
  return !code.empty() && code.size() <= 24 && std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

absl::Status Take(const v1::UnitEntry& from, domain::UnitEntry& to) {
  KAPEA_TRY(ReadId(from.unit(), to.unit));
  to.kind = EnumCast(from.kind(), domain::UnitKind::kRegistry);
  to.code = from.code();
  to.generation = from.generation();
  to.receive_key = from.receive_key();
  to.ended = from.ended();
  to.province = from.province();
  if (!to.receive_key.empty()) to.receive_key_hash = crypto::Sha256(to.receive_key);
  if (to.kind == domain::UnitKind::kNone || !IsUnitCode(to.code) ||
      !(to.province.empty() || domain::IsProvinceCode(to.province)) ||
      !IsReceiveKey(to.receive_key, to.generation)) {
    return Bad("unit");
  }
  return absl::OkStatus();
}

absl::Status Take(const v1::Genesis& from, domain::Genesis& to) {
  KAPEA_TRY(ReadId(from.deployment(), to.deployment));
  to.log_key = from.log_key();
  KAPEA_TRY(ReadId(from.root_certificate(), to.root_certificate));
  KAPEA_TRY(ReadId(from.server_device(), to.server_device));
  to.server_signing_key = from.server_signing_key();
  for (const std::string& registrar : from.registrars()) {
    KAPEA_TRY(ReadId(registrar, to.registrars.emplace_back()));
  }
  for (const std::string& owner : from.pack_owners()) to.pack_owners.push_back(owner);
  const bool keys_fit = std::all_of(to.pack_owners.begin(), to.pack_owners.end(),
                                    [](const std::string& key) { return key.size() == 65; });
  if (to.log_key.size() != 32 || to.server_signing_key.size() != 65 || to.registrars.size() < 3 ||
      to.registrars.size() > 16 || to.pack_owners.size() > 16 || !keys_fit) {
    return Bad("genesis");
  }
  return absl::OkStatus();
}

absl::Status Take(const v1::LinkWrite& from, domain::LinkWrite& to) {
  to.relation = from.relation();
  KAPEA_TRY(ReadId(from.link_id(), to.link_id));
  KAPEA_TRY(ReadOptionalId(from.other_file(), to.other_file));
  if (from.has_proposal()) {
    domain::Ref& ref = to.proposal.emplace();
    KAPEA_TRY(ReadId(from.proposal().change(), ref.change));
    KAPEA_TRY(ReadId(from.proposal().hash(), ref.hash));
  }
  to.ended = from.ended();
  return IsName(to.relation) ? absl::OkStatus() : Bad("link");
}

absl::Status Take(const v1::SealedNote& from, domain::SealedNote& to) {
  to.recipient_kind = EnumCast(from.recipient_kind(), domain::RecipientKind::kUnit);
  KAPEA_TRY(ReadId(from.recipient(), to.recipient));
  to.generation = from.generation();
  KAPEA_TRY(ReadId(from.recipient_key_hash(), to.recipient_key));
  to.encapsulated = from.encapsulated();
  to.ciphertext = from.ciphertext();
  const bool good = to.recipient_kind != domain::RecipientKind::kNone && to.generation != 0 &&
                    to.encapsulated.size() == 32 &&
                    std::any_of(std::begin(kNoteBytes), std::end(kNoteBytes), [&to](size_t size) {
                      return to.ciphertext.size() == size + kTagBytes;
                    });
  return good ? absl::OkStatus() : Bad("sealed note");
}

absl::Status Take(const v1::Disclosure& from, domain::Disclosure& to) {
  for (const v1::DisclosedField& line : from.fields()) {
    domain::DisclosedField& field = to.fields.emplace_back();
    KAPEA_TRY(ReadId(line.record(), field.record));
    field.field = line.field();
    if (!IsName(field.field)) return Bad("disclosure: field");
  }
  KAPEA_TRY(ReadOptionalId(from.to_unit(), to.to_unit));
  to.to_body = from.to_body();
  to.purpose = from.purpose();
  to.expires = Time::FromUnixMs(from.expires_ms());
  to.because = from.because();
  if (to.fields.empty() || to.fields.size() > domain::kDisclosedFieldsMax || !Ascends(to.fields) ||
      to.to_unit.has_value() != to.to_body.empty() || !IsNameOrEmpty(to.to_body) ||
      !IsName(to.purpose) || !IsNameOrEmpty(to.because)) {
    return Bad("disclosure");
  }
  return absl::OkStatus();
}

absl::Status Take(const v1::PublishedTable& from, domain::PublishedTable& to) {
  to.measure = from.measure();
  to.dimension = from.dimension();
  to.decimals = from.decimals();
  for (const v1::PublishedCell& line : from.cells()) {
    domain::PublishedCell& cell = to.cells.emplace_back();
    cell.code = line.code();
    if (line.has_value()) cell.value = line.value();
    if (line.value() >= kPublishedValueMax || line.value() <= -kPublishedValueMax)
      return Bad("published cell: value");
    const bool ascends = to.cells.size() == 1 || to.cells[to.cells.size() - 2].code < cell.code;
    if (!IsNameOrEmpty(cell.code) || !ascends) return Bad("published cell");
  }
  const bool good = IsName(to.measure) && IsNameOrEmpty(to.dimension) && to.decimals <= 3 &&
                    !to.cells.empty() && to.cells.size() <= domain::kPublishedCellsMax;
  return good ? absl::OkStatus() : Bad("published table");
}

absl::Status Take(const v1::Publication& from, domain::Publication& to) {
  to.report = from.report();
  to.from = Time::FromUnixMs(from.from_ms());
  to.before = Time::FromUnixMs(from.before_ms());
  KAPEA_TRY(ReadOptionalId(from.unit(), to.scope.unit));
  to.scope.province = from.province();
  to.as_of = Time::FromUnixMs(from.as_of_ms());
  to.ledger_size = from.ledger_size();
  to.hidden_below = from.hidden_below();
  to.rounded_to = from.rounded_to();
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const v1::PublishedTable& table : from.tables()) {
    KAPEA_TRY(Take(table, to.tables.emplace_back()));
    if (!seen.emplace(table.measure(), table.dimension()).second) return Bad("publication: twice");
  }
  KAPEA_TRY(ReadOptionalId(from.revises(), to.revises));
  to.reason = from.reason();
  const bool times = from.from_ms() >= 0 && to.from < to.before && to.before <= to.as_of &&
                     from.as_of_ms() < Time::Max().unix_ms();
  const bool scope =
      to.scope.province.empty() || (!to.scope.unit && domain::IsProvinceCode(to.scope.province));
  const bool hides =
      to.hidden_below >= 2 && to.rounded_to != 1 && to.rounded_to <= domain::kRoundedToMax;
  const bool reasoned = to.revises ? domain::IsReasonCode(to.reason) : to.reason.empty();
  if (!IsName(to.report) || !times || !scope || !hides || !reasoned || to.tables.empty() ||
      to.tables.size() > domain::kPublishedTablesMax) {
    return Bad("publication");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<domain::WriteBody> FromWire(const v1::Write& wire) {
  switch (wire.body_case()) {
    // tidy: long because it names every body once
    case v1::Write::kField: {
      domain::FieldWrite to;
      KAPEA_TRY(Take(wire.field(), to));
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kFounding: {
      domain::Founding to{EnumCast(wire.founding().kind(), domain::FileKind::kStandards),
                          wire.founding().drill()};
      if (to.kind == domain::FileKind::kNone) return Bad("founding: kind");
      return domain::WriteBody(to);
    }
    case v1::Write::kRoster: {
      domain::RosterWrite to;
      KAPEA_TRY(Take(wire.roster().added(), to.added));
      KAPEA_TRY(Take(wire.roster().removed(), to.removed));
      KAPEA_TRY(Take(wire.roster().changed(), to.changed));
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kKeyOpening: {
      domain::KeyOpening to;
      to.key_class = EnumCast(wire.key_opening().key_class(), domain::KeyClass::kPlan);
      if (to.key_class == domain::KeyClass::kNone) return Bad("key opening: class");
      KAPEA_TRY(ReadId(wire.key_opening().commitment(), to.commitment));
      KAPEA_TRY(ReadOptionalId(wire.key_opening().half_a_hash(), to.half_a));
      KAPEA_TRY(ReadOptionalId(wire.key_opening().half_b_hash(), to.half_b));
      return domain::WriteBody(to);
    }
    case v1::Write::kWrap: {
      domain::Wrap to;
      KAPEA_TRY(Take(wire.wrap(), to));
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kPerson: {
      domain::PersonEntry to;
      KAPEA_TRY(Take(wire.person(), to));
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kDevice: {
      domain::DeviceEntry to;
      KAPEA_TRY(Take(wire.device(), to));
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kUnit: {
      domain::UnitEntry to;
      KAPEA_TRY(Take(wire.unit(), to));
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kGenesis: {
      domain::Genesis to;
      KAPEA_TRY(Take(wire.genesis(), to));
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kCustodyOffer: {
      const v1::CustodyOffer& from = wire.custody_offer();
      domain::CustodyOffer to;
      KAPEA_TRY(ReadId(from.handover(), to.handover));
      KAPEA_TRY(ReadId(from.to_unit(), to.to_unit));
      KAPEA_TRY(ReadOptionalId(from.to_person(), to.to_person));
      to.of_persons = from.of_persons();
      KAPEA_TRY(ReadOptionalId(from.operation(), to.operation));
      return domain::WriteBody(to);
    }
    case v1::Write::kCustodyAnswer: {
      const v1::CustodyAnswer& from = wire.custody_answer();
      domain::CustodyAnswer to{{}, from.accepted(), from.reason(), from.counted()};
      KAPEA_TRY(ReadId(from.handover(), to.handover));
      if (!IsNameOrEmpty(to.reason)) return Bad("custody answer: reason");
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kLink: {
      domain::LinkWrite to;
      KAPEA_TRY(Take(wire.link(), to));
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kWaiver: {
      domain::Waiver to{wire.waiver().clause(), wire.waiver().reason(), wire.waiver().ended()};
      if (!IsName(to.clause) || !IsNameOrEmpty(to.reason)) return Bad("waiver");
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kReadNotice: {
      const v1::ReadNotice& from = wire.read_notice();
      domain::ReadNotice to{{}, {from.fields().begin(), from.fields().end()}, from.times()};
      KAPEA_TRY(ReadId(from.record(), to.record));
      if (to.times == 0 || to.fields.empty() || to.fields.size() > 256 || !Ascends(to.fields) ||
          !std::all_of(to.fields.begin(), to.fields.end(), IsName)) {
        return Bad("read notice");
      }
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kDelivery: {
      domain::Delivery to{{}, wire.delivery().first_number(), wire.delivery().last_number()};
      KAPEA_TRY(ReadId(wire.delivery().device(), to.device));
      if (to.first == 0 || to.first > to.last) return Bad("delivery");
      return domain::WriteBody(to);
    }
    case v1::Write::kPackPart: {
      const v1::PackPart& from = wire.pack_part();
      domain::PackPart to{{},          from.pack_id(), from.version(),
                          from.part(), from.parts(),   from.content()};
      KAPEA_TRY(ReadId(from.pack_hash(), to.pack));
      if (!IsName(to.pack_id) || to.version == 0 || to.part >= to.parts || to.parts > 1024) {
        return Bad("pack part");
      }
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kDecision: {
      const v1::Decision& from = wire.decision();
      domain::Decision to{.reason = from.reason(),
                          .subject = from.subject(),
                          .field = from.field(),
                          .from = from.from(),
                          .to = from.to()};
      KAPEA_TRY(ReadOptionalId(from.maker(), to.maker));
      KAPEA_TRY(ReadOptionalId(from.parent(), to.parent));
      if (!from.form().empty()) to.form = domain::FormPin{from.form(), from.form_version()};
      const bool pinned = to.form && IsName(to.form->form) && to.form->version != 0;
      if (!IsNameOrEmpty(to.reason) || !IsNameOrEmpty(to.field) ||
          (!to.subject.empty() && to.subject.size() != 16) || (pinned != to.form.has_value()) ||
          (!to.form && from.form_version() != 0)) {
        return Bad("decision");
      }
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kDisclosure: {
      domain::Disclosure to;
      KAPEA_TRY(Take(wire.disclosure(), to));
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kPublication: {
      domain::Publication to;
      KAPEA_TRY(Take(wire.publication(), to));
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::kSealedNote: {
      domain::SealedNote to;
      KAPEA_TRY(Take(wire.sealed_note(), to));
      return domain::WriteBody(std::move(to));
    }
    case v1::Write::BODY_NOT_SET:
      break;
  }
  return Bad("write: no body");
}

}  // namespace kapea::codec
