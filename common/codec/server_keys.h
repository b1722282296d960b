// The server's own secrets, as one file that its homes open.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/crypto/key_box.h"
#include "common/crypto/passphrase.h"
#include "common/crypto/secret.h"

namespace kapea::codec {

// Move-only: its parts are wiped when it dies. Threads: one at a time.
struct ServerKeys {
  crypto::SecretBytes store_master_key;  // 32 bytes
  crypto::SecretBytes log_seed;          // 32 bytes, Ed25519
  crypto::SecretBytes device_scalar;     // 32 bytes, P-256: signs deliveries
  crypto::SecretBytes tls_key_pem;       // of the server's certificate
  std::string tls_chain_pem;             // leaf, Server CA, root
  // 32 bytes while the store's master key is being replaced; else empty.
  crypto::SecretBytes next_store_master_key;

  // The content of the keys file. InvalidArgument when a part is missing; errors of
  // crypto::SealKeyBox.
  absl::StatusOr<std::string> Seal(crypto::Homes homes) const;
  // InvalidArgument for no keys file; errors of crypto::OpenKeyBox.
  static absl::StatusOr<ServerKeys> Open(crypto::Homes homes, std::string_view sealed);

  // Under a passphrase alone.
  absl::StatusOr<std::string> Seal(std::string_view passphrase,
                                   const crypto::PassphraseParameters& parameters) const;
  static absl::StatusOr<ServerKeys> Open(std::string_view passphrase, std::string_view sealed);
};

}  // namespace kapea::codec
