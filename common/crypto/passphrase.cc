#include "common/crypto/passphrase.h"

#include <sodium.h>

#include <algorithm>

#include "common/base/clock.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"

namespace kapea::crypto {
namespace {

constexpr size_t kKeyBytes = 32;
static_assert(PassphraseParameters::kSaltBytes == crypto_pwhash_argon2id_SALTBYTES);

}  // namespace

absl::Status CheckParameters(const PassphraseParameters& parameters) {
  if (parameters.salt.size() != PassphraseParameters::kSaltBytes) {
    return absl::InvalidArgumentError("want a passphrase salt of 16 bytes, got " +
                                      std::to_string(parameters.salt.size()));
  }
  if (parameters.memory_bytes < PassphraseParameters::kMemoryBytesMin ||
      parameters.memory_bytes > PassphraseParameters::kMemoryBytesMax) {
    return absl::InvalidArgumentError("want 64 MiB to 4 GiB for a passphrase, got " +
                                      std::to_string(parameters.memory_bytes) + " bytes");
  }
  if (parameters.passes < PassphraseParameters::kPassesMin ||
      parameters.passes > PassphraseParameters::kPassesMax) {
    return absl::InvalidArgumentError("want 3 to 1000 passes for a passphrase, got " +
                                      std::to_string(parameters.passes));
  }
  return absl::OkStatus();
}

PassphraseParameters PassphraseParameters::Calibrate(int64_t target_ms) {
  PassphraseParameters parameters;
  parameters.salt = RandomBytes(kSaltBytes);
  if (target_ms <= 0) return parameters;  // the floor, which needs no measuring
  const SystemClock clock;
  const ClockReading before = clock.Read();
  // Without the memory for the floor there is nothing to measure; deriving says so later.
  if (!DeriveFromPassphrase("calibration", parameters).ok()) return parameters;
  const Duration took = clock.Read().elapsed - before.elapsed;
  const int64_t floor_ms = std::max<int64_t>(took.milliseconds(), 1);
  const int64_t passes = target_ms * static_cast<int64_t>(kPassesMin) / floor_ms;
  parameters.passes =
      std::clamp(static_cast<uint64_t>(std::max<int64_t>(passes, 0)), kPassesMin, kPassesMax);
  return parameters;
}

absl::StatusOr<SecretBytes> DeriveFromPassphrase(std::string_view passphrase,
                                                 const PassphraseParameters& parameters) {
  KAPEA_TRY(CheckParameters(parameters));
  KAPEA_CHECK(sodium_init() >= 0);
  SecretBytes key(kKeyBytes);
  if (crypto_pwhash(key.data(), key.size(), passphrase.data(), passphrase.size(),
                    reinterpret_cast<const unsigned char*>(parameters.salt.data()),
                    parameters.passes, static_cast<size_t>(parameters.memory_bytes),
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return absl::ResourceExhaustedError("want " + std::to_string(parameters.memory_bytes) +
                                        " bytes of memory for a passphrase");
  }
  return key;
}

}  // namespace kapea::crypto
