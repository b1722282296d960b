#include "client/field/erasure.h"

#include <algorithm>
#include <map>
#include <set>

#include "client/field/act.h"
#include "client/field/draft.h"
#include "client/field/names.h"
#include "client/vault/replica.h"
#include "common/base/macros.h"
#include "common/domain/evaluate.h"
#include "common/domain/rekey.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

// The record and all that stand below it, which say as much about the person.
std::vector<RecordId> WithChildren(const domain::FileState& file, const RecordId& record) {
  std::vector<RecordId> all{record};
  for (size_t at = 0; at < all.size(); ++at) {
    for (const auto& [id, other] : file.records()) {
      const bool below = other.parent == all[at];
      if (below && std::find(all.begin(), all.end(), id) == all.end()) all.push_back(id);
    }
  }
  return all;
}

absl::StatusOr<std::vector<domain::Decision>> DecisionsFor(const domain::FileState& file,
                                                           const ErasureRequest& request) {
  std::vector<domain::Decision> decisions;
  const auto add = [&]() -> domain::Decision& {
    decisions.emplace_back().reason = request.reason;
    return decisions.back();
  };
  if (!request.record) {
    if (!request.field.empty()) return absl::InvalidArgumentError("want the record of the field");
    add();
    return decisions;
  }
  const domain::Record* record = file.FindRecord(*request.record);
  if (record == nullptr) return absl::NotFoundError("the file has no such record");
  if (request.field.empty()) {
    for (const RecordId& id : WithChildren(file, record->id)) add().subject = id.str();
    if (decisions.size() > codec::kWritesPerChangeMax) {
      return absl::ResourceExhaustedError(
          "more than 256 records stand below this one: erase them in parts first");
    }
    return decisions;
  }
  if (record->Find(request.field) == nullptr) {
    return absl::NotFoundError("nothing was ever written into field " + request.field +
                               " of that record");
  }
  domain::Decision& decision = add();
  decision.subject = record->id.str();
  decision.field = request.field;
  decision.maker = record->made_by;
  decision.form = record->form;
  decision.parent = record->parent;
  return decisions;
}

// The roles under which she leads the file, a supervisor's first: one of the two has to be one.
absl::StatusOr<domain::RoleAt> LeadingRole(vault::Vault& vault, const domain::FileState& file) {
  std::vector<domain::RoleAt> roles = RolesIn(vault, file);
  std::stable_sort(roles.begin(), roles.end(), [](const auto& a, const auto& b) {
    return (a.role == domain::Role::kSupervisor) > (b.role == domain::Role::kSupervisor);
  });
  for (const domain::RoleAt& at : roles) {
    if (file.MayLead(vault.identity().person, at.unit, at.role, *vault.directory())) return at;
  }
  return absl::PermissionDeniedError(
      "only who leads or supervises a file may decide about erasing; nothing was changed");
}

}  // namespace

absl::StatusOr<domain::Ref> ProposeErasure(vault::Vault& vault, const ErasureRequest& request) {
  if (!domain::IsReasonCode(request.reason) || request.reason == domain::kErasureDone) {
    return absl::InvalidArgumentError(
        "want a reason of a-z, 0-9 and _, such as consent_withdrawn; nothing was changed");
  }
  KAPEA_ASSIGN(const auto state, vault.File(request.file));
  KAPEA_ASSIGN(const domain::RoleAt acting, LeadingRole(vault, *state));
  KAPEA_ASSIGN(const auto decisions, DecisionsFor(*state, request));
  KAPEA_ASSIGN(codec::ChangeWriter writer,
               vault.Begin({.file = request.file, .kind = domain::Kind::kErase, .acting = acting}));
  for (const domain::Decision& decision : decisions) writer.Add(decision);
  KAPEA_TRY(CheckWouldCount(vault, writer));
  return vault.Commit(std::move(writer));
}

absl::StatusOr<std::vector<ProposedErasure>> ProposedErasures(vault::Vault& vault,
                                                              const FileId& file) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  std::vector<ProposedErasure> proposed;
  for (const auto& change : state->OpenErasures(vault.clock().Now())) {
    ProposedErasure& one = proposed.emplace_back();
    one.proposal = {change->id, change->hash};
    one.targets = domain::TargetsOf(*change);
    if (const auto* why = std::get_if<domain::Decision>(&change->writes[0].body)) {
      one.reason = why->reason;
    }
    one.by = change->header.person;
    one.mine = one.by == vault.identity().person;
  }
  return proposed;
}

absl::StatusOr<domain::Ref> ApproveErasure(vault::Vault& vault, const FileId& file,
                                           const ChangeId& proposal) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  KAPEA_ASSIGN(const auto proposed, ProposedErasures(vault, file));
  for (const ProposedErasure& one : proposed) {
    if (one.proposal.change != proposal) continue;
    if (one.mine) {
      return absl::PermissionDeniedError(
          "you proposed it: another lead or supervisor of the file has to agree; nothing was "
          "erased");
    }
    KAPEA_ASSIGN(const domain::RoleAt acting, LeadingRole(vault, *state));
    domain::Decision agreed;
    agreed.reason = one.reason;
    return CommitAct(vault, {.file = file,
                             .kind = domain::Kind::kApproval,
                             .body = agreed,
                             .refs = {one.proposal},
                             .acting = acting});
  }
  return absl::NotFoundError("no such erasure is proposed, or it has lapsed; nothing was erased");
}

absl::StatusOr<domain::Ref> WithdrawErasure(vault::Vault& vault, const FileId& file,
                                            const ChangeId& proposal) {
  KAPEA_ASSIGN(const auto proposed, ProposedErasures(vault, file));
  for (const ProposedErasure& one : proposed) {
    if (one.proposal.change != proposal || !one.mine) continue;
    domain::Decision taken_back;
    taken_back.reason = "withdrawn";
    return CommitAct(vault, {.file = file,
                             .kind = domain::Kind::kWithdrawal,
                             .body = taken_back,
                             .refs = {one.proposal},
                             .acting = std::nullopt});
  }
  return absl::NotFoundError("you have proposed no such erasure, or it was decided");
}

absl::StatusOr<std::vector<ErasureRecord>> Erasures(vault::Vault& vault, const FileId& file) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  std::vector<ErasureRecord> records;
  if (state->erasures().empty()) return records;
  uint64_t withheld = 0;
  std::map<uint64_t, uint64_t> entries;  // by number in the file
  std::set<DeviceId> authors;
  KAPEA_TRY(vault.replica().Visit(file, 1, [&](const vault::Arrived& arrived) {
    entries[arrived.decoded.number] = arrived.decoded.sequence;
    authors.insert(arrived.decoded.device);
    for (const domain::Write& write : arrived.change.change->writes) {
      if (std::holds_alternative<domain::Withheld>(write.body) &&
          !domain::LacksWrapsAlone(*arrived.change.change)) {
        ++withheld;
      }
    }
    return true;
  }));
  const auto directory = vault.directory();
  for (const domain::ErasureAt& act : state->erasures()) {
    ErasureRecord& record = records.emplace_back();
    record.act = act;
    record.entry = entries[act.number];
    record.withheld = withheld;
    std::set<DeviceId> devices = authors;
    for (const domain::DeliveryAt& delivery : state->deliveries()) {
      if (delivery.received <= act.at) devices.insert(delivery.delivery.device);
    }
    const auto& genesis = directory->genesis();
    if (genesis) devices.erase(genesis->server_device);
    for (const DeviceId& device : devices) {
      const domain::DeviceEntry* entry = directory->FindDevice(device);
      record.holders.push_back(
          {device, entry == nullptr ? PersonId() : entry->person, act.done_by.contains(device)});
    }
  }
  return records;
}

std::vector<RetentionDue> RetentionsDue(const domain::FileState& file, Time now) {
  std::vector<RetentionDue> all;
  if (file.pack() == nullptr || file.erased_wholly() || file.drill()) return all;
  const domain::Scope scope{.file = file, .as_of = now};
  bool held = false;
  for (const domain::Retention& rule : file.pack()->retentions) {
    held = held || (rule.file_kind == file.kind() && !rule.hold.empty() &&
                    domain::EvaluateTruth(rule.hold, scope).holds());
  }
  for (const domain::Retention& rule : file.pack()->retentions) {
    if (rule.file_kind != file.kind() || rule.due.empty()) continue;
    const domain::Outcome due = domain::EvaluateMoment(rule.due, scope);
    if (due.kind != domain::Outcome::Type::kMoment || due.time.soft.latest > now) continue;
    all.push_back({rule.id, due.time.soft.latest, held});
  }
  return all;
}

}  // namespace kapea::field
