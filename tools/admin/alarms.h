// What registrars have to look at, and the limit of new files that they may lift.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "tools/admin/arguments.h"
#include "tools/admin/registrars.h"

namespace kapea::admin {

struct AlarmRow {
  std::string what;  // "canary", "canary_touched", "files_per_day", "limit_lifted"
  DeviceId device;
  FileId file;  // zeros where none is meant
  Time first, last;
  uint32_t times = 0;
};
// Of the days from `since` on, as the proposer sees them. Errors: as the server.
absl::StatusOr<std::vector<AlarmRow>> ListAlarms(TwoRegistrars& registrars, Time since);
// For the rest of this UTC day. NotFound; PermissionDenied for a device of the proposer's own.
absl::Status LiftLimit(TwoRegistrars& registrars, const DeviceId& device);

// The commands, as the other Run functions: `kapea-admin alarms` and `lift-limit`.
absl::Status RunAlarms(const Arguments& arguments, const Clock& clock);
absl::Status RunLiftLimit(const Arguments& arguments, const Clock& clock);

}  // namespace kapea::admin
