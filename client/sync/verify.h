// What a device checks before it believes a server: functions over what came and what is
// held. Errors are DataLoss, and say what did not fit, without personal data.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/sync/transport.h"
#include "client/vault/replica.h"
#include "common/crypto/signature.h"
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

// Parcels that came, each read and its signature checked once, in however many files and
// messages its Changes come. Threads: one at a time. Limits: kParcelsRememberedMax.
class SeenParcels {
 public:
  // The parcel with this header and signature, read.
  absl::StatusOr<std::shared_ptr<const vault::ArrivedParcel>> Read(const ParcelStub& stub);
  // DataLoss unless the device with that signing key signed it.
  absl::Status CheckSigned(const vault::ArrivedParcel& parcel, const std::string& signing_key);

 private:
  struct Seen {
    std::shared_ptr<const vault::ArrivedParcel> parcel;
    std::string signed_by;  // the key that it was checked with; empty: not yet
  };
  std::map<std::string, Seen> seen_;               // by header and signature
  std::map<std::string, crypto::VerifyKey> keys_;  // parsed
};

// The Changes of a pulled file, each proven: its Entry stands under the checkpoint, it is
// the Change of that Entry, it stands in its parcel, and the device that it names signed
// that parcel. A device that is not in the directory (yet) leaves `verified` false: such
// a Change has no effect, and the vault checks it once the directory has the device.
absl::StatusOr<vault::Arrival> VerifyPulled(const PulledFile& pulled,
                                            const ledger::Checkpoint& checkpoint,
                                            const Known& known, SeenParcels& parcels);

// The Entries of all Changes of the parcel, in order, from verified receipts: `trees` has
// the opened checkpoint of each receipt.
absl::StatusOr<std::vector<domain::Entry>> VerifyReceipts(
    const codec::Parcel& parcel, const std::vector<vault::HeldReceipt>& receipts,
    const std::vector<ledger::Checkpoint>& trees);

// Whether the run's proof, which leads to the checkpoint, shows too that its tree only
// continues that of `older`. False: it says nothing about it, and another proof must.
bool Continues(const codec::EntryRun& run, const ledger::Checkpoint& older,
               const ledger::Checkpoint& checkpoint);

}  // namespace kapea::sync
