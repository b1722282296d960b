#include "common/crypto/passphrase_box.h"

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/crypto/seal.h"

namespace kapea::crypto {
namespace {

constexpr std::string_view kMagic("P\x01", 2);
constexpr size_t kHeaderBytes = 2 + PassphraseParameters::kSaltBytes + 8 + 8;

ValueContext ContextOf(std::string_view header) { return {0, "passphrase", "box", header}; }

}  // namespace

absl::StatusOr<std::string> SealWithPassphrase(std::string_view passphrase,
                                               std::string_view plaintext,
                                               const PassphraseParameters& parameters) {
  if (plaintext.size() + kHeaderBytes + kValueOverheadBytes > kPassphraseBoxBytesMax) {
    return absl::InvalidArgumentError("want at most 1 MiB under a passphrase, got " +
                                      std::to_string(plaintext.size()) + " bytes");
  }
  KAPEA_ASSIGN(const SecretBytes key, DeriveFromPassphrase(passphrase, parameters));
  std::string box(kMagic);
  box += parameters.salt;
  AppendU64(box, parameters.memory_bytes);
  AppendU64(box, parameters.passes);
  return box + ValueSealer(key).Seal(ContextOf(box), plaintext);
}

absl::StatusOr<SecretBytes> OpenWithPassphrase(std::string_view passphrase, std::string_view box) {
  if (box.size() < kHeaderBytes + kValueOverheadBytes || box.size() > kPassphraseBoxBytesMax ||
      !box.starts_with(kMagic)) {
    return absl::InvalidArgumentError("these bytes are not sealed under a passphrase");
  }
  const std::string_view header = box.substr(0, kHeaderBytes);
  PassphraseParameters parameters;
  parameters.salt = std::string(header.substr(kMagic.size(), PassphraseParameters::kSaltBytes));
  parameters.memory_bytes = ReadU64(header, kHeaderBytes - 16);
  parameters.passes = ReadU64(header, kHeaderBytes - 8);
  KAPEA_ASSIGN(const SecretBytes key, DeriveFromPassphrase(passphrase, parameters));
  auto opened = ValueSealer(key).Open(ContextOf(header), box.substr(kHeaderBytes));
  if (!opened.ok()) {
    return absl::UnauthenticatedError(
        "the passphrase is another one, or the file was altered: nothing was opened");
  }
  SecretBytes secret = SecretBytes::CopyOf(*opened);
  Wipe(*opened);
  return secret;
}

}  // namespace kapea::crypto
