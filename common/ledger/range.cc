#include "common/ledger/range.h"

#include <optional>

#include "common/base/macros.h"

namespace kapea::ledger {
namespace {

absl::Status Unproved() { return absl::DataLossError("the proof does not lead to the root"); }

// How many nodes level `level` of a tree of `size` leaves has; its last one may cover
// fewer leaves than the others.
uint64_t Width(uint64_t size, unsigned level) {
  return (size >> level) + ((size & ((uint64_t{1} << level) - 1)) != 0 ? 1 : 0);
}

// The hash of node (level, index), also where it is the incomplete last one: then the
// fold of the complete nodes under it, from the right.
absl::StatusOr<Hash> NodeOrEdge(unsigned level, uint64_t index, uint64_t size,
                                const NodeReader& nodes) {
  if ((index + 1) << level <= size) {
    return nodes.Node({static_cast<uint8_t>(level), index});
  }
  const uint64_t begin = index << level;
  std::vector<NodeId> pieces;
  uint64_t at = begin;
  for (unsigned l = level; l-- > 0;) {
    if (at + (uint64_t{1} << l) <= size) {
      pieces.push_back({static_cast<uint8_t>(l), at >> l});
      at += uint64_t{1} << l;
    }
  }
  KAPEA_CHECK(!pieces.empty());
  KAPEA_ASSIGN(Hash hash, nodes.Node(pieces.back()));
  for (size_t i = pieces.size() - 1; i-- > 0;) {
    KAPEA_ASSIGN(const Hash left, nodes.Node(pieces[i]));
    hash = NodeHash(left, hash);
  }
  return hash;
}

}  // namespace

absl::StatusOr<Proof> RangeProof(uint64_t first, uint64_t count, uint64_t size,
                                 const NodeReader& nodes) {
  if (count == 0 || first >= size || count > size - first || size >> 62 != 0) {
    return absl::OutOfRangeError("no such run of leaves");
  }
  Proof proof;
  uint64_t low = first;
  uint64_t high = first + count;  // one past the run, at the level at hand
  for (unsigned level = 0; Width(size, level) > 1; ++level) {
    if (low % 2 == 1) {
      KAPEA_ASSIGN(const Hash left, NodeOrEdge(level, low - 1, size, nodes));
      proof.push_back(left);
    }
    if (high % 2 == 1 && high < Width(size, level)) {
      KAPEA_ASSIGN(const Hash right, NodeOrEdge(level, high, size, nodes));
      proof.push_back(right);
    }
    low /= 2;
    high = (high + 1) / 2;
  }
  return proof;
}

absl::Status VerifyRange(uint64_t first, const std::vector<Hash>& leaf_hashes, uint64_t size,
                         const Proof& proof, const Hash& root) {
  const uint64_t count = leaf_hashes.size();
  if (count == 0 || first >= size || count > size - first || size >> 62 != 0) return Unproved();
  std::vector<Hash> run = leaf_hashes;
  size_t used = 0;
  uint64_t low = first;
  for (unsigned level = 0; Width(size, level) > 1; ++level) {
    const uint64_t high = low + run.size();
    std::vector<Hash> wide;
    if (low % 2 == 1) {
      if (used == proof.size()) return Unproved();
      wide.push_back(proof[used++]);
    }
    wide.insert(wide.end(), run.begin(), run.end());
    if (high % 2 == 1 && high < Width(size, level)) {
      if (used == proof.size()) return Unproved();
      wide.push_back(proof[used++]);
    }
    run.clear();
    for (size_t i = 0; i < wide.size(); i += 2) {
      // A last node without a partner goes up as it is.
      run.push_back(i + 1 < wide.size() ? NodeHash(wide[i], wide[i + 1]) : wide[i]);
    }
    low /= 2;
  }
  if (used != proof.size() || run.size() != 1 || run[0] != root) return Unproved();
  return absl::OkStatus();
}

absl::Status VerifyContinues(uint64_t first, uint64_t count, uint64_t size, const Proof& proof,
                             const Hash& root_before) {
  if (first == 0 || count == 0 || first >= size || count > size - first) return Unproved();
  size_t used = 0;
  // The left siblings are the perfect subtrees of the tree before, the smallest first.
  std::optional<Hash> root;
  uint64_t low = first;
  uint64_t high = first + count;
  for (unsigned level = 0; Width(size, level) > 1; ++level) {
    if (low % 2 == 1) {
      if (used >= proof.size()) return Unproved();
      const Hash& left = proof[used++];
      root = root ? NodeHash(left, *root) : left;
    }
    if (high % 2 == 1 && high < Width(size, level)) ++used;  // a right sibling, if it is there
    low /= 2;
    high = (high + 1) / 2;
  }
  return root == root_before ? absl::OkStatus() : Unproved();
}

}  // namespace kapea::ledger
