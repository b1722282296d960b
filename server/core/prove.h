// Proofs out of the ledger's tree.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/codec/ledger_codec.h"
#include "common/kv/store.h"
#include "server/access/principal.h"
#include "server/core/published.h"

namespace kapea::server {

// The Entry of that Change and the path to the tip's root, for whoever may read its
// file. NotFound also for a Change of a file that the caller may not read: ids are
// nobody's to try.
absl::StatusOr<codec::EntryRun> ProveChange(const kv::Snapshot& store, const LedgerTip& tip,
                                            const DirectoryView& directory, const Principal& caller,
                                            const ChangeId& change, Time now);

// From a tree of `from` to one of `to` (0: the tip's). OutOfRange unless
// 0 < from <= to <= the tip's size.
absl::StatusOr<ledger::Proof> ProveConsistency(const kv::Snapshot& store, const LedgerTip& tip,
                                               uint64_t from, uint64_t to);

// Leaf and node hashes alone: they say nothing about anybody. OutOfRange for a tile that
// the tip's tree does not have.
absl::StatusOr<std::string> TileOf(const kv::Snapshot& store, const LedgerTip& tip, uint32_t level,
                                   uint64_t index, uint32_t width);

}  // namespace kapea::server
