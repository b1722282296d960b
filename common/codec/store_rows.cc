#include "common/codec/store_rows.h"

#include "common/base/macros.h"
#include "common/codec/canonical.h"
#include "common/codec/wire_values.h"
#include "kapea/store/v1/store.pb.h"

namespace kapea::codec {
namespace {

namespace store = kapea::store::v1;

// A row that was opened and yet does not parse was written wrongly: a bug or a
// newer program, never the outside.
absl::Status BadRow(const char* what) {
  return absl::DataLossError(std::string("a stored ") + what + " cannot be read");
}

template <typename Message>
absl::Status Parse(std::string_view bytes, const char* what, Message& message) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ? absl::OkStatus()
                                                                              : BadRow(what);
}

// As ReadId and ReadOptionalId, whose InvalidArgument is for bytes from outside.
template <typename Id>
absl::Status ReadRowId(std::string_view bytes, const char* what, Id& id) {
  return ReadId(bytes, id).ok() ? absl::OkStatus() : BadRow(what);
}
template <typename Id>
absl::Status ReadRowId(std::string_view bytes, const char* what, std::optional<Id>& id) {
  return ReadOptionalId(bytes, id).ok() ? absl::OkStatus() : BadRow(what);
}

}  // namespace

std::string LedgerHead::Encode() const {
  store::LedgerHead row;
  row.set_size(size);
  row.set_last_received_ms(last_received.unix_ms());
  row.set_epoch(epoch);
  row.set_deployment(deployment.str());
  row.set_views(views);
  return row.SerializeAsString();
}

absl::StatusOr<LedgerHead> LedgerHead::Decode(std::string_view bytes) {
  store::LedgerHead row;
  KAPEA_TRY(Parse(bytes, "ledger head", row));
  LedgerHead head{
      row.size(), Time::FromUnixMs(row.last_received_ms()), row.epoch(), {}, row.views()};
  KAPEA_TRY(ReadRowId(row.deployment(), "ledger head", head.deployment));
  return head;
}

std::string ChainHead::Encode() const {
  store::ChainHead row;
  row.set_last_sequence(last_sequence);
  row.set_parcel_hash(parcel.str());
  return row.SerializeAsString();
}

absl::StatusOr<ChainHead> ChainHead::Decode(std::string_view bytes) {
  store::ChainHead row;
  KAPEA_TRY(Parse(bytes, "chain head", row));
  ChainHead head{row.last_sequence(), {}};
  KAPEA_TRY(ReadRowId(row.parcel_hash(), "chain head", head.parcel));
  return head;
}

std::string ChangeLocation::Encode() const {
  store::ChangeLocation row;
  row.set_file(file.str());
  row.set_number(number);
  row.set_entry(entry);
  row.set_change_hash(change_hash.str());
  return row.SerializeAsString();
}

absl::StatusOr<ChangeLocation> ChangeLocation::Decode(std::string_view bytes) {
  store::ChangeLocation row;
  KAPEA_TRY(Parse(bytes, "change location", row));
  ChangeLocation location{{}, row.number(), row.entry(), {}};
  KAPEA_TRY(ReadRowId(row.file(), "change location", location.file));
  KAPEA_TRY(ReadRowId(row.change_hash(), "change location", location.change_hash));
  return location;
}

std::string ParcelRow::Encode() const {
  store::ParcelRow row;
  row.set_header(header);
  row.set_signature(signature);
  for (const Hash& change : changes) row.add_changes(change.str());
  return row.SerializeAsString();
}

absl::StatusOr<ParcelRow> ParcelRow::Decode(std::string_view bytes) {
  store::ParcelRow row;
  KAPEA_TRY(Parse(bytes, "parcel", row));
  ParcelRow parcel{row.header(), row.signature(), {}};
  for (const std::string& change : row.changes()) {
    KAPEA_TRY(ReadRowId(change, "parcel", parcel.changes.emplace_back()));
  }
  return parcel;
}

std::string ChangeRow::Encode() const {
  store::ChangeRow row;
  row.set_change(change);
  row.set_entry(entry);
  row.set_parcel_index(parcel_index);
  row.set_parcel_hash(parcel.str());
  return row.SerializeAsString();
}

absl::StatusOr<ChangeRow> ChangeRow::Decode(std::string_view bytes) {
  store::ChangeRow row;
  KAPEA_TRY(Parse(bytes, "change", row));
  ChangeRow out{std::move(*row.mutable_change()), row.entry(), row.parcel_index(), {}};
  KAPEA_TRY(ReadRowId(row.parcel_hash(), "change", out.parcel));
  return out;
}

std::string ErasedRow::Encode() const {
  store::ErasedRow row;
  for (const domain::ErasureTarget& target : targets) {
    store::ErasedTarget& line = *row.add_targets();
    WriteOptionalId(target.record, line.mutable_record());
    line.set_field(target.field);
    WriteOptionalId(target.maker, line.mutable_maker());
    if (target.form) {
      line.set_form(target.form->form);
      line.set_form_version(target.form->version);
    }
    WriteOptionalId(target.parent, line.mutable_parent());
  }
  return row.SerializeAsString();
}

absl::StatusOr<ErasedRow> ErasedRow::Decode(std::string_view bytes) {
  constexpr const char* kWhat = "list of erasures";
  store::ErasedRow row;
  KAPEA_TRY(Parse(bytes, kWhat, row));
  ErasedRow erased;
  for (const store::ErasedTarget& line : row.targets()) {
    domain::ErasureTarget& target = erased.targets.emplace_back();
    KAPEA_TRY(ReadRowId(line.record(), kWhat, target.record));
    target.field = line.field();
    KAPEA_TRY(ReadRowId(line.maker(), kWhat, target.maker));
    if (!line.form().empty()) target.form = domain::FormPin{line.form(), line.form_version()};
    KAPEA_TRY(ReadRowId(line.parent(), kWhat, target.parent));
  }
  return erased;
}

std::string EnrolmentRow::Encode() const {
  store::EnrolmentRow row;
  row.set_person(person.str());
  for (const domain::RoleAt& at : roles) {
    auto* out = row.add_roles();
    out->set_role(static_cast<v1::Role>(at.role));
    out->set_unit(at.unit.str());
  }
  row.set_secret(secret);
  row.set_expires_ms(expires.unix_ms());
  row.set_tries_left(tries_left);
  WriteOptionalId(device, row.mutable_device());
  return row.SerializeAsString();
}

absl::StatusOr<EnrolmentRow> EnrolmentRow::Decode(std::string_view bytes) {
  store::EnrolmentRow row;
  KAPEA_TRY(Parse(bytes, "enrolment", row));
  EnrolmentRow out;
  KAPEA_TRY(ReadRowId(row.person(), "enrolment", out.person));
  for (const v1::RoleAt& wire : row.roles()) {
    domain::RoleAt& at = out.roles.emplace_back();
    at.role = EnumCast(wire.role(), domain::Role::kServer);
    KAPEA_TRY(ReadRowId(wire.unit(), "enrolment", at.unit));
  }
  out.secret = row.secret();
  out.expires = Time::FromUnixMs(row.expires_ms());
  out.tries_left = row.tries_left();
  KAPEA_TRY(ReadRowId(row.device(), "enrolment", out.device));
  return out;
}

std::string DeviceRow::Encode() const {
  store::DeviceRow row;
  row.set_person(person.str());
  *row.mutable_offered() = ToWire(domain::WriteBody(device)).device();
  *row.mutable_offered_person() = ToWire(domain::WriteBody(offered_person)).person();
  row.set_unit_receive_key(unit_receive_key);
  for (const Hash& certificate : certificates) row.add_certificates(certificate.str());
  row.set_certificate_expires_ms(certificate_expires.unix_ms());
  row.set_last_seen_ms(last_seen.unix_ms());
  return row.SerializeAsString();
}

absl::StatusOr<DeviceRow> DeviceRow::Decode(std::string_view bytes) {
  store::DeviceRow row;
  KAPEA_TRY(Parse(bytes, "device", row));
  DeviceRow out;
  KAPEA_TRY(ReadRowId(row.person(), "device", out.person));
  v1::Write device;
  *device.mutable_device() = row.offered();
  const auto device_body = FromWire(device);
  if (!device_body.ok()) return BadRow("device");
  out.device = std::get<domain::DeviceEntry>(*device_body);
  v1::Write person;
  *person.mutable_person() = row.offered_person();
  const auto person_body = FromWire(person);
  if (!person_body.ok()) return BadRow("device");
  out.offered_person = std::get<domain::PersonEntry>(*person_body);
  out.unit_receive_key = row.unit_receive_key();
  for (const std::string& certificate : row.certificates()) {
    KAPEA_TRY(ReadRowId(certificate, "device", out.certificates.emplace_back()));
  }
  out.certificate_expires = Time::FromUnixMs(row.certificate_expires_ms());
  out.last_seen = Time::FromUnixMs(row.last_seen_ms());
  return out;
}

}  // namespace kapea::codec
