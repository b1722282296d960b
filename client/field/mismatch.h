// Derived facts are what the server judges by, and only devices that can open their source
// know whether they are true. So every one that can looks, unasked, and says where they differ.
#pragma once

#include <cstddef>
#include <set>

#include "absl/status/statusor.h"
#include "client/vault/vault.h"

namespace kapea::field {

struct FactCheck {
  size_t compared = 0;
  size_t reported = 0;  // mismatch Changes that were written; they go out with the next sync
};

// Compares the facts that came into these files since the last time with their sources, as
// far as this device's person may open them and the keys are here. The sources are opened
// for nobody's eyes (Vault::FactHolds), so without a read notice. What cannot be compared (no
// key, a rule of a newer program) is passed over: other members have it. Facts that this
// device wrote itself are not looked at: who lies in both is not found out by herself.
// Threads: one at a time. Errors: as Vault; all that was written before one stays.
absl::StatusOr<FactCheck> CompareFacts(vault::Vault& vault, const std::set<FileId>& files);

}  // namespace kapea::field
