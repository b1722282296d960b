#include "common/homes/secret_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "common/base/file.h"
#include "common/base/macros.h"

namespace kapea::homes {
namespace {

constexpr size_t kSecretBytesMax = 1024;

crypto::SecretBytes Keep(std::string text, size_t size) {
  crypto::SecretBytes secret = crypto::SecretBytes::CopyOf(std::string_view(text).substr(0, size));
  crypto::Wipe(text);
  return secret;
}

absl::StatusOr<crypto::SecretBytes> FirstLine(std::string text, const std::string& where) {
  const size_t end = text.find_first_of("\r\n");
  crypto::SecretBytes secret = Keep(std::move(text), end);
  if (secret.empty()) return absl::InvalidArgumentError(where + ": want a first line, got none");
  return secret;
}

absl::StatusOr<std::string> CredentialBytes(const std::string& name) {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) {
    return absl::FailedPreconditionError(
        "want the credential " + name +
        ", but CREDENTIALS_DIRECTORY is not set: start with LoadCredential= or "
        "LoadCredentialEncrypted= in the unit. Nothing was opened or changed");
  }
  auto bytes = ReadFile(std::string(folder) + "/" + name, kSecretBytesMax);
  if (absl::IsNotFound(bytes.status())) {
    return absl::NotFoundError("there is no credential " + name + " in " + folder +
                               ": name it in the unit. Nothing was opened or changed");
  }
  return bytes;
}

absl::StatusOr<crypto::SecretBytes> Type(const std::string& what) {
  if (::isatty(STDIN_FILENO) == 0) {
    return absl::FailedPreconditionError("want a file, a credential, or a terminal to ask for: " +
                                         what + ". Nothing was opened or changed");
  }
  char* const typed = ::getpass((what + ": ").c_str());
  if (typed == nullptr) return absl::FailedPreconditionError("nothing was typed for: " + what);
  std::string text(typed);
  explicit_bzero(typed, text.size());
  return FirstLine(std::move(text), what);
}

}  // namespace

absl::Status CheckCredentialName(const std::string& name, const std::string& what) {
  if (name.find('/') == std::string::npos && name != "..") return absl::OkStatus();
  return absl::InvalidArgumentError("want " + what + " without a slash: it is a name, no path");
}

absl::Status CheckSource(const crypto::SecretSource& source, const std::string& what) {
  if (!source.file.empty() && !source.credential.empty()) {
    return absl::InvalidArgumentError("want one of a file and a credential for " + what);
  }
  return CheckCredentialName(source.credential, what);
}

absl::StatusOr<crypto::SecretBytes> ReadSecret(const crypto::SecretSource& source,
                                               const std::string& what) {
  if (!source.file.empty()) {
    struct stat info {};
    if (::stat(source.file.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
      return absl::FailedPreconditionError(source.file +
                                           ": want a file that only its owner can read");
    }
    KAPEA_ASSIGN(std::string text, ReadFile(source.file, kSecretBytesMax));
    return FirstLine(std::move(text), source.file);
  }
  if (source.credential.empty()) return Type(what);
  KAPEA_ASSIGN(std::string text, CredentialBytes(source.credential));
  return FirstLine(std::move(text), "credential " + source.credential);
}

absl::StatusOr<crypto::SecretBytes> ReadNewSecret(const crypto::SecretSource& source,
                                                  const std::string& what) {
  KAPEA_ASSIGN(crypto::SecretBytes secret, ReadSecret(source, what));
  if (!source.empty()) return secret;
  KAPEA_ASSIGN(const crypto::SecretBytes again, Type(what + ", once more"));
  if (secret == again) return secret;
  return absl::InvalidArgumentError("the two were not the same: nothing was changed");
}

absl::StatusOr<crypto::SecretBytes> ReadCredential(const std::string& name) {
  KAPEA_ASSIGN(std::string bytes, CredentialBytes(name));
  return Keep(std::move(bytes), kSecretBytesMax);
}

}  // namespace kapea::homes
