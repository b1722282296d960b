// What one device gets to read: the Changes of the files it may read, from a cursor
// on, with Entries, proofs and parcel signatures.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/codec/ledger_codec.h"
#include "common/domain/glass.h"
#include "common/kv/store.h"
#include "server/access/principal.h"
#include "server/core/opened_files.h"
#include "server/core/published.h"

namespace kapea::server {

// A part of one file, ready to be encoded.
struct PulledChange {
  std::string change;   // kapea.v1.Change, encoded
  uint32_t parcel = 0;  // index in PulledFile::parcels
  uint32_t index = 0;   // position in that parcel
  ledger::Proof path;   // to the parcel's root
};
struct PulledParcel {
  std::string header, signature;
};
struct PulledFile {
  FileId file;
  uint64_t first_number = 0;
  std::vector<PulledChange> changes;
  std::vector<codec::EntryRun> runs;
  std::vector<PulledParcel> parcels;
  bool has_sealed = false;  // delivering it is a delivery of sealed data
  bool has_keys = false;    // ... of class keys of the file, wrapped to somebody
  bool for_halves = false;  // only what half holders see (domain::Sight)
};
struct PulledBatch {
  std::vector<PulledFile> files;
  std::shared_ptr<const LedgerTip> tip;  // the runs are proved under it
  bool caught_up = false;
};

// What a device holds.
struct Held {
  std::map<FileId, uint64_t> numbers;  // the highest of each file without gaps
  // In place of numbers: all that it may read of a ledger of that size. Zero: numbers.
  uint64_t ledger = 0;
};

// One device's reading position. It reads in sweeps: the first looks at every file that
// the reader may read, the later ones at those alone that were written to since, and a
// sweep is read in batches. What was opened to the reader meanwhile is found by the
// Change that opened it.
// Threads: one at a time.
class PullCursor {
 public:
  // `gate`: which files may be opened on the device (nullptr: all that its person may read); it
  // outlives the cursor.
  PullCursor(const kv::Store& store, const Published& published, const Clock& clock,
             Principal reader, Held held, OpenedFiles* gate = nullptr);

  // The next batch: about 100 Changes or 512 KiB. Directory and standards file first.
  // PermissionDenied when the device was revoked meanwhile. FailedPrecondition, with
  // cursors_wanted() from then on, when Held::ledger does not say what is missing.
  absl::StatusOr<PulledBatch> Next();
  bool cursors_wanted() const { return cursors_wanted_; }
  // The ledger size up to which everything has been read.
  uint64_t read_to() const { return read_to_; }
  // Files that were passed over because the device has opened as many as it may today.
  const std::set<FileId>& passed_over() const { return passed_over_; }
  // Whether a commit may have something for this reader.
  bool Concerns(const Committed& committed) const;

 private:
  // What is to be read, under one tip.
  struct Sweep {
    std::shared_ptr<const LedgerTip> tip;
    std::vector<FileId> files;
    size_t at = 0;
  };
  absl::StatusOr<Sweep> BeginSweep(const kv::Snapshot& snapshot,
                                   std::shared_ptr<const LedgerTip> tip);
  // The files of the Entries since the last sweep that the reader may read; nullopt when
  // they do not say enough.
  absl::StatusOr<std::optional<std::vector<FileId>>> WrittenSince(const kv::Snapshot& snapshot,
                                                                  uint64_t size);
  absl::StatusOr<std::vector<FileId>> ReadableFiles(const kv::Snapshot& snapshot);
  absl::StatusOr<domain::Sight> SightOf(const kv::Snapshot& snapshot, const FileId& file) const;
  // The directory, then the standards, then the others.
  absl::Status PutFirstFirst(const kv::Snapshot& snapshot, std::vector<FileId>& files) const;
  absl::Status ReadFile(const kv::Snapshot& snapshot, const FileId& file, domain::Sight sight,
                        PulledBatch& batch);

  const kv::Store& store_;
  const Published& published_;
  const Clock& clock_;
  const Principal reader_;
  const bool by_ledger_;  // Held::ledger was given
  std::map<FileId, uint64_t> held_;
  uint64_t read_to_;  // ledger size up to which all has been read; 0: nothing yet
  std::map<FileId, domain::Sight> readable_;  // as far as sweeps have found
  size_t changes_ = 0, bytes_ = 0;            // of the batch at hand
  std::optional<Sweep> sweep_;
  bool cursors_wanted_ = false;
  OpenedFiles* const gate_;
  std::set<FileId> passed_over_;
};

// From the client's checkpoint to the tip: the proof that nothing was rewritten.
// OutOfRange when the client's tree is larger than ours; empty proof for size 0.
absl::StatusOr<ledger::Proof> ConsistencyFrom(const kv::Snapshot& store, uint64_t size,
                                              const LedgerTip& tip);

}  // namespace kapea::server
