// The folder of a store, before RocksDB sees it. Inside this room only.
#pragma once

#include "absl/status/status.h"
#include "common/kv/open.h"

namespace kapea::kv {

// Ok when there is a store or one may be made; then the folder is there, closed to
// other users. A store is there from the moment that RocksDB puts CURRENT in its
// place. Tables without CURRENT are a damaged store, over which nothing may be made.
absl::Status PrepareDirectory(const OpenOptions& options);

}  // namespace kapea::kv
