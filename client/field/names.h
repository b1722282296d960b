// Short names for what has only a long id: said over the radio, typed with one thumb,
// and telling nothing about anybody.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/base/id.h"
#include "common/domain/vocabulary.h"

namespace kapea::field {

// "OP-7K3FQ2", "P-M0X4TD": the kind and the first 30 bits of the file id. No I, L, O or U.
std::string CodeOf(const FileId& file, domain::FileKind kind);
// The first eight characters of a record's id, as `record` options take them.
std::string CodeOf(const RecordId& record);

// Threads and errors of all below: as Vault; NotFound, and FailedPrecondition "more than
// one" where the short name says too little.

// A file by its code, by at least four characters of it, or by its id in hex.
absl::StatusOr<FileId> FindFile(vault::Vault& vault, std::string_view name);
// The same among these files alone.
absl::StatusOr<FileId> FindAmong(vault::Vault& vault, const std::vector<FileId>& files,
                                 std::string_view name);
// A live or voided record of the file by its id in hex or the beginning of it.
absl::StatusOr<RecordId> FindRecord(const domain::FileState& file, std::string_view name);
// A unit by its code or its id in hex.
absl::StatusOr<UnitId> FindUnit(vault::Vault& vault, std::string_view name);
// A person of the directory by her id in hex or the beginning of it; "me".
absl::StatusOr<PersonId> FindPerson(vault::Vault& vault, std::string_view name);
// The unit's code, else the beginning of its id.
std::string UnitName(vault::Vault& vault, const UnitId& unit);
// "me", else the beginning of the person's id: the directory has no names.
std::string PersonName(vault::Vault& vault, const PersonId& person);

}  // namespace kapea::field
