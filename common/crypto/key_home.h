// Where the key lives that opens the server's keys: in somebody's head, with the service
// manager, in a token, in a TPM. Those that need hardware are in common/homes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "common/crypto/passphrase.h"
#include "common/crypto/secret.h"

namespace kapea::crypto {

// Numbers are stored; a box names its homes in their order.
enum class HomeKind : uint8_t { kCredential = 1, kToken = 2, kTpm = 3, kPassphrase = 4 };
// "credential", "pkcs11", "tpm", "passphrase".
std::string_view NameOf(HomeKind kind);
std::optional<HomeKind> HomeKindNamed(std::string_view name);

inline constexpr size_t kHomeSecretBytes = 32;
inline constexpr size_t kHomeNoteBytesMax = 2048;

// A home gives a secret of kHomeSecretBytes, and the note with which it gives the same one
// again. The note stands beside the sealed bytes in the clear; it may come back altered.
// Threads: one at a time. Errors of both calls are sentences for the operator: what
// happened, that nothing was changed, what to do.
class KeyHome {
 public:
  virtual ~KeyHome() = default;
  virtual HomeKind kind() const = 0;

  struct Made {
    SecretBytes secret;
    std::string note;  // at most kHomeNoteBytesMax
  };
  // A new secret.
  virtual absl::StatusOr<Made> Make() = 0;
  // The secret of that note. InvalidArgument for a note that Make cannot have given;
  // NotFound when the home is not there; Unauthenticated when it refuses (a wrong PIN);
  // FailedPrecondition when it is another one than Make had; Unavailable when it fails.
  virtual absl::StatusOr<SecretBytes> Find(std::string_view note) = 0;
};

// Asks for a passphrase, PIN or key at the moment when it is needed.
using AskSecret = std::function<absl::StatusOr<SecretBytes>()>;

// Argon2id. The note: salt (16) || u64 memory in bytes || u64 passes. It asks once.
class PassphraseHome : public KeyHome {
 public:
  // Make takes as many passes as last about `kdf_target_ms` here.
  PassphraseHome(AskSecret ask, int64_t kdf_target_ms)
      : ask_(std::move(ask)), kdf_target_ms_(kdf_target_ms) {}
  // Make takes these parameters.
  PassphraseHome(std::string_view passphrase, const PassphraseParameters& parameters)
      : passphrase_(SecretBytes::CopyOf(passphrase)), parameters_(parameters) {}

  HomeKind kind() const override { return HomeKind::kPassphrase; }
  absl::StatusOr<Made> Make() override;
  absl::StatusOr<SecretBytes> Find(std::string_view note) override;

 private:
  absl::Status AskOnce();

  AskSecret ask_;
  int64_t kdf_target_ms_ = 0;
  SecretBytes passphrase_;
  std::optional<PassphraseParameters> parameters_;
};

// A key of kHomeSecretBytes that somebody else keeps, as it is. The note is empty.
class CredentialHome : public KeyHome {
 public:
  explicit CredentialHome(AskSecret ask) : ask_(std::move(ask)) {}
  HomeKind kind() const override { return HomeKind::kCredential; }
  absl::StatusOr<Made> Make() override;
  absl::StatusOr<SecretBytes> Find(std::string_view note) override;

 private:
  AskSecret ask_;
};

// Where a secret is read: a file, or a credential of the service manager; at most one.
struct SecretSource {
  std::string file;        // its first line; only its owner may be able to read it
  std::string credential;  // a name below $CREDENTIALS_DIRECTORY
  bool empty() const { return file.empty() && credential.empty(); }
};

// How the homes are reached on this machine. Which of them a box needs, the box says.
struct KeyHomeSettings {
  SecretSource passphrase;  // empty: the terminal
  std::string credential;   // name of the one that holds the key; empty: no such home
  struct Token {
    std::string module;  // absolute path of the PKCS#11 module; empty: no such home
    std::string token;   // its label
    std::string key;     // the label of the key in it
    SecretSource pin;    // empty: the terminal
  } token;
  struct Tpm {
    std::string tcti;  // "device:/dev/tpmrm0"; empty: no such home
    SecretSource pin;  // empty: none; the terminal for a box that was made with one
  } tpm;
};

}  // namespace kapea::crypto
