// The messages that cross the network, for the few rooms that hold them: service,
// link and the verifier.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/codec/change_codec.h"
#include "common/codec/ledger_codec.h"
#include "kapea/v1/change.pb.h"
#include "kapea/v1/ledger.pb.h"
#include "kapea/v1/sync.pb.h"

namespace kapea::codec {

// As DecodeParcel, from a message that is parsed already.
absl::StatusOr<Parcel> ParcelFromWire(const v1::Parcel& wire);
void ParcelToWire(const Parcel& parcel, v1::Parcel& wire);

void RunToWire(const EntryRun& run, v1::EntryRun& wire);
absl::StatusOr<EntryRun> RunFromWire(const v1::EntryRun& wire);

}  // namespace kapea::codec
