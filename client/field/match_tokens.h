// Tokens of a person's file, by which another agency may learn that it knows the same person.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/vault/match_door.h"
#include "client/vault/name_store.h"
#include "client/vault/vault.h"
#include "common/domain/file_state.h"
#include "common/domain/match.h"

namespace kapea::field {

// Which fields are compared: the number of KH-ID-DOCUMENT; every telephone number; of
// KH-VICTIM-INTAKE family and given name, in either script, with the year of birth.
// Threads and errors: as Vault; FailedPrecondition where no key of the programme is held here.
class MatchTokens {
 public:
  // `vault` must outlive it. Without `names` nothing is made of a name.
  MatchTokens(vault::Vault& vault, const vault::MatchScope& scope, bool names)
      : vault_(vault), door_(vault.name_store()), scope_(scope), names_(names) {}

  absl::StatusOr<domain::MatchAlias> AliasOf(const FileId& file);
  // Ascending, each once, at most kMatchTokensPerKindMax of a kind. Absent where this device
  // cannot tell: the person may not read the file's identity, or has no key of a value.
  absl::StatusOr<std::optional<std::vector<domain::MatchToken>>> Of(const domain::FileState& file);

 private:
  using Sources = std::vector<vault::MatchSource>;
  absl::Status Add(const domain::FileState& file, domain::MatchKind kind, const Sources& sources,
                   const vault::MatchDoor::Words& words, std::vector<domain::MatchToken>& tokens);
  absl::Status AddNumbers(const domain::FileState& file, std::vector<domain::MatchToken>& tokens);
  absl::Status AddNames(const domain::FileState& file, std::vector<domain::MatchToken>& tokens);

  vault::Vault& vault_;
  vault::MatchDoor door_;
  const vault::MatchScope scope_;
  const bool names_;
};

}  // namespace kapea::field
