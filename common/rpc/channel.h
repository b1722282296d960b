// The client's way to a server.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/crypto/secret.h"

namespace grpc {
class Channel;
}

namespace kapea::rpc {

// The DNS name that every server certificate carries, wherever the server stands: the
// deployment is told by the root, and only its Server CA gives this name.
inline constexpr char kServerDnsName[] = "kapea-server";

struct ChannelOptions {
  std::string address;  // host:port
  DeploymentId deployment;
  // The pinned root: its certificate, or with an enrolment code its SHA-256 alone.
  std::string root_pem;
  Hash root;
  std::optional<DeviceId> server;  // the one server that is meant, once it is known
  std::string chain_pem;           // the client's leaf and the Device CA, or the leaf alone
  crypto::SecretBytes private_key_pem;
  // By which the server's certificate is judged. A phone whose clock is wrong may put
  // a clock here that never runs behind the last time the server signed.
  std::shared_ptr<const Clock> clock;
  std::string server_name = kServerDnsName;
  Duration keepalive = Duration::Seconds(60);
};

// A channel with mutual TLS. The server must lead to the pinned root for server use,
// be named as such in this deployment and carry `server_name`; system roots and proxies
// are ignored. It connects with the first call. InstallTlsProfile must have run.
// InvalidArgument for an address or root that is none.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const ChannelOptions& options);

}  // namespace kapea::rpc
