// Private to this room: what a file shows beside its records and findings.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "common/domain/file_state.h"

namespace kapea::standards {

// Of its roster, and who has the person; ascending.
std::vector<UnitId> UnitsOf(const domain::FileState& file);

// The roles under which somebody stands on the roster, or stood; "not_named" where no line
// names her: she may have come in by the line of a whole unit.
std::vector<std::string> RolesOf(const domain::FileState& file, const PersonId& person);

// The key classes of the fields that were read.
std::vector<std::string> ClassesOf(const domain::FileState& file, const domain::ReadNotice& notice);

// Between the writing and the signing for the ledger, by the device's own clock; of what is
// not in the ledger yet, until now.
struct Waited {
  Duration longest;
  domain::EventTime at;
  bool on = false;       // something still waits: it grows with the time
  bool doubted = false;  // its clocks contradict themselves in some value
};
std::map<DeviceId, Waited> WaitsByDevice(const domain::FileState& file, Time as_of);

}  // namespace kapea::standards
