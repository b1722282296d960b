// Proofs that a run of consecutive leaves stands in a tree. For a run of one leaf the
// proof is exactly the RFC 6962 inclusion path, from the leaf upwards.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/ledger/tree.h"

namespace kapea::ledger {

// Level by level from the leaves: the sibling left of the run where it begins at an
// odd node, then the sibling right of it where it ends at an even one that has a
// partner. At most 2 * log2(size) hashes. OutOfRange unless count > 0 and the run ends
// within the tree.
absl::StatusOr<Proof> RangeProof(uint64_t first, uint64_t count, uint64_t size,
                                 const NodeReader& nodes);

// After VerifyRange held for this run: DataLoss unless the tree of the `first` leaves
// before it had that root, so that the larger tree only continues the smaller one. The
// proof of a run that begins where a known tree ended is a proof of consistency too.
absl::Status VerifyContinues(uint64_t first, uint64_t count, uint64_t size, const Proof& proof,
                             const Hash& root_before);

// DataLoss when the leaves do not stand at `first` in the tree of that size and root.
absl::Status VerifyRange(uint64_t first, const std::vector<Hash>& leaf_hashes, uint64_t size,
                         const Proof& proof, const Hash& root);

}  // namespace kapea::ledger
