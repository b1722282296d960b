// What roles may do and read by default (domain research C.1; a proposal).
#pragma once

#include <string_view>
#include <vector>

#include "common/domain/vocabulary.h"

namespace kapea::domain {

// Whether a grant of this class to this role is within the defaults.
bool MayHoldKey(Role role, KeyClass key_class, FileKind file);
std::vector<KeyClass> KeyClassesOf(Role role, FileKind file);
// Whether staff of such a unit under that role get the unit's key: those who share its shifts.
// Everybody else there is given keys as a person.
bool SharesUnitKey(UnitKind unit, Role role);
// Whether keys of the class may go to the key of such a unit: whoever shares it may have them.
bool UnitKeyMayHold(UnitKind unit, KeyClass key_class, FileKind file);
// Who may found a file of that kind.
bool MayFound(Role role, FileKind file);
// Leads and supervisors of a file: may change its roster and grant its keys.
bool MayChangeRoster(Role role);
// Whether somebody under that role takes keys of the class from the answer to a recovery,
// and so says that she has them: who leads the file, for the classes of her role; and where
// no lead's role has the class at all (health), any member whose role has it.
bool MayRecover(Role role, bool leads, KeyClass key_class, FileKind file);
bool MayAdmit(Role role);  // a Change that got a verdict
bool MayWaive(Role role);  // at all; a clause narrows it

// Stable lower-case names, for command lines, packs and JSON: "unit_lead", "LEAD", "operation".
std::string_view NameOf(Role role);
std::string_view NameOf(Duty duty);
std::string_view NameOf(FileKind kind);
std::string_view NameOf(UnitKind kind);
std::string_view NameOf(Kind kind);
std::string_view NameOf(Verdict verdict);
std::string_view NameOf(KeyClass key_class);
std::string_view NameOf(FindingStatus status);
std::string_view NameOf(Severity severity);
std::string_view NameOf(SourceStatus status);
// kNone for a name that is none.
Role RoleNamed(std::string_view name);
Duty DutyNamed(std::string_view name);
FileKind FileKindNamed(std::string_view name);
FindingStatus FindingStatusNamed(std::string_view name);
UnitKind UnitKindNamed(std::string_view name);
// Two digits, as the national code has them.
bool IsProvinceCode(std::string_view code);
// 1 to 40 of a-z, 0-9 and _: reasons are clear to the server, so they are codes and never words.
bool IsReasonCode(std::string_view text);

}  // namespace kapea::domain
