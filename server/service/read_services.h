// The services that only read: proofs out of the ledger, and supervisors' questions.
#pragma once

#include "kapea/v1/sync_service.grpc.pb.h"
#include "kapea/v1/view_service.grpc.pb.h"
#include "server/service/parts.h"
#include "server/watch/sweeper.h"

namespace kapea::server {

// Threads: any (gRPC's).
class LedgerService final : public v1::Ledger::CallbackService {
 public:
  explicit LedgerService(const Parts& parts) : parts_(parts) {}

  grpc::ServerUnaryReactor* Prove(grpc::CallbackServerContext* context,
                                  const v1::ProveRequest* request,
                                  v1::ProveResponse* response) override;

 private:
  absl::Status Answer(const Principal& by, const v1::ProveRequest& request,
                      v1::ProveResponse& response) const;

  const Parts& parts_;
};

// Threads: any (gRPC's).
class ViewService final : public v1::View::CallbackService {
 public:
  ViewService(const Parts& parts, const Sweeper& sweeper) : parts_(parts), sweeper_(sweeper) {}

  grpc::ServerUnaryReactor* Query(grpc::CallbackServerContext* context,
                                  const v1::QueryRequest* request,
                                  v1::QueryResponse* response) override;

 private:
  absl::Status Answer(const Principal& by, const v1::QueryRequest& request,
                      v1::QueryResponse& response) const;

  const Parts& parts_;
  const Sweeper& sweeper_;
};

}  // namespace kapea::server
