// Sync's transport over gRPC and mutual TLS.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/sync/transport.h"
#include "client/vault/identity.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/time.h"

namespace grpc {
class Channel;
class ClientContext;
}  // namespace grpc

namespace kapea::link {

// The slowest line on which a push is still waited for: a phone at the edge of a cell.
inline constexpr int64_t kSlowLineBytesPerSecond = 4 * 1024;

// How long each call may take. A following pull has none: keepalive watches it.
struct Deadlines {
  Duration push = Duration::Seconds(60);  // and what its bytes take on a slow line
  Duration pull = Duration::Minutes(10);
  Duration blob = Duration::Minutes(3);
  Duration prove = Duration::Seconds(30);
};

// A server's view of the clock: never behind the last time that it signed.
class FlooredClock : public Clock {
 public:
  FlooredClock(const Clock& clock, Time floor) : clock_(clock), floor_(floor) {}
  ClockReading Read() const override;

 private:
  const Clock& clock_;  // must live longer
  const Time floor_;
};

// Threads: one at a time, Cancel any. Errors: those of the calls, in plain words
// (plain_words.h). rpc::InstallTlsProfile must have run.
class GrpcTransport : public sync::Transport {
 public:
  // Connects with the first call. `server_time`: the last that the server signed; zero:
  // none. FailedPrecondition, in words, when this device's certificate cannot be used.
  static absl::StatusOr<std::unique_ptr<GrpcTransport>> Connect(const vault::Identity& identity,
                                                                const Clock& clock,
                                                                Time server_time = Time(),
                                                                Deadlines deadlines = {});
  ~GrpcTransport() override;

  void BeginPush(const std::vector<codec::Parcel>& parcels, const std::string& checkpoint) override;
  absl::StatusOr<sync::PushReply> FinishPush() override;
  absl::Status Pull(const sync::PullCall& call, const Visit& visit) override;
  absl::StatusOr<ledger::Proof> ProveConsistency(uint64_t from_size, uint64_t to_size) override;
  absl::StatusOr<std::vector<bool>> BlobHave(const FileId& file,
                                             const std::vector<Hash>& chunks) override;
  absl::Status BlobPut(const FileId& file, const std::vector<std::string>& chunks) override;
  absl::StatusOr<std::vector<std::string>> BlobGet(const FileId& file,
                                                   const std::vector<Hash>& chunks) override;
  void Cancel() override;

  // For the other services on the same connection.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  struct Stubs;
  struct PushCall;
  // Waits until gRPC has let go of the push that was begun.
  void Await(PushCall& call);
  void GiveUpPush();
  GrpcTransport(std::shared_ptr<grpc::Channel> channel, std::string server, Deadlines deadlines);

  const std::string server_;
  const Deadlines deadlines_;
  const std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Stubs> stubs_;
  Mutex mutex_;
  std::unique_ptr<PushCall> push_;  // of the caller's thread; begun and not finished
  grpc::ClientContext* pulling_ KAPEA_GUARDED_BY(mutex_) = nullptr;
  bool cancelled_ KAPEA_GUARDED_BY(mutex_) = false;
};

}  // namespace kapea::link
