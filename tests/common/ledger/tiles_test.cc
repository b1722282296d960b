#include "common/ledger/tiles.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/memory_nodes.h"

namespace kapea::ledger {
namespace {

using absl::StatusCode;

std::vector<TileId> NewTiles(uint64_t old_size, uint64_t new_size) {
  std::vector<TileId> tiles;
  EXPECT_TRUE(VisitNewTiles(old_size, new_size, [&](const TileId& tile) {
                tiles.push_back(tile);
                return absl::OkStatus();
              }).ok());
  return tiles;
}

// What a witness holds: files by path, and nothing else.
class TileFiles : public NodeReader {
 public:
  void Copy(const MemoryNodes& nodes, uint64_t old_size, uint64_t new_size) {
    for (const TileId& tile : NewTiles(old_size, new_size)) {
      files_[TilePath(tile)] = ReadTile(tile, nodes).value();
    }
    size_ = new_size;
  }
  absl::StatusOr<Hash> Node(const NodeId& id) const override {
    const auto level = static_cast<uint8_t>(id.level / 8);
    const unsigned above = id.level % 8u;  // levels between the tile's hashes and the node
    const uint64_t first = id.index << above;
    const TileId tile{level, first / kTileWidth, TileWidthAt(level, first / kTileWidth, size_)};
    const auto hashes = ParseTile(tile, files_.at(TilePath(tile))).value();
    const auto begin = hashes.begin() + static_cast<ptrdiff_t>(first % kTileWidth);
    return RootOf({begin, begin + (ptrdiff_t{1} << above)});
  }
  size_t count() const { return files_.size(); }

 private:
  std::map<std::string, std::string> files_;
  uint64_t size_ = 0;
};

TEST(TilePathTest, GroupsTheIndexByThreeDigits) {
  EXPECT_EQ(TilePath({0, 0}), "tile/0/000");
  EXPECT_EQ(TilePath({0, 7}), "tile/0/007");
  EXPECT_EQ(TilePath({1, 999, 1}), "tile/1/999.p/1");
  EXPECT_EQ(TilePath({1, 1000, 255}), "tile/1/x001/000.p/255");
  EXPECT_EQ(TilePath({0, 1'234'067}), "tile/0/x001/x234/067");
  EXPECT_EQ(TilePath({7, 0, 3}), "tile/7/000.p/3");
  EXPECT_EQ(EntriesPath(1'234'067, 256), "tile/entries/x001/x234/067");
  EXPECT_EQ(EntriesPath(0, 9), "tile/entries/000.p/9");
}

TEST(TilePathTest, IsReadBackAsWritten) {
  for (const TileId& tile :
       {TileId{0, 0}, TileId{0, 999}, TileId{0, 1000, 17}, TileId{2, 1'000'000}, TileId{7, 0, 1},
        TileId{0, (1ULL << 56) - 1, 255}, TileId{6, 255, 256}}) {
    SCOPED_TRACE(TilePath(tile));
    EXPECT_EQ(ParseTilePath(TilePath(tile)).value(), tile);
  }
}

TEST(TilePathTest, IsRefusedInAnyOtherSpelling) {
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile/0/7",
                           "tile/0/07",
                           "tile/0/0007",
                           "/tile/0/007",
                           "tile/0/007/",
                           "tile/0/x007",
                           "tile/0/x000/007",
                           "tile/0/001/007",
                           "tile/0/x001/x007",
                           "tile/0/x001007",
                           "tile/00/007",
                           "tile/-1/007",
                           "tile/8/000",
                           "tile/64/000",
                           "tile/7/001",
                           "tile/6/256",
                           "tile/0/007.p/0",
                           "tile/0/007.p/256",
                           "tile/0/007.p/01",
                           "tile/0/007.p/",
                           "tile/0/007.p/65537",
                           "tile/0/007.p/1.p/1",
                           "tile/0/../007",
                           "tile/0/x072/x057/x594/x037/x927/936",
                           "tile/entries/000",
                           "tile/0/x018/x446/x744/x073/x709/x551/616",
                           "tile/0/99999999999999999999999999",
                           "tile/256/000",
                           "tile/0/.p/1",
                           "tile/0/ 07",
                           "tile/0/+07"}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(ParseTilePath(path).status().code(), StatusCode::kInvalidArgument);
  }
}

// The example that the specification gives.
TEST(TilesTest, OfSeventyThousandLeavesAreThese) {
  std::map<std::pair<int, bool>, int> count;
  for (const TileId& tile : NewTiles(0, 70'000)) ++count[{tile.level, tile.width == kTileWidth}];
  const std::map<std::pair<int, bool>, int> want = {
      {{0, true}, 273}, {{0, false}, 1}, {{1, true}, 1}, {{1, false}, 1}, {{2, false}, 1}};
  EXPECT_EQ(count, want);
  EXPECT_EQ(TileWidthAt(0, 273, 70'000), 112);
  EXPECT_EQ(TileWidthAt(1, 1, 70'000), 17);
  EXPECT_EQ(TileWidthAt(2, 0, 70'000), 1);
  EXPECT_EQ(TileWidthAt(0, 274, 70'000), 0);
  EXPECT_EQ(TileWidthAt(3, 0, 70'000), 0);
  EXPECT_EQ(NewTiles(0, 256), (std::vector<TileId>{{0, 0, 256}, {1, 0, 1}}));
}

TEST(TilesTest, AreNewOnlyWhereTheTreeGrew) {
  EXPECT_TRUE(NewTiles(0, 0).empty());
  EXPECT_TRUE(NewTiles(300, 300).empty());
  EXPECT_EQ(NewTiles(300, 301), (std::vector<TileId>{{0, 1, 45}}));
  EXPECT_EQ(NewTiles(300, 513), (std::vector<TileId>{{0, 1, 256}, {0, 2, 1}, {1, 0, 2}}));
  EXPECT_EQ(NewTiles(256, 257), (std::vector<TileId>{{0, 1, 1}}));
  EXPECT_EQ(NewTiles(UINT64_MAX - 1, UINT64_MAX),
            (std::vector<TileId>{{0, (1ULL << 56) - 1, 255}}));
  EXPECT_EQ(VisitNewTiles(2, 1, [](const TileId&) { return absl::OkStatus(); }).code(),
            StatusCode::kOutOfRange);
}

TEST(TilesTest, StopAtTheFirstError) {
  int visited = 0;
  const absl::Status status = VisitNewTiles(0, UINT64_MAX, [&](const TileId&) {
    return ++visited == 3 ? absl::UnavailableError("disk full") : absl::OkStatus();
  });
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(visited, 3);
}

// A witness follows the tree at uneven steps, and from its files alone has the same
// roots and proofs.
TEST(TilesTest, HoldTheWholeTree) {
  const std::vector<uint64_t> sizes = {1, 255, 256, 257, 700, 66'000};
  MemoryNodes nodes;
  TileFiles files;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const uint64_t size = sizes[i], old_size = i == 0 ? 0 : sizes[i - 1];
    SCOPED_TRACE(size);
    while (nodes.size() < size) nodes.Append(LeafHash(LeafBytes(nodes.size())));
    files.Copy(nodes, old_size, size);
    EXPECT_EQ(CompactRange::Load(size, files).value().Root(), nodes.root());
    for (const uint64_t index : {uint64_t{0}, size / 2, size - 1}) {
      EXPECT_EQ(InclusionProof(index, size, files).value(),
                InclusionProof(index, size, nodes).value());
    }
    if (old_size > 0) {
      EXPECT_EQ(ConsistencyProof(old_size, size, files).value(),
                ConsistencyProof(old_size, size, nodes).value());
    }
  }
  EXPECT_GE(files.count(), 260u);
}

TEST(TilesTest, AreReadFromCompleteNodesAlone) {
  const MemoryNodes nodes = TreeOf(5);
  EXPECT_EQ(ReadTile({0, 0, 5}, nodes).value().size(), 160u);
  EXPECT_EQ(ReadTile({0, 0, 6}, nodes).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ReadTile({1, 0, 1}, nodes).status().code(), StatusCode::kNotFound);
}

TEST(TilesTest, AreRefusedWithAnotherLength) {
  const std::string content = ReadTile({0, 0, 5}, TreeOf(5)).value();
  EXPECT_EQ(RootOf(ParseTile({0, 0, 5}, content).value()), TreeOf(5).root());
  EXPECT_EQ(ParseTile({0, 0, 4}, content).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseTile({0, 0, 6}, content).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseTile({0, 0, 5}, content.substr(1)).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kapea::ledger
