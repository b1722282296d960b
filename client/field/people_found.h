// Persons met in an operation: counted first, by a number and not by a name; then each
// gets a file of her own, linked to the operation by two signed halves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/field/operation.h"
#include "client/field/typed_value.h"
#include "client/vault/vault.h"

namespace kapea::field {

struct PeopleFound {
  uint32_t count = 1;
  std::vector<Entry> entries;  // the same for all of them; temp_number only for one
};
struct PersonFound {
  RecordId record;  // in the operation
  int64_t number = 0;
  // Absent where this role may not found a person's file: the count stands all the same.
  std::optional<FileId> file;
};

// Writes one record per person with the next numbers, then founds the files. Members are
// the author's line, her unit's officers, its lead, and the supervisors of the operation.
// Threads: one at a time. Errors: as Draft::Commit. Where it stops half-way (the power is
// gone), nobody who was counted is lost: FinishPeople founds what is missing.
absl::StatusOr<std::vector<PersonFound>> AddPeople(vault::Vault& vault, const FileId& operation,
                                                   const PeopleFound& people);
// Founds and links what is still missing for persons whom this device counted. Ok when
// nothing is. AddPeople begins with it.
absl::StatusOr<std::vector<PersonFound>> FinishPeople(vault::Vault& vault, const FileId& operation);
// All persons of the operation, by number.
absl::StatusOr<std::vector<PersonFound>> ListPeople(vault::Vault& vault, const FileId& operation);

}  // namespace kapea::field
