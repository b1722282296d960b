#include "common/domain/roster.h"

#include <algorithm>

#include "common/domain/roles.h"

namespace kapea::domain {

bool SameLine(const Member& a, const Member& b) {
  return a.person == b.person && a.unit == b.unit && a.role == b.role;
}

namespace {

template <typename Roster>
auto FindLine(Roster& roster, const Member& line) {
  return std::find_if(roster.begin(), roster.end(),
                      [&line](const Member& known) { return SameLine(known, line); });
}

bool HasAll(const std::vector<Duty>& duties, const std::vector<Duty>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&duties](Duty duty) {
    return std::find(duties.begin(), duties.end(), duty) != duties.end();
  });
}

// The duties of `held` that are in `kept`.
std::vector<Duty> Common(const std::vector<Duty>& held, const std::vector<Duty>& kept) {
  std::vector<Duty> common;
  for (Duty duty : held) {
    if (HasAll(kept, {duty})) common.push_back(duty);
  }
  return common;
}

}  // namespace

bool Raises(const std::vector<Member>& roster, const RosterWrite& write) {
  if (!write.added.empty()) return true;
  return std::any_of(write.changed.begin(), write.changed.end(), [&roster](const Member& line) {
    const auto known = FindLine(roster, line);
    return known == roster.end() || !HasAll(known->duties, line.duties);
  });
}

std::vector<Member> Applied(std::vector<Member> roster, const RosterWrite& write,
                            bool lowering_only) {
  for (const Member& line : write.removed) {
    std::erase_if(roster, [&line](const Member& known) { return SameLine(known, line); });
  }
  for (const Member& line : write.changed) {
    const auto known = FindLine(roster, line);
    if (known == roster.end()) continue;
    known->duties = lowering_only ? Common(known->duties, line.duties) : line.duties;
  }
  if (lowering_only) return roster;
  for (const Member& line : write.added) {
    const auto known = FindLine(roster, line);
    if (known == roster.end()) {
      roster.push_back(line);
    } else {
      known->duties = line.duties;
    }
  }
  return roster;
}

bool Covers(const Member& line, const PersonId& person, const UnitId& unit, Role role,
            const Directory& directory, uint64_t at) {
  return line.role == role && line.unit == unit && (!line.person || *line.person == person) &&
         directory.HoldsRole(person, role, unit, at);
}

bool Leads(const Member& line) {
  return MayChangeRoster(line.role) || HasAll(line.duties, {Duty::kLead}) ||
         HasAll(line.duties, {Duty::kSup});
}

}  // namespace kapea::domain
