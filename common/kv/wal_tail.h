// Tells a torn end of RocksDB's write-ahead log from damage in its middle.
// Inside this room only.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kapea::kv {

enum class WalState {
  kIntact,
  kTornTail,       // nothing that can be read begins after the damage
  kDamagedInside,  // a whole commit begins after it: what was lost may have been synced
};

// Of the bytes of one log file.
WalState InspectWal(std::string_view bytes);

// Whether all log files of a store directory are intact but the end of the newest that
// holds a commit: there are newer ones where a recovery was cut off.
// Unavailable when one cannot be read.
absl::StatusOr<bool> OnlyTailIsTorn(const std::string& directory);

}  // namespace kapea::kv
