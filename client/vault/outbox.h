// What this device wrote and has no receipt for, in the order of its chain, and the
// parcels it signed. For sync.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/codec/change_codec.h"
#include "common/codec/ledger_codec.h"
#include "common/domain/change.h"

namespace kapea::vault {

class Core;

// A parcel is cut at this size, so that a broken upload costs little on a slow line.
inline constexpr size_t kParcelTargetBytes = 96 * 1024;

// A Receipt as it lies: checked by sync before it comes here.
struct HeldReceipt {
  codec::EntryRun run;
  std::string checkpoint;  // note
};

// A parcel with its receipts, and the Entries of all its Changes, in order.
struct ReceiptedParcel {
  codec::Parcel parcel;
  std::vector<HeldReceipt> receipts;
  std::vector<domain::Entry> entries;
};

// Threads: as Vault. Errors: as Vault.
class Outbox {
 public:
  explicit Outbox(Core& core) : core_(core) {}

  uint64_t waiting() const;  // Changes without a receipt
  uint64_t waiting(const FileId& file) const;
  bool urgent() const;  // custody or an alarm waits
  // The next parcels to be pushed of what waits after that sequence number, in order,
  // `bytes_max` together but at least one. What no parcel has yet is signed now, all in
  // one commit, and kept before this returns: a retry sends the same bytes. Empty:
  // nothing waits there.
  absl::StatusOr<std::vector<codec::Parcel>> NextParcels(uint64_t after, size_t bytes_max);
  // The server has these: the receipts of one answer, in one commit. Changes whose
  // numbers follow move into the replica, so that they need not come back in a pull.
  // Buffered: a receipt that is lost is given again.
  absl::Status KeepReceipts(const std::vector<ReceiptedParcel>& parcels);
  // The receipts of the own Change with that sequence number; empty: none yet.
  absl::StatusOr<std::vector<HeldReceipt>> ReceiptsOf(uint64_t sequence) const;
  // The server wants the chain from `sequence` on again, for it lost what it had: kept
  // parcels are offered once more. FailedPrecondition when they are not kept.
  absl::Status RewindTo(uint64_t sequence);
  // Parcels of this device that were signed, oldest first, from the one that has `from`.
  absl::StatusOr<std::vector<codec::Parcel>> Kept(uint64_t from, size_t bytes_max) const;

 private:
  // Parcels of what no parcel has yet.
  absl::StatusOr<std::vector<codec::Parcel>> SignNext(size_t bytes_max);

  Core& core_;
};

}  // namespace kapea::vault
