// What this device holds of the Ledger: Entries and Changes of its files, how far each
// file is held without gaps, the newest checkpoint, and what contradicted it. For sync.
// Nothing here verifies signatures or proofs: sync does, before it calls.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/codec/change_codec.h"
#include "common/domain/file_state.h"
#include "common/kv/store.h"
#include "common/ledger/checkpoint.h"

namespace kapea::vault {

class Core;

// A parcel without its Changes, which share it.
struct ArrivedParcel {
  codec::ParcelHeader header;
  std::string header_bytes;  // encoded
  Hash hash;
  std::string signature;  // 64 bytes
};

// A verified Change at its place.
struct Arrived {
  std::string entry;      // encoded, as in the tree
  domain::Entry decoded;  // what `entry` says
  codec::EncodedChange change;
  std::shared_ptr<const ArrivedParcel> parcel;
  uint32_t index = 0;      // in that parcel
  std::vector<Hash> path;  // to its root
  // False: the parcel's signature could not be checked, for the directory does not have
  // the device. Such a Change has no effect until it was.
  bool verified = false;
};

struct Arrival {
  FileId file;
  std::vector<Arrived> changes;  // consecutive numbers
  bool for_halves = false;       // with the writes withheld that are only for its people
};

// What cannot both be honest, kept for a person to look at.
struct Evidence {
  std::string kind;                  // "fork", "verdict", "entry", "withheld"
  std::string what;                  // a sentence, no personal data
  std::vector<std::string> objects;  // signed notes, entries ...
};

// A verdict of the server on a Change that is not the one which follows.
struct Dispute {
  FileId file;
  uint64_t number = 0;
  domain::Verdict given = domain::Verdict::kNone;
  domain::Verdict follows = domain::Verdict::kNone;
};

// Threads: as Vault. Errors: as Vault.
class Replica {
 public:
  explicit Replica(Core& core) : core_(core) {}

  // Files and the highest number held without gaps; directory and standards first.
  std::vector<std::pair<FileId, uint64_t>> Cursors() const;
  uint64_t NumberOf(const FileId& file) const;

  // Everything of one message in one commit, cursors with it; own Changes leave the
  // outbox. Numbers that are held already are passed over if they are the same.
  // DataLoss when one is not: evidence is kept. OutOfRange "number N is missing" when
  // they do not follow; nothing of the message is taken then.
  absl::Status Ingest(const std::vector<Arrival>& arrivals, kv::Durability durability);
  // All that was buffered, on the disk. Nothing to do when it is there already.
  absl::Status Settle();

  // Somebody's Change speaks of that number of the file.
  absl::Status MarkKnown(const FileId& file, uint64_t number);
  bool incomplete(const FileId& file) const;
  // Every file of which that is so.
  const std::set<FileId>& incomplete() const;

  const std::optional<ledger::Checkpoint>& checkpoint() const;
  const std::string& checkpoint_note() const;
  // After its consistency with the last one was proven.
  absl::Status KeepCheckpoint(const std::string& note, const ledger::Checkpoint& checkpoint);
  // A ServerTime that came at that reading; Changes written from now on carry it.
  absl::Status KeepServerTime(const std::string& note, const ledger::Checkpoint& time,
                              const ClockReading& arrival);

  // Kept once: the same kind and sentence again is not.
  absl::Status KeepEvidence(const Evidence& evidence);
  absl::StatusOr<std::vector<Evidence>> ListEvidence() const;
  // Why sync must not go on until a person has decided; empty: it may.
  const std::string& stopped() const;
  absl::Status Stop(const std::string& why);
  // The person's decision to try again.
  absl::Status Resume();

  // What the file's own fold finds against the server's verdicts on numbers after `after`.
  absl::StatusOr<std::vector<Dispute>> Disputes(const FileId& file, uint64_t after = 0);
  // The held Changes of a file from a number on, as they came, until `visit` says false.
  absl::Status Visit(const FileId& file, uint64_t from,
                     const std::function<bool(const Arrived&)>& visit) const;
  // Packs of the standards file that do not verify or compile, in words.
  const std::vector<std::string>& pack_faults() const;

 private:
  absl::Status CompareHeld(const FileId& file, uint64_t number, const std::string& entry);
  absl::StatusOr<Arrived> ReadArrived(const FileId& file, std::string_view row) const;

  Core& core_;
};

}  // namespace kapea::vault
