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

// Adds to `result` a sentence for each text of the record that has a word of blame in it,
// and the codes of those fields as "wording".
void AddWording(Session& session, const FileId& file, const RecordId& record, Result& result);

}  // namespace kapea::cli
