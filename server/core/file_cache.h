// Folded files, as many as fit: so that a Change finds the state of its file at hand.
#pragma once

#include <list>
#include <map>
#include <memory>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/domain/file_state.h"
#include "common/kv/store.h"
#include "common/standards/kept_findings.h"

namespace kapea::server {

// Folds a file from its stored Changes up to receive time `as_of`. What every View
// comes from, and what a query folds for itself. DataLoss when a row cannot be read.
absl::StatusOr<std::shared_ptr<domain::FileState>> FoldFile(const kv::Snapshot& store,
                                                            const FileId& file,
                                                            const domain::Surroundings& around,
                                                            Time as_of = Time::Max());

// Threads: one at a time (the committing thread).
class FileCache {
 public:
  // `changes_max`: of all kept files together; some 2 KiB of memory each.
  explicit FileCache(const kv::Snapshot& store, uint64_t changes_max = 11264)
      : store_(store), changes_max_(changes_max) {}

  struct File {
    std::shared_ptr<domain::FileState> state;
    standards::KeptFindings findings;  // as of its last view
  };
  // An empty state for a file that has no Change yet. Good until Drop or Trim.
  absl::StatusOr<File*> Get(const FileId& file, const domain::Surroundings& around);
  // Forgets a file whose state went ahead of the store.
  void Drop(const FileId& file);
  // Drops the files used longest ago, beyond the limit, but never the last one. Never
  // within a group.
  void Trim();

 private:
  struct Slot {
    File file;
    uint64_t weight = 0;  // its Changes when it was folded, and one for each Get since
    std::list<FileId>::iterator use;
  };
  void Erase(std::map<FileId, Slot>::iterator slot);

  const kv::Snapshot& store_;
  const uint64_t changes_max_;
  std::map<FileId, Slot> slots_;
  std::list<FileId> uses_;  // newest first
  uint64_t weight_ = 0;     // of all slots
};

}  // namespace kapea::server
