// Who a certificate speaks for. The name stands in one URI of the certificate:
//   spiffe://<deployment, 32 hex>.kapea/person/<32 hex>/device/<32 hex>
//   spiffe://<deployment, 32 hex>.kapea/bootstrap/<32 hex>
//   spiffe://<deployment, 32 hex>.kapea/server/<32 hex>
//   spiffe://<deployment, 32 hex>.kapea/witness/<32 hex>
// The host part is the trust domain: each deployment is one of its own, and a name
// of another deployment names nobody here. Hex is lower case, so a name has one spelling.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "common/base/id.h"

namespace kapea::pki {

struct BootstrapTag {
  static constexpr const char* kName = "bootstrap id";
};
struct WitnessTag {
  static constexpr const char* kName = "witness id";
};
using BootstrapId = FixedBytes<BootstrapTag, 16>;
using WitnessId = FixedBytes<WitnessTag, 16>;

// A Person at one of her Devices.
struct DeviceName {
  PersonId person;
  DeviceId device;
  friend bool operator==(const DeviceName&, const DeviceName&) = default;
};
// A newcomer with an enrolment code; may call only Enrol.
struct BootstrapName {
  BootstrapId bootstrap;
  friend bool operator==(const BootstrapName&, const BootstrapName&) = default;
};
// The server, by the Device that the genesis names.
struct ServerName {
  DeviceId device;
  friend bool operator==(const ServerName&, const ServerName&) = default;
};
// Another organisation's witness.
struct WitnessName {
  WitnessId witness;
  friend bool operator==(const WitnessName&, const WitnessName&) = default;
};
using PeerName = std::variant<DeviceName, BootstrapName, ServerName, WitnessName>;

// "<32 hex>.kapea".
std::string TrustDomain(const DeploymentId& deployment);
std::string ToUri(const DeploymentId& deployment, const PeerName& name);
// Unauthenticated unless `uri` is a name of this deployment, spelled exactly as above.
absl::StatusOr<PeerName> ParsePeerUri(std::string_view uri, const DeploymentId& deployment);

}  // namespace kapea::pki
