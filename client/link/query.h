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
#include "common/codec/measure_codec.h"
#include "common/codec/open_findings.h"
#include "common/domain/vocabulary.h"

namespace kapea::link {

struct ComplianceCall {
  std::optional<FileId> file;  // absent: all in the asker's scope
  std::optional<UnitId> unit;
  std::string province;                              // two digits; empty: all
  std::vector<domain::FindingStatus> statuses = {};  // of these alone; empty: all
  std::optional<Time> as_of;                         // absent: now, by the server
};

struct ComplianceReply {
  std::vector<codec::ToldFinding> findings;  // by file, then clause
  uint64_t ledger_size = 0;
  Hash ledger_root;
  Time as_of;
};

struct MeasureCall {
  codec::MeasureQuestion ask;
  std::optional<UnitId> unit;
  std::string province;       // two digits; empty: all
  std::optional<Time> as_of;  // absent: now, by the server
  size_t rows_max = 2000;     // of lists, all together: at least so many, where there are
};

struct MeasureReply {
  struct One {
    std::string measure;
    standards::MeasureResult result;
  };
  std::vector<One> answers;
  size_t files = 0;  // looked at
  std::string pack;  // by whose text they were counted
  uint32_t pack_version = 0;
  Hash pack_hash;
  uint64_t ledger_size = 0;
  Hash ledger_root;
  Time as_of;
};

// All pages; of lists as many as are wanted. Errors of both in plain words; DataLoss for an answer
// that cannot be read.
absl::StatusOr<MeasureReply> AskMeasures(GrpcTransport& transport, const std::string& server,
                                         const MeasureCall& call);
absl::StatusOr<ComplianceReply> AskCompliance(GrpcTransport& transport, const std::string& server,
                                              const ComplianceCall& call);

}  // namespace kapea::link
