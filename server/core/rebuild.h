// The views of a whole store, built anew from its ledger: for views of another version.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/kv/store.h"

namespace kapea::server {

// Whether the stored views are of another version than kViewsVersion. False for a store
// without a genesis.
absl::StatusOr<bool> NeedsRebuild(const kv::Snapshot& store);

// Replaces every row of the tables views, readers and due by what this program builds from
// the ledger, drops those of the tables open, figured and figures, which the sweeper writes
// again, and then says in the
// ledger's head that they are of kViewsVersion. While it is under way the head says version 0,
// which no program has: ended half-way, it has to be begun again, and nobody takes the half for the
// whole.
//
// `progress` is called after each batch, with the Changes folded so far and all there are.
//
// Threads: before anything else uses the store.
// Errors: DataLoss for a ledger that cannot be read (kapead --verify says more); those of
// Store::Commit.
// Limits: holds one file's state at a time, and one batch of about `batch_rows` rows.
inline constexpr size_t kRebuildBatchRows = 1000;
absl::Status RebuildViews(kv::Store& store,
                          const std::function<void(uint64_t folded, uint64_t all)>& progress,
                          size_t batch_rows = kRebuildBatchRows);

}  // namespace kapea::server
