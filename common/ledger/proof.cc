// Proofs from stored nodes, and their verification (RFC 9162, 2.1.3 and 2.1.4).
#include <algorithm>
#include <bit>

#include "absl/strings/str_format.h"
#include "common/base/macros.h"
#include "common/ledger/tree.h"

namespace kapea::ledger {
namespace {

// The leaves [begin, end) of a subtree as RFC 6962 cuts it, so that begin is a multiple
// of every power of two up to the length.
struct Subtree {
  uint64_t begin;
  uint64_t end;

  uint64_t size() const { return end - begin; }
  uint64_t middle() const { return begin + std::bit_floor(size() - 1); }
  Subtree left() const { return {begin, middle()}; }
  Subtree right() const { return {middle(), end}; }
};

// Of perfect subtrees one node; of the ragged one at the end of the tree its edge.
absl::StatusOr<Hash> RootOfSubtree(Subtree tree, const NodeReader& nodes) {
  std::vector<Hash> edge;
  while (tree.size() > 0) {
    const auto level = static_cast<uint8_t>(std::bit_width(tree.size()) - 1);
    KAPEA_ASSIGN(const Hash hash, nodes.Node({level, tree.begin >> level}));
    edge.push_back(hash);
    tree.begin += std::bit_floor(tree.size());
  }
  Hash root = edge.back();
  for (size_t i = edge.size() - 1; i > 0; --i) root = NodeHash(edge[i - 1], root);
  return root;
}

bool IsRightChild(uint64_t index) { return index % 2 == 1; }

// The way up from a leaf (or a node) to the root, as two indices of the same level: of
// our node and of the last node. Where ours is the last one and has no sibling, it goes
// up unhashed.
struct Climb {
  uint64_t node;
  uint64_t last;

  bool at_root() const { return last == 0; }
  // Whether the next hash of the proof stands left of ours.
  bool sibling_is_left() const { return IsRightChild(node) || node == last; }
  void Up() {
    node >>= 1;
    last >>= 1;
  }
  // Past the levels at which ours, the last of all, has no sibling.
  void SkipLonely() {
    while (!IsRightChild(node) && node != 0) Up();
  }
};

absl::Status DoesNotHold(const char* what) {
  return absl::DataLossError(absl::StrFormat("%s proof does not hold", what));
}

}  // namespace

absl::StatusOr<Proof> InclusionProof(uint64_t index, uint64_t size, const NodeReader& nodes) {
  if (index >= size) {
    return absl::OutOfRangeError(
        absl::StrFormat("want an entry index below %d, got %d", size, index));
  }
  Proof proof;
  Subtree tree{0, size};
  while (tree.size() > 1) {
    const bool go_left = index < tree.middle();
    KAPEA_ASSIGN(const Hash sibling, RootOfSubtree(go_left ? tree.right() : tree.left(), nodes));
    proof.push_back(sibling);
    tree = go_left ? tree.left() : tree.right();
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::StatusOr<Proof> ConsistencyProof(uint64_t size1, uint64_t size2, const NodeReader& nodes) {
  if (size1 == 0 || size1 > size2) {
    return absl::OutOfRangeError(
        absl::StrFormat("want an older size from 1 to %d, got %d", size2, size1));
  }
  Proof proof;
  Subtree tree{0, size2};
  while (tree.end != size1) {
    const bool go_left = size1 <= tree.middle();
    KAPEA_ASSIGN(const Hash sibling, RootOfSubtree(go_left ? tree.right() : tree.left(), nodes));
    proof.push_back(sibling);
    tree = go_left ? tree.left() : tree.right();
  }
  // What is left is the last perfect subtree of the older tree. When it is the whole
  // older tree its root is known to whoever asks, and is not sent.
  if (tree.begin != 0) {
    KAPEA_ASSIGN(const Hash seed, RootOfSubtree(tree, nodes));
    proof.push_back(seed);
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf_hash,
                             const Proof& proof, const Hash& root) {
  if (index >= size) return DoesNotHold("inclusion");
  Climb climb{index, size - 1};
  Hash hash = leaf_hash;
  for (const Hash& sibling : proof) {
    if (climb.at_root()) return DoesNotHold("inclusion");
    if (climb.sibling_is_left()) {
      hash = NodeHash(sibling, hash);
      climb.SkipLonely();
    } else {
      hash = NodeHash(hash, sibling);
    }
    climb.Up();
  }
  if (!climb.at_root() || hash != root) return DoesNotHold("inclusion");
  return absl::OkStatus();
}

absl::Status VerifyConsistency(uint64_t size1, uint64_t size2, const Hash& root1, const Hash& root2,
                               const Proof& proof) {
  if (size1 == 0 || size1 > size2) return DoesNotHold("consistency");
  if (size1 == size2) {
    if (!proof.empty() || root1 != root2) return DoesNotHold("consistency");
    return absl::OkStatus();
  }
  // The climb starts at the last perfect subtree of the older tree: its hash is the
  // first of the proof, or the older root itself when it is the whole older tree.
  const bool starts_at_root1 = std::has_single_bit(size1);
  if (!starts_at_root1 && proof.empty()) return DoesNotHold("consistency");
  Hash older = starts_at_root1 ? root1 : proof.front();
  Hash newer = older;
  Climb climb{size1 - 1, size2 - 1};
  while (IsRightChild(climb.node)) climb.Up();
  for (size_t i = starts_at_root1 ? 0 : 1; i < proof.size(); ++i) {
    if (climb.at_root()) return DoesNotHold("consistency");
    if (climb.sibling_is_left()) {
      older = NodeHash(proof[i], older);
      newer = NodeHash(proof[i], newer);
      climb.SkipLonely();
    } else {
      newer = NodeHash(newer, proof[i]);
    }
    climb.Up();
  }
  if (!climb.at_root() || older != root1 || newer != root2) return DoesNotHold("consistency");
  return absl::OkStatus();
}

}  // namespace kapea::ledger
