// Recovery as people see it: what came back into a file, and how far the recovery key is
// able to bring a file back at all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/domain/file_state.h"

namespace kapea::field {

// For how long the inbox of a file's leads tells of a recovery.
inline constexpr Duration kRecoveryTold = Duration::Days(30);

// The newest first. PermissionDenied for who does not lead the file; else as Vault.
absl::StatusOr<std::vector<domain::RecoveryAt>> ListRecoveries(vault::Vault& vault,
                                                               const FileId& file);

// Those of others that a lead is still to be told of.
std::vector<domain::RecoveryAt> RecoveriesToTell(vault::Vault& vault,
                                                 const domain::FileState& file);

// How much of a file the recovery key of now opens.
struct RecoveryReach {
  uint32_t generation = 0;  // of the key; 0: the directory has none
  size_t given = 0;         // class keys of the file that it was given
  size_t all = 0;           // class keys of the file
};
RecoveryReach ReachOfRecovery(const domain::FileState& file, const domain::Directory& directory);

}  // namespace kapea::field
