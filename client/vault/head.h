// The vault's head: the local master key, sealed under the passphrase, and how often
// somebody guessed wrong. The one file that is read before unlocking; 0600, replaced in
// one step. README.md has the format. Inside this room only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/crypto/passphrase.h"
#include "common/crypto/secret.h"

namespace kapea::vault {

// After the n-th wrong passphrase in a row the next try waits 1, 2, 4 ... 300 seconds.
inline constexpr int64_t kUnlockDelayMaxSeconds = 300;

// Threads: one at a time.
class Head {
 public:
  // A head around a new random master key.
  static absl::StatusOr<Head> Make(std::string_view passphrase, const crypto::SecretBytes& key,
                                   int64_t kdf_target_ms);
  // A head around the same key under another passphrase, as costly as this one.
  absl::StatusOr<Head> Reseal(std::string_view passphrase, const crypto::SecretBytes& key) const;
  // NotFound; DataLoss "vault head ..." when a bit was flipped.
  static absl::StatusOr<Head> Read(const std::string& path);
  absl::Status Write(const std::string& path) const;

  // The master key. Counts the try on the disk before it looks at the passphrase, so that
  // ending the program does not win a guess. Unauthenticated "wrong passphrase; next try
  // in N s"; the same while a delay runs. A clock that was set back starts the delay
  // anew. Limit: whoever can write the disk can set the counter back; the delay is
  // against fingers, Argon2id is against copies.
  absl::StatusOr<crypto::SecretBytes> Unlock(const std::string& path, std::string_view passphrase,
                                             const Clock& clock);

 private:
  std::string Encode() const;
  static absl::StatusOr<Head> Decode(std::string_view bytes);
  std::string Context() const;
  // Zero: try now.
  Duration Wait(const ClockReading& now) const;

  crypto::PassphraseParameters parameters_;
  std::string sealed_key_;
  uint32_t failures_ = 0;
  ClockReading last_failure_;
};

}  // namespace kapea::vault
