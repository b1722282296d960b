// The ledger's tree as tiles of 256 hashes, in the store.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/mutex.h"
#include "common/kv/store.h"
#include "common/ledger/tree.h"

namespace kapea::server {

inline constexpr unsigned kTileLevels = 8;  // a tile spans eight levels of the tree
inline constexpr uint64_t kTileWidth = 1u << kTileLevels;

// Collects the hashes that appended leaves complete, and writes the tiles they fall
// in. One per group of Changes. Threads: one at a time.
class TileWriter {
 public:
  explicit TileWriter(const kv::Snapshot& store) : store_(store) {}
  // Called for each node that became complete, in order.
  void Completed(const ledger::NodeId& node, const Hash& hash);
  // Adds the rewritten tiles to `batch`. DataLoss when a stored tile is too short.
  absl::Status Flush(kv::Batch& batch);

 private:
  const kv::Snapshot& store_;
  std::map<std::pair<uint8_t, uint64_t>, std::map<uint64_t, Hash>>
      added_;  // tile -> offset -> hash
};

// Nodes out of stored tiles. Keeps the tiles of one question at hand, because a proof
// visits few of them often. Threads: one at a time.
class TileReader : public ledger::NodeReader {
 public:
  explicit TileReader(const kv::Snapshot& store) : store_(store) {}
  absl::StatusOr<Hash> Node(const ledger::NodeId& id) const override;

 private:
  const kv::Snapshot& store_;
  mutable std::map<std::pair<uint8_t, uint64_t>, std::string> tiles_;
  mutable std::map<ledger::NodeId, Hash> nodes_;
};

}  // namespace kapea::server
