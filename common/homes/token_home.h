// A key home in a PKCS#11 token: a smart card, a hardware security module, SoftHSM.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/crypto/key_home.h"

namespace kapea::homes {

// The token holds a P-256 key that never leaves it. The secret is its ECDH result with a
// random point, which is the note (65 bytes): the one operation that cards, modules and
// SoftHSM all have. Make makes the key where there is none of that label.
// The module is loaded for each call and let go after it. Only the settings name it: nothing
// of a note but a point on the curve reaches the token.
class TokenHome : public crypto::KeyHome {
 public:
  TokenHome(crypto::KeyHomeSettings::Token where, crypto::AskSecret pin)
      : where_(std::move(where)), pin_(std::move(pin)) {}

  crypto::HomeKind kind() const override { return crypto::HomeKind::kToken; }
  absl::StatusOr<Made> Make() override;
  absl::StatusOr<crypto::SecretBytes> Find(std::string_view note) override;

 private:
  const crypto::KeyHomeSettings::Token where_;
  const crypto::AskSecret pin_;
};

}  // namespace kapea::homes
