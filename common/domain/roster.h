// Rosters as lists of lines, and what a roster Change does to one.
#pragma once

#include <vector>

#include "common/domain/directory.h"
#include "common/domain/write.h"

namespace kapea::domain {

// Whether they speak for the same person or unit under the same role, whatever the duties.
bool SameLine(const Member& a, const Member& b);

// Whether it adds a line or a duty that `roster` does not have. Only then must the
// roster in force be named.
bool Raises(const std::vector<Member>& roster, const RosterWrite& write);

// `roster` after `write`: removals first, then additions and changed duties. A removal or
// change of a line that is not there does nothing; adding one that is there sets its
// duties. With `lowering_only`, what Raises would find is left out: the part that takes
// effect even when another roster has come between.
std::vector<Member> Applied(std::vector<Member> roster, const RosterWrite& write,
                            bool lowering_only);

// Whether the line speaks for this person, acting under `role` at `unit`. It needs the
// role by the directory too: a roster makes nobody an officer.
bool Covers(const Member& line, const PersonId& person, const UnitId& unit, Role role,
            const Directory& directory, uint64_t at);

// Whether the line makes its holder a lead or supervisor of the file: by role
// (MayChangeRoster) or by the duty LEAD or SUP.
bool Leads(const Member& line);

}  // namespace kapea::domain
