// What goes into the sequencer and what comes out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/id.h"
#include "common/codec/change_codec.h"
#include "common/codec/ledger_codec.h"

namespace kapea::server {

// Why a parcel left no trace. The numbers are those of kapea.v1.RefusalReason.
enum class RefusalReason : uint8_t {
  kMalformed = 1,
  kBadSignature = 2,
  kUnknownDevice = 3,
  kSequenceGap = 4,
  kContradicts = 5,
  kOtherDeployment = 6,
  kFutureEpoch = 7,
  kLimit = 8,
};
struct Refusal {
  RefusalReason reason = RefusalReason::kMalformed;
  uint64_t wanted_sequence = 0;  // for a gap
  std::string message;           // in words, no personal data
};

// The promise for one parcel: its Entries, in runs, under one checkpoint note.
struct ParcelReceipt {
  Hash parcel;
  std::vector<codec::EntryRun> runs;
};

struct SubmissionResult {
  // Not Ok: nothing of the submission is in the ledger, and it is safe to send again.
  absl::Status status;
  std::vector<ParcelReceipt> receipts;  // of the parcels before the refusal, in order
  std::optional<Refusal> refusal;
  uint32_t refused_parcel = 0;
  std::string checkpoint;  // signed note with time, over all of the above
};

// Parcels of one call, decoded, with good signatures.
struct Submission {
  std::vector<codec::Parcel> parcels;
  std::optional<Refusal> refused_after;        // the parcel after these was refused already
  std::function<void(SubmissionResult)> done;  // called once, on the answering thread
};

}  // namespace kapea::server
