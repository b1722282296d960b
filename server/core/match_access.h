// Who may compare tokens for which unit, by the directory and the programme's roster.
#pragma once

#include <map>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/mutex.h"
#include "common/kv/store.h"
#include "server/access/principal.h"
#include "server/core/match_book.h"
#include "server/core/published.h"

namespace kapea::server {

// Threads: any. Limits: keeps the newest key epoch of at most 64 programmes, and folds a
// programme again when it has grown.
class MatchAccess {
 public:
  // Both outlive it.
  MatchAccess(const kv::Store& store, const Published& published)
      : store_(store), published_(published) {}

  // PermissionDenied unless the caller works at the unit and may read the programme, and the
  // unit stands on its roster; FailedPrecondition for a file of another kind, a drill, and
  // another key epoch than its newest.
  absl::StatusOr<MatchCaller> Admit(const Principal& by, const FileId& programme,
                                    const KeyEpochId& epoch, const UnitId& unit);

 private:
  struct Known {
    uint64_t number = 0;
    KeyEpochId epoch;
  };
  absl::StatusOr<KeyEpochId> NewestEpoch(const kv::Snapshot& snapshot, const FileId& programme,
                                         uint64_t number);

  const kv::Store& store_;
  const Published& published_;
  Mutex mutex_;
  std::map<FileId, Known> known_ KAPEA_GUARDED_BY(mutex_);
};

}  // namespace kapea::server
