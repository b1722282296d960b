// A record field by field, for people and for programs.
#pragma once

#include "absl/status/statusor.h"
#include "client/cli/session.h"

namespace kapea::cli {

struct ShowOptions {
  bool open = false;  // open what is sealed; written down and told
  bool all = false;   // also empty fields that nobody must fill
};

// Threads and errors: as field::ViewRecord.
absl::StatusOr<Result> ShowRecord(Session& session, const FileId& file, const RecordId& record,
                                  const ShowOptions& options);

}  // namespace kapea::cli
