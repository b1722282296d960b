#include "server/access/readable.h"

#include <algorithm>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

std::string WithRole(std::string prefix, const UnitId& unit, domain::Role role) {
  prefix.append(unit.view());
  prefix.push_back(static_cast<char>(role));
  return prefix;
}

// Every prefix under which files of this person may stand.
std::vector<std::string> PrefixesOf(const domain::Directory& directory, const PersonId& person) {
  std::vector<std::string> prefixes;
  const domain::PersonEntry* entry = directory.FindPerson(person);
  if (entry == nullptr || entry->ended) return prefixes;
  prefixes.push_back(EverybodyPrefix());
  for (const domain::RoleAt& at : entry->roles) {
    prefixes.push_back(MemberPrefix(person, at.unit, at.role));
    prefixes.push_back(StaffPrefix(at.unit, at.role));
  }
  return prefixes;
}

std::vector<std::string> PrefixesOf(const std::set<UnitId>& units) {
  std::vector<std::string> prefixes;
  for (const UnitId& unit : units) prefixes.push_back(WorksOnPrefix(unit));
  return prefixes;
}

absl::StatusOr<bool> StandsUnder(const kv::Snapshot& store,
                                 const std::vector<std::string>& prefixes, const FileId& file) {
  for (const std::string& prefix : prefixes) {
    KAPEA_ASSIGN(const auto row, store.Find(kReaders, prefix + file.str()));
    if (row) return true;
  }
  return false;
}

absl::StatusOr<std::set<FileId>> FilesUnder(const kv::Snapshot& store,
                                            const std::vector<std::string>& prefixes) {
  std::set<FileId> files;
  for (const std::string& prefix : prefixes) {
    KAPEA_TRY(store.Scan(kReaders, prefix, kv::PrefixEnd(prefix),
                         [&](std::string_view key, std::string_view) {
                           files.insert(FileId::FromPrefix(key.substr(prefix.size())));
                           return true;
                         }));
  }
  return files;
}

// Of these a person has very few.
absl::StatusOr<std::set<FileId>> OpenByGlass(const kv::Snapshot& store, const PersonId& person,
                                             Time now) {
  std::set<FileId> files;
  const std::string prefix = GlassPrefix(person);
  KAPEA_TRY(store.Scan(kReaders, prefix, kv::PrefixEnd(prefix),
                       [&](std::string_view key, std::string_view) {
                         const std::string_view rest = key.substr(prefix.size());
                         const auto until = Time::FromUnixMs(static_cast<int64_t>(ReadU64(rest)));
                         if (now < until) files.insert(FileId::FromPrefix(rest.substr(8)));
                         return true;
                       }));
  return files;
}

}  // namespace

std::string HalvesPrefix(const PersonId& person) { return "h" + person.str(); }

std::string GlassPrefix(const PersonId& person) { return "g" + person.str(); }

std::string GlassKey(const PersonId& person, Time until, const FileId& file) {
  std::string key = GlassPrefix(person);
  AppendU64(key, static_cast<uint64_t>(std::max(until, Time()).unix_ms()));
  return key + file.str();
}

std::string EverybodyPrefix() { return "a"; }

std::string MemberPrefix(const PersonId& person, const UnitId& unit, domain::Role role) {
  return WithRole("p" + person.str(), unit, role);
}

std::string StaffPrefix(const UnitId& unit, domain::Role role) { return WithRole("u", unit, role); }

std::string WorksOnPrefix(const UnitId& unit) { return "w" + unit.str(); }

std::string ReaderPrefix(const domain::Member& member) {
  return member.person ? MemberPrefix(*member.person, member.unit, member.role)
                       : StaffPrefix(member.unit, member.role);
}

absl::StatusOr<std::set<FileId>> ReadableFiles(const kv::Snapshot& store,
                                               const domain::Directory& directory,
                                               const PersonId& person) {
  return FilesUnder(store, PrefixesOf(directory, person));
}

absl::StatusOr<std::map<FileId, domain::Sight>> SeenFiles(const kv::Snapshot& store,
                                                          const domain::Directory& directory,
                                                          const PersonId& person, Time now) {
  std::map<FileId, domain::Sight> seen;
  KAPEA_ASSIGN(const std::set<FileId> own, ReadableFiles(store, directory, person));
  for (const FileId& file : own) seen.emplace(file, domain::Sight::kAll);
  if (!domain::IsSupervisor(directory, person)) return seen;
  KAPEA_ASSIGN(const std::set<FileId> open, OpenByGlass(store, person, now));
  for (const FileId& file : open) seen.emplace(file, domain::Sight::kAll);
  KAPEA_ASSIGN(const std::set<FileId> guarded, FilesUnder(store, {HalvesPrefix(person)}));
  for (const FileId& file : guarded) seen.emplace(file, domain::Sight::kKeys);
  return seen;
}

absl::StatusOr<domain::Sight> SightOfFile(const kv::Snapshot& store,
                                          const domain::Directory& directory,
                                          const PersonId& person, const FileId& file, Time now) {
  KAPEA_ASSIGN(const bool own, MayReadFile(store, directory, person, file));
  if (own) return domain::Sight::kAll;
  if (!domain::IsSupervisor(directory, person)) return domain::Sight::kNone;
  KAPEA_ASSIGN(const std::set<FileId> open, OpenByGlass(store, person, now));
  if (open.contains(file)) return domain::Sight::kAll;
  KAPEA_ASSIGN(const bool guarded, StandsUnder(store, {HalvesPrefix(person)}, file));
  return guarded ? domain::Sight::kKeys : domain::Sight::kNone;
}

absl::StatusOr<std::set<FileId>> FilesOfUnits(const kv::Snapshot& store,
                                              const std::set<UnitId>& units) {
  return FilesUnder(store, PrefixesOf(units));
}

absl::StatusOr<bool> MayReadFile(const kv::Snapshot& store, const domain::Directory& directory,
                                 const PersonId& person, const FileId& file) {
  return StandsUnder(store, PrefixesOf(directory, person), file);
}

absl::StatusOr<bool> IsOfUnits(const kv::Snapshot& store, const FileId& file,
                               const std::set<UnitId>& units) {
  return StandsUnder(store, PrefixesOf(units), file);
}

}  // namespace kapea::server
