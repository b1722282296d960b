// Private keys on a disk.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/crypto/signature.h"

namespace kapea::pki {

// PKCS#8 PEM, mode 0600, in one step. Where a machine has a better place for a key
// (a TPM, a smart card, the vault), the key should be there instead.
absl::Status WritePrivateKey(const std::string& path, const crypto::SigningKey& key);
// FailedPrecondition when anybody but the owner may read or write the file;
// InvalidArgument when it holds no P-256 key.
absl::StatusOr<crypto::SigningKey> ReadPrivateKey(const std::string& path);

}  // namespace kapea::pki
