#include "client/field/disclosure.h"

#include <algorithm>
#include <utility>

#include "client/field/act.h"
#include "client/field/names.h"
#include "client/vault/replica.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

absl::StatusOr<DisclosureLine> FindInForce(vault::Vault& vault, const FileId& file,
                                           const ChangeId& disclosure) {
  KAPEA_ASSIGN(const auto lines, ListDisclosures(vault, file));
  for (const DisclosureLine& line : lines) {
    if (line.act.self.change != disclosure) continue;
    if (line.status == domain::DisclosureStatus::kInForce) return line;
    return absl::FailedPreconditionError("this disclosure is not in force (" +
                                         std::string(NameOf(line.status)) +
                                         "): nothing was handed out");
  }
  return absl::NotFoundError("the file has no such disclosure");
}

// The Change as it stands in the ledger, with its place in its parcel.
absl::StatusOr<codec::ProvenChange> FindProven(vault::Vault& vault, const FileId& file,
                                               const ChangeId& change, uint64_t from) {
  codec::ProvenChange proven;
  bool found = false;
  KAPEA_TRY(vault.replica().Visit(file, from, [&](const vault::Arrived& arrived) {
    if (arrived.decoded.change != change) return true;
    found = true;
    proven.change = arrived.change;
    proven.parcel_header = arrived.parcel->header_bytes;
    proven.signature = arrived.parcel->signature;
    proven.index = arrived.index;
    proven.path = arrived.path;
    return false;
  }));
  if (found) return proven;
  return absl::FailedPreconditionError(
      "what is disclosed is not in the ledger yet: sync, and try again");
}

// The fields' current sealed values, each with its place.
struct Current {
  domain::DisclosedField at;
  const domain::FieldValue* value;
};
std::vector<Current> CurrentValues(const domain::FileState& file,
                                   const domain::Disclosure& disclosure) {
  std::vector<Current> all;
  for (const domain::DisclosedField& at : disclosure.fields) {
    const domain::Record* record = file.FindRecord(at.record);
    const domain::Register* values = record == nullptr ? nullptr : record->Find(at.field);
    if (values == nullptr) continue;
    for (const auto& [change, value] : values->current()) {
      if (value.sealed) all.push_back({at, &value});
    }
  }
  return all;
}

absl::StatusOr<std::vector<vault::ReadNotice>> Notice(vault::Vault& vault, const FileId& file,
                                                      const std::vector<Current>& values) {
  std::vector<vault::Vault::Reading> readings;
  for (const Current& current : values) {
    readings.push_back({file, current.at.record, {current.at.field}});
  }
  return vault.NoticeReadings(std::move(readings));
}

}  // namespace

absl::StatusOr<domain::Ref> Disclose(vault::Vault& vault, const DisclosureRequest& request) {
  domain::Disclosure disclosure;
  disclosure.fields = request.fields;
  std::sort(disclosure.fields.begin(), disclosure.fields.end());
  const auto twice = std::unique(disclosure.fields.begin(), disclosure.fields.end());
  disclosure.fields.erase(twice, disclosure.fields.end());
  disclosure.to_unit = request.to_unit;
  disclosure.to_body = request.to_body;
  disclosure.purpose = request.purpose;
  disclosure.expires = request.expires;
  disclosure.because = request.because;
  if (disclosure.fields.empty() || disclosure.fields.size() > domain::kDisclosedFieldsMax) {
    return absl::InvalidArgumentError("want 1 to 256 fields to disclose; nothing was changed");
  }
  if (request.to_unit.has_value() != request.to_body.empty()) {
    return absl::InvalidArgumentError(
        "want one recipient: a unit, or a code for a body outside; nothing was changed");
  }
  return CommitAct(vault, {.file = request.file,
                           .kind = domain::Kind::kDisclosure,
                           .body = std::move(disclosure),
                           .refs = {},
                           .acting = std::nullopt});
}

absl::StatusOr<domain::Ref> ApproveDisclosure(vault::Vault& vault, const FileId& file,
                                              const ChangeId& disclosure) {
  KAPEA_ASSIGN(const auto lines, ListDisclosures(vault, file));
  KAPEA_ASSIGN(const auto state, vault.File(file));
  for (const DisclosureLine& line : lines) {
    if (line.act.self.change != disclosure) continue;
    if (line.status != domain::DisclosureStatus::kWaiting) break;
    domain::Decision agreed;
    agreed.reason = line.act.what.because;
    absl::Status refused = absl::PermissionDeniedError(
        "it takes another person under another role, and one of the two is a supervisor who "
        "leads the file; nothing was changed");
    for (const domain::RoleAt& at : RolesIn(vault, *state)) {
      auto approval = CommitAct(vault, {.file = file,
                                        .kind = domain::Kind::kApproval,
                                        .body = agreed,
                                        .refs = {line.act.self},
                                        .acting = at});
      if (!absl::IsPermissionDenied(approval.status())) return approval;
    }
    return refused;
  }
  return absl::NotFoundError("no such disclosure waits for a second person");
}

absl::StatusOr<domain::Ref> TakeBackDisclosure(vault::Vault& vault, const FileId& file,
                                               const ChangeId& disclosure) {
  KAPEA_ASSIGN(const auto lines, ListDisclosures(vault, file));
  for (const DisclosureLine& line : lines) {
    if (line.act.self.change != disclosure) continue;
    domain::Decision taken_back;
    taken_back.reason = "taken_back";
    return CommitAct(vault, {.file = file,
                             .kind = domain::Kind::kWithdrawal,
                             .body = taken_back,
                             .refs = {line.act.self},
                             .acting = std::nullopt});
  }
  return absl::NotFoundError("the file has no such disclosure");
}

absl::StatusOr<std::vector<DisclosureLine>> ListDisclosures(vault::Vault& vault,
                                                            const FileId& file) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  std::vector<DisclosureLine> lines;
  for (const domain::DisclosureAt& act : state->disclosures()) {
    lines.push_back({act, domain::StatusOf(*state, act, vault.clock().Now())});
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

absl::StatusOr<std::string> ExportDisclosure(vault::Vault& vault, const FileId& file,
                                             const ChangeId& disclosure) {
  KAPEA_ASSIGN(const DisclosureLine line, FindInForce(vault, file, disclosure));
  if (!line.act.what.to_unit) {
    return absl::FailedPreconditionError(
        "the recipient has no key here: it gets the values in clear, with --clear");
  }
  const auto directory = vault.directory();
  const domain::UnitEntry* unit = directory->FindUnit(*line.act.what.to_unit);
  if (unit == nullptr || unit->receive_key.empty() ||
      directory->KeyEnded(unit->unit, unit->generation)) {
    return absl::FailedPreconditionError(
        "the unit has no key in the directory that counts: nothing was handed out");
  }
  KAPEA_ASSIGN(const auto state, vault.File(file));
  const std::vector<Current> current = CurrentValues(*state, line.act.what);
  KAPEA_ASSIGN(const codec::ProvenChange act, FindProven(vault, file, disclosure, 1));
  std::vector<codec::DisclosedValue> values;
  for (const Current& one : current) {
    codec::DisclosedValue& value = values.emplace_back();
    KAPEA_ASSIGN(value.change, FindProven(vault, file, one.value->change,
                                          std::max<uint64_t>(one.value->number, 1)));
    value.write = one.value->write_index;
  }
  KAPEA_ASSIGN(const auto notices, Notice(vault, file, current));
  for (size_t i = 0; i < current.size(); ++i) {
    KAPEA_ASSIGN(values[i].secret,
                 vault.SecretOf(notices[i], current[i].at.field, *current[i].value));
  }
  return codec::SealDisclosure(vault.identity().deployment, act, values,
                               {unit->unit, unit->generation, unit->receive_key});
}

absl::StatusOr<std::vector<codec::OpenedValue>> ReadDisclosure(vault::Vault& vault,
                                                               const FileId& file,
                                                               const ChangeId& disclosure) {
  KAPEA_ASSIGN(const DisclosureLine line, FindInForce(vault, file, disclosure));
  KAPEA_TRY(FindProven(vault, file, disclosure, 1).status());
  KAPEA_ASSIGN(const auto state, vault.File(file));
  const std::vector<Current> current = CurrentValues(*state, line.act.what);
  KAPEA_ASSIGN(const auto notices, Notice(vault, file, current));
  std::vector<codec::OpenedValue> values;
  for (size_t i = 0; i < current.size(); ++i) {
    const domain::FieldValue& from = *current[i].value;
    KAPEA_ASSIGN(domain::Value value, vault.OpenSealed(notices[i], current[i].at.field, from));
    values.push_back({current[i].at.record, current[i].at.field, std::move(value), from.person,
                      from.time.soft.latest});
  }
  return values;
}

absl::StatusOr<codec::OpenedDisclosure> OpenDisclosure(vault::Vault& vault,
                                                       std::string_view bytes) {
  KAPEA_ASSIGN(const codec::DisclosureRecipient recipient, codec::RecipientOf(bytes));
  const vault::Identity& identity = vault.identity();
  const auto key = identity.unit_keys.find({recipient.unit, recipient.generation});
  if (key == identity.unit_keys.end()) {
    return absl::PermissionDeniedError("this is for " + UnitName(vault, recipient.unit) +
                                       ", whose key this device does not have");
  }
  KAPEA_ASSIGN(codec::OpenedDisclosure opened,
               codec::OpenDisclosure(bytes, key->second, identity.deployment, *vault.directory()));
  if (opened.terms.expires <= vault.clock().Now()) {
    return absl::PermissionDeniedError(
        "what was disclosed may not be used any more: it was for a time that is over");
  }
  return opened;
}

}  // namespace kapea::field
