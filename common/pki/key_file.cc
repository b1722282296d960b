#include "common/pki/key_file.h"

#include <sys/stat.h>

#include <cerrno>

#include "common/base/file.h"
#include "common/base/macros.h"

namespace kapea::pki {
namespace {

constexpr size_t kKeyFileBytesMax = 4 * 1024;

}  // namespace

absl::Status WritePrivateKey(const std::string& path, const crypto::SigningKey& key) {
  return WriteFileAtomically(path, key.ToPem().view(), kPrivateFileMode);
}

absl::StatusOr<crypto::SigningKey> ReadPrivateKey(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) {
    return absl::ErrnoToStatus(errno, "cannot look at " + path);
  }
  if ((status.st_mode & 077) != 0) {
    return absl::FailedPreconditionError("want mode 0600 of the key file, got a wider one: " +
                                         path);
  }
  KAPEA_ASSIGN(std::string pem, ReadFile(path, kKeyFileBytesMax));
  auto key = crypto::SigningKey::FromPem(pem);
  crypto::Wipe(pem);
  return key;
}

}  // namespace kapea::pki
