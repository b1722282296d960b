// The head count: everybody who was found is somewhere, and somebody signed for her.
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

struct Muster {
  // From the newest count, where it says so.
  std::optional<Time> counted_at;
  std::string point;  // code of the newest count: scene, departure, arrival ...
  std::optional<int64_t> expected, said_found, in_vehicle, arrived, admitted;
  // From the records of the persons found.
  int64_t found = 0;
  int64_t left_scene = 0;
  int64_t handed_over = 0, declined = 0, cleared = 0, hospital = 0, arrested = 0;
  std::vector<int64_t> without_outcome;
  // Of the persons' files, as far as this device holds them.
  int64_t offered = 0;   // offers that wait for an answer
  int64_t accepted = 0;  // accepted by another unit's signature
  std::vector<int64_t> not_held;
  // Each a short sentence; empty: it balances.
  std::vector<std::string> differences;

  bool balances() const { return differences.empty(); }
};

// Threads: one at a time. Errors: as Vault; NotFound without a checklist.
absl::StatusOr<Muster> CountPeople(vault::Vault& vault, const FileId& operation);

// Writes a count down. What the entries do not say is taken over: `counted_at` now,
// `expected` from the last count or the plan, `found` from the persons' records. A
// difference between the two needs a `difference_reason`, by the form's own rule.
struct Counted {
  Edited edited;
  Muster muster;
};
absl::StatusOr<Counted> TakeMuster(vault::Vault& vault, const FileId& operation,
                                   const std::vector<Entry>& entries);

}  // namespace kapea::field
