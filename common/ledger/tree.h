// The RFC 6962 tree: hashing, appending, proofs, and their verification.
//
// Everything here is arithmetic over hashes. It knows no Entry, no file and no disk,
// so that server, client and the outside verifier share one tree.
// Threads: functions from any thread. Sizes are any uint64_t: all work is bounded by
// 64 levels, whatever a stranger claims.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"

namespace kapea::ledger {

// In the order of the RFC: from beside the leaf up to below the root.
using Proof = std::vector<Hash>;

Hash EmptyRoot();                                    // SHA-256 of nothing
Hash LeafHash(std::string_view leaf);                // SHA-256(0x00 || leaf)
Hash NodeHash(const Hash& left, const Hash& right);  // SHA-256(0x01 || left || right)

// A node of the perfect subtrees: level 0 are leaves; node (l, i) covers leaves
// [i << l, (i + 1) << l). Once complete a node never changes.
struct NodeId {
  uint8_t level = 0;
  uint64_t index = 0;
  friend auto operator<=>(const NodeId&, const NodeId&) = default;
};

// Where complete nodes are kept. NotFound for one that is not complete yet.
class NodeReader {
 public:
  virtual ~NodeReader() = default;
  virtual absl::StatusOr<Hash> Node(const NodeId& id) const = 0;
};

// The right edge of a tree: one hash for each bit set in the size, enough to append
// and to know the root without reading anything. A value. Threads: one at a time.
class CompactRange {
 public:
  CompactRange() = default;
  // Rebuilds the edge of a stored tree of `size` leaves. Errors: the reader's; the
  // edge is not checked against a root, that is the caller's to compare.
  static absl::StatusOr<CompactRange> Load(uint64_t size, const NodeReader& nodes);

  uint64_t size() const { return size_; }
  // Appends one leaf; `completed` is called for each node that became complete, the
  // leaf itself first.
  void Append(const Hash& leaf, const std::function<void(const NodeId&, const Hash&)>& completed);
  void Append(const Hash& leaf);
  Hash Root() const;
  // The perfect subtrees, largest first: the left siblings that a proof of any later
  // leaf can need.
  const std::vector<Hash>& edge() const { return edge_; }

 private:
  uint64_t size_ = 0;
  std::vector<Hash> edge_;  // of the perfect subtrees, largest first
};

// The root over leaf hashes, for small trees kept in memory (the leaves of a
// Change, the Changes of a Parcel).
Hash RootOf(const std::vector<Hash>& leaf_hashes);
// Proof that leaf `index` stands in that small tree. OutOfRange: no such leaf.
absl::StatusOr<Proof> InclusionProofOf(const std::vector<Hash>& leaf_hashes, uint64_t index);

// Such a small tree with all its nodes, for many proofs out of it: each costs no hashing.
// A value. Threads: reading from several is safe.
class SmallTree {
 public:
  explicit SmallTree(std::vector<Hash> leaf_hashes);
  uint64_t size() const { return levels_.front().size(); }
  // As InclusionProofOf.
  absl::StatusOr<Proof> InclusionProof(uint64_t index) const;

 private:
  std::vector<std::vector<Hash>> levels_;  // the leaves first; each half of the one before
};

// Proofs from stored nodes. OutOfRange unless index < size, and 0 < size1 <= size2. The
// reader's errors, such as NotFound for a node of a larger tree than is stored; but a
// proof that happens to need only stored nodes is given, so callers first compare the
// sizes with that of their tree.
absl::StatusOr<Proof> InclusionProof(uint64_t index, uint64_t size, const NodeReader& nodes);
absl::StatusOr<Proof> ConsistencyProof(uint64_t size1, uint64_t size2, const NodeReader& nodes);

// DataLoss when the proof does not hold: for the caller this is evidence, not input to
// be corrected. A consistency proof from size 0 is refused: it would say nothing.
absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf_hash,
                             const Proof& proof, const Hash& root);
absl::Status VerifyConsistency(uint64_t size1, uint64_t size2, const Hash& root1, const Hash& root2,
                               const Proof& proof);

}  // namespace kapea::ledger
