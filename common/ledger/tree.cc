#include "common/ledger/tree.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <span>

#include "absl/strings/str_format.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"

namespace kapea::ledger {
namespace {

using std::string_view_literals::operator""sv;

// Where RFC 6962 splits a tree of `size` > 1 leaves: the largest power of two below it.
uint64_t SplitOf(uint64_t size) { return std::bit_floor(size - 1); }

Hash RootOfSpan(std::span<const Hash> leaf_hashes) {
  CompactRange range;
  for (const Hash& leaf : leaf_hashes) range.Append(leaf);
  return range.Root();
}

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

Hash RootOf(const std::vector<Hash>& leaf_hashes) { return RootOfSpan(leaf_hashes); }

absl::StatusOr<Proof> InclusionProofOf(const std::vector<Hash>& leaf_hashes, uint64_t index) {
  if (index >= leaf_hashes.size()) {
    return absl::OutOfRangeError(
        absl::StrFormat("want a leaf index below %d, got %d", leaf_hashes.size(), index));
  }
  Proof proof;
  std::span<const Hash> tree(leaf_hashes);
  while (tree.size() > 1) {
    const uint64_t split = SplitOf(tree.size());
    const auto left = tree.first(split), right = tree.subspan(split);
    if (index < split) {
      proof.push_back(RootOfSpan(right));
      tree = left;
    } else {
      proof.push_back(RootOfSpan(left));
      tree = right;
      index -= split;
    }
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

}  // namespace kapea::ledger
