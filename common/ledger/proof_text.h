// C2SP tlog-proof: an inclusion proof with its checkpoint as one text file, which
// anybody can check offline who holds the Entry and the log's verifier key.
//
//   c2sp.org/tlog-proof@v1
//   index 7
//   <base64 hash>            (none or more, from the leaf's sibling up)
//                            (an empty line)
//   <the signed checkpoint>
//
// Threads: any. Limits: 64 hashes, and a checkpoint of kMaxNoteBytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/tree.h"

namespace kapea::ledger {

// No tree of less than 2^64 leaves is deeper.
inline constexpr size_t kMaxProofHashes = 64;

struct ProofText {
  uint64_t index = 0;
  Proof hashes;
  std::string checkpoint;  // the signed note, verbatim

  std::string Text() const;
  // InvalidArgument for anything but what Text writes. The format's optional "extra" line,
  // which no signature covers, is refused. The checkpoint is not opened here.
  static absl::StatusOr<ProofText> Parse(std::string_view text);

  friend bool operator==(const ProofText&, const ProofText&) = default;
};

// The checkpoint under which `leaf_hash` is proven to stand in the log of `verifier`.
// Errors: those of Parse, OpenCheckpoint and VerifyInclusion.
absl::StatusOr<Checkpoint> VerifyProofText(std::string_view text, const Hash& leaf_hash,
                                           const NoteVerifier& verifier);

}  // namespace kapea::ledger
