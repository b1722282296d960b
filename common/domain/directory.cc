#include "common/domain/directory.h"

#include <algorithm>
#include <utility>

#include "common/domain/roles.h"

namespace kapea::domain {

UnitId RecoveryPlace() { return UnitId::FromPrefix("kapea/recovery/1"); }

namespace {

// Whether that is what an entry of the recovery key may say after the one there is.
bool Follows(const UnitEntry* known, const UnitEntry& next) {
  const uint32_t generation = known == nullptr ? 0 : known->generation;
  if (next.ended) {
    return known != nullptr && next.generation == generation &&
           next.receive_key == known->receive_key;
  }
  return next.generation == generation + 1 && !next.receive_key.empty();
}

// `next`, with the key that stands where it would bring an older one or swap it. The first key
// of an owner without one may have any generation.
template <typename T>
T WithKeyThatStands(const T* known, T next) {
  if (known == nullptr || known->receive_key.empty()) return next;
  const bool newer = next.generation > known->generation && !next.receive_key.empty();
  if (newer) return next;
  next.generation = known->generation;
  next.receive_key = known->receive_key;
  return next;
}

// What somebody confirmed by its number, and whose signatures stand, is about these.
DeviceEntry WithKeysItBeganWith(const DeviceEntry* known, DeviceEntry next) {
  if (known == nullptr) return next;
  next.person = known->person;
  next.signing_key = known->signing_key;
  next.receive_key = known->receive_key;
  next.revoked = next.revoked || known->revoked;
  return next;
}

}  // namespace

bool Concerns(const Change& proposal, const PersonId& person) {
  return std::any_of(proposal.writes.begin(), proposal.writes.end(), [&person](const Write& write) {
    if (const auto* entry = std::get_if<PersonEntry>(&write.body)) {
      return entry->person == person;
    }
    const auto* entry = std::get_if<DeviceEntry>(&write.body);
    return entry != nullptr && entry->person == person;
  });
}

std::optional<KeyOffer> KeyOfferIn(const Change& change, const Directory& directory, uint64_t at) {
  const Header& header = change.header;
  if (header.kind != Kind::kDirectory || change.writes.size() != 1) return std::nullopt;
  if (const auto* offered = std::get_if<PersonEntry>(&change.writes[0].body)) {
    const PersonEntry* known = directory.FindPerson(offered->person, at);
    const bool same = known != nullptr && offered->person == header.person &&
                      offered->roles == known->roles && !offered->ended;
    if (!same || offered->receive_key.empty()) return std::nullopt;
    return KeyOffer{offered->person, std::nullopt, offered->generation, offered->receive_key};
  }
  const auto* offered = std::get_if<UnitEntry>(&change.writes[0].body);
  const UnitEntry* known = offered == nullptr ? nullptr : directory.FindUnit(offered->unit, at);
  const bool same = known != nullptr && offered->unit == header.unit &&
                    offered->unit != RecoveryPlace() && offered->kind == known->kind &&
                    offered->code == known->code && offered->province == known->province &&
                    !offered->ended;
  if (!same || offered->receive_key.empty()) return std::nullopt;
  // By who shares it, and when it is over: nobody else takes a unit's post out of its hands.
  const bool due = known->generation == 0 || directory.KeyEnded(known->unit, known->generation, at);
  if (!due || !SharesUnitKey(known->kind, header.role)) return std::nullopt;
  return KeyOffer{std::nullopt, offered->unit, offered->generation, offered->receive_key};
}

template <typename Id, typename T>
const T* Directory::Find(const History<Id, T>& history, const Id& id, uint64_t at) {
  const auto found = history.find(id);
  if (found == history.end()) return nullptr;
  const auto& versions = found->second;
  // Mostly the newest is meant, so from the end.
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    if (version->sequence < at) return &version->entry;
  }
  return nullptr;
}

template <typename Id, typename T>
std::string_view Directory::KeyOf(const History<Id, T>& history, const Id& id,
                                  uint32_t generation) {
  const auto found = history.find(id);
  if (found == history.end()) return {};
  for (const auto& version : found->second) {
    if (version.entry.generation == generation) return version.entry.receive_key;
  }
  return {};
}

template <typename Id, typename T>
std::vector<const T*> Directory::Newest(const History<Id, T>& history) {
  std::vector<const T*> entries;
  entries.reserve(history.size());
  for (const auto& [id, versions] : history) entries.push_back(&versions.back().entry);
  return entries;
}

const PersonEntry* Directory::FindPerson(const PersonId& person, uint64_t at) const {
  return Find(persons_, person, at);
}
const DeviceEntry* Directory::FindDevice(const DeviceId& device, uint64_t at) const {
  return Find(devices_, device, at);
}
const UnitEntry* Directory::FindUnit(const UnitId& unit, uint64_t at) const {
  return Find(units_, unit, at);
}

const UnitEntry* Directory::FindUnitByCode(std::string_view code) const {
  for (const auto& [id, versions] : units_) {
    if (id != RecoveryPlace() && versions.back().entry.code == code) return &versions.back().entry;
  }
  return nullptr;
}

bool Directory::HoldsRole(const PersonId& person, Role role, const UnitId& unit,
                          uint64_t at) const {
  const PersonEntry* entry = FindPerson(person, at);
  if (entry == nullptr || entry->ended || unit == RecoveryPlace()) return false;
  if (std::find(entry->roles.begin(), entry->roles.end(), RoleAt{role, unit}) ==
      entry->roles.end()) {
    return false;
  }
  const UnitEntry* where = FindUnit(unit, at);
  return where == nullptr || !where->ended;
}

bool Directory::EverHeldRole(const PersonId& person, Role role, const UnitId& unit) const {
  const auto found = persons_.find(person);
  return found != persons_.end() &&
         std::any_of(found->second.begin(), found->second.end(), [&](const auto& version) {
           const std::vector<RoleAt>& roles = version.entry.roles;
           return std::find(roles.begin(), roles.end(), RoleAt{role, unit}) != roles.end();
         });
}

std::string_view Directory::ReceiveKeyOf(const PersonId& person, uint32_t generation) const {
  return KeyOf(persons_, person, generation);
}
std::string_view Directory::ReceiveKeyOf(const UnitId& unit, uint32_t generation) const {
  return KeyOf(units_, unit, generation);
}

size_t Directory::ActsBefore(uint64_t at) const {
  return static_cast<size_t>(std::lower_bound(acts_.begin(), acts_.end(), at) - acts_.begin());
}

bool Directory::IsRegistrar(const PersonId& person, uint64_t at) const {
  const PersonEntry* entry = FindPerson(person, at);
  return entry != nullptr && !entry->ended &&
         std::any_of(entry->roles.begin(), entry->roles.end(), [](const RoleAt& held) {
           return held.role == Role::kRegistrar && held.unit != RecoveryPlace();
         });
}

const UnitEntry* Directory::RecoveryKey(uint64_t at) const {
  const UnitEntry* entry = FindUnit(RecoveryPlace(), at);
  return entry == nullptr || entry->ended ? nullptr : entry;
}

bool Directory::RecoveryKeyEnded(uint32_t generation, uint64_t at) const {
  const UnitEntry* entry = RecoveryKey(at);
  return entry == nullptr || entry->generation != generation;
}

template <typename Id, typename T>
bool Directory::Ended(const History<Id, T>& history,
                      const std::map<Id, std::vector<uint64_t>>& losses, const Id& id,
                      uint32_t generation, uint64_t at) {
  const T* entry = Find(history, id, at);
  if (entry == nullptr || entry->ended || entry->generation != generation) return true;
  const auto found = losses.find(id);
  if (found == losses.end()) return false;
  const auto& versions = history.at(id);
  const auto began = std::find_if(
      versions.begin(), versions.end(),
      [generation](const auto& version) { return version.entry.generation == generation; });
  return std::any_of(found->second.begin(), found->second.end(),
                     [&](uint64_t lost) { return lost < at && lost > began->sequence; });
}

bool Directory::KeyEnded(const PersonId& person, uint32_t generation, uint64_t at) const {
  return Ended(persons_, person_losses_, person, generation, at);
}
bool Directory::KeyEnded(const UnitId& unit, uint32_t generation, uint64_t at) const {
  return Ended(units_, unit_losses_, unit, generation, at);
}

std::vector<Directory::OpenOffer> Directory::OpenOffers(Time now) const {
  std::vector<OpenOffer> open;
  for (const auto& [id, proposal] : proposals_) {
    if (proposal.done || now > proposal.received + kProposalLapses) continue;
    const auto offer = KeyOfferIn(*proposal.change, *this, kNow);
    if (!offer) continue;
    // Another key became the next generation meanwhile.
    const PersonEntry* person = offer->person ? FindPerson(*offer->person) : nullptr;
    const UnitEntry* unit = offer->unit ? FindUnit(*offer->unit) : nullptr;
    const uint32_t newest = person != nullptr ? person->generation : unit->generation;
    if (offer->generation != newest + 1) continue;
    open.push_back({id, proposal.change->hash, *offer, proposal.change->header.person,
                    proposal.received, proposal.approvals.size()});
  }
  return open;
}

std::vector<PersonId> Directory::StaffOf(const UnitId& unit, Role role) const {
  std::vector<PersonId> staff;
  for (const auto& [person, versions] : persons_) {
    if (HoldsRole(person, role, unit)) staff.push_back(person);
  }
  return staff;
}

std::vector<const PersonEntry*> Directory::Persons() const { return Newest(persons_); }
std::vector<const DeviceEntry*> Directory::Devices() const { return Newest(devices_); }
std::vector<const UnitEntry*> Directory::Units(uint64_t at) const {
  std::vector<const UnitEntry*> units;
  for (const auto& [id, versions] : units_) {
    const UnitEntry* entry = id == RecoveryPlace() ? nullptr : FindUnit(id, at);
    if (entry != nullptr) units.push_back(entry);
  }
  return units;
}

std::vector<const DeviceEntry*> Directory::DevicesOf(const PersonId& person) const {
  std::vector<const DeviceEntry*> devices = Newest(devices_);
  std::erase_if(devices, [&person](const DeviceEntry* entry) { return entry->person != person; });
  return devices;
}

bool Directory::MayAct(const PersonId& person, const DeviceId& device, uint64_t at) const {
  const DeviceEntry* entry = FindDevice(device, at);
  return entry != nullptr && !entry->revoked && entry->person == person && IsRegistrar(person, at);
}

void Directory::Append(const Change& change, const Entry& entry) {
  // Judged or not yet judged; an early one is completed below by what it lacked.
  if (entry.verdict != Verdict::kAccepted && entry.verdict != Verdict::kEarly &&
      entry.verdict != Verdict::kNone) {
    return;
  }
  const Header& header = change.header;
  switch (header.kind) {
    case Kind::kGenesis:
      if (genesis_ || entry.sequence != 0) return;
      file_ = header.file;
      Apply(change, entry.sequence);
      return;
    case Kind::kDirectory:
      if (header.file == file_) Propose(change, entry);
      return;
    case Kind::kApproval:
      if (header.file != file_) return;
      for (const Ref& ref : header.refs) {
        const Approval approval{ref, header.person, header.device, entry.received};
        if (proposals_.contains(ref.change)) {
          Approve(approval, entry.sequence);
        } else {
          early_approvals_.emplace(ref.change, approval);
        }
      }
      return;
    case Kind::kWithdrawal:
      for (const Ref& ref : header.refs) {
        const auto found = proposals_.find(ref.change);
        if (found == proposals_.end() || found->second.change->hash != ref.hash) continue;
        if (found->second.change->header.person == header.person) found->second.done = true;
      }
      return;
    default:
      return;
  }
}

void Directory::Propose(const Change& change, const Entry& entry) {
  const auto [proposal, added] = proposals_.try_emplace(
      change.id, Proposal{std::make_shared<const Change>(change), entry.received, false, {}});
  if (!added) return;
  const auto [first, last] = early_approvals_.equal_range(change.id);
  for (auto approval = first; approval != last; ++approval) {
    Approve(approval->second, entry.sequence);
  }
  early_approvals_.erase(first, last);
}

void Directory::Approve(const Approval& approval, uint64_t sequence) {
  Proposal& proposal = proposals_.at(approval.proposal.change);
  const Change& change = *proposal.change;
  if (proposal.done || change.hash != approval.proposal.hash) return;
  if (approval.received > proposal.received + kProposalLapses) return;
  const Header& by = change.header;
  if (by.person == approval.person || by.device == approval.device) return;
  if (Concerns(change, approval.person)) return;
  if (!MayAct(approval.person, approval.device, sequence)) return;
  if (!MayAct(by.person, by.device, sequence) && !SecondApproves(proposal, approval, sequence)) {
    return;
  }
  proposal.done = true;
  Apply(change, sequence);
}

// Whether this approval is the second of an offer whose author still may make it. The first
// is kept; a generation that is not the next one by now makes nothing.
bool Directory::SecondApproves(Proposal& proposal, const Approval& approval, uint64_t sequence) {
  const Change& change = *proposal.change;
  const auto offer = KeyOfferIn(change, *this, sequence);
  if (!offer) return false;
  const Header& by = change.header;
  const DeviceEntry* device = FindDevice(by.device, sequence);
  const bool good = device != nullptr && !device->revoked && device->person == by.person &&
                    HoldsRole(by.person, by.role, by.unit, sequence);
  if (!good) return false;
  const uint32_t newest = offer->person ? FindPerson(*offer->person, sequence)->generation
                                        : FindUnit(*offer->unit, sequence)->generation;
  if (offer->generation != newest + 1) return false;
  std::vector<Approval>& earlier = proposal.approvals;
  const bool second = std::any_of(earlier.begin(), earlier.end(), [&](const Approval& one) {
    return one.person != approval.person && one.device != approval.device &&
           MayAct(one.person, one.device, sequence);
  });
  if (!second) earlier.push_back(approval);
  return second;
}

void Directory::NoteLosses(const DeviceEntry& entry, uint64_t sequence) {
  const DeviceEntry* known = FindDevice(entry.device);
  if (!entry.revoked || (known != nullptr && known->revoked)) return;
  person_losses_[entry.person].push_back(sequence);
  keys_changed_at_ = sequence;
  const PersonEntry* person = FindPerson(entry.person);
  if (person == nullptr) return;
  for (const RoleAt& held : person->roles) {
    if (HasUnitKey(*person, held.unit)) unit_losses_[held.unit].push_back(sequence);
  }
}

bool Directory::HasUnitKey(const PersonEntry& person, const UnitId& unit, uint64_t at) const {
  const UnitEntry* where = FindUnit(unit, at);
  return where != nullptr && !person.ended &&
         std::any_of(person.roles.begin(), person.roles.end(), [&](const RoleAt& held) {
           return held.unit == unit && SharesUnitKey(where->kind, held.role);
         });
}

void Directory::NoteLosses(const PersonEntry& entry, uint64_t sequence) {
  const PersonEntry* known = FindPerson(entry.person);
  if (known == nullptr) {
    keys_changed_at_ = sequence;
    return;
  }
  if (known->generation != entry.generation || known->roles != entry.roles ||
      known->ended != entry.ended) {
    keys_changed_at_ = sequence;
  }
  for (const RoleAt& held : known->roles) {
    if (HasUnitKey(*known, held.unit) && !HasUnitKey(entry, held.unit)) {
      unit_losses_[held.unit].push_back(sequence);
    }
  }
}

void Directory::Apply(const Change& change, uint64_t sequence) {
  const auto put = [sequence](auto& history, const auto& id, const auto& entry) {
    auto& versions = history[id];
    if (!versions.empty() && versions.back().sequence == sequence) {
      versions.back().entry = entry;  // the later write of one Change stands
    } else {
      versions.push_back({sequence, entry});
    }
  };
  acts_.push_back(sequence);
  for (const Write& write : change.writes) {
    if (const auto* person = std::get_if<PersonEntry>(&write.body)) {
      const PersonEntry next = WithKeyThatStands(FindPerson(person->person), *person);
      NoteLosses(next, sequence);
      put(persons_, next.person, next);
    } else if (const auto* device = std::get_if<DeviceEntry>(&write.body)) {
      const DeviceEntry next = WithKeysItBeganWith(FindDevice(device->device), *device);
      NoteLosses(next, sequence);
      put(devices_, next.device, next);
    } else if (const auto* unit = std::get_if<UnitEntry>(&write.body)) {
      const UnitEntry* known = FindUnit(unit->unit);
      if (unit->unit == RecoveryPlace() && !Follows(known, *unit)) continue;
      const UnitEntry next = WithKeyThatStands(known, *unit);
      const bool as_before =
          known != nullptr && known->generation == next.generation && known->ended == next.ended;
      if (!as_before) keys_changed_at_ = sequence;
      put(units_, next.unit, next);
    } else if (const auto* genesis = std::get_if<Genesis>(&write.body)) {
      if (change.header.kind == Kind::kGenesis) genesis_ = *genesis;
    }
  }
}

}  // namespace kapea::domain
