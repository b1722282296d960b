// Keys from passphrases: Argon2id (RFC 9106), by libsodium.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/crypto/secret.h"

namespace kapea::crypto {

// Stored in clear beside what the key opens. The ceilings keep an altered file from
// holding a device for hours or taking all its memory.
struct PassphraseParameters {
  static constexpr size_t kSaltBytes = 16;
  static constexpr uint64_t kMemoryBytesMin = uint64_t{64} << 20;
  static constexpr uint64_t kMemoryBytesMax = uint64_t{4} << 30;
  static constexpr uint64_t kPassesMin = 3;
  static constexpr uint64_t kPassesMax = 1000;

  std::string salt;
  uint64_t memory_bytes = kMemoryBytesMin;
  uint64_t passes = kPassesMin;

  // A new salt and as many passes as take about `target_ms` on this machine, never
  // below the floor.
  static PassphraseParameters Calibrate(int64_t target_ms);
};

// InvalidArgument outside floor and ceiling.
absl::Status CheckParameters(const PassphraseParameters& parameters);

// 32 bytes. InvalidArgument outside floor and ceiling; ResourceExhausted when the memory
// is not there.
absl::StatusOr<SecretBytes> DeriveFromPassphrase(std::string_view passphrase,
                                                 const PassphraseParameters& parameters);

}  // namespace kapea::crypto
