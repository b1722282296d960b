// `kapea-admin init`: a new deployment, whole or not at all.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/crypto/secret.h"
#include "tools/admin/deployment.h"

namespace kapea::admin {

struct InitOptions {
  std::string directory;           // must not exist, or be empty
  std::string server;              // host:port that devices will use
  std::vector<std::string> hosts;  // names and addresses in the server's certificate
  crypto::SecretBytes server_passphrase;
  std::array<crypto::SecretBytes, kRegistrars> registrar_passphrases;
  int64_t kdf_target_ms = 1000;
};

// Makes the authorities, the server's keys, three registrars with a vault each, the
// genesis and the standards file. `say` gets one line for each step.
// AlreadyExists when the directory is in use; nothing is changed then.
absl::StatusOr<Deployment> Init(const InitOptions& options, const Clock& clock,
                                const std::function<void(const std::string&)>& say);

}  // namespace kapea::admin
