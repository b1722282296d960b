#include "common/pki/peer_name.h"

#include "common/base/macros.h"

namespace kapea::pki {
namespace {

constexpr size_t kIdHexSize = 32;

std::string PathOf(const PeerName& name) {
  struct Spell {
    std::string operator()(const DeviceName& n) const {
      return "/person/" + n.person.hex() + "/device/" + n.device.hex();
    }
    std::string operator()(const BootstrapName& n) const {
      return "/bootstrap/" + n.bootstrap.hex();
    }
    std::string operator()(const ServerName& n) const { return "/server/" + n.device.hex(); }
    std::string operator()(const WitnessName& n) const { return "/witness/" + n.witness.hex(); }
  };
  return std::visit(Spell{}, name);
}

absl::Status NoName(const std::string& why) {
  return absl::UnauthenticatedError("the certificate's URI is no name of this deployment: " + why);
}

// Takes `prefix` and a 32-digit id off the front of `path`.
template <typename Id>
absl::StatusOr<Id> TakeId(std::string_view& path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return NoName("want " + std::string(prefix) + "<32 hex>");
  path.remove_prefix(prefix.size());
  auto id = Id::FromHexText(path.substr(0, kIdHexSize));
  if (!id.ok()) return NoName("want 32 hex digits after " + std::string(prefix));
  path.remove_prefix(kIdHexSize);
  return *id;
}

absl::StatusOr<PeerName> ParsePath(std::string_view path) {
  PeerName name;
  if (path.starts_with("/person/")) {
    KAPEA_ASSIGN(const PersonId person, TakeId<PersonId>(path, "/person/"));
    KAPEA_ASSIGN(const DeviceId device, TakeId<DeviceId>(path, "/device/"));
    name = DeviceName{person, device};
  } else if (path.starts_with("/bootstrap/")) {
    KAPEA_ASSIGN(const BootstrapId id, TakeId<BootstrapId>(path, "/bootstrap/"));
    name = BootstrapName{id};
  } else if (path.starts_with("/server/")) {
    KAPEA_ASSIGN(const DeviceId id, TakeId<DeviceId>(path, "/server/"));
    name = ServerName{id};
  } else if (path.starts_with("/witness/")) {
    KAPEA_ASSIGN(const WitnessId id, TakeId<WitnessId>(path, "/witness/"));
    name = WitnessName{id};
  } else {
    return NoName("want a path of person, bootstrap, server or witness");
  }
  return name;
}

}  // namespace

std::string TrustDomain(const DeploymentId& deployment) { return deployment.hex() + ".kapea"; }

std::string ToUri(const DeploymentId& deployment, const PeerName& name) {
  return "spiffe://" + TrustDomain(deployment) + PathOf(name);
}

absl::StatusOr<PeerName> ParsePeerUri(std::string_view uri, const DeploymentId& deployment) {
  const std::string prefix = "spiffe://" + TrustDomain(deployment);
  if (!uri.starts_with(prefix + "/")) return NoName("want it to begin with " + prefix + "/");
  KAPEA_ASSIGN(PeerName name, ParsePath(uri.substr(prefix.size())));
  // Spelling it again refuses upper case and everything behind the last id at once.
  if (ToUri(deployment, name) != uri) return NoName("want lower case and nothing behind it");
  return name;
}

}  // namespace kapea::pki
