// Erasure: who may ask for it and agree to it, what keeps it from happening, and what it
// does to the fold.
#include <algorithm>
#include <set>

#include "common/domain/evaluate.h"
#include "common/domain/judge.h"
#include "common/domain/roster.h"

namespace kapea::domain {

// A proposal names no Change before it and says what; a device that has dropped what was
// erased names the approval that completed it.
Verdict Judgement::CheckEraseShape() {
  if (header_.kind != Kind::kErase) return Verdict::kAccepted;
  const std::vector<ErasureTarget> targets = TargetsOf(change_);
  if (!header_.refs.empty()) {
    const auto* done = std::get_if<Decision>(&change_.writes[0].body);
    const bool whole = header_.refs.size() == 1 && targets.size() == 1 && done != nullptr &&
                       done->reason == kErasureDone && done->subject.empty() && done->field.empty();
    return whole ? Verdict::kAccepted : Verdict::kMalformed;
  }
  std::set<ErasureTarget> once;
  for (const ErasureTarget& target : targets) {
    if (!once.insert(target).second) return Verdict::kMalformed;
    if (!target.record && (targets.size() != 1 || !target.field.empty())) {
      return Verdict::kMalformed;
    }
    const bool made = target.maker && target.form;
    if (target.field.empty() ? target.maker || target.form || target.parent : !made) {
      return Verdict::kMalformed;
    }
  }
  const bool reasons =
      std::all_of(change_.writes.begin(), change_.writes.end(), [](const Write& write) {
        const auto* why = std::get_if<Decision>(&write.body);
        return why == nullptr || (!why->reason.empty() && why->reason != kErasureDone);
      });
  return reasons ? Verdict::kAccepted : Verdict::kMalformed;
}

Verdict Judgement::CheckErase() {
  const auto& erasures = state_.erasures_;
  if (!header_.refs.empty()) {
    const bool known = std::any_of(erasures.begin(), erasures.end(), [this](const ErasureAt& one) {
      return one.approval == header_.refs[0];
    });
    return known ? Verdict::kAccepted : Verdict::kRole;
  }
  if (!state_.MayLead(header_.person, header_.unit, header_.role, around_.directory, at_)) {
    return Verdict::kRole;
  }
  if (state_.erased_wholly()) return Verdict::kErased;
  for (const ErasureTarget& target : TargetsOf(change_)) {
    if (!target.record) continue;
    const Record* record = state_.FindRecord(*target.record);
    if (record == nullptr) return Verdict::kForm;
    if (target.field.empty()) continue;
    // What the record keeps of its first write is what that said.
    if (target.maker != record->made_by || target.form->form != record->form.form ||
        target.form->version > record->form.version || target.parent != record->parent) {
      return Verdict::kForm;
    }
  }
  return OnHold() ? Verdict::kOnHold : Verdict::kAccepted;
}

Verdict Judgement::CheckEraseApproval(const Change& proposal) const {
  const Header& first = proposal.header;
  if (first.person == header_.person || first.device == header_.device) return Verdict::kRole;
  const DeviceEntry* device = around_.directory.FindDevice(first.device, at_);
  if (device == nullptr || device->revoked) return Verdict::kRole;
  if (!state_.MayErase(first, header_, around_.directory, at_)) return Verdict::kRole;
  return OnHold() ? Verdict::kOnHold : Verdict::kAccepted;
}

// By the newest pack that the file's Changes named, and as if every moment had come. What is
// not known holds nothing.
bool Judgement::OnHold() const {
  const Pack* pack = state_.pack_;
  if (pack == nullptr) return false;
  return std::any_of(pack->retentions.begin(), pack->retentions.end(), [&](const Retention& rule) {
    if (rule.file_kind != state_.kind_ || rule.hold.empty()) return false;
    return EvaluateTruth(rule.hold, {.file = state_, .as_of = Time::Max()}).holds();
  });
}

bool FileState::MayErase(const Header& proposal, const Header& approval, const Directory& directory,
                         uint64_t at) const {
  const auto leads = [&](const Header& header) {
    return MayLead(header.person, header.unit, header.role, directory, at);
  };
  return leads(proposal) && leads(approval) &&
         (proposal.role == Role::kSupervisor || approval.role == Role::kSupervisor);
}

void FileState::ApplyErase(const Waiting& change) {
  const Change& what = *change.placed.change;
  if (what.header.refs.empty()) {
    proposals_.try_emplace(
        what.id, ProposalAt{change.placed.change, change.placed.entry.received, false, {}});
    return;
  }
  for (ErasureAt& erasure : erasures_) {
    if (erasure.approval == what.header.refs[0]) erasure.done_by.insert(what.header.device);
  }
}

std::vector<std::shared_ptr<const Change>> FileState::OpenErasures(Time now) const {
  return OpenProposals(Kind::kErase, now);
}

void FileState::CompleteErasure(ProposalAt& proposal, const Waiting& approval, uint64_t at,
                                const Surroundings& around) {
  const Change& first = *proposal.change;
  const Change& second = *approval.placed.change;
  const Entry& entry = approval.placed.entry;
  // What cannot be undone waits for the Ledger's word.
  if (proposal.done || entry.number == 0) return;
  proposal.done = true;
  // Checked here too: an Entry may be taken at its word, and this word destroys.
  if (entry.received - proposal.received > kProposalLapses || first.writes.empty() ||
      first.header.person == second.header.person || first.header.device == second.header.device ||
      !MayErase(first.header, second.header, around.directory, at)) {
    return;
  }
  ErasureAt erasure{.proposal = {first.id, first.hash},
                    .approval = {second.id, second.hash},
                    .targets = TargetsOf(first),
                    .reason = {},
                    .proposed_by = first.header.person,
                    .approved_by = second.header.person,
                    .number = entry.number,
                    .at = entry.received,
                    .done_by = {}};
  if (const auto* why = std::get_if<Decision>(&first.writes[0].body)) erasure.reason = why->reason;
  for (const ErasureTarget& target : erasure.targets) {
    if (std::find(erased_.begin(), erased_.end(), target) != erased_.end()) continue;
    erased_.push_back(target);
    must_drop_ = true;
  }
  erasures_.push_back(std::move(erasure));
  if (AllErasuresSeen()) content_missing_ = false;
}

// A record of which one field was erased keeps what its first write said beside the value.
void FileState::RestoreMade(const Waiting& change, const Pack* pack) {
  const Change& what = *change.placed.change;
  for (const ErasureTarget& target : erased_) {
    if (target.maker != what.id || !target.record || !target.form) continue;
    const auto [found, is_new] = records_.try_emplace(*target.record);
    if (!is_new) continue;
    Record& record = found->second;
    record.id = *target.record;
    record.form = *target.form;
    record.parent = target.parent;
    record.made_by = what.id;
    record.made = change.time;
    record.made_by_person = what.header.person;
    if (pack != nullptr) {
      record.definition = pack->FindForm(record.form.form, record.form.version);
    }
    ListRecord(record);
    Touch(record.form.form);
  }
}

}  // namespace kapea::domain
