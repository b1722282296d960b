// Whether the ServerTime that a Change carries was signed by this deployment's log.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "absl/status/status.h"
#include "common/crypto/signature.h"
#include "common/ledger/checkpoint.h"

namespace kapea::server {

// Devices repeat the same note for hours, and a signature costs more than all else
// about a Change: notes that were good are remembered. Threads: one at a time.
class NoteCheck {
 public:
  void SetKey(std::string public_key) { public_key_ = std::move(public_key); }
  // Unauthenticated when the note is none of ours (of any ledger epoch). Empty is fine.
  absl::Status Check(std::string_view note);

 private:
  std::string public_key_;
  std::unordered_set<std::string> good_;
};

}  // namespace kapea::server
