#include "server/core/asked_files.h"

#include "common/base/macros.h"
#include "server/access/readable.h"

namespace kapea::server {
namespace {

// Units for which the asker may see findings without being a member of the file.
std::set<UnitId> ScopeOf(const domain::Directory& directory, const PersonId& person) {
  std::set<UnitId> units;
  const domain::PersonEntry* entry = directory.FindPerson(person);
  if (entry == nullptr || entry->ended) return units;
  for (const domain::RoleAt& at : entry->roles) {
    if (at.role == domain::Role::kSupervisor || at.role == domain::Role::kAnalyst) {
      units.insert(at.unit);
    }
  }
  return units;
}

// The units whose files the question is about, of those in the asker's scope.
absl::StatusOr<std::set<UnitId>> UnitsOf(const domain::Directory& directory, const Principal& asker,
                                         const QueryScope& scope) {
  std::set<UnitId> units = ScopeOf(directory, asker.person);
  if (scope.unit) {
    if (!units.contains(*scope.unit)) {
      return absl::PermissionDeniedError("you are neither supervisor nor analyst of that unit");
    }
    units = {*scope.unit};
  }
  if (!scope.province.empty()) {
    std::erase_if(units, [&](const UnitId& unit) {
      const domain::UnitEntry* entry = directory.FindUnit(unit);
      return entry == nullptr || entry->province != scope.province;
    });
  }
  return units;
}

}  // namespace

absl::StatusOr<std::set<FileId>> FilesInScope(const kv::Snapshot& store,
                                              const domain::Directory& directory,
                                              const Principal& asker, const QueryScope& scope) {
  KAPEA_ASSIGN(const std::set<UnitId> units, UnitsOf(directory, asker, scope));
  const bool own_too = !scope.unit && scope.province.empty();
  if (scope.file) {
    KAPEA_ASSIGN(bool known, IsOfUnits(store, *scope.file, units));
    if (!known && own_too) {
      KAPEA_ASSIGN(known, MayReadFile(store, directory, asker.person, *scope.file));
    }
    // The same answer whether the file exists or not.
    if (!known) return absl::PermissionDeniedError("no such file within your units");
    return std::set<FileId>{*scope.file};
  }
  KAPEA_ASSIGN(std::set<FileId> files, FilesOfUnits(store, units));
  if (own_too) {
    KAPEA_ASSIGN(std::set<FileId> own, ReadableFiles(store, directory, asker.person));
    files.merge(own);
  }
  return files;
}

}  // namespace kapea::server
