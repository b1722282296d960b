// The release of a plan: who may propose and approve it, and what it does to the fold.
#include <utility>

#include "common/domain/judge.h"
#include "common/domain/roles.h"
#include "common/domain/roster.h"

namespace kapea::domain {

Verdict Judgement::CheckRelease() {
  const auto* decision = std::get_if<Decision>(&change_.writes[0].body);
  if (decision == nullptr) return Verdict::kAccepted;  // withheld
  if (!header_.refs.empty() || decision->reason.empty()) return Verdict::kMalformed;
  return state_.release_ ? Verdict::kRole : Verdict::kAccepted;  // there is nothing left to release
}

// Two leads or supervisors of the file: another person, on another device.
Verdict Judgement::CheckReleaseApproval(const Change& proposal) const {
  const bool good = state_.MayRelease(proposal.header, header_, around_.directory, at_);
  return good ? Verdict::kAccepted : Verdict::kRole;
}

bool FileState::MayRelease(const Header& proposal, const Header& approval,
                           const Directory& directory, uint64_t at) const {
  if (proposal.person == approval.person || proposal.device == approval.device) return false;
  const DeviceEntry* device = directory.FindDevice(proposal.device, at);
  return device != nullptr && !device->revoked && device->person == proposal.person &&
         MayLead(proposal.person, proposal.unit, proposal.role, directory, at) &&
         MayLead(approval.person, approval.unit, approval.role, directory, at);
}

bool FileState::MayHaveKey(const Member& line, KeyClass key_class, FileKind kind) const {
  if (MayHoldKey(line.role, key_class, kind)) return true;
  return key_class == KeyClass::kPlan && kind == FileKind::kOperation &&
         (release_ || Leads(line)) && MayHoldKey(line.role, KeyClass::kGeneral, kind);
}

std::vector<std::shared_ptr<const Change>> FileState::OpenReleases(Time now) const {
  return OpenProposals(Kind::kRelease, now);
}

std::vector<std::shared_ptr<const Change>> FileState::OpenProposals(Kind kind, Time now) const {
  std::vector<std::shared_ptr<const Change>> open;
  for (const auto& [id, proposal] : proposals_) {
    if (proposal.done || proposal.change->header.kind != kind) continue;
    if (now - proposal.received <= kProposalLapses) open.push_back(proposal.change);
  }
  return open;
}

void FileState::ApplyRelease(const Waiting& change) {
  const Change& what = *change.placed.change;
  if (!what.header.refs.empty()) return;
  proposals_.try_emplace(what.id,
                         ProposalAt{change.placed.change, change.placed.entry.received, false, {}});
}

void FileState::CompleteRelease(ProposalAt& proposal, const Waiting& approval, uint64_t at,
                                const Surroundings& around) {
  const Change& first = *proposal.change;
  const Change& second = *approval.placed.change;
  const Entry& entry = approval.placed.entry;
  // Keys follow from it, so it waits for the Ledger's word.
  if (proposal.done || entry.number == 0) return;
  proposal.done = true;
  // Checked here too: an Entry may be taken at its word.
  if (release_ || entry.received - proposal.received > kProposalLapses ||
      !MayRelease(first.header, second.header, around.directory, at)) {
    return;
  }
  release_ = ReleaseAt{.proposal = {first.id, first.hash},
                       .approval = {second.id, second.hash},
                       .proposed_by = first.header.person,
                       .approved_by = second.header.person,
                       .number = entry.number,
                       .at = entry.received};
}

}  // namespace kapea::domain
