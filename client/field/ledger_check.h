// Everything that this device was promised, checked again from the bytes it keeps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/vault/vault.h"

namespace kapea::field {

struct LedgerCheck {
  uint64_t receipts = 0;      // of own Changes, each with its signed checkpoint and its proof
  uint64_t changes = 0;       // held ones, each in its parcel and under its author's signature
  uint64_t unsigned_yet = 0;  // whose author's device the directory does not have yet
  uint64_t waiting = 0;       // own Changes without a receipt
  std::string origin;
  uint64_t ledger_size = 0;
  Hash ledger_root;
  std::vector<std::string> faults;  // what does not hold, without personal data

  bool holds() const { return faults.empty(); }
};

// Threads: one at a time. Errors: the vault's; what does not verify is a fault in the
// answer, not an error.
absl::StatusOr<LedgerCheck> VerifyHeldLedger(vault::Vault& vault);

}  // namespace kapea::field
