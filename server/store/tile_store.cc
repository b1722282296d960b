#include "server/store/tile_store.h"

#include <algorithm>

#include "common/base/macros.h"
#include "server/store/tables.h"

namespace kapea::server {

void TileWriter::Completed(const ledger::NodeId& node, const Hash& hash) {
  if (node.level % kTileLevels != 0) return;  // the levels between are hashed again from the tile
  const auto level = static_cast<uint8_t>(node.level / kTileLevels);
  added_[{level, node.index / kTileWidth}][node.index % kTileWidth] = hash;
}

absl::Status TileWriter::Flush(kv::Batch& batch) {
  for (const auto& [tile, hashes] : added_) {
    const std::string key = TileKey(tile.first, tile.second);
    std::string bytes;
    if (hashes.begin()->first != 0) {  // the tile was begun by an earlier group
      KAPEA_ASSIGN(bytes, store_.Get(kTiles, key));
    }
    for (const auto& [offset, hash] : hashes) {
      if (bytes.size() != offset * Hash::kBytes) {
        return absl::DataLossError("a tile of the ledger's tree has the wrong length");
      }
      bytes.append(hash.view());
    }
    batch.Put(kTiles, key, std::move(bytes));
  }
  added_.clear();
  return absl::OkStatus();
}

absl::StatusOr<Hash> TileReader::Node(const ledger::NodeId& id) const {
  if (const auto known = nodes_.find(id); known != nodes_.end()) return known->second;
  const auto level = static_cast<uint8_t>(id.level / kTileLevels);
  const unsigned height = id.level % kTileLevels;
  const uint64_t first = id.index << height;  // at the tile's own level
  const auto tile = std::make_pair(level, first / kTileWidth);
  auto found = tiles_.find(tile);
  if (found == tiles_.end()) {
    KAPEA_ASSIGN(std::string bytes, store_.Get(kTiles, TileKey(tile.first, tile.second)));
    found = tiles_.emplace(tile, std::move(bytes)).first;
  }
  const uint64_t offset = first % kTileWidth;
  const uint64_t count = uint64_t{1} << height;
  if (found->second.size() < (offset + count) * Hash::kBytes) {
    return absl::NotFoundError("that node of the tree is not complete");
  }
  std::vector<Hash> row;
  for (uint64_t i = 0; i < count; ++i) {
    row.push_back(Hash::FromPrefix(
        std::string_view(found->second).substr((offset + i) * Hash::kBytes, Hash::kBytes)));
  }
  while (row.size() > 1) {
    for (size_t i = 0; i < row.size() / 2; ++i) {
      row[i] = ledger::NodeHash(row[2 * i], row[2 * i + 1]);
    }
    row.resize(row.size() / 2);
  }
  nodes_.emplace(id, row[0]);
  return row[0];
}

}  // namespace kapea::server
