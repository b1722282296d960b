// One open Pull.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "kapea/v1/sync.pb.h"
#include "server/core/pull.h"
#include "server/service/parts.h"

namespace kapea::server {

// Sends the head, then batches until the reader has all, and with `follow` goes on with
// what is committed. Whoever names a ledger size gets the head with the first batch: that
// is mostly all. At most one message is on its way: a slow reader holds
// that one in memory, and waits cost no thread. A wake-up that comes while a batch is being read or
// sent is remembered, so none is lost.
//
// Two steps take turns, and never overlap: reading (on a worker, which may wait for the
// disk) and sending (by gRPC). Whoever ends a step, or wakes the stream, decides under
// the mutex what comes next, and does it after letting go.
// Threads: any. Owns itself from Start to OnDone.
class PullStream : public grpc::ServerWriteReactor<v1::PullResponse>,
                   public Follower,
                   public std::enable_shared_from_this<PullStream> {
 public:
  struct Wanted {
    Held held;
    std::string checkpoint;  // note; empty: none
    bool follow = false;
  };
  // The caller hands it to gRPC.
  static PullStream* Start(const Parts& parts, Caller caller, Wanted wanted);
  PullStream(const Parts& parts, Caller caller, Wanted wanted);

  void OnCommitted(const Committed& committed) override;
  void End(const absl::Status& status) override;

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  enum class Step { kNone, kRead, kSend, kSendLast, kFinish };

  // What to do now; marks it as begun.
  Step Decide() KAPEA_REQUIRES(mutex_);
  void Do(Step step);
  // On a worker, unless IsQuick: fills message_.
  void Read();
  // Whether the client has everything by its own word, and nothing needs to be read.
  absl::Status EndOfAll() const;
  bool IsQuick() const;
  absl::StatusOr<bool> ReadBatch();  // whether there is something to send
  absl::Status AddHead(const LedgerTip& tip);
  void NoteDeliveries(const PulledBatch& batch);

  // Constant after construction.
  const Parts& parts_;
  const Caller caller_;
  const Wanted wanted_;

  // Of whoever takes the reading step; of gRPC during the sending step.
  PullCursor cursor_;
  v1::PullResponse message_;
  bool head_sent_ = false;
  bool told_caught_up_ = false;

  Mutex mutex_;
  bool reading_ KAPEA_GUARDED_BY(mutex_) = false;
  bool ready_ KAPEA_GUARDED_BY(mutex_) = false;  // message_ waits to be sent
  bool sending_ KAPEA_GUARDED_BY(mutex_) = false;
  bool wanted_more_ KAPEA_GUARDED_BY(mutex_) = true;  // something may be there to read
  bool caught_up_ KAPEA_GUARDED_BY(mutex_) = false;
  bool finished_ KAPEA_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> end_ KAPEA_GUARDED_BY(mutex_);
  uint64_t number_ KAPEA_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<PullStream> self_ KAPEA_GUARDED_BY(mutex_);
};

}  // namespace kapea::server
