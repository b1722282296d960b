// What one device gets to read: the Changes of the files it may read, from a cursor
// on, with Entries, proofs and parcel signatures.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/codec/ledger_codec.h"
#include "common/kv/store.h"
#include "server/access/principal.h"
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
};
struct PulledBatch {
  std::vector<PulledFile> files;
  std::shared_ptr<const LedgerTip> tip;  // the runs are proved under it
  bool caught_up = false;
};

// One device's reading position. Threads: one at a time.
class PullCursor {
 public:
  // `held`: the highest number the device holds of each file without gaps.
  PullCursor(const kv::Store& store, const Published& published, Principal reader,
             std::map<FileId, uint64_t> held);

  // The next batch: about 100 Changes or 512 KiB. Directory and standards file first.
  // PermissionDenied when the device was revoked meanwhile.
  absl::StatusOr<PulledBatch> Next();
  // Whether a commit that touched these files may have something for this reader.
  bool Concerns(const std::vector<FileId>& files) const;

 private:
  absl::StatusOr<std::vector<FileId>> ReadableFiles(const kv::Snapshot& snapshot) const;
  absl::Status ReadFile(const kv::Snapshot& snapshot, const LedgerTip& tip, const FileId& file,
                        PulledBatch& batch, size_t& changes, size_t& bytes);

  const kv::Store& store_;
  const Published& published_;
  const Principal reader_;
  std::map<FileId, uint64_t> held_;
  std::set<FileId> readable_;  // as of the last Next
};

// From the client's checkpoint to the tip: the proof that nothing was rewritten.
// OutOfRange when the client's tree is larger than ours; empty proof for size 0.
absl::StatusOr<ledger::Proof> ConsistencyFrom(const kv::Snapshot& store, uint64_t size,
                                              const LedgerTip& tip);

}  // namespace kapea::server
