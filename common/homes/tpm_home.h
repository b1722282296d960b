// A key home in a TPM 2.0.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/crypto/key_home.h"

namespace kapea::homes {

// The secret is random, and sealed by the TPM under a key that it makes anew each time from
// its owner seed and a template of ours; nothing is stored in the TPM. The note is
//   flags (u8; 1: with a PIN) || lp(name of that key) || lp(public part) || lp(private part)
// with both parts in the TPM's own format. With a PIN the TPM itself counts wrong ones and
// locks. The secret crosses the bus encrypted to the TPM's key, whose name is compared with
// that at sealing, so a chip put in between reads nothing.
// It is bound to the machine, not to what the machine has started.
class TpmHome : public crypto::KeyHome {
 public:
  // `pin` is asked for a note that was made with one. `make_with_pin`: Make makes such.
  TpmHome(std::string tcti, crypto::AskSecret pin, bool make_with_pin)
      : tcti_(std::move(tcti)), pin_(std::move(pin)), make_with_pin_(make_with_pin) {}

  crypto::HomeKind kind() const override { return crypto::HomeKind::kTpm; }
  absl::StatusOr<Made> Make() override;
  absl::StatusOr<crypto::SecretBytes> Find(std::string_view note) override;

 private:
  const std::string tcti_;
  const crypto::AskSecret pin_;
  const bool make_with_pin_;
};

}  // namespace kapea::homes
