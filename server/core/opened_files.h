// How many files a device gets to see for the first time on one day, and files that nobody
// has a reason to look at.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/mutex.h"
#include "common/kv/store.h"

namespace kapea::server {

struct OpenedFilesOptions {
  // New files of one device in one UTC day; 0: as many as there are. What a device had once
  // counts no more, what it founded never, and its first day is free: then it gets all that
  // its person works on.
  uint32_t per_day = 0;
  std::set<FileId> canaries;
};
struct OpenedFilesAlarms {
  std::function<void(const DeviceId& device, const FileId& file)> canary;
  std::function<void(const DeviceId& device, uint32_t opened)> limit;  // the first time of a day
};

// Threads: any. What was admitted is on the disk when Admit returns; of two calls for one
// device at once each counts.
class OpenedFiles {
 public:
  // `store` must live longer. The alarms are called by whoever asks, one at a time.
  OpenedFiles(kv::Store& store, const Clock& clock, OpenedFilesOptions options,
              OpenedFilesAlarms alarms)
      : store_(store), clock_(clock), options_(std::move(options)), alarms_(std::move(alarms)) {}

  // Sealed data of these files is about to leave for the device: which of them may. Of the
  // others nothing has been noted. Errors: as the store.
  absl::StatusOr<std::set<FileId>> Admit(const DeviceId& device, const std::set<FileId>& files);
  const OpenedFilesOptions& options() const { return options_; }

 private:
  struct Day {
    uint32_t day = 0;
    uint32_t opened = 0;  // on it
    bool free = false;    // its first
    bool told = false;
    std::set<FileId> known;
  };
  absl::StatusOr<Day*> DayOf(const DeviceId& device, uint32_t today) KAPEA_REQUIRES(mutex_);

  kv::Store& store_;
  const Clock& clock_;
  const OpenedFilesOptions options_;
  const OpenedFilesAlarms alarms_;
  Mutex mutex_;
  std::map<DeviceId, Day> days_ KAPEA_GUARDED_BY(mutex_);
};

}  // namespace kapea::server
