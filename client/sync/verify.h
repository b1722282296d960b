// What a device checks before it believes a server: pure functions over what came and
// what is held. Errors are DataLoss, and say what did not fit, without personal data.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/sync/transport.h"
#include "client/vault/replica.h"
#include "common/domain/directory.h"
#include "common/ledger/checkpoint.h"

namespace kapea::sync {

// What the device knows by itself.
struct Known {
  DeploymentId deployment;
  Hash genesis;  // leaf hash of Entry 0
  FileId directory_file;
  std::shared_ptr<const domain::Directory> directory;
};

// The Changes of a pulled file, each proven: its Entry stands under the checkpoint, it is
// the Change of that Entry, it stands in its parcel, and the device that it names signed
// that parcel. A device that is not in the directory (yet) leaves `verified` false: such
// a Change has no effect, and the vault checks it once the directory has the device.
absl::StatusOr<vault::Arrival> VerifyPulled(const PulledFile& pulled,
                                            const ledger::Checkpoint& checkpoint,
                                            const Known& known);

// The Entries of all Changes of the parcel, in order, from verified receipts: `trees` has
// the opened checkpoint of each receipt.
absl::StatusOr<std::vector<domain::Entry>> VerifyReceipts(
    const codec::Parcel& parcel, const std::vector<vault::HeldReceipt>& receipts,
    const std::vector<ledger::Checkpoint>& trees);

// A Change of the parcel as it would come in a pull.
absl::StatusOr<vault::Arrived> AsArrived(const codec::Parcel& parcel, uint32_t index,
                                         const std::string& entry);

}  // namespace kapea::sync
