// Push and Pull.
#pragma once

#include "kapea/v1/sync_service.grpc.pb.h"
#include "server/service/parts.h"
#include "server/service/push_messages.h"

namespace kapea::server {

// Threads: any (gRPC's).
class SyncService final : public v1::Sync::CallbackService {
 public:
  explicit SyncService(const Parts& parts) : parts_(parts) {
    SetMessageAllocatorFor_Push(&push_messages_);
  }

  grpc::ServerUnaryReactor* Push(grpc::CallbackServerContext* context,
                                 const v1::PushRequest* request,
                                 v1::PushResponse* response) override;
  grpc::ServerWriteReactor<v1::PullResponse>* Pull(grpc::CallbackServerContext* context,
                                                   const v1::PullRequest* request) override;

 private:
  const Parts& parts_;
  PushMessages push_messages_;  // lives as long as calls do
};

}  // namespace kapea::server
