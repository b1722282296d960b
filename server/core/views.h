// The View of one file: what queries, the due list and Pull find without folding it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/base/time.h"
#include "common/domain/file_state.h"
#include "common/kv/store.h"
#include "common/standards/kept_findings.h"
#include "server/core/file_cache.h"

namespace kapea::server {

// The view rows of a file: a pure function of its state and the receive time of its
// last Entry. Findings that rest on a linked file say so; queries look at both.
struct FileViewRows {
  std::string view;               // kapea.store.v1.FileView, encoded
  Time next_due = Time::Max();    // the earliest deadline that is still open
  std::set<std::string> readers;  // keys of the readers table
};
FileViewRows BuildView(const domain::FileState& file, Time last_received);
FileViewRows BuildView(const domain::FileState& file,
                       const std::vector<standards::Finding>& findings);

// Writes views, and remembers what stands so that only differences are written.
// Threads: one at a time (the committing thread).
class ViewWriter {
 public:
  explicit ViewWriter(const kv::Snapshot& store) : store_(store) {}
  // Adds to `batch` what must change for the stored view to be that of `file`.
  absl::Status Write(FileCache::File& file, Time last_received, kv::Batch& batch);
  // Whether, since it was asked last, a file came under a reader's key or away from it.
  bool TakeReadersChanged() { return std::exchange(readers_changed_, false); }
  // The batches since the last Keep were committed; or they were not.
  void Keep();
  void Discard() {
    pending_.clear();
    names_.clear();  // a pack of the group may be gone with it
  }

 private:
  struct Stood {
    Time next_due = Time::Max();
    std::set<std::string> readers;
  };
  absl::StatusOr<Stood> StoodBefore(const FileId& file);

  const standards::ClauseNames* NamesOf(const domain::Pack* pack);

  const kv::Snapshot& store_;
  std::map<FileId, Stood> known_, pending_;
  std::map<const domain::Pack*, standards::ClauseNames> names_;  // of committed packs, which stay
  bool readers_changed_ = false;
};

}  // namespace kapea::server
