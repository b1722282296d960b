#include "common/domain/glass.h"

#include <algorithm>
#include <tuple>

#include "common/domain/file_state.h"
#include "common/domain/roster.h"

namespace kapea::domain {
namespace {

// Shelters are run under social affairs.
UnitKind OrganisationOf(UnitKind kind) {
  return kind == UnitKind::kShelter ? UnitKind::kSocialAffairs : kind;
}

const Decision* DecisionIn(const Change& change) {
  for (const Write& write : change.writes) {
    if (const auto* decision = std::get_if<Decision>(&write.body)) return decision;
  }
  return nullptr;
}

// How near a supervisor stands to a file of `unit`; nullopt: of another organisation.
std::optional<int> DistanceOf(const PersonEntry& person, const UnitEntry& unit,
                              const Directory& directory) {
  std::optional<int> nearest;
  for (const RoleAt& held : person.roles) {
    const UnitEntry* other = directory.FindUnit(held.unit);
    if (held.role != Role::kSupervisor || other == nullptr) continue;
    if (OrganisationOf(other->kind) != OrganisationOf(unit.kind)) continue;
    const bool near = !unit.province.empty() && other->province == unit.province;
    const int distance = other->unit == unit.unit ? 0 : near ? 1 : 2;
    nearest = std::min(nearest.value_or(distance), distance);
  }
  return nearest;
}

bool OnRoster(const std::vector<Member>& roster, const PersonId& person,
              const Directory& directory) {
  return std::any_of(roster.begin(), roster.end(), [&](const Member& line) {
    return Covers(line, person, line.unit, line.role, directory, Directory::kNow);
  });
}

}  // namespace

std::string_view NameOf(GlassStatus status) {
  switch (status) {
    case GlassStatus::kWaiting:
      return "waiting";
    case GlassStatus::kLapsed:
      return "lapsed";
    case GlassStatus::kOpen:
      return "open";
    case GlassStatus::kExpired:
      return "expired";
  }
  return "";
}

GlassStatus StatusOf(const GlassAt& glass, Time now) {
  if (glass.approval) return now < glass.until() ? GlassStatus::kOpen : GlassStatus::kExpired;
  const bool lapsed = glass.requested != Time::Min() && now - glass.requested > kGlassLapses;
  return lapsed ? GlassStatus::kLapsed : GlassStatus::kWaiting;
}

Time TurnOf(const GlassAt& glass) {
  if (glass.approval) return glass.until();
  if (glass.requested == Time::Min()) return Time::Max();
  return glass.requested + kGlassLapses + Duration::Milliseconds(1);
}

GlassAsk AskOf(const Change& request) {
  GlassAsk ask;
  for (const Write& write : request.writes) {
    const auto* decision = std::get_if<Decision>(&write.body);
    if (decision == nullptr || decision->from == 0 ||
        decision->from > static_cast<uint64_t>(KeyClass::kPlan)) {
      continue;
    }
    ask.classes.push_back(static_cast<KeyClass>(decision->from));
    ask.generation = static_cast<uint32_t>(decision->to);
    ask.reason = decision->reason;
  }
  return ask;
}

bool IsSupervisor(const Directory& directory, const PersonId& person, uint64_t at) {
  const PersonEntry* entry = directory.FindPerson(person, at);
  return entry != nullptr && !entry->ended &&
         std::any_of(entry->roles.begin(), entry->roles.end(),
                     [](const RoleAt& held) { return held.role == Role::kSupervisor; });
}

bool HoldsHalf(const FileState& file, const PersonId& person, const KeyEpochId& epoch,
               KeyClass key_class, uint32_t half) {
  const auto found = file.halves().find({person, epoch, key_class});
  return (half == 1 || half == 2) && found != file.halves().end() && (found->second & half) != 0;
}

bool HoldsHalf(const FileState& file, const PersonId& person, KeyClass key_class) {
  for (auto at = file.halves().lower_bound({person, KeyEpochId(), KeyClass::kNone});
       at != file.halves().end() && std::get<PersonId>(at->first) == person; ++at) {
    const bool asked = key_class == KeyClass::kNone || std::get<KeyClass>(at->first) == key_class;
    if (asked && at->second != 0) return true;
  }
  return false;
}

Verdict JudgeGlassApproval(const FileState& file, const GlassAt& glass, const Change& approval,
                           const Directory& directory, uint64_t at) {
  const Header& header = approval.header;
  const DeviceEntry* device = directory.FindDevice(glass.device, at);
  const bool entitled = device != nullptr && !device->revoked && device->person == glass.by &&
                        header.person != glass.by && header.device != glass.device &&
                        header.role == Role::kSupervisor &&
                        directory.HoldsRole(glass.by, Role::kSupervisor, glass.unit, at);
  const Decision* decision = DecisionIn(approval);
  if (!entitled || glass.approval || decision == nullptr || decision->reason != kGlassApproved) {
    return Verdict::kRole;
  }
  bool gives = false;
  for (const Write& write : approval.writes) {
    const auto* wrap = std::get_if<Wrap>(&write.body);
    // Erased with the file since: that it gave stays said.
    gives = gives || std::holds_alternative<Withheld>(write.body);
    if (wrap == nullptr) continue;
    if (!wrap->key_epoch || wrap->recipient_kind != RecipientKind::kPerson ||
        wrap->recipient.view() != glass.by.view() || wrap->generation != glass.generation ||
        (wrap->half != 1 && wrap->half != 2)) {
      return Verdict::kMalformed;
    }
    const auto& asked = glass.classes;
    if (std::find(asked.begin(), asked.end(), wrap->key_class) == asked.end()) {
      return Verdict::kClass;
    }
    // His half, and she has the other: two persons' halves make a key, and nothing else.
    if (!HoldsHalf(file, header.person, *wrap->key_epoch, wrap->key_class, wrap->half) ||
        !HoldsHalf(file, glass.by, *wrap->key_epoch, wrap->key_class, 3 - wrap->half)) {
      return Verdict::kRole;
    }
    gives = true;
  }
  if (!gives) return Verdict::kRole;
  return directory.KeyEnded(glass.by, glass.generation, at) ? Verdict::kStaleRecipient
                                                            : Verdict::kAccepted;
}

std::vector<HalfHolder> HalfHolders(const Directory& directory, const UnitId& unit,
                                    const std::vector<Member>& roster) {
  const UnitEntry* duty = directory.FindUnit(unit);
  if (duty == nullptr) return {};
  std::vector<std::tuple<bool, int, PersonId>> found;
  for (const PersonEntry* person : directory.Persons()) {
    if (person->ended || person->receive_key.empty() ||
        directory.KeyEnded(person->person, person->generation)) {
      continue;
    }
    const auto distance = DistanceOf(*person, *duty, directory);
    if (!distance) continue;
    found.emplace_back(OnRoster(roster, person->person, directory), *distance, person->person);
  }
  if (found.size() < 2) return {};
  std::sort(found.begin(), found.end());
  if (found.size() > kHalfHoldersMax) found.resize(kHalfHoldersMax);
  std::vector<HalfHolder> holders;
  for (const auto& [on_roster, distance, person] : found) {
    holders.push_back({person, holders.size() % 2 == 0 ? 1u : 2u});
  }
  return holders;
}

UnitId DutyUnitOf(const FileState& file) {
  return file.custody().holder.value_or(file.founding_line().unit);
}

Sight SightOf(const FileState& file, const PersonId& person, const Directory& directory, Time now) {
  if (file.MayRead(person, directory)) return Sight::kAll;
  if (!IsSupervisor(directory, person)) return Sight::kNone;
  for (const GlassAt& glass : file.glasses()) {
    if (glass.by == person && StatusOf(glass, now) == GlassStatus::kOpen) return Sight::kAll;
  }
  return HoldsHalf(file, person, KeyClass::kNone) ? Sight::kKeys : Sight::kNone;
}

bool ShownToHalfHolders(Kind kind) {
  return kind == Kind::kRoster || kind == Kind::kGrant || kind == Kind::kBreakGlass;
}

bool CameByGlass(const FileState& file, const PersonId& person) {
  return std::any_of(file.glasses().begin(), file.glasses().end(), [&person](const GlassAt& glass) {
    return glass.by == person && glass.approval;
  });
}

Time GlassEndsKeysAt(const FileState& file) {
  Time first = Time::Max();
  const KeyEpoch* newest = file.newest_key_epoch();
  if (newest == nullptr) return first;
  for (const GlassAt& glass : file.glasses()) {
    const bool opens =
        std::any_of(glass.halves.begin(), glass.halves.end(),
                    [newest](const WrapAt& at) { return at.wrap.key_epoch == newest->id; });
    if (opens) first = std::min(first, glass.until());
  }
  return first;
}

}  // namespace kapea::domain
