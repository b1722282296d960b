#include "common/ledger/tiles.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/macros.h"
#include "common/ledger/strict_text.h"

namespace kapea::ledger {
namespace {

constexpr unsigned kTileHeight = 8;  // 2^8 = kTileWidth
constexpr uint8_t kMaxTileLevel = 7;
constexpr std::string_view kRoot = "tile/";
constexpr std::string_view kPartial = ".p/";

bool Exists(const TileId& tile) {
  if (tile.level > kMaxTileLevel || tile.width < 1 || tile.width > kTileWidth) return false;
  // Tiles of a level are numbered below 2^56 / 256^level, or the leaves would be beyond 2^64.
  return tile.index >> (56 - kTileHeight * tile.level) == 0;
}

// "x001/x234/067": groups of three digits, an x before all but the last.
std::string IndexPath(uint64_t index) {
  std::string path = absl::StrFormat("%03d", index % 1000);
  while (index >= 1000) {
    index /= 1000;
    path = absl::StrFormat("x%03d/", index % 1000) + path;
  }
  return path;
}

std::string PathUnder(const std::string& folder, uint64_t index, uint16_t width) {
  std::string path = folder + IndexPath(index);
  if (width < kTileWidth) path += absl::StrFormat("%s%d", kPartial, width);
  return path;
}

}  // namespace

std::string TilePath(const TileId& tile) {
  KAPEA_CHECK(Exists(tile));
  return PathUnder(absl::StrFormat("%s%d/", kRoot, tile.level), tile.index, tile.width);
}

std::string EntriesPath(uint64_t index, uint16_t width) {
  KAPEA_CHECK(Exists({0, index, width}));
  return PathUnder(absl::StrFormat("%sentries/", kRoot), index, width);
}

absl::StatusOr<TileId> ParseTilePath(std::string_view path) {
  const absl::Status refused = absl::InvalidArgumentError(
      absl::StrFormat("want a tile path, got %d other characters", path.size()));
  std::string_view rest = path;
  if (!rest.starts_with(kRoot)) return refused;
  rest.remove_prefix(kRoot.size());
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return refused;
  KAPEA_ASSIGN(const uint64_t level, FromDecimal(rest.substr(0, slash)));
  rest.remove_prefix(slash + 1);
  uint64_t width = kTileWidth;
  if (const size_t partial = rest.find(kPartial); partial != std::string_view::npos) {
    KAPEA_ASSIGN(width, FromDecimal(rest.substr(partial + kPartial.size())));
    rest = rest.substr(0, partial);
  }
  // The digits alone; whether they stood in proper groups shows when the path is
  // written again.
  std::string digits;
  for (const char c : rest) {
    const bool leading_zero = c == '0' && digits.empty();
    if (c != 'x' && c != '/' && !leading_zero) digits += c;
  }
  KAPEA_ASSIGN(const uint64_t index, FromDecimal(digits.empty() ? "0" : digits));
  if (level > kMaxTileLevel || width > kTileWidth) return refused;
  const TileId tile{static_cast<uint8_t>(level), index, static_cast<uint16_t>(width)};
  if (!Exists(tile) || TilePath(tile) != path) return refused;
  return tile;
}

uint16_t TileWidthAt(uint8_t level, uint64_t index, uint64_t size) {
  if (!Exists({level, index, kTileWidth})) return 0;
  const uint64_t hashes = size >> (kTileHeight * level);
  const uint64_t first = index << kTileHeight;
  return static_cast<uint16_t>(hashes <= first ? 0
                                               : std::min<uint64_t>(hashes - first, kTileWidth));
}

absl::Status VisitNewTiles(uint64_t old_size, uint64_t new_size,
                           const std::function<absl::Status(const TileId&)>& visit) {
  if (old_size > new_size) {
    return absl::OutOfRangeError(
        absl::StrFormat("want an older size up to %d, got %d", new_size, old_size));
  }
  for (uint8_t level = 0; level <= kMaxTileLevel; ++level) {
    const uint64_t old_hashes = old_size >> (kTileHeight * level);
    const uint64_t new_hashes = new_size >> (kTileHeight * level);
    if (old_hashes == new_hashes) continue;
    // The tile that was partial is new as well, being wider now.
    const uint64_t last = (new_hashes - 1) >> kTileHeight;
    for (uint64_t index = old_hashes >> kTileHeight; index <= last; ++index) {
      KAPEA_TRY(visit({level, index, TileWidthAt(level, index, new_size)}));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadTile(const TileId& tile, const NodeReader& nodes) {
  KAPEA_CHECK(Exists(tile));
  std::string content;
  content.reserve(tile.width * Hash::kBytes);
  for (uint64_t i = 0; i < tile.width; ++i) {
    const auto level = static_cast<uint8_t>(kTileHeight * tile.level);
    KAPEA_ASSIGN(const Hash hash, nodes.Node({level, (tile.index << kTileHeight) + i}));
    content += hash.view();
  }
  return content;
}

absl::StatusOr<std::vector<Hash>> ParseTile(const TileId& tile, std::string_view content) {
  if (content.size() != tile.width * Hash::kBytes) {
    return absl::InvalidArgumentError(absl::StrFormat("want a tile of %d bytes, got %d",
                                                      tile.width * Hash::kBytes, content.size()));
  }
  std::vector<Hash> hashes;
  for (; !content.empty(); content.remove_prefix(Hash::kBytes)) {
    hashes.push_back(Hash::FromPrefix(content));
  }
  return hashes;
}

}  // namespace kapea::ledger
