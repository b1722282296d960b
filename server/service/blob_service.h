// Chunks of attachments.
#pragma once

#include "kapea/v1/sync_service.grpc.pb.h"
#include "server/service/parts.h"

namespace kapea::server {

// Threads: any (gRPC's).
class BlobService final : public v1::Blob::CallbackService {
 public:
  explicit BlobService(const Parts& parts) : parts_(parts) {}

  grpc::ServerUnaryReactor* Have(grpc::CallbackServerContext* context,
                                 const v1::BlobHaveRequest* request,
                                 v1::BlobHaveResponse* response) override;
  grpc::ServerUnaryReactor* Put(grpc::CallbackServerContext* context,
                                const v1::BlobPutRequest* request,
                                v1::BlobPutResponse* response) override;
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context,
                                const v1::BlobGetRequest* request,
                                v1::BlobGetResponse* response) override;

 private:
  const Parts& parts_;
};

}  // namespace kapea::server
