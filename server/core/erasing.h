// What an erasure does to the store: what it covers is dropped from the Changes of the file,
// which are sealed anew under another object key, and the old key is destroyed.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/codec/erasure_list.h"
#include "common/domain/erasure.h"
#include "common/domain/file_parts.h"
#include "common/kv/store.h"

namespace kapea::server {

// What was erased of the file so far; empty: nothing.
absl::StatusOr<std::vector<domain::ErasureTarget>> ErasedOf(const kv::Snapshot& store,
                                                            const FileId& file);

// Adds to `batch`, whose rows for the file are not committed yet, what carries `targets` out:
// all that was ever erased of the file. After the commit no value of the file that was sealed
// before opens again. Chunks of dropped attachments go too. DataLoss when a row cannot be
// read.
absl::Status CarryOut(const kv::Snapshot& store, const FileId& file,
                      const std::vector<domain::ErasureTarget>& targets, kv::Batch& batch);

// Adds to `batch` what drops these wraps of the file (domain::SpentWraps) from its Changes, which
// are sealed anew as by CarryOut: the keys that they were made for open nothing here any more.
absl::Status DropWraps(const kv::Snapshot& store, const FileId& file,
                       const std::vector<domain::WrapAt>& spent, kv::Batch& batch);

// Before a server answers: a store that was restored from a copy drops what had been erased
// after it (views are then of no version, and made anew), and the list gets what it lacks of
// the store's. How many files had something dropped. Ok to do again after a crash.
absl::StatusOr<uint64_t> ReconcileErasures(kv::Store& store, codec::ErasureList& list);

}  // namespace kapea::server
