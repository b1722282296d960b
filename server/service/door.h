// What every call passes before anything is done for it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/rpc/acceptor.h"
#include "common/rpc/peer.h"
#include "server/access/principal.h"
#include "server/core/device_book.h"
#include "server/core/published.h"
#include "server/service/rate_limit.h"

namespace grpc {
class CallbackServerContext;
}

namespace kapea::server {

struct Caller {
  rpc::Peer peer;
  Principal principal;
};
struct Newcomer {
  rpc::Peer peer;
  ChangeId enrolment;
};

// In this order: a deadline is set, TLS names a device of this deployment, the
// directory has it and has not ended it, the certificate is one that we issued to it and
// still stand by, the listener has not cut it, and its share is not used up. Nothing is
// read from the disk.
// Errors: InvalidArgument (no deadline), Unauthenticated, PermissionDenied (a newcomer
// who calls more than Enrol, or a device that calls it), ResourceExhausted with a time
// to wait, Unavailable (the connection is being cut).
// Threads: any.
class Door {
 public:
  Door(rpc::Listener& listener, const Published& published, DeviceBook& book,
       const DeploymentId& deployment, const Clock& clock, const RateLimits& limits)
      : listener_(listener),
        published_(published),
        book_(book),
        reader_(deployment),
        clock_(clock),
        limiter_(limits) {}

  enum class Deadline { kWanted, kOptional };
  // `bytes`: of the request.
  absl::StatusOr<Caller> Admit(const grpc::CallbackServerContext& context, size_t bytes,
                               Deadline deadline = Deadline::kWanted);
  absl::StatusOr<Newcomer> AdmitNewcomer(const grpc::CallbackServerContext& context, size_t bytes);
  // At each message of a stream: what was true when it began must still be.
  absl::Status Recheck(const Caller& caller);

 private:
  absl::Status CheckDevice(const rpc::Peer& peer, const pki::DeviceName& name,
                           Principal* principal) const;
  absl::Status Charge(std::string_view caller, size_t bytes);

  // Constant after construction.
  rpc::Listener& listener_;
  const Published& published_;
  DeviceBook& book_;
  const rpc::PeerReader reader_;  // locks itself
  const Clock& clock_;
  RateLimiter limiter_;  // locks itself
};

}  // namespace kapea::server
