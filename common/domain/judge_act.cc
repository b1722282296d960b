// Acts: grants, custody, waivers, links, and what a second person adds to a first.
#include <algorithm>

#include "common/domain/judge.h"
#include "common/domain/roles.h"
#include "common/domain/roster.h"

namespace kapea::domain {
namespace {

Verdict May(bool may) { return may ? Verdict::kAccepted : Verdict::kRole; }

// What an officer wrote or did, as opposed to acts that those entitled can do again.
bool Admissible(Kind kind) {
  return kind == Kind::kEdit || kind == Kind::kResolution || kind == Kind::kCustodyOffer ||
         kind == Kind::kCustodyAnswer || kind == Kind::kReadNotice;
}

// Verdicts about who wrote. What breaks form or seal cannot be read by the same rules as
// the rest, whoever admits it.
bool Admissible(Verdict verdict) {
  return verdict == Verdict::kNotMember || verdict == Verdict::kRole || verdict == Verdict::kDuty ||
         verdict == Verdict::kRevoked;
}

bool KnownRelation(const std::string& relation) {
  return relation == "operation_person" || relation == "same_person" ||
         relation == "justice_person" || relation == "lead_operation";
}

}  // namespace

Verdict Judgement::CheckContent() {
  // FileState withholds what was erased before anybody asks.
  const bool nothing_left =
      std::all_of(change_.writes.begin(), change_.writes.end(),
                  [](const Write& write) { return std::holds_alternative<Withheld>(write.body); });
  if (nothing_left) return Verdict::kErased;
  switch (header_.kind) {
    case Kind::kEdit:
    case Kind::kResolution:
      return CheckFields();
    case Kind::kRoster:
    case Kind::kGrant:
      return CheckWraps();
    case Kind::kCustodyOffer:
      return CheckCustodyOffer();
    case Kind::kCustodyAnswer:
      return CheckCustodyAnswer();
    case Kind::kWaiver:
      return CheckWaivers();
    case Kind::kLink:
      return CheckLink();
    case Kind::kApproval:
      return CheckApproval();
    case Kind::kMismatch:
      return CheckMismatch();
    case Kind::kWithdrawal:
      return CheckWithdrawal();
    case Kind::kAdmission:
      return CheckAdmission();
    case Kind::kErase:
      return CheckErase();
    case Kind::kBreakGlass:
      return CheckGlass();
    case Kind::kRelease:
      return CheckRelease();
    case Kind::kDisclosure:
      return CheckDisclosure();
    case Kind::kRecovery:
      return CheckRecovery();
    case Kind::kPublication:
      return CheckPublication();
    default:
      return Verdict::kAccepted;
  }
}

Verdict Judgement::CheckWraps() {
  // Wraps of a roster Change go to those who stand on the roster that it makes.
  std::vector<Member> made;
  const std::vector<Member>* roster = &state_.roster_;
  for (const Write& write : change_.writes) {
    if (const auto* lines = std::get_if<RosterWrite>(&write.body)) {
      made = Applied(state_.roster_, *lines, false);
      roster = &made;
    }
  }
  for (const Write& write : change_.writes) {
    const auto* wrap = std::get_if<Wrap>(&write.body);
    if (wrap == nullptr) continue;
    const Verdict verdict = wrap->key_epoch ? CheckWrap(*wrap, *roster) : CheckDirectoryWrap(*wrap);
    const bool alone = header_.kind == Kind::kRoster &&
                       (verdict == Verdict::kStaleRecipient || verdict == Verdict::kRole);
    if (verdict != Verdict::kAccepted && !alone) return verdict;
  }
  return Verdict::kAccepted;
}

Verdict Judgement::OfWrap(const Wrap& wrap) const {
  return wrap.key_epoch ? CheckWrap(wrap, state_.roster_) : Verdict::kMalformed;
}

// A class key, or a half of one.
Verdict Judgement::CheckWrap(const Wrap& wrap, const std::vector<Member>& roster) const {
  const bool is_half = wrap.recipient_kind == RecipientKind::kHalf;
  if (wrap.half > 2 || (wrap.half != 0) != is_half) return Verdict::kMalformed;
  // With the key that they are of: nobody need look elsewhere for what a server may not drop.
  if (is_half && *wrap.key_epoch != change_.id) return Verdict::kMalformed;
  bool opened = false;
  if (*wrap.key_epoch == change_.id) {
    for (const Write& write : change_.writes) {
      const auto* opening = std::get_if<KeyOpening>(&write.body);
      if (opening != nullptr && opening->key_class == wrap.key_class) opened = true;
    }
  } else {
    const auto epoch = state_.key_epochs_.find(*wrap.key_epoch);
    opened = epoch != state_.key_epochs_.end() && epoch->second.classes.contains(wrap.key_class);
  }
  if (!opened) return Verdict::kKeyEpoch;

  FileKind kind = state_.kind_;
  for (const Write& write : change_.writes) {
    if (const auto* founding = std::get_if<Founding>(&write.body)) kind = founding->kind;
  }
  const Directory& directory = around_.directory;
  const PersonId person = PersonId::FromPrefix(wrap.recipient.view());
  const UnitId unit = UnitId::FromPrefix(wrap.recipient.view());
  bool ended = false;
  bool may = false;
  switch (wrap.recipient_kind) {
    case RecipientKind::kPerson:
      ended = directory.KeyEnded(person, wrap.generation, at_);
      for (const Member& line : roster) {
        may = may || (state_.MayHaveKey(line, wrap.key_class, kind) &&
                      Covers(line, person, line.unit, line.role, directory, at_));
      }
      break;
    case RecipientKind::kUnit: {
      const UnitEntry* entry = directory.FindUnit(unit, at_);
      ended = directory.KeyEnded(unit, wrap.generation, at_);
      for (const Member& line : roster) {
        may = may ||
              (!line.person && line.unit == unit && state_.MayHaveKey(line, wrap.key_class, kind));
      }
      may = may && entry != nullptr && UnitKeyMayHold(entry->kind, wrap.key_class, kind);
      break;
    }
    case RecipientKind::kHalf: {
      ended = directory.KeyEnded(person, wrap.generation, at_);
      may = IsSupervisor(directory, person, at_) && !GetsOtherHalf(wrap);
      break;
    }
    case RecipientKind::kRecovery:
      return CheckRecoveryWrap(wrap);
    default:
      return Verdict::kMalformed;
  }
  if (!may) return Verdict::kRole;
  return ended ? Verdict::kStaleRecipient : Verdict::kAccepted;
}

// Whether its recipient has the other half of that key, or gets it by this Change: nobody has
// both.
bool Judgement::GetsOtherHalf(const Wrap& wrap) const {
  const PersonId person = PersonId::FromPrefix(wrap.recipient.view());
  if (HoldsHalf(state_, person, *wrap.key_epoch, wrap.key_class, 3 - wrap.half)) return true;
  return std::any_of(change_.writes.begin(), change_.writes.end(), [&wrap](const Write& write) {
    const auto* other = std::get_if<Wrap>(&write.body);
    return other != nullptr && other->recipient_kind == RecipientKind::kHalf &&
           other->recipient == wrap.recipient && other->key_epoch == wrap.key_epoch &&
           other->key_class == wrap.key_class && other->half != wrap.half;
  });
}

// Whether it is a grant by somebody who stands here by a line of her whole unit, to people who
// stand here by that same line. The line lets them have it; colleagues of a shift must not wait
// for a lead, who in the case of health does not have the key.
bool Judgement::HandsOn() const {
  if (header_.kind != Kind::kGrant) return false;
  const auto line =
      std::find_if(state_.roster_.begin(), state_.roster_.end(), [this](const Member& one) {
        return !one.person && one.unit == header_.unit && one.role == header_.role;
      });
  if (line == state_.roster_.end()) return false;
  return std::all_of(change_.writes.begin(), change_.writes.end(), [&](const Write& write) {
    if (std::holds_alternative<Withheld>(write.body)) return true;  // dropped since
    const auto* wrap = std::get_if<Wrap>(&write.body);
    return wrap != nullptr && wrap->recipient_kind == RecipientKind::kPerson &&
           state_.MayHaveKey(*line, wrap->key_class, state_.kind_) &&
           Covers(*line, PersonId::FromPrefix(wrap->recipient.view()), line->unit, line->role,
                  around_.directory, at_);
  });
}

// A person's key for one of her devices, or a unit's key for one of those who share it. By the
// person herself or the unit's staff, who alone have the key, or by a registrar.
Verdict Judgement::CheckDirectoryWrap(const Wrap& wrap) {
  if (state_.kind_ != FileKind::kDirectory || !wrap.wrapped_owner || wrap.half != 0) {
    return Verdict::kMalformed;
  }
  const Directory& directory = around_.directory;
  const bool registrar = header_.role == Role::kRegistrar;
  if (wrap.recipient_kind == RecipientKind::kDevice) {
    const auto owner = PersonId::FromPrefix(wrap.wrapped_owner->view());
    const auto* device = directory.FindDevice(DeviceId::FromPrefix(wrap.recipient.view()), at_);
    if (device->revoked) return Verdict::kStaleRecipient;
    return May(device->person == owner && (registrar || header_.person == owner));
  }
  if (wrap.recipient_kind != RecipientKind::kPerson) return Verdict::kMalformed;
  const auto unit = UnitId::FromPrefix(wrap.wrapped_owner->view());
  const PersonEntry* person =
      directory.FindPerson(PersonId::FromPrefix(wrap.recipient.view()), at_);
  const bool shares = directory.HasUnitKey(*person, unit, at_);
  if (!shares || !(registrar || header_.unit == unit)) return Verdict::kRole;
  return directory.KeyEnded(person->person, wrap.generation, at_) ? Verdict::kStaleRecipient
                                                                  : Verdict::kAccepted;
}

Verdict Judgement::CheckCustodyOffer() { return May(state_.custody_.holder == header_.unit); }

Verdict Judgement::CheckCustodyAnswer() {
  const auto* answer = std::get_if<CustodyAnswer>(&change_.writes[0].body);
  if (answer == nullptr) return Verdict::kAccepted;  // withheld
  const CustodyState::Offer* offer = nullptr;
  for (const Ref& ref : header_.refs) {
    const auto open = state_.custody_.open.find(ref.change);
    if (open != state_.custody_.open.end()) offer = &open->second;
  }
  if (offer == nullptr) return Verdict::kRole;  // answered or withdrawn meanwhile, or no offer
  if (offer->terms.handover != answer->handover) return Verdict::kMalformed;
  // Two signatures: another person on another device.
  if (offer->by == header_.person || offer->device == header_.device) return Verdict::kRole;
  if (offer->terms.to_unit != header_.unit || state_.custody_.holder != offer->from) {
    return Verdict::kRole;
  }
  if (offer->terms.to_person && *offer->terms.to_person != header_.person) return Verdict::kRole;
  if (admitted_) return Verdict::kAccepted;
  // Both are entitled where the hand-over completes.
  const DeviceEntry* giver = around_.directory.FindDevice(offer->device, at_);
  return May(giver != nullptr && !giver->revoked &&
             state_.IsMember(offer->by, offer->from, offer->role, around_.directory, at_));
}

Verdict Judgement::CheckWaivers() {
  if (pack_ == nullptr) return Verdict::kForm;
  for (const Write& write : change_.writes) {
    const auto* waiver = std::get_if<Waiver>(&write.body);
    if (waiver == nullptr) continue;
    const Clause* clause = nullptr;
    for (const auto& standard : pack_->standards) {
      for (const Clause& candidate : standard->clauses) {
        if (candidate.id == waiver->clause) clause = &candidate;
      }
    }
    if (clause == nullptr) return Verdict::kForm;
    if (std::find(clause->waivers.begin(), clause->waivers.end(), header_.role) ==
        clause->waivers.end()) {
      return Verdict::kRole;
    }
  }
  return Verdict::kAccepted;
}

Verdict Judgement::CheckLink() {
  const auto* link = std::get_if<LinkWrite>(&change_.writes[0].body);
  if (link == nullptr) return Verdict::kAccepted;  // withheld
  if (!KnownRelation(link->relation)) return Verdict::kForm;
  // A file is not linked to itself, and an approval approves what stands elsewhere.
  const bool itself = link->other_file == state_.id_ ||
                      (link->proposal && state_.placed_.contains(link->proposal->change));
  return itself ? Verdict::kMalformed : Verdict::kAccepted;
}

// Only who can open the source can know; and a fact alone can differ from it.
Verdict Judgement::CheckMismatch() {
  if (header_.refs.size() != 1) return Verdict::kMalformed;
  const auto* decision = std::get_if<Decision>(&change_.writes[0].body);
  if (decision == nullptr) return Verdict::kAccepted;  // withheld
  if (decision->subject.size() != RecordId::kBytes) return Verdict::kMalformed;
  const auto record = state_.records_.find(RecordId::FromPrefix(decision->subject));
  if (record == state_.records_.end() || record->second.definition == nullptr) {
    return Verdict::kForm;
  }
  const Form& form = *record->second.definition;
  const Field* fact = form.FindField(decision->field);
  if (fact == nullptr || fact->derived_from.empty()) return Verdict::kForm;
  const Field* source = form.FindField(fact->derived_from);
  return May(source != nullptr && MayHoldKey(header_.role, source->key_class, state_.kind_));
}

Verdict Judgement::CheckApproval() {
  if (header_.refs.empty()) return Verdict::kMalformed;
  for (const Ref& ref : header_.refs) {
    const auto found = state_.proposals_.find(ref.change);
    if (found == state_.proposals_.end() || found->second.done) return Verdict::kRole;
    const Header& proposal = found->second.change->header;
    if (proposal.kind == Kind::kErase) {
      const Verdict verdict = CheckEraseApproval(*found->second.change);
      if (verdict != Verdict::kAccepted) return verdict;
      continue;
    }
    if (proposal.kind == Kind::kDisclosure) {
      const Verdict verdict = CheckDisclosureApproval(*found->second.change);
      if (verdict != Verdict::kAccepted) return verdict;
      continue;
    }
    if (proposal.kind == Kind::kRelease) {
      const Verdict verdict = CheckReleaseApproval(*found->second.change);
      if (verdict != Verdict::kAccepted) return verdict;
      continue;
    }
    if (header_.role != Role::kRegistrar) return Verdict::kRole;
    if (proposal.person == header_.person || proposal.device == header_.device ||
        Concerns(*found->second.change, header_.person)) {
      return Verdict::kRole;
    }
    const std::vector<PersonId>& approved = found->second.approved_by;
    if (std::find(approved.begin(), approved.end(), header_.person) != approved.end()) {
      return Verdict::kRole;
    }
    const Directory& directory = around_.directory;
    const DeviceEntry* device = directory.FindDevice(proposal.device, at_);
    if (device == nullptr || device->revoked ||
        !(directory.IsRegistrar(proposal.person, at_) ||
          KeyOfferIn(*found->second.change, directory, at_))) {
      return Verdict::kRole;
    }
  }
  return Verdict::kAccepted;
}

Verdict Judgement::CheckWithdrawal() {
  if (header_.refs.empty()) return Verdict::kMalformed;
  for (const Ref& ref : header_.refs) {
    const auto offer = state_.custody_.open.find(ref.change);
    if (offer != state_.custody_.open.end() && offer->second.by == header_.person) continue;
    const auto proposal = state_.proposals_.find(ref.change);
    if (proposal != state_.proposals_.end() && !proposal->second.done &&
        proposal->second.change->header.person == header_.person) {
      continue;
    }
    const bool own_mismatch = std::any_of(
        state_.mismatches_.begin(), state_.mismatches_.end(),
        [&](const MismatchAt& one) { return one.self == ref && one.by == header_.person; });
    if (own_mismatch) continue;
    const bool own_disclosure = std::any_of(
        state_.disclosures_.begin(), state_.disclosures_.end(), [&](const DisclosureAt& one) {
          return one.self == ref && one.by == header_.person && !one.taken_back;
        });
    if (own_disclosure) continue;
    const bool own_link =
        std::any_of(state_.links_.begin(), state_.links_.end(), [&](const LinkAt& link) {
          return link.self == ref && link.by == header_.person && !link.link.ended;
        });
    if (!own_link) return Verdict::kRole;
  }
  return Verdict::kAccepted;
}

Verdict Judgement::CheckAdmission() {
  if (header_.refs.empty()) return Verdict::kMalformed;
  for (const Ref& ref : header_.refs) {
    const auto found = state_.refused_.find(ref.change);
    if (found == state_.refused_.end()) return Verdict::kRole;
    const Waiting& refused = found->second;
    if (!Admissible(refused.verdict) || !Admissible(refused.placed.change->header.kind)) {
      return Verdict::kRole;
    }
    // Two eyes more: nobody admits what she wrote herself.
    if (refused.placed.change->header.person == header_.person) return Verdict::kRole;
    Judgement anew(state_, *refused.placed.change, at_, around_);
    const Verdict verdict = anew.ReachAsAdmitted();
    if (verdict == Verdict::kEarly) return Early(anew.lack());
    if (verdict != Verdict::kAccepted) return verdict;
  }
  return Verdict::kAccepted;
}

}  // namespace kapea::domain
