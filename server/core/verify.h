// `kapead --verify`: replays the ledger and compares everything that was derived from
// it with what is stored.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/kv/store.h"

namespace kapea::server {

struct VerifyReport {
  uint64_t entries = 0, changes = 0, parcels = 0, files = 0, views = 0;
  Hash root;
  std::vector<std::string> differences;  // in words, ids in hex; empty: all is as it should be
};

// Checks every parcel signature, chain, Change hash, Entry, verdict, tree tile, id row
// and view against a replay from the genesis. `progress` gets 0 to 100. DataLoss when
// a row does not open at all.
absl::StatusOr<VerifyReport> VerifyStore(const kv::Snapshot& store, std::string_view log_key,
                                         const std::function<void(int)>& progress);

}  // namespace kapea::server
