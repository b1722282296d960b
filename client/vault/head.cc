#include "client/vault/head.h"

#include <algorithm>

#include "client/vault/rows.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"

namespace kapea::vault {
namespace {

inline constexpr std::string_view kMagic = "KAPEAVLT";
inline constexpr uint8_t kHeadVersion = 1;
inline constexpr size_t kHeadBytesMax = 4096;
inline constexpr uint32_t kFailuresMax = 1'000'000;

crypto::ValueContext KeyContext(std::string_view parameters) {
  return {0, parameters, crypto::kVaultDomain, "master key"};
}

absl::Status Damaged() {
  return absl::DataLossError("vault head: altered or damaged; restore it from a copy");
}

absl::Status Refused(Duration wait) {
  const int64_t seconds = (wait.milliseconds() + 999) / 1000;
  return absl::UnauthenticatedError("wrong passphrase; next try in " + std::to_string(seconds) +
                                    " s");
}

}  // namespace

absl::StatusOr<Head> Head::Make(std::string_view passphrase, const crypto::SecretBytes& key,
                                int64_t kdf_target_ms) {
  if (passphrase.empty()) return absl::InvalidArgumentError("want a passphrase, got none");
  Head head;
  head.parameters_ = crypto::PassphraseParameters::Calibrate(kdf_target_ms);
  KAPEA_ASSIGN(const crypto::SecretBytes sealing,
               crypto::DeriveFromPassphrase(passphrase, head.parameters_));
  head.sealed_key_ = crypto::ValueSealer(sealing).Seal(KeyContext(head.Context()), key.view());
  return head;
}

absl::StatusOr<Head> Head::Reseal(std::string_view passphrase,
                                  const crypto::SecretBytes& key) const {
  if (passphrase.empty()) return absl::InvalidArgumentError("want a passphrase, got none");
  Head head;
  head.parameters_ = parameters_;
  head.parameters_.salt = crypto::RandomBytes(crypto::PassphraseParameters::kSaltBytes);
  KAPEA_ASSIGN(const crypto::SecretBytes sealing,
               crypto::DeriveFromPassphrase(passphrase, head.parameters_));
  head.sealed_key_ = crypto::ValueSealer(sealing).Seal(KeyContext(head.Context()), key.view());
  return head;
}

std::string Head::Context() const {
  return RowWriter()
      .Bytes(parameters_.salt)
      .U64(parameters_.memory_bytes)
      .U64(parameters_.passes)
      .Take();
}

std::string Head::Encode() const {
  RowWriter row;
  row.Bytes(kMagic).U8(kHeadVersion).Bytes(parameters_.salt);
  row.U64(parameters_.memory_bytes).U64(parameters_.passes).Bytes(sealed_key_).U32(failures_);
  row.Ms(last_failure_.wall.unix_ms()).Ms(last_failure_.elapsed.milliseconds());
  row.Fixed(last_failure_.boot);
  std::string bytes = row.Take();
  bytes.append(crypto::Sha256(bytes).view());
  return bytes;
}

absl::StatusOr<Head> Head::Decode(std::string_view bytes) {
  if (bytes.size() < Hash::kBytes) return Damaged();
  const std::string_view body = bytes.substr(0, bytes.size() - Hash::kBytes);
  if (crypto::Sha256(body).view() != bytes.substr(body.size())) return Damaged();
  RowReader row(body);
  if (row.Bytes() != kMagic) return Damaged();
  if (row.U8() != kHeadVersion) {
    return absl::FailedPreconditionError("vault head: written by a newer program");
  }
  Head head;
  head.parameters_.salt = row.Text();
  head.parameters_.memory_bytes = row.U64();
  head.parameters_.passes = row.U64();
  head.sealed_key_ = row.Text();
  head.failures_ = row.U32();
  head.last_failure_.wall = Time::FromUnixMs(row.Ms());
  head.last_failure_.elapsed = Duration::Milliseconds(row.Ms());
  head.last_failure_.boot = row.Fixed<BootId>();
  if (!row.Done("head").ok()) return Damaged();
  return head;
}

absl::StatusOr<Head> Head::Read(const std::string& path) {
  KAPEA_ASSIGN(const std::string bytes, ReadFile(path, kHeadBytesMax));
  return Decode(bytes);
}

absl::Status Head::Write(const std::string& path) const {
  return WriteFileAtomically(path, Encode(), kPrivateFileMode);
}

Duration Head::Wait(const ClockReading& now) const {
  if (failures_ == 0) return Duration();
  const int64_t doubled = failures_ > 9 ? kUnlockDelayMaxSeconds : int64_t{1} << (failures_ - 1);
  const Duration delay = Duration::Seconds(std::min(doubled, kUnlockDelayMaxSeconds));
  const bool same_boot = now.boot == last_failure_.boot && !now.boot.is_zero();
  const Duration since = same_boot ? now.elapsed - last_failure_.elapsed  //
                                   : now.wall - last_failure_.wall;
  return since < Duration() ? delay : std::max(Duration(), delay - since);
}

absl::StatusOr<crypto::SecretBytes> Head::Unlock(const std::string& path,
                                                 std::string_view passphrase, const Clock& clock) {
  const ClockReading now = clock.Read();
  const Duration wait = Wait(now);
  const bool same_boot = now.boot == last_failure_.boot && !now.boot.is_zero();
  if (wait > Duration()) {
    if (!same_boot && now.wall < last_failure_.wall) {
      last_failure_ = now;  // the clock was set back: without this the delay would never end
      KAPEA_TRY(Write(path));
    }
    return Refused(wait);
  }
  const Head before = *this;
  failures_ = std::min(failures_ + 1, kFailuresMax);
  last_failure_ = now;
  const absl::Status counted = Write(path);
  // A full disk must not keep anybody from reading what is on it.
  if (!counted.ok() && !absl::IsResourceExhausted(counted)) return counted;
  KAPEA_ASSIGN(const crypto::SecretBytes sealing,
               crypto::DeriveFromPassphrase(passphrase, parameters_));
  auto key = crypto::ValueSealer(sealing).Open(KeyContext(Context()), sealed_key_);
  if (!key.ok()) return Refused(Wait(now));
  crypto::SecretBytes secret = crypto::SecretBytes::CopyOf(*key);
  crypto::Wipe(*key);
  failures_ = 0;
  last_failure_ = before.last_failure_;
  const absl::Status reset = Write(path);
  if (!reset.ok() && !absl::IsResourceExhausted(reset)) return reset;
  return secret;
}

}  // namespace kapea::vault
