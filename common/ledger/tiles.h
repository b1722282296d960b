// C2SP tlog-tiles: the tree cut into files of 256 hashes, for exports, witnesses and
// whoever wants to check a root without asking for proofs.
//
// A tile holds consecutive nodes of level 8 * `level`; a full one stands for one node
// eight levels up and never changes. Partial tiles are those at the right edge of a
// tree of a certain size.
// Threads: any. Limits: trees of up to 2^64 - 1 leaves have levels 0 to 7.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/ledger/tree.h"

namespace kapea::ledger {

inline constexpr uint16_t kTileWidth = 256;

struct TileId {
  uint8_t level = 0;
  uint64_t index = 0;
  uint16_t width = kTileWidth;  // 1 to 255: a partial tile
  friend auto operator<=>(const TileId&, const TileId&) = default;
};

// "tile/0/x001/x234/067" or, partial, "tile/0/x001/x234/067.p/17". Aborts for a tile
// that no tree can have.
std::string TilePath(const TileId& tile);
// "tile/entries/x001/x234/067": the Entries whose hashes are a tile of level 0, each
// after its length as u16. Only for those who may read all Entries.
std::string EntriesPath(uint64_t index, uint16_t width);
// InvalidArgument for anything but what TilePath writes.
absl::StatusOr<TileId> ParseTilePath(std::string_view path);

// How many hashes tile (level, index) has in a tree of `size` leaves; 0: no such tile.
uint16_t TileWidthAt(uint8_t level, uint64_t index, uint64_t size);
// Calls `visit` for each tile that a tree of `new_size` leaves has and one of `old_size`
// had not, level by level; with old size 0, for all. Ends at the first error, which it
// returns. OutOfRange unless old_size <= new_size.
absl::Status VisitNewTiles(uint64_t old_size, uint64_t new_size,
                           const std::function<absl::Status(const TileId&)>& visit);

// The file's content: `width` hashes of 32 bytes. Errors: the reader's.
absl::StatusOr<std::string> ReadTile(const TileId& tile, const NodeReader& nodes);
// The hashes back. InvalidArgument unless the content has the width of the tile. RootOf
// those of a full tile is the node (8 * (level + 1), index), which is how it is checked.
absl::StatusOr<std::vector<Hash>> ParseTile(const TileId& tile, std::string_view content);

}  // namespace kapea::ledger
