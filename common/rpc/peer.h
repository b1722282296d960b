// Who made a call.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/mutex.h"
#include "common/base/time.h"
#include "common/pki/peer_name.h"

namespace grpc {
class ServerContextBase;
}  // namespace grpc

namespace kapea::rpc {

// The TLS end of a connection. It names a device; what that device may do is asked
// elsewhere, on each call.
struct Peer {
  pki::PeerName name;
  Hash fingerprint;        // SHA-256 of the leaf certificate; must be the enrolled one
  Time not_after;          // of that certificate
  std::string connection;  // as gRPC prints it: names the connection to the Listener

  // The device, when it is a person's.
  std::optional<DeviceId> device() const {
    const auto* named = std::get_if<pki::DeviceName>(&name);
    return named == nullptr ? std::nullopt : std::optional<DeviceId>(named->device);
  }
};

// Reads the peer of each call. It remembers certificates that it has read: parsing one
// costs more than all else about a short call.
// Threads: any. Limits: kCertificatesMax remembered; then it starts afresh.
class PeerReader {
 public:
  static constexpr size_t kCertificatesMax = 8192;

  explicit PeerReader(const DeploymentId& deployment) : deployment_(deployment) {}

  // Unauthenticated unless the call came over TLS with a verified certificate that has
  // exactly one name, of this deployment. It does not say whether the device is denied
  // or the certificate has ended since: that is Listener::Authorise.
  absl::StatusOr<Peer> Read(const grpc::ServerContextBase& context) const;

 private:
  absl::StatusOr<Peer> PeerOf(const std::string& pem) const;

  const DeploymentId deployment_;
  mutable Mutex mutex_;
  mutable std::unordered_map<Hash, Peer> known_ KAPEA_GUARDED_BY(mutex_);  // by hash of the PEM
};

}  // namespace kapea::rpc
