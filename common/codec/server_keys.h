// The server's own secrets, as one file under a passphrase.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
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

  // The content of the keys file. InvalidArgument when a part is missing.
  absl::StatusOr<std::string> Seal(std::string_view passphrase,
                                   const crypto::PassphraseParameters& parameters) const;
  // Unauthenticated for another passphrase; InvalidArgument for no keys file.
  static absl::StatusOr<ServerKeys> Open(std::string_view passphrase, std::string_view sealed);
};

}  // namespace kapea::codec
