// Brings vault and server to the same state: own Changes out, others' in, attachments
// last. It believes nothing: what comes is verified before the vault has it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/sync/limits.h"
#include "client/sync/transport.h"
#include "client/sync/verify.h"
#include "client/vault/vault.h"
#include "common/base/time.h"
#include "common/domain/change.h"
#include "common/ledger/checkpoint.h"

namespace kapea::sync {

// What the ledger found about a Change of this device.
struct OwnVerdict {
  FileId file;
  ChangeId change;
  domain::Verdict verdict = domain::Verdict::kNone;
};

// What happened since the engine was made, or since TakeReport.
struct SyncReport {
  uint64_t pushed = 0;    // own Changes that got their receipts
  uint64_t pulled = 0;    // Changes that came
  uint64_t uploaded = 0;  // attachments
  uint64_t waiting = 0;   // own Changes without a receipt
  uint64_t waiting_attachments = 0;
  bool caught_up = false;             // the last pull came to its end
  std::vector<OwnVerdict> verdicts;   // other than accepted and early
  std::vector<std::string> refusals;  // sentences for the person: what, and what to do
  std::vector<FileId> incomplete;     // numbers of these files are withheld
  std::set<FileId> changed;           // files that got new Changes
};

// A push is in two halves: while one is on the wire, the next is signed, and it is on the
// wire while the answer to the one before is verified and kept. A pull after one that came
// to its end asks for what is new since that ledger size, and names no file.
// Threads: one at a time; holds the vault's mutex except while the network is waited for.
// Reads no clock for its decisions: `now` comes from the caller.
// Errors of Step: DataLoss when the server contradicted itself (a fork), once and from
// then on: evidence is kept, and only Replica::Resume lets it go on. The vault's errors.
// All else (no network, a refusal, an answer that does not verify) is a sentence in the
// report, and another try later: nothing that a user wrote is ever given up.
class SyncEngine {
 public:
  SyncEngine(vault::Vault& vault, Transport& transport);

  // Does at most one unit of work (a push, a pull, a batch of chunks) and returns when it
  // next wants to be called: `now` when there is more to do.
  absl::StatusOr<Time> Step(Time now);
  // Steps until there is nothing to do now, or a try failed.
  absl::StatusOr<SyncReport> SyncNow(Time now);
  // Somebody wrote something, or the network came back: do not wait for the next poll.
  void Poke();

  // Stays on one open pull until the transport is cancelled or the line breaks.
  // `arrived` is called after each message that brought something.
  absl::Status Follow(const std::function<void()>& arrived);

  // Fetches the chunks of an attachment that are not here.
  absl::Status FetchAttachment(const FileId& file, const Hash& manifest);

  const SyncReport& report() const { return report_; }
  SyncReport TakeReport();

 private:
  // Each returns Ok when its unit was done. Unavailable and the like: try later.
  absl::Status Push(bool* refused);
  absl::Status Pull();
  absl::Status Upload(bool* more);
  absl::Status RunPull(bool follow, const std::function<void()>& arrived);

  // Parcels to be sent of what waits after that sequence number.
  absl::StatusOr<std::vector<codec::Parcel>> NextParcels(uint64_t after);
  void Send(std::vector<codec::Parcel> parcels);
  absl::Status TakeReply(std::vector<codec::Parcel> parcels, const PushReply& reply, bool* refused);
  absl::Status TakeReceipts(std::vector<codec::Parcel> parcels, const PushReply& reply);
  absl::StatusOr<vault::ReceiptedParcel> Verified(codec::Parcel parcel,
                                                  const ParcelReceipts& receipts);
  absl::Status KeepReceipts(const std::vector<vault::ReceiptedParcel>& receipted);
  // Whether nothing but these own Changes came since the last pull's end: then the ledger
  // is held as far as they go.
  void NoteHeld(const std::vector<vault::ReceiptedParcel>& receipted);
  absl::Status TakeRefusal(const Refusal& refusal);
  absl::Status TakeMessage(const PullMessage& message);
  absl::Status TakeHead(const PullHead& head);
  absl::Status TakeFiles(const PullMessage& message);
  // Compares the verdicts of what came with those that follow.
  absl::Status CompareVerdicts();
  absl::Status FinishPull();

  // The checkpoint of a note that the log key signed, proven to be of the one tree that
  // this device has seen so far; the newest is kept. `continues` may know that a newer
  // tree continues the last one; else the server is asked for a proof.
  using Continuation =
      std::function<bool(const ledger::Checkpoint& older, const ledger::Checkpoint& newer)>;
  absl::StatusOr<ledger::Checkpoint> Adopt(
      const std::string& note,
      const Continuation& continues = [](const auto&, const auto&) { return false; });
  absl::StatusOr<ledger::Checkpoint> Open(const std::string& note);
  void Remember(const ledger::Checkpoint& checkpoint);
  // Compares by a proof; a failure is a fork.
  absl::Status CheckConsistent(const ledger::Checkpoint& older, const ledger::Checkpoint& newer,
                               const ledger::Proof& proof, const std::string& note);
  absl::Status Forked(const std::string& what, const std::string& note);
  absl::Status KeepTime(const std::string& note);
  Known WhatIsKnown() const;
  void Say(std::string sentence);
  void BackOff(Time now);

  vault::Vault& vault_;
  Transport& transport_;
  SyncReport report_;
  Time push_at_ = Time::Min();
  Time pull_at_ = Time::Min();
  Time upload_at_ = Time::Min();
  uint32_t failures_ = 0;
  std::vector<codec::Parcel> sent_;      // begun and not finished
  size_t push_bytes_ = kPushBytesFirst;  // of the next push
  uint64_t last_gap_ = 0;                // what the server asked for last time
  std::map<uint64_t, Hash> consistent_;  // sizes and roots that were proven
  std::string opened_note_;              // the last note that Open was asked about
  std::optional<ledger::Checkpoint> opened_;
  SeenParcels parcels_;
  std::set<FileId> came_;                 // got Changes since CompareVerdicts
  std::map<FileId, uint64_t> judged_to_;  // numbers whose verdicts were compared
  // All that this device may read of a ledger of that size is held. Zero: unknown, as at
  // first: cursors are sent then, and find also what went wrong in an earlier life.
  uint64_t held_to_ = 0;
  bool asked_by_size_ = false;  // the pull that goes on named no cursors
};

}  // namespace kapea::sync
