// Questions of supervisors and analysts, over clear data alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/codec/open_findings.h"
#include "common/kv/store.h"
#include "server/access/principal.h"
#include "server/core/asked_files.h"
#include "server/core/published.h"

namespace kapea::server {

struct ComplianceQuestion {
  QueryScope scope;  // without a file drills are left out
  // Of these alone; empty: all. Of open ones as of now, what the sweeper keeps is told where
  // it stands: no file is folded for it.
  std::set<domain::FindingStatus> statuses;
  std::optional<Time> as_of;  // absent: now
  size_t page_size = 500;
  std::string page_token;
};
struct ComplianceAnswer {
  std::vector<codec::ToldFinding> findings;  // by file, then clause
  std::string next_page_token;
  uint64_t ledger_size = 0;
  Hash ledger_root;
  Time as_of;
};

// Findings of every file in scope. Asked again with the same as_of the answer is the same.
// PermissionDenied as FilesInScope; InvalidArgument for a token that is none of ours.
// Threads: any.
// Limits: a page ends with a whole file, so it may hold more than `page_size`.
absl::StatusOr<ComplianceAnswer> AnswerCompliance(const kv::Store& store,
                                                  const Published& published,
                                                  const Principal& asker, Time now,
                                                  const ComplianceQuestion& question);

}  // namespace kapea::server
