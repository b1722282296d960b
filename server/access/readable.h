// Which files a person may read now: by the rosters' rows in the readers table and
// the roles that the directory says she holds.
#pragma once

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/domain/change.h"
#include "common/domain/directory.h"
#include "common/kv/store.h"

namespace kapea::server {

// Keys of the readers table; the file id follows.
std::string EverybodyPrefix();  // directory and standards
std::string MemberPrefix(const PersonId& person, const UnitId& unit, domain::Role role);
std::string StaffPrefix(const UnitId& unit, domain::Role role);
std::string WorksOnPrefix(const UnitId& unit);  // any line of the unit; for questions alone
// The prefix that a roster line stands under.
std::string ReaderPrefix(const domain::Member& member);

// Threads: any.
absl::StatusOr<std::set<FileId>> ReadableFiles(const kv::Snapshot& store,
                                               const domain::Directory& directory,
                                               const PersonId& person);
absl::StatusOr<bool> MayReadFile(const kv::Snapshot& store, const domain::Directory& directory,
                                 const PersonId& person, const FileId& file);

// The files whose rosters have one of the units.
absl::StatusOr<std::set<FileId>> FilesOfUnits(const kv::Snapshot& store,
                                              const std::set<UnitId>& units);
// Whether it is among them, without looking at the others.
absl::StatusOr<bool> IsOfUnits(const kv::Snapshot& store, const FileId& file,
                               const std::set<UnitId>& units);

}  // namespace kapea::server
