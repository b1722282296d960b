#include "common/crypto/key_home.h"

#include <array>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/macros.h"

namespace kapea::crypto {
namespace {

constexpr std::array<std::pair<HomeKind, std::string_view>, 4> kNames = {
    {{HomeKind::kCredential, "credential"},
     {HomeKind::kToken, "pkcs11"},
     {HomeKind::kTpm, "tpm"},
     {HomeKind::kPassphrase, "passphrase"}}};
constexpr size_t kPassphraseNoteBytes = PassphraseParameters::kSaltBytes + 8 + 8;

}  // namespace

std::string_view NameOf(HomeKind kind) {
  for (const auto& [known, name] : kNames) {
    if (known == kind) return name;
  }
  return "unknown";
}

std::optional<HomeKind> HomeKindNamed(std::string_view name) {
  for (const auto& [kind, known] : kNames) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

absl::Status PassphraseHome::AskOnce() {
  if (!passphrase_.empty() || ask_ == nullptr) return absl::OkStatus();
  KAPEA_ASSIGN(passphrase_, ask_());
  return absl::OkStatus();
}

absl::StatusOr<KeyHome::Made> PassphraseHome::Make() {
  KAPEA_TRY(AskOnce());
  const PassphraseParameters parameters =
      parameters_.has_value() ? *parameters_ : PassphraseParameters::Calibrate(kdf_target_ms_);
  Made made;
  KAPEA_ASSIGN(made.secret, DeriveFromPassphrase(passphrase_.view(), parameters));
  made.note = parameters.salt;
  AppendU64(made.note, parameters.memory_bytes);
  AppendU64(made.note, parameters.passes);
  return made;
}

absl::StatusOr<SecretBytes> PassphraseHome::Find(std::string_view note) {
  if (note.size() != kPassphraseNoteBytes) {
    return absl::InvalidArgumentError("want 32 bytes about a passphrase, got " +
                                      std::to_string(note.size()));
  }
  PassphraseParameters parameters;
  parameters.salt = std::string(note.substr(0, PassphraseParameters::kSaltBytes));
  parameters.memory_bytes = ReadU64(note, PassphraseParameters::kSaltBytes);
  parameters.passes = ReadU64(note, PassphraseParameters::kSaltBytes + 8);
  // Before anybody is asked for it: an altered note is refused as it is.
  KAPEA_TRY(CheckParameters(parameters));
  KAPEA_TRY(AskOnce());
  return DeriveFromPassphrase(passphrase_.view(), parameters);
}

absl::StatusOr<KeyHome::Made> CredentialHome::Make() {
  Made made;
  KAPEA_ASSIGN(made.secret, Find({}));
  return made;
}

absl::StatusOr<SecretBytes> CredentialHome::Find(std::string_view note) {
  if (!note.empty()) return absl::InvalidArgumentError("want nothing about a credential, got more");
  KAPEA_ASSIGN(SecretBytes key, ask_());
  if (key.size() != kHomeSecretBytes) {
    return absl::FailedPreconditionError("want a credential of 32 bytes, got " +
                                         std::to_string(key.size()) +
                                         ": make one with `head -c 32 /dev/urandom`");
  }
  return key;
}

}  // namespace kapea::crypto
