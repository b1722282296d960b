// What the services share: the doors into core, and what watches over calls.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/kv/store.h"
#include "server/core/blobs.h"
#include "server/core/deliveries.h"
#include "server/core/enrolment.h"
#include "server/core/opened_files.h"
#include "server/core/published.h"
#include "server/core/sequencer.h"
#include "server/service/door.h"
#include "server/service/followers.h"
#include "server/service/log.h"
#include "server/service/metrics.h"
#include "server/service/worker_pool.h"

namespace grpc {
class CallbackServerContext;
class ServerUnaryReactor;
}  // namespace grpc

namespace kapea::server {

// All outlive the services. Constant once made.
struct Parts {
  kv::Store& store;
  const Published& published;
  Sequencer& sequencer;
  Deliveries& deliveries;
  Blobs& blobs;
  Enrolment& enrolment;
  Door& door;
  Followers& followers;
  WorkerPool& workers;
  Metrics& metrics;
  const Log& log;
  const Clock& clock;
  OpenedFiles& opened;
  size_t parcels_per_push_max = 64;
};

// One unary call, from its arrival to its answer. Shared by whoever still has to do with
// it. Threads: any; Finish once.
class UnaryCall {
 public:
  UnaryCall(const Parts& parts, grpc::CallbackServerContext* context, const char* method);

  grpc::ServerUnaryReactor* reactor() const { return reactor_; }
  // Sends the answer, or the status instead, and counts and logs it.
  void Finish(const absl::Status& status);
  // Runs `work` where it may wait for the disk, and finishes with what it says.
  static void Run(const std::shared_ptr<UnaryCall>& call, std::function<absl::Status()> work);

 private:
  const Parts& parts_;
  grpc::ServerUnaryReactor* const reactor_;
  const char* const method_;
  const Duration began_;
};

// Logs the end of a call when the fault is ours; counts that of a stream.
void NoteFault(const Parts& parts, const char* method, const absl::Status& status);
void NoteStreamEnd(const Parts& parts, const char* method, const absl::Status& status);

}  // namespace kapea::server
