// Questions to the server's views, for supervisors and analysts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/link/grpc_transport.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/standards/finding.h"

namespace kapea::link {

struct ComplianceCall {
  std::optional<FileId> file;  // absent: all in the asker's scope
  std::optional<UnitId> unit;
  std::optional<Time> as_of;  // absent: now, by the server
};

// A finding as the server tells it: what decides it, without the parts of its explanation.
struct ServerFinding {
  standards::Finding finding;
  std::string explanation;
};
struct ComplianceReply {
  std::vector<ServerFinding> findings;  // by file, then clause
  uint64_t ledger_size = 0;
  Hash ledger_root;
  Time as_of;
};

// All pages. Errors in plain words; DataLoss for an answer that cannot be read.
absl::StatusOr<ComplianceReply> AskCompliance(GrpcTransport& transport, const std::string& server,
                                              const ComplianceCall& call);

}  // namespace kapea::link
