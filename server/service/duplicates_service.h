// Tokens of duplicates: offered, compared, taken back.
#pragma once

#include "kapea/v1/duplicates_service.grpc.pb.h"
#include "server/core/match_access.h"
#include "server/core/match_book.h"
#include "server/service/parts.h"

namespace kapea::server {

// Threads: any (gRPC's).
class DuplicatesService final : public v1::Duplicates::CallbackService {
 public:
  // `book` outlives it.
  DuplicatesService(const Parts& parts, MatchBook& book)
      : parts_(parts), book_(book), access_(parts.store, parts.published) {}

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const v1::DuplicatesCheckRequest* request,
                                  v1::DuplicatesCheckResponse* response) override;
  grpc::ServerUnaryReactor* Offer(grpc::CallbackServerContext* context,
                                  const v1::DuplicatesOfferRequest* request,
                                  v1::DuplicatesOfferResponse* response) override;
  grpc::ServerUnaryReactor* Withdraw(grpc::CallbackServerContext* context,
                                     const v1::DuplicatesWithdrawRequest* request,
                                     v1::DuplicatesWithdrawResponse* response) override;

 private:
  absl::StatusOr<MatchCaller> CallerOf(const Principal& by, const v1::MatchScope& scope);

  const Parts& parts_;
  MatchBook& book_;
  MatchAccess access_;
};

}  // namespace kapea::server
