// Entry 0.
#pragma once

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/codec/change_codec.h"
#include "common/crypto/signature.h"
#include "common/kv/store.h"

namespace kapea::server {

// Makes an empty store the ledger of a new deployment. `genesis` is a parcel of one
// KIND_GENESIS Change by the first registrar's device, signed by the key that the
// Change itself names for it. AlreadyExists when the store has a ledger; InvalidArgument
// when the genesis is not whole (log key, three registrars, their devices).
absl::Status InstallGenesis(kv::Store& store, const Clock& clock,
                            const crypto::NoteSigningKey& log_key, const codec::Parcel& genesis);

}  // namespace kapea::server
