// The way of a Push before the sequencer.
#pragma once

#include <vector>

#include "common/codec/change_codec.h"
#include "server/core/published.h"
#include "server/core/submission.h"

namespace kapea::server {

// The parcels up to the first that may not go on: each must be of this deployment, by a
// device that the directory knows (revoked ones too: the ledger judges their Changes),
// and signed by that device's key. Whoever carries it is not asked: any authenticated
// device may bring another's parcel, the author is the signature. Where one is refused,
// `refused_after` says why, and the later ones are not looked at.
// Threads: any; about 75 us a parcel, on the caller's.
Submission Receive(std::vector<codec::Parcel> parcels, const DirectoryView& directory);

}  // namespace kapea::server
