// Which files a question is about, and where each of them stands.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/codec/file_view.h"
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

// The heads of views, each read once. Threads: one at a time. The store outlives it.
class ViewHeads {
 public:
  explicit ViewHeads(const kv::Snapshot& store) : store_(store) {}
  // nullptr: there is no such file.
  absl::StatusOr<const codec::FileViewHead*> Find(const FileId& file);
  // Whether what was worked out at these numbers of the file, and of those that it stands on,
  // still stands; 0: there was no such file.
  absl::StatusOr<bool> Stand(const FileId& file, uint64_t number,
                             const std::map<FileId, uint64_t>& linked);

 private:
  absl::StatusOr<bool> IsAt(const FileId& file, uint64_t number);

  const kv::Snapshot& store_;
  std::map<FileId, std::optional<codec::FileViewHead>> heads_;
};

}  // namespace kapea::server
