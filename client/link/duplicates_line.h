// The line of duplicates over gRPC.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/link/grpc_transport.h"
#include "client/sync/match_line.h"

namespace kapea::v1 {
class DuplicatesCheckResponse;
}

namespace kapea::link {

// Of an answer only the form is checked: DataLoss, in words, for another one. Threads: any.
absl::StatusOr<sync::MatchState> MatchStateFrom(const v1::DuplicatesCheckResponse& wire);

// Threads: one at a time. Errors: as MatchLine, in plain words (plain_words.h).
class GrpcMatchLine : public sync::MatchLine {
 public:
  // On the connection of `transport`, which must outlive it; `server` is named in errors.
  GrpcMatchLine(GrpcTransport& transport, std::string server);
  ~GrpcMatchLine() override;

  absl::StatusOr<sync::MatchState> Check(const sync::MatchAsker& asker) override;
  absl::StatusOr<uint32_t> Offer(const sync::MatchAsker& asker,
                                 const std::vector<sync::OfferedFile>& files) override;
  absl::Status Withdraw(const sync::MatchAsker& asker,
                        const std::vector<domain::MatchAlias>& aliases) override;
  absl::Status WithdrawAll(const sync::MatchAsker& asker) override;

 private:
  struct Stub;
  std::unique_ptr<Stub> stub_;
  const std::string server_;
};

}  // namespace kapea::link
