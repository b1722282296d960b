// What the server asks of whoever connects.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/crypto/secret.h"
#include "common/rpc/deny_set.h"

namespace grpc {
class ServerCredentials;
}

namespace kapea::rpc {

// The server's own certificate: its leaf, the Server CA, and the root, which a newcomer
// knows only by its hash and finds here.
struct ServerIdentity {
  std::string chain_pem;
  std::string private_key_pem;
};
// The same from files that are read again when they change. Key and chain change
// together: write both into a new folder and swap a symbolic link.
struct ServerIdentityFiles {
  std::string chain_path;
  std::string private_key_path;
  std::string roots_path;  // a file with root_pem and device_authorities_pem
  unsigned refresh_seconds = 60;
};

struct ServerCredentialsOptions {
  DeploymentId deployment;
  std::string root_pem;
  std::string device_authorities_pem;  // Device CAs in force: a newcomer sends its leaf alone
  std::variant<ServerIdentity, ServerIdentityFiles> identity;
  std::shared_ptr<const DenySet> deny;
  std::shared_ptr<const Clock> clock;
  // Told why a handshake was refused, on a thread of gRPC's; for logs. May be empty.
  std::function<void(const absl::Status&)> on_refused;
};

// Mutual TLS: a client certificate is required; it must lead to the root for client
// use, be valid now, have one name of this deployment, and stand on no deny set.
// InstallTlsProfile must have run. InvalidArgument for a root or Device CA that is none.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    ServerCredentialsOptions options);

}  // namespace kapea::rpc
