// The one writer of the ledger.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/crypto/signature.h"
#include "common/kv/store.h"
#include "server/core/group.h"
#include "server/core/published.h"
#include "server/core/submission.h"

namespace kapea::server {

// Takes verified parcels from all calls, forms groups, and commits each group as one
// synced batch: Changes, parcels, Entries, tree, views, due index. Only then does it
// answer: no receipt leaves before what it promises is on the disk.
//
// Threads: Submit from any. Two threads of its own: one commits, one answers, so that
// the next group is written while the last one's answers are sent. A small group that
// nothing waits behind is answered by the committing thread: waking the other would
// take longer.
class Sequencer {
 public:
  struct Options {
    size_t queue_max = 4096;          // submissions waiting; more are refused, ResourceExhausted
    size_t group_changes_max = 2048;  // Changes in one group
  };
  // What others want to know of a commit; called one at a time, in order, before the
  // answers of that group.
  struct Listeners {
    std::function<void(const Committed& committed)> on_files_changed;
    std::function<void(const std::vector<DeviceId>& devices)> on_devices_revoked;
  };

  // Opens the ledger in `store`, which must hold a genesis (see genesis.h), and checks
  // its head against its tree. DataLoss when they disagree.
  static absl::StatusOr<std::unique_ptr<Sequencer>> Open(kv::Store& store, const Clock& clock,
                                                         crypto::NoteSigningKey log_key,
                                                         Published& published,
                                                         const Options& options,
                                                         Listeners listeners);
  ~Sequencer();  // Drain, then stops its threads

  // `submission.done` is called exactly once. After Drain: with Unavailable.
  void Submit(Submission submission);
  // Takes no more, commits and answers what it has. Idempotent.
  void Drain();

  struct Counters {
    uint64_t groups = 0, changes = 0, refused = 0, failed_commits = 0;
  };
  Counters counters() const;

 private:
  Sequencer(kv::Store& store, Published& published, const Options& options, Listeners listeners,
            std::unique_ptr<GroupBuilder> builder);
  void CommitLoop();
  void AnswerLoop();
  struct Answers;
  void Answer(Answers answers);
  std::vector<Submission> TakeGroup();

  kv::Store& store_;                       // constant after construction
  Published& published_;                   // constant after construction
  const Options options_;                  // constant after construction
  const Listeners listeners_;              // constant after construction
  std::unique_ptr<GroupBuilder> builder_;  // the committing thread only

  mutable Mutex mutex_;
  CondVar work_;
  std::deque<Submission> waiting_ KAPEA_GUARDED_BY(mutex_);
  bool closed_ KAPEA_GUARDED_BY(mutex_) = false;
  bool committed_all_ KAPEA_GUARDED_BY(mutex_) = false;
  CondVar answer_work_;
  std::deque<Answers> answers_ KAPEA_GUARDED_BY(mutex_);
  bool answering_ KAPEA_GUARDED_BY(mutex_) = false;  // what was taken from answers_ last
  Counters counters_ KAPEA_GUARDED_BY(mutex_);
  std::thread committer_, answerer_;
};

}  // namespace kapea::server
