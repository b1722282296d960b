// The halves of class keys for break-glass (domain/glass.h): made when a key epoch is opened,
// and joined again. Inside this room only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/core.h"
#include "client/vault/keys.h"
#include "common/crypto/secret.h"
#include "common/domain/file_state.h"

namespace kapea::vault {

// Gives the new epoch halves of each of its keys, for the supervisors on duty by
// domain::HalfHolders; none where there are fewer than two.
void MakeHalves(const domain::Directory& directory, const UnitId& unit,
                const std::vector<domain::Member>& roster, NewEpoch& epoch);
// The hashes of the halves of that class, into its opening.
void NameHalves(const NewEpoch& epoch, domain::KeyOpening& opening);

// Whether the newest key epoch of the file has no halves, and by now could have.
bool LacksHalves(const domain::FileState& state, const domain::Directory& directory);

// The half that this person was given of that key, by a wrap that opens here and fits the
// hash in the opening; nullopt: none.
struct OwnHalf {
  uint32_t half = 0;
  crypto::SecretBytes secret;
};
std::optional<OwnHalf> FindHalf(const Core& core, const domain::FileState& state,
                                const KeyEpochId& epoch, domain::KeyClass key_class);
// Whether `secret` is that half by the opening of its key epoch.
bool IsHalf(const domain::KeyOpening& opening, uint32_t half, const crypto::SecretBytes& secret);
// The class key, compared with its commitment. DataLoss when the two do not make it.
absl::StatusOr<crypto::SecretBytes> JoinHalves(const DeploymentId& deployment, const FileId& file,
                                               const KeyEpochId& epoch,
                                               const domain::KeyOpening& opening,
                                               const crypto::SecretBytes& a,
                                               const crypto::SecretBytes& b);

}  // namespace kapea::vault
