#include "client/field/plan.h"

#include <algorithm>

#include "client/field/act.h"
#include "client/field/names.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

absl::StatusOr<domain::RoleAt> LeadingRole(vault::Vault& vault, const domain::FileState& file) {
  for (const domain::RoleAt& at : RolesIn(vault, file)) {
    if (file.MayLead(vault.identity().person, at.unit, at.role, *vault.directory())) return at;
  }
  return absl::PermissionDeniedError(
      "only who leads or supervises an operation decides about its plan; nothing was changed");
}

}  // namespace

absl::StatusOr<domain::Ref> ProposeRelease(vault::Vault& vault, const FileId& file,
                                           const std::string& reason) {
  if (!domain::IsReasonCode(reason)) {
    return absl::InvalidArgumentError(
        "want a reason of a-z, 0-9 and _, such as briefing; nothing was changed");
  }
  KAPEA_ASSIGN(const auto state, vault.File(file));
  if (state->kind() != domain::FileKind::kOperation) {
    return absl::InvalidArgumentError("only an operation has a plan to release");
  }
  if (state->release()) return absl::FailedPreconditionError("the plan is released already");
  KAPEA_ASSIGN(const domain::RoleAt acting, LeadingRole(vault, *state));
  domain::Decision decision;
  decision.reason = reason;
  return CommitAct(vault, {.file = file,
                           .kind = domain::Kind::kRelease,
                           .body = decision,
                           .refs = {},
                           .acting = acting});
}

absl::StatusOr<domain::Ref> ApproveRelease(vault::Vault& vault, const FileId& file) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  KAPEA_ASSIGN(const domain::RoleAt acting, LeadingRole(vault, *state));
  const domain::Change* proposal = nullptr;
  bool mine = false;
  for (const auto& change : state->OpenReleases(vault.clock().Now())) {
    const bool own = change->header.person == vault.identity().person;
    mine = mine || own;
    if (!own) proposal = change.get();
  }
  if (proposal == nullptr && mine) {
    return absl::PermissionDeniedError(
        "another lead or supervisor has to agree to what you proposed; nothing was changed");
  }
  if (proposal == nullptr) {
    return absl::NotFoundError("nobody proposes to release this plan; sync, and look again");
  }
  return CommitAct(vault, {.file = file,
                           .kind = domain::Kind::kApproval,
                           .body = domain::Decision{},
                           .refs = {{proposal->id, proposal->hash}},
                           .acting = acting});
}

absl::StatusOr<PlanView> ViewPlan(vault::Vault& vault, const FileId& file) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  PlanView view;
  view.release = state->release();
  for (const auto& change : state->OpenReleases(vault.clock().Now())) {
    const auto* why = std::get_if<domain::Decision>(&change->writes[0].body);
    view.open.push_back({change->id, change->header.person, why ? why->reason : std::string()});
  }
  return view;
}

absl::Status AddReleaseLines(vault::Vault& vault, const FileId& file,
                             std::vector<InboxLine>& lines) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  if (!LedByMe(vault, *state)) return absl::OkStatus();
  KAPEA_ASSIGN(const PlanView view, ViewPlan(vault, file));
  if (view.release) return absl::OkStatus();
  const std::string code = CodeOf(file, state->kind());
  for (const PlanView::Proposal& one : view.open) {
    if (one.by == vault.identity().person) continue;
    lines.push_back({InboxKind::kRelease, file, code,
                     PersonName(vault, one.by) + " proposes to release the plan to the team (" +
                         one.reason + ")",
                     "plan approve " + code, 1});
  }
  return absl::OkStatus();
}

}  // namespace kapea::field
