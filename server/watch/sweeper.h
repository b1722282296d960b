// Keeps the open findings of every file worked out, and what it adds to questions and
// indicators, so that a question about many files reads them where they stand.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/mutex.h"
#include "common/domain/form.h"
#include "common/kv/store.h"
#include "server/core/folder.h"
#include "server/core/published.h"

namespace kapea::server {

// Works a file out again when a Change was appended to it or to one that it stands on, when
// the time comes at which something of it turns, and when there is a newer pack. What it
// writes (tables open, figured and figures) is an output, never an input: who reads it checks that
// the file has not gone on since, and folds the file itself where it has. Threads: OnCommitted and
// the numbers from any. One thread of its own, of low priority.
class Sweeper {
 public:
  struct Options {
    // A file that is being written to is left alone until nothing came for so long ...
    Duration quiet = Duration::Seconds(2);
    // ... but not for longer than this.
    Duration at_most = Duration::Seconds(30);
    size_t files_a_batch = 64;  // folded, and committed, together
  };
  // Called with trouble of the store, from its own thread; the files are tried again after
  // the next commit, or after a minute.
  using OnTrouble = std::function<void(const absl::Status&)>;

  // Reads what is kept and what is behind; works from when it returns. All but the options
  // outlive it.
  static absl::StatusOr<std::unique_ptr<Sweeper>> Start(kv::Store& store,
                                                        const Published& published,
                                                        const Clock& clock, const Options& options,
                                                        OnTrouble on_trouble);
  ~Sweeper();  // Stop

  // Call after what was committed is published.
  void OnCommitted(const std::vector<FileId>& files);
  void Stop();

  // Whether nothing is behind or due to turn, within that time.
  bool AwaitIdle(Duration at_most);
  uint64_t waiting() const;  // files whose kept findings are behind
  // Files of which what is kept is not to be believed: a Change was appended since, to them or
  // to what they stand on. Whether the moment has come at which one turns, its row says.
  std::set<FileId> FilesBehind() const;

 private:
  struct Kept {
    Time until = Time::Max();
    std::set<FileId> linked;
  };
  struct Behind {
    Duration since, last;  // elapsed time of the first and the last Change
  };

  Sweeper(kv::Store& store, const Published& published, const Clock& clock, const Options& options,
          OnTrouble on_trouble)
      : store_(store),
        published_(published),
        clock_(clock),
        options_(options),
        on_trouble_(std::move(on_trouble)) {}

  absl::Status Load();
  absl::StatusOr<std::map<FileId, codec::Standing>> LoadSwept(const Hash& pack) const;
  void Run();
  bool Idle() const KAPEA_REQUIRES(mutex_);
  // What to work out next; waits for it. Empty: it is to stop.
  std::vector<FileId> Take();
  std::vector<FileId> Ripe(Duration elapsed, Time now, Duration& wait) KAPEA_REQUIRES(mutex_);
  // Works some files out, and commits their rows together. `pack`: of measures; nullptr: none.
  static absl::StatusOr<std::vector<codec::Standing>> WorkOut(kv::Store& store,
                                                              const Folder& folder,
                                                              const domain::Pack* pack,
                                                              const std::vector<FileId>& files);
  // What was worked out, in the order of the files, and by which pack.
  absl::StatusOr<std::vector<codec::Standing>> Sweep(const std::vector<FileId>& files,
                                                     Hash& pack) const;
  void FallBehind(const FileId& file, Duration now) KAPEA_REQUIRES(mutex_);
  void Keep(const FileId& file, const codec::Standing& swept, Time at) KAPEA_REQUIRES(mutex_);
  friend absl::StatusOr<uint64_t> SweepAll(kv::Store& store, Time now,
                                           const std::function<void(uint64_t files)>& progress);

  kv::Store& store_;
  const Published& published_;
  const Clock& clock_;
  const Options options_;
  const OnTrouble on_trouble_;

  mutable Mutex mutex_;
  CondVar work_;
  bool stopped_ KAPEA_GUARDED_BY(mutex_) = false;
  CondVar idle_;
  std::vector<FileId> sweeping_ KAPEA_GUARDED_BY(mutex_);  // taken, and not kept yet
  Hash pack_ KAPEA_GUARDED_BY(mutex_);                     // by which figures are kept
  std::map<FileId, Behind> behind_ KAPEA_GUARDED_BY(mutex_);
  std::map<FileId, Kept> kept_ KAPEA_GUARDED_BY(mutex_);
  std::set<std::pair<Time, FileId>> turns_ KAPEA_GUARDED_BY(mutex_);      // of kept_
  std::map<FileId, std::set<FileId>> stand_on_ KAPEA_GUARDED_BY(mutex_);  // linked file -> files
  std::thread thread_;
};

// Works out every file at once, in order of their ids: after the views were built anew.
// Threads: before anything else uses the store. Errors: as RebuildViews.
absl::StatusOr<uint64_t> SweepAll(kv::Store& store, Time now,
                                  const std::function<void(uint64_t files)>& progress);

}  // namespace kapea::server
