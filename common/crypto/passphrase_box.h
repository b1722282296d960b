// A secret kept in a file under a passphrase: the server's keys, a backup of them.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/crypto/passphrase.h"
#include "common/crypto/secret.h"

namespace kapea::crypto {

inline constexpr size_t kPassphraseBoxBytesMax = 1u << 20;

// "P" 0x01 | salt (16) | u64 memory in bytes | u64 passes | value format (seal.h), under
// the key that the passphrase and these parameters give. The bytes before the value are
// bound to it. Errors: those of DeriveFromPassphrase.
absl::StatusOr<std::string> SealWithPassphrase(std::string_view passphrase,
                                               std::string_view plaintext,
                                               const PassphraseParameters& parameters);
// Unauthenticated, with a sentence to show, when the passphrase is another one or the
// box was altered (nobody can tell which); InvalidArgument for bytes that are no box.
absl::StatusOr<SecretBytes> OpenWithPassphrase(std::string_view passphrase, std::string_view box);

}  // namespace kapea::crypto
