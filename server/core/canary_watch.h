// Who does something in a file that nobody has a reason to work on.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/kv/store.h"

namespace kapea::server {

// Looks at what is committed into canary files. Devices of their rosters pull them like any
// other file, which says little; whoever opens a value there leaves a read notice, and whoever
// writes, decides, discloses or breaks the glass there leaves a Change. What devices do by
// themselves (grants, key epochs, comparing facts) and what the device does that founded the
// file raises nothing.
// Threads: one at a time (the sequencer's answering thread). Errors: a row that cannot be read
// counts as touched, by no device: too much is said rather than too little.
class CanaryWatch {
 public:
  using OnTouched = std::function<void(const DeviceId& device, const FileId& file)>;
  // What stands in these files now is of the past. `store` outlives it.
  static absl::StatusOr<std::unique_ptr<CanaryWatch>> Open(kv::Store& store,
                                                           const std::set<FileId>& canaries,
                                                           OnTouched on_touched);

  // Calls on_touched for each Change that is new there. Errors: as the store; what was not
  // looked at is looked at the next time.
  absl::Status OnCommitted(const std::vector<FileId>& files);

 private:
  struct Canary {
    uint64_t seen = 0;  // the number up to which all has been looked at
    DeviceId founder;
  };
  CanaryWatch(kv::Store& store, OnTouched on_touched)
      : store_(store), on_touched_(std::move(on_touched)) {}
  absl::Status Look(const FileId& file, Canary& canary, bool tell);

  kv::Store& store_;
  const OnTouched on_touched_;
  std::map<FileId, Canary> canaries_;
};

}  // namespace kapea::server
