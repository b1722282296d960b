#include "common/domain/roles.h"

#include <algorithm>
#include <array>

namespace kapea::domain {
namespace {

// Bits by KeyClass.
constexpr unsigned kG = 1u << static_cast<unsigned>(KeyClass::kGeneral);
constexpr unsigned kI = 1u << static_cast<unsigned>(KeyClass::kIdentity);
constexpr unsigned kT = 1u << static_cast<unsigned>(KeyClass::kTestimony);
constexpr unsigned kH = 1u << static_cast<unsigned>(KeyClass::kHealth);
constexpr unsigned kP = 1u << static_cast<unsigned>(KeyClass::kPlan);

struct Defaults {
  Role role;
  unsigned operation, person, justice, lead, programme;
};

// One key opens a whole class, so where the access matrix says "flags only", "summary"
// or "name only" the default is no key: such fields belong into another class, or are
// written by who may read the class. Health stays with health staff. The plan goes to
// the team by a release alone. Police hold in a person's file what police wrote before
// the hand-over, under the key epoch of then.
constexpr Defaults kDefaults[] = {
    // role                   operation       person       justice      lead     programme
    {Role::kUnitLead, kG | kI | kT | kP, kG | kI, kG | kI | kT, kG | kI | kT, kG},
    {Role::kOfficer, kG | kI | kT, kG | kI, kG | kI | kT, kG | kI | kT, kG},
    {Role::kSocialWorker, kG | kI, kG | kI | kT, kG, kG | kI | kT, kG},
    {Role::kIntakeOfficer, kG, kG | kI | kT, kG, kG, kG},
    {Role::kCaseManager, kG, kG | kI | kT, kG, kG | kI, kG},
    {Role::kHealthWorker, kG, kG | kH, kG, kG, kG},
    {Role::kLawyer, kG, kG, kG | kI | kT, kG, kG},
    {Role::kInterpreter, kG, kG, kG, kG, kG},
    {Role::kCourtClerk, kG, kG, kG | kI, kG, kG},
    {Role::kSupervisor, kG | kI | kT | kP, kG | kI | kT, kG | kI | kT, kG | kI | kT, kG},
    {Role::kCommuneOfficer, kG, kG, kG, kG | kI, kG},
};

unsigned ClassesOf(Role role, FileKind file) {
  for (const Defaults& line : kDefaults) {
    if (line.role != role) continue;
    switch (file) {
      case FileKind::kOperation:
        return line.operation;
      case FileKind::kPerson:
        return line.person;
      case FileKind::kJustice:
        return line.justice;
      case FileKind::kLead:
        return line.lead;
      case FileKind::kProgramme:
        return line.programme;
      default:
        return 0;
    }
  }
  return 0;
}

// Who works in shifts on the same files, by kind of unit.
struct Sharing {
  UnitKind unit;
  std::array<Role, 4> roles;  // kNone: no more
};
constexpr Sharing kSharing[] = {
    {UnitKind::kPolice, {Role::kUnitLead, Role::kOfficer, Role::kSupervisor}},
    {UnitKind::kSocialAffairs,
     {Role::kSocialWorker, Role::kIntakeOfficer, Role::kCaseManager, Role::kSupervisor}},
    {UnitKind::kShelter,
     {Role::kSocialWorker, Role::kIntakeOfficer, Role::kCaseManager, Role::kSupervisor}},
    {UnitKind::kHealth, {Role::kHealthWorker}},
    {UnitKind::kLegal, {Role::kLawyer}},
    {UnitKind::kCourt, {Role::kCourtClerk}},
};

const Sharing* SharingOf(UnitKind unit) {
  for (const Sharing& sharing : kSharing) {
    if (sharing.unit == unit) return &sharing;
  }
  return nullptr;
}

}  // namespace

bool SharesUnitKey(UnitKind unit, Role role) {
  const Sharing* sharing = role == Role::kNone ? nullptr : SharingOf(unit);
  return sharing != nullptr &&
         std::find(sharing->roles.begin(), sharing->roles.end(), role) != sharing->roles.end();
}

bool UnitKeyMayHold(UnitKind unit, KeyClass key_class, FileKind file) {
  const Sharing* sharing = SharingOf(unit);
  return sharing != nullptr &&
         std::all_of(sharing->roles.begin(), sharing->roles.end(), [&](Role role) {
           return role == Role::kNone || MayHoldKey(role, key_class, file);
         });
}

bool MayHoldKey(Role role, KeyClass key_class, FileKind file) {
  return key_class != KeyClass::kNone &&
         (ClassesOf(role, file) >> static_cast<unsigned>(key_class) & 1u) != 0;
}

std::vector<KeyClass> KeyClassesOf(Role role, FileKind file) {
  std::vector<KeyClass> classes;
  for (KeyClass key_class : kKeyClasses) {
    if (MayHoldKey(role, key_class, file)) classes.push_back(key_class);
  }
  return classes;
}

bool MayFound(Role role, FileKind file) {
  switch (file) {
    case FileKind::kOperation:
      return role == Role::kUnitLead || role == Role::kOfficer || role == Role::kSupervisor;
    case FileKind::kPerson:
      return role == Role::kUnitLead || role == Role::kOfficer || role == Role::kSocialWorker ||
             role == Role::kIntakeOfficer || role == Role::kCaseManager ||
             role == Role::kSupervisor;
    case FileKind::kJustice:
      return role == Role::kUnitLead || role == Role::kOfficer || role == Role::kLawyer ||
             role == Role::kCourtClerk || role == Role::kSupervisor;
    case FileKind::kLead:
      return role == Role::kUnitLead || role == Role::kOfficer || role == Role::kSocialWorker ||
             role == Role::kIntakeOfficer || role == Role::kCaseManager ||
             role == Role::kCommuneOfficer || role == Role::kSupervisor;
    case FileKind::kProgramme:
      return role == Role::kSupervisor || role == Role::kCaseManager;
    case FileKind::kStandards:
      return role == Role::kRegistrar;
    case FileKind::kDirectory:  // by the genesis alone
    case FileKind::kNone:
      return false;
  }
  return false;
}

bool MayChangeRoster(Role role) {
  return role == Role::kUnitLead || role == Role::kCaseManager || role == Role::kSupervisor;
}

bool MayRecover(Role role, bool leads, KeyClass key_class, FileKind file) {
  if (!MayHoldKey(role, key_class, file)) return false;
  if (leads) return true;
  for (const Defaults& line : kDefaults) {
    if (MayChangeRoster(line.role) && MayHoldKey(line.role, key_class, file)) return false;
  }
  return true;
}

bool MayAdmit(Role role) { return role == Role::kSupervisor; }

bool MayWaive(Role role) {
  return role == Role::kUnitLead || role == Role::kCaseManager || role == Role::kSupervisor;
}

}  // namespace kapea::domain
