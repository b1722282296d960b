// Which files a person may read now: by the rosters' rows in the readers table and
// the roles that the directory says she holds.
#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/domain/change.h"
#include "common/domain/directory.h"
#include "common/domain/glass.h"
#include "common/kv/store.h"

namespace kapea::server {

// Keys of the readers table; the file id follows.
std::string EverybodyPrefix();  // directory and standards
std::string MemberPrefix(const PersonId& person, const UnitId& unit, domain::Role role);
std::string StaffPrefix(const UnitId& unit, domain::Role role);
std::string WorksOnPrefix(const UnitId& unit);  // any line of the unit; for questions alone
// Who has halves of a file's keys for break-glass; and who came in by it: then the time until
// which it stays open stands before the file id (u64, milliseconds).
std::string HalvesPrefix(const PersonId& person);
std::string GlassPrefix(const PersonId& person);
std::string GlassKey(const PersonId& person, Time until, const FileId& file);
// The prefix that a roster line stands under.
std::string ReaderPrefix(const domain::Member& member);

// Threads: any.
// Files of whose roster she is.
absl::StatusOr<std::set<FileId>> ReadableFiles(const kv::Snapshot& store,
                                               const domain::Directory& directory,
                                               const PersonId& person);
absl::StatusOr<bool> MayReadFile(const kv::Snapshot& store, const domain::Directory& directory,
                                 const PersonId& person, const FileId& file);

// The same with what is seen by break-glass and by who has halves, as domain::SightOf.
absl::StatusOr<std::map<FileId, domain::Sight>> SeenFiles(const kv::Snapshot& store,
                                                          const domain::Directory& directory,
                                                          const PersonId& person, Time now);
absl::StatusOr<domain::Sight> SightOfFile(const kv::Snapshot& store,
                                          const domain::Directory& directory,
                                          const PersonId& person, const FileId& file, Time now);

// The files whose rosters have one of the units.
absl::StatusOr<std::set<FileId>> FilesOfUnits(const kv::Snapshot& store,
                                              const std::set<UnitId>& units);
// Whether it is among them, without looking at the others.
absl::StatusOr<bool> IsOfUnits(const kv::Snapshot& store, const FileId& file,
                               const std::set<UnitId>& units);

}  // namespace kapea::server
