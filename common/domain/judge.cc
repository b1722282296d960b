#include "common/domain/judge.h"

#include <algorithm>
#include <set>

#include "common/domain/roles.h"
#include "common/domain/roster.h"

namespace kapea::domain {
namespace {

template <typename T>
const T* FirstOf(const Change& change) {
  for (const Write& write : change.writes) {
    if (const T* body = std::get_if<T>(&write.body)) return body;
  }
  return nullptr;
}

// Acts that only a lead or supervisor of the file does.
bool NeedsLead(Kind kind) {
  return kind == Kind::kRoster || kind == Kind::kGrant || kind == Kind::kRelease;
}

// Files whose members are everybody in the directory: the directory and the standards.
bool OpenToAll(FileKind kind) {
  return kind == FileKind::kDirectory || kind == FileKind::kStandards;
}

}  // namespace

Judgement::Judgement(const FileState& state, const Change& change, uint64_t sequence,
                     const Surroundings& around)
    : state_(state), change_(change), header_(change.header), at_(sequence), around_(around) {
  founding_ = header_.kind == Kind::kRoster && FirstOf<Founding>(change) != nullptr;
  if (header_.pack) pack_ = around.packs.FindPack(*header_.pack, at_);
  for (const Write& write : change.writes) {
    const auto* field = std::get_if<FieldWrite>(&write.body);
    if (field == nullptr || !field->form || FindNew(field->record) != nullptr) continue;
    const Form* form =
        pack_ == nullptr ? nullptr : pack_->FindForm(field->form->form, field->form->version);
    new_records_.push_back({field->record, field, form});
  }
}

const Judgement::NewRecord* Judgement::FindNew(const RecordId& id) const {
  for (const NewRecord& record : new_records_) {
    if (record.id == id) return &record;
  }
  return nullptr;
}

Verdict Judgement::First(std::initializer_list<Check> checks) {
  for (const Check check : checks) {
    const Verdict verdict = (this->*check)();
    if (verdict != Verdict::kAccepted) return verdict;
  }
  return Verdict::kAccepted;
}

Verdict Judgement::Early(Lack lack) {
  lack_ = lack;
  return Verdict::kEarly;
}

Verdict Judgement::Reach() {
  const Verdict shape = First({&Judgement::CheckFormat, &Judgement::CheckShape});
  if (shape != Verdict::kAccepted) return shape;
  if (header_.kind == Kind::kGenesis) return JudgeGenesis();
  const auto& genesis = around_.directory.genesis();
  const bool by_server = genesis && genesis->server_device == header_.device;
  if (by_server || header_.kind == Kind::kDelivery) {
    return by_server ? JudgeDelivery() : Verdict::kRole;
  }
  return First({&Judgement::CheckAuthor, &Judgement::CheckRole, &Judgement::CheckThere,
                &Judgement::CheckMember, &Judgement::CheckRosterInForce, &Judgement::CheckContent});
}

Verdict Judgement::ReachEntitled() {
  return First({&Judgement::CheckAuthor, &Judgement::CheckRole, &Judgement::CheckMember});
}

Verdict Judgement::ReachAsAdmitted() {
  admitted_ = true;
  return First({&Judgement::CheckFormat, &Judgement::CheckShape, &Judgement::CheckThere,
                &Judgement::CheckContent});
}

Verdict Judgement::JudgeGenesis() {
  const bool first = !state_.founded_ && (at_ == 0 || at_ == Directory::kNow);
  const auto* genesis = FirstOf<Genesis>(change_);
  if (!first || genesis == nullptr || genesis->deployment != header_.deployment) {
    return Verdict::kMalformed;
  }
  const std::set<PersonId> registrars(genesis->registrars.begin(), genesis->registrars.end());
  if (registrars.size() < 3) return Verdict::kMalformed;
  size_t genesis_bodies = 0;
  std::set<PersonId> entered;
  for (const Write& write : change_.writes) {
    if (std::holds_alternative<Genesis>(write.body)) ++genesis_bodies;
    const auto* person = std::get_if<PersonEntry>(&write.body);
    if (person != nullptr && registrars.contains(person->person)) entered.insert(person->person);
  }
  const bool whole = genesis_bodies == 1 && entered == registrars;
  return whole ? Verdict::kAccepted : Verdict::kMalformed;
}

Verdict Judgement::JudgeDelivery() {
  if (header_.kind != Kind::kDelivery || header_.role != Role::kServer) return Verdict::kRole;
  if (!state_.founded_) return Early({.what = Lack::What::kFounding});
  return Verdict::kAccepted;
}

Verdict Judgement::CheckAuthor() {
  const DeviceEntry* device = around_.directory.FindDevice(header_.device, at_);
  const PersonEntry* person = around_.directory.FindPerson(header_.person, at_);
  if (device == nullptr || person == nullptr) return Early({.what = Lack::What::kDirectory});
  if (device->revoked || person->ended) return Verdict::kRevoked;
  return device->person == header_.person ? Verdict::kAccepted : Verdict::kRole;
}

Verdict Judgement::CheckRole() {
  if (!around_.directory.HoldsRole(header_.person, header_.role, header_.unit, at_)) {
    return Verdict::kRole;
  }
  bool may = true;
  switch (header_.kind) {
    case Kind::kRoster:
      may = !founding_ || MayFound(header_.role, FirstOf<Founding>(change_)->kind);
      break;
    case Kind::kDirectory:
      may = header_.role == Role::kRegistrar || KeyOfferIn(change_, around_.directory, at_);
      break;
    case Kind::kApproval:
      may = header_.role == Role::kRegistrar || MayChangeRoster(header_.role);
      break;
    case Kind::kPack:
      may = header_.role == Role::kRegistrar || header_.role == Role::kAdministrator;
      break;
    case Kind::kWaiver:
      may = MayWaive(header_.role);
      break;
    case Kind::kAdmission:
      may = MayAdmit(header_.role);
      break;
    case Kind::kBreakGlass:
      may = header_.role == Role::kSupervisor;
      break;
    case Kind::kPublication:
      may = header_.role == Role::kSupervisor || header_.role == Role::kAnalyst;
      break;
    default:
      break;
  }
  return may ? Verdict::kAccepted : Verdict::kRole;
}

Verdict Judgement::CheckThere() {
  if (founding_) return Verdict::kAccepted;
  if (!state_.founded_) return Early({.what = Lack::What::kFounding});
  if (header_.roster && !state_.rosters_seen_.contains(*header_.roster)) {
    return Early({.what = Lack::What::kRoster, .hash = *header_.roster});
  }
  for (const Ref& ref : header_.refs) {
    const auto placed = state_.placed_.find(ref.change);
    if (placed == state_.placed_.end() ||
        (placed->second == ref.hash && state_.early_.Contains(ref.change))) {
      return Early({.what = Lack::What::kChange, .change = ref.change});
    }
    if (placed->second != ref.hash) return Verdict::kMalformed;
  }
  if (header_.pack && pack_ == nullptr) {
    return Early({.what = Lack::What::kPack, .hash = *header_.pack});
  }
  return First({&Judgement::CheckFieldsThere, &Judgement::CheckWrapsThere,
                &Judgement::CheckDisclosureThere});
}

Verdict Judgement::CheckFieldsThere() {
  const auto is_there = [this](const RecordId& id) {
    return FindNew(id) != nullptr || state_.records_.contains(id);
  };
  for (const Write& write : change_.writes) {
    const auto* field = std::get_if<FieldWrite>(&write.body);
    if (field == nullptr) continue;
    if (!is_there(field->record)) {
      return Early({.what = Lack::What::kRecord, .record = field->record});
    }
    if (field->parent && !is_there(*field->parent)) {
      return Early({.what = Lack::What::kRecord, .record = *field->parent});
    }
    if (field->sealed && !state_.key_epochs_.contains(field->sealed->key_epoch)) {
      return Early({.what = Lack::What::kKeyEpoch, .change = field->sealed->key_epoch});
    }
  }
  return Verdict::kAccepted;
}

Verdict Judgement::CheckWrapsThere() {
  for (const Write& write : change_.writes) {
    const auto* wrap = std::get_if<Wrap>(&write.body);
    if (wrap == nullptr) continue;
    if (wrap->key_epoch && *wrap->key_epoch != change_.id &&
        !state_.key_epochs_.contains(*wrap->key_epoch)) {
      return Early({.what = Lack::What::kKeyEpoch, .change = *wrap->key_epoch});
    }
    bool known = true;
    const Directory& directory = around_.directory;
    if (wrap->recipient_kind == RecipientKind::kUnit) {
      const auto* unit = directory.FindUnit(UnitId::FromPrefix(wrap->recipient.view()), at_);
      known = unit != nullptr && unit->generation >= wrap->generation;
    } else if (wrap->recipient_kind == RecipientKind::kPerson ||
               wrap->recipient_kind == RecipientKind::kHalf) {
      const auto* person = directory.FindPerson(PersonId::FromPrefix(wrap->recipient.view()), at_);
      known = person != nullptr && person->generation >= wrap->generation;
    } else if (wrap->recipient_kind == RecipientKind::kRecovery) {
      const auto* place = directory.FindUnit(RecoveryPlace(), at_);
      known = place != nullptr && place->generation >= wrap->generation;
    } else if (wrap->recipient_kind == RecipientKind::kDevice) {
      known = directory.FindDevice(DeviceId::FromPrefix(wrap->recipient.view()), at_) != nullptr;
    }
    if (!known) return Early({.what = Lack::What::kDirectory});
  }
  return Verdict::kAccepted;
}

Verdict Judgement::CheckMember() {
  const Directory& directory = around_.directory;
  if (founding_) {
    // Standards have no roster to stand on.
    if (OpenToAll(FirstOf<Founding>(change_)->kind)) return Verdict::kAccepted;
    const auto* roster = FirstOf<RosterWrite>(change_);
    // Only a withheld write can make it absent, and then nobody asks for a verdict.
    if (roster == nullptr) return Verdict::kNotMember;
    for (const Member& line : roster->added) {
      if (Covers(line, header_.person, header_.unit, header_.role, directory, at_)) {
        return Verdict::kAccepted;
      }
    }
    return Verdict::kNotMember;
  }
  if (OpenToAll(state_.kind_)) return Verdict::kAccepted;
  const bool by_glass = header_.kind == Kind::kBreakGlass ||
                        (header_.kind == Kind::kReadNotice && CameByGlass(state_, header_.person));
  if (by_glass) return Verdict::kAccepted;
  if (!state_.IsMember(header_.person, header_.unit, header_.role, directory, at_)) {
    return Verdict::kNotMember;
  }
  if (NeedsLead(header_.kind) && !HandsOn() &&
      !state_.MayLead(header_.person, header_.unit, header_.role, directory, at_)) {
    return Verdict::kRole;
  }
  return Verdict::kAccepted;
}

Verdict Judgement::CheckRosterInForce() {
  if (founding_ || OpenToAll(state_.kind_) || header_.roster == state_.roster_hash_) {
    return Verdict::kAccepted;
  }
  switch (header_.kind) {
    case Kind::kGrant:
    case Kind::kLink:
    case Kind::kWaiver:
      return Verdict::kStaleRoster;
    case Kind::kRoster: {
      // Openings alone are no fault: two leads may each open a key epoch offline.
      const auto* roster = FirstOf<RosterWrite>(change_);
      const bool raises = roster != nullptr && Raises(state_.roster_, *roster);
      const bool grants = FirstOf<Wrap>(change_) != nullptr;
      return raises || grants ? Verdict::kStaleRoster : Verdict::kAccepted;
    }
    default:
      return Verdict::kAccepted;
  }
}

}  // namespace kapea::domain
