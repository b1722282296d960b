// What somebody has to look at: kept on the server, listed by registrars.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/mutex.h"
#include "common/base/time.h"
#include "common/kv/store.h"
#include "server/access/principal.h"
#include "server/core/published.h"

namespace kapea::server {

// Numbers stand on disks and on the wire, and never change their meaning.
enum class AlarmKind : uint8_t {
  kCanaryHandedOut = 1,  // sealed data or keys of a canary file went to a device
  kCanaryTouched = 2,    // somebody read, wrote or decided in a canary file
  kFilesPerDay = 3,      // a device came to its limit of new files
  kLimitLifted = 4,      // a registrar lifted that limit for the day
  kMatchTokens = 5,      // a device came to its limit of new match tokens
};

struct Alarm {
  AlarmKind kind = AlarmKind::kCanaryHandedOut;
  DeviceId device;
  FileId file;         // zeros where none is meant
  Time first, last;    // of that UTC day
  uint32_t times = 0;  // on it
};
struct AlarmPage {
  std::vector<Alarm> alarms;    // in order of days, then kinds
  std::string next_page_token;  // empty: there are no more
};

// One row for each day, kind, device and file, so that whoever repeats what raises an alarm
// fills nothing. Rows stay: a device can make as many in a day as there are canaries, and three.
// Threads: any. What was raised is on the disk when Raise returns.
class Alarms {
 public:
  // All outlive it.
  Alarms(kv::Store& store, const Published& published, const Clock& clock)
      : store_(store), published_(published), clock_(clock) {}

  // Errors: as the store.
  absl::Status Raise(AlarmKind kind, const DeviceId& device, const FileId& file);

  // Those of the days from `since` on. Who may see them: registrars and administrators all;
  // a supervisor those that name no canary, of people of the units at which she is one.
  // PermissionDenied for everybody else; InvalidArgument for a token that is none.
  absl::StatusOr<AlarmPage> List(const Principal& by, Time since, size_t page_size,
                                 const std::string& page_token) const;

 private:
  kv::Store& store_;
  const Published& published_;
  const Clock& clock_;
  Mutex mutex_;  // one Raise after the other: each counts
};

}  // namespace kapea::server
