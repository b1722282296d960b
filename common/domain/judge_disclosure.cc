// Disclosures: what they must say, who may make them, and what becomes of them.
#include <algorithm>

#include "common/domain/consent.h"
#include "common/domain/judge.h"
#include "common/domain/roles.h"

namespace kapea::domain {

Verdict Judgement::CheckDisclosureThere() {
  if (header_.kind != Kind::kDisclosure) return Verdict::kAccepted;
  const auto* disclosure = std::get_if<Disclosure>(&change_.writes[0].body);
  if (disclosure == nullptr) return Verdict::kAccepted;  // withheld
  for (const DisclosedField& field : disclosure->fields) {
    if (state_.records_.contains(field.record)) continue;
    return Early({.what = Lack::What::kRecord, .record = field.record});
  }
  if (disclosure->to_unit && around_.directory.FindUnit(*disclosure->to_unit, at_) == nullptr) {
    return Early({.what = Lack::What::kDirectory});
  }
  return Verdict::kAccepted;
}

Verdict Judgement::CheckDisclosure() {
  const auto* disclosure = std::get_if<Disclosure>(&change_.writes[0].body);
  if (disclosure == nullptr) return Verdict::kErased;
  for (const DisclosedField& at : disclosure->fields) {
    const Record* record = state_.FindRecord(at.record);
    if (record == nullptr || record->definition == nullptr) return Verdict::kForm;
    const Field* field = record->definition->FindField(at.field);
    // What is clear needs no key and is no secret of the file.
    if (field == nullptr || !field->sealed()) return Verdict::kForm;
    if (!MayHoldKey(header_.role, field->key_class, state_.kind_)) return Verdict::kRole;
  }
  if (disclosure->to_unit && around_.directory.FindUnit(*disclosure->to_unit, at_)->ended) {
    return Verdict::kStaleRecipient;
  }
  if (disclosure->expires <= header_.clock.wall) return Verdict::kType;
  if (!disclosure->because.empty()) return Verdict::kAccepted;  // waits for the second person
  const bool agreed =
      Consents(state_, disclosure->purpose, disclosure->to_unit, header_.clock.wall);
  return agreed ? Verdict::kAccepted : Verdict::kNoConsent;
}

// Two roles: another person on another device, under another role, and one of the two a
// supervisor.
Verdict Judgement::CheckDisclosureApproval(const Change& proposal) const {
  const Header& first = proposal.header;
  const bool two = first.person != header_.person && first.device != header_.device &&
                   first.role != header_.role;
  const bool supervised = first.role == Role::kSupervisor || header_.role == Role::kSupervisor;
  const DeviceEntry* device = around_.directory.FindDevice(first.device, at_);
  const bool entitled =
      device != nullptr && !device->revoked &&
      state_.IsMember(first.person, first.unit, first.role, around_.directory, at_) &&
      state_.MayLead(header_.person, header_.unit, header_.role, around_.directory, at_);
  return two && supervised && entitled ? Verdict::kAccepted : Verdict::kRole;
}

void FileState::ApplyDisclosure(const Waiting& change) {
  const Change& what = *change.placed.change;
  const auto* disclosure = std::get_if<Disclosure>(&what.writes[0].body);
  if (disclosure == nullptr) return;
  const Header& header = what.header;
  DisclosureAt& at = disclosures_.emplace_back();
  at.what = *disclosure;
  at.self = {what.id, what.hash};
  at.by = header.person;
  at.unit = header.unit;
  at.role = header.role;
  at.time = change.time;
  at.by_consent = disclosure->because.empty();
  if (at.by_consent) return;
  proposals_.try_emplace(what.id,
                         ProposalAt{change.placed.change, change.placed.entry.received, false, {}});
}

void FileState::CompleteDisclosure(ProposalAt& proposal, const Waiting& approval) {
  const Entry& entry = approval.placed.entry;
  if (proposal.done) return;
  proposal.done = true;
  // One that is not in the Ledger yet is shown as agreed, and lapses there if it comes late.
  if (entry.number != 0 && entry.received - proposal.received > kProposalLapses) return;
  for (DisclosureAt& disclosure : disclosures_) {
    if (disclosure.self.change != proposal.change->id) continue;
    disclosure.approved = true;
    disclosure.approved_by = approval.placed.change->header.person;
  }
}

std::string_view NameOf(DisclosureStatus status) {
  switch (status) {
    case DisclosureStatus::kWaiting:
      return "waiting";
    case DisclosureStatus::kInForce:
      return "in_force";
    case DisclosureStatus::kExpired:
      return "expired";
    case DisclosureStatus::kConsentEnded:
      return "consent_ended";
    case DisclosureStatus::kTakenBack:
      return "taken_back";
  }
  return "";
}

DisclosureStatus StatusOf(const FileState& file, const DisclosureAt& disclosure, Time at) {
  if (disclosure.taken_back) return DisclosureStatus::kTakenBack;
  if (disclosure.what.expires <= at) return DisclosureStatus::kExpired;
  if (disclosure.by_consent) {
    const bool agreed = Consents(file, disclosure.what.purpose, disclosure.what.to_unit, at);
    return agreed ? DisclosureStatus::kInForce : DisclosureStatus::kConsentEnded;
  }
  if (disclosure.approved) return DisclosureStatus::kInForce;
  const bool lapsed = at - disclosure.time.soft.latest > kProposalLapses;
  return lapsed ? DisclosureStatus::kExpired : DisclosureStatus::kWaiting;
}

}  // namespace kapea::domain
