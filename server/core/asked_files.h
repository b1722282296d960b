// Which files a question is about, and where each of them stands.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/domain/directory.h"
#include "common/kv/store.h"
#include "server/access/principal.h"

namespace kapea::server {

struct QueryScope {
  std::optional<FileId> file;  // absent: all files in scope
  std::optional<UnitId> unit;  // narrows the scope
  std::string province;        // narrows the scope to its units; empty: all
};

// The files whose roster has a unit at which the asker is a supervisor or analyst, and, unless
// the scope is narrowed, those of which she is a member. PermissionDenied for a file or unit
// outside that. Threads: any.
absl::StatusOr<std::set<FileId>> FilesInScope(const kv::Snapshot& store,
                                              const domain::Directory& directory,
                                              const Principal& asker, const QueryScope& scope);

}  // namespace kapea::server
