// What sync needs of a network. client/link speaks gRPC behind it; tests put a server of
// their own there. Values only: nothing here is believed before sync has verified it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/outbox.h"
#include "common/base/id.h"
#include "common/codec/change_codec.h"
#include "common/codec/ledger_codec.h"
#include "common/ledger/tree.h"

namespace kapea::sync {

// The numbers of kapea.v1.RefusalReason.
enum class RefusalReason : uint8_t {
  kNone = 0,
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
  uint32_t parcel = 0;
  RefusalReason reason = RefusalReason::kNone;
  uint64_t wanted_sequence = 0;
  std::string message;
};

struct ParcelReceipts {
  Hash parcel;
  std::vector<vault::HeldReceipt> receipts;
};

struct PushReply {
  std::vector<ParcelReceipts> receipts;
  std::optional<Refusal> refusal;
  std::string server_time;  // note
};

struct PullCall {
  std::vector<std::pair<FileId, uint64_t>> cursors;
  // In place of cursors: all that this device may read of a ledger of that size is held.
  // Zero: the cursors say it.
  uint64_t held_to = 0;
  std::string checkpoint;  // note; empty: none held
  bool follow = false;
};

struct PulledChange {
  std::string change;  // encoded
  uint32_t parcel = 0;
  uint32_t index = 0;
  std::vector<Hash> path;
};
struct ParcelStub {
  std::string header;
  std::string signature;
};
struct PulledFile {
  FileId file;
  std::vector<PulledChange> changes;
  std::vector<codec::EntryRun> runs;
  std::vector<ParcelStub> parcels;
  bool for_halves = false;  // writes are withheld, for this person is not of the file
};
struct PullHead {
  std::string server_time;  // note
  ledger::Proof consistency;
  bool cursors_wanted = false;  // `held_to` does not say enough; nothing follows
};
struct PullMessage {
  std::optional<PullHead> head;
  std::vector<PulledFile> files;
  bool caught_up = false;
  std::string checkpoint;  // note
};

// Blocking; every call has a deadline of its own. Errors are those of the calls
// (sync_service.proto), their messages sentences for the person who holds the device.
// Threads: one at a time, except Cancel.
class Transport {
 public:
  virtual ~Transport() = default;

  // Sends parcels without waiting for what becomes of them; FinishPush does. One push at
  // a time: one that was begun and never finished is given up, and may have arrived.
  virtual void BeginPush(const std::vector<codec::Parcel>& parcels,
                         const std::string& checkpoint) = 0;
  virtual absl::StatusOr<PushReply> FinishPush() = 0;
  // Calls `visit` for each message. A status other than Ok from it ends the call, and is
  // the answer.
  using Visit = std::function<absl::Status(PullMessage)>;
  virtual absl::Status Pull(const PullCall& call, const Visit& visit) = 0;
  virtual absl::StatusOr<ledger::Proof> ProveConsistency(uint64_t from_size, uint64_t to_size) = 0;

  virtual absl::StatusOr<std::vector<bool>> BlobHave(const FileId& file,
                                                     const std::vector<Hash>& chunks) = 0;
  virtual absl::Status BlobPut(const FileId& file, const std::vector<std::string>& chunks) = 0;
  virtual absl::StatusOr<std::vector<std::string>> BlobGet(const FileId& file,
                                                           const std::vector<Hash>& chunks) = 0;
  // Ends a Pull that is going on, from any thread.
  virtual void Cancel() = 0;
};

}  // namespace kapea::sync
