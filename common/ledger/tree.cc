#include "common/ledger/tree.h"

#include <bit>
#include <limits>

#include "absl/strings/str_format.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"

namespace kapea::ledger {
namespace {

using std::string_view_literals::operator""sv;

}  // namespace

Hash EmptyRoot() { return crypto::Sha256(std::string_view()); }

Hash LeafHash(std::string_view leaf) { return crypto::Sha256({"\0"sv, leaf}); }

Hash NodeHash(const Hash& left, const Hash& right) {
  return crypto::Sha256({"\1"sv, left.view(), right.view()});
}

absl::StatusOr<CompactRange> CompactRange::Load(uint64_t size, const NodeReader& nodes) {
  CompactRange range;
  range.size_ = size;
  uint64_t begin = 0;
  for (uint64_t left = size; left > 0; left -= std::bit_floor(left)) {
    const auto level = static_cast<uint8_t>(std::bit_width(left) - 1);
    KAPEA_ASSIGN(const Hash hash, nodes.Node({level, begin >> level}));
    range.edge_.push_back(hash);
    begin += std::bit_floor(left);
  }
  return range;
}

void CompactRange::Append(const Hash& leaf,
                          const std::function<void(const NodeId&, const Hash&)>& completed) {
  KAPEA_CHECK(size_ < std::numeric_limits<uint64_t>::max());
  NodeId id{0, size_};
  Hash hash = leaf;
  completed(id, hash);
  // A right child completes its parent, whose left child is the end of the edge.
  while (id.index % 2 == 1) {
    hash = NodeHash(edge_.back(), hash);
    edge_.pop_back();
    id = {static_cast<uint8_t>(id.level + 1), id.index / 2};
    completed(id, hash);
  }
  edge_.push_back(hash);
  ++size_;
}

void CompactRange::Append(const Hash& leaf) {
  Append(leaf, [](const NodeId&, const Hash&) {});
}

Hash CompactRange::Root() const {
  if (edge_.empty()) return EmptyRoot();
  Hash root = edge_.back();
  for (size_t i = edge_.size() - 1; i > 0; --i) root = NodeHash(edge_[i - 1], root);
  return root;
}

Hash RootOf(const std::vector<Hash>& leaf_hashes) {
  CompactRange range;
  for (const Hash& leaf : leaf_hashes) range.Append(leaf);
  return range.Root();
}

absl::StatusOr<Proof> InclusionProofOf(const std::vector<Hash>& leaf_hashes, uint64_t index) {
  return SmallTree(leaf_hashes).InclusionProof(index);
}

SmallTree::SmallTree(std::vector<Hash> leaf_hashes) {
  levels_.push_back(std::move(leaf_hashes));
  while (levels_.back().size() > 1) {
    const std::vector<Hash>& below = levels_.back();
    std::vector<Hash> level;
    level.reserve((below.size() + 1) / 2);
    for (size_t i = 0; i + 1 < below.size(); i += 2) {
      level.push_back(NodeHash(below[i], below[i + 1]));
    }
    // A last node without a partner goes up as it is.
    if (below.size() % 2 == 1) level.push_back(below.back());
    levels_.push_back(std::move(level));
  }
}

absl::StatusOr<Proof> SmallTree::InclusionProof(uint64_t index) const {
  if (index >= size()) {
    return absl::OutOfRangeError(
        absl::StrFormat("want a leaf index below %d, got %d", size(), index));
  }
  Proof proof;
  for (const std::vector<Hash>& level : levels_) {
    const uint64_t partner = index ^ 1;
    if (partner < level.size()) proof.push_back(level[partner]);
    index /= 2;
  }
  return proof;
}

}  // namespace kapea::ledger
