// Entries and receipts: values <-> bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/domain/change.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/tree.h"

namespace kapea::codec {

// The leaf of the ledger's tree: kapea.v1.Entry, canonical.
std::string EncodeEntry(const domain::Entry& entry);
absl::StatusOr<domain::Entry> DecodeEntry(std::string_view bytes);

// Consecutive Entries and the proof that they stand under a checkpoint.
struct EntryRun {
  uint64_t first_sequence = 0;
  std::vector<std::string> entries;  // encoded
  ledger::Proof proof;
};
// DataLoss when they do not stand there, or are not what they say (sequence numbers).
absl::StatusOr<std::vector<domain::Entry>> VerifyRun(const EntryRun& run, uint64_t tree_size,
                                                     const Hash& root);

}  // namespace kapea::codec
