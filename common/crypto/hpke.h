// HPKE (RFC 9180), base mode, one suite: DHKEM(X25519, HKDF-SHA256) 0x0020,
// HKDF-SHA256 0x0001, AES-256-GCM 0x0002. One message per encapsulation.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/crypto/secret.h"

namespace kapea::crypto {

// An X25519 key pair that receives wraps. Public and private keys: 32 bytes.
class ReceiveKey {
 public:
  static ReceiveKey Generate();
  static absl::StatusOr<ReceiveKey> FromPrivate(const SecretBytes& key);  // InvalidArgument: size
  SecretBytes Private() const { return private_.Copy(); }
  const std::string& public_key() const { return public_key_; }

 private:
  friend absl::StatusOr<SecretBytes> HpkeOpen(const ReceiveKey&, std::string_view, std::string_view,
                                              std::string_view, std::string_view);
  SecretBytes private_;
  std::string public_key_;
};

struct HpkeMessage {
  std::string encapsulated;  // 32 bytes
  std::string ciphertext;    // plaintext + 16 bytes
};

// InvalidArgument for a public key of another size or of small order.
absl::StatusOr<HpkeMessage> HpkeSeal(std::string_view public_key, std::string_view info,
                                     std::string_view associated_data, std::string_view plaintext);
// DataLoss when it does not open: another key, another context, or tampering.
absl::StatusOr<SecretBytes> HpkeOpen(const ReceiveKey& key, std::string_view encapsulated,
                                     std::string_view info, std::string_view associated_data,
                                     std::string_view ciphertext);

// The deterministic core of HpkeSeal, for the published vectors only: the
// ephemeral private key comes from the caller, who must never use it twice.
absl::StatusOr<HpkeMessage> InsecureHpkeSealWithEphemeral(const SecretBytes& ephemeral_private,
                                                          std::string_view public_key,
                                                          std::string_view info,
                                                          std::string_view associated_data,
                                                          std::string_view plaintext);

}  // namespace kapea::crypto
