#include "common/domain/directory.h"

#include <algorithm>
#include <utility>

namespace kapea::domain {

bool Concerns(const Change& proposal, const PersonId& person) {
  return std::any_of(proposal.writes.begin(), proposal.writes.end(), [&person](const Write& write) {
    if (const auto* entry = std::get_if<PersonEntry>(&write.body)) {
      return entry->person == person;
    }
    const auto* entry = std::get_if<DeviceEntry>(&write.body);
    return entry != nullptr && entry->person == person;
  });
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
    if (versions.back().entry.code == code) return &versions.back().entry;
  }
  return nullptr;
}

bool Directory::HoldsRole(const PersonId& person, Role role, const UnitId& unit,
                          uint64_t at) const {
  const PersonEntry* entry = FindPerson(person, at);
  if (entry == nullptr || entry->ended) return false;
  if (std::find(entry->roles.begin(), entry->roles.end(), RoleAt{role, unit}) ==
      entry->roles.end()) {
    return false;
  }
  const UnitEntry* where = FindUnit(unit, at);
  return where == nullptr || !where->ended;
}

bool Directory::IsRegistrar(const PersonId& person, uint64_t at) const {
  const PersonEntry* entry = FindPerson(person, at);
  return entry != nullptr && !entry->ended &&
         std::any_of(entry->roles.begin(), entry->roles.end(),
                     [](const RoleAt& held) { return held.role == Role::kRegistrar; });
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
std::vector<const UnitEntry*> Directory::Units() const { return Newest(units_); }

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
      change.id, Proposal{std::make_shared<const Change>(change), entry.received, false});
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
  if (!MayAct(by.person, by.device, sequence)) return;
  if (!MayAct(approval.person, approval.device, sequence)) return;
  proposal.done = true;
  Apply(change, sequence);
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
  for (const Write& write : change.writes) {
    if (const auto* person = std::get_if<PersonEntry>(&write.body)) {
      put(persons_, person->person, *person);
    } else if (const auto* device = std::get_if<DeviceEntry>(&write.body)) {
      put(devices_, device->device, *device);
    } else if (const auto* unit = std::get_if<UnitEntry>(&write.body)) {
      put(units_, unit->unit, *unit);
    } else if (const auto* genesis = std::get_if<Genesis>(&write.body)) {
      if (change.header.kind == Kind::kGenesis) genesis_ = *genesis;
    }
  }
}

}  // namespace kapea::domain
