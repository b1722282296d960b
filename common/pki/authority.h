// The authorities of a deployment: the offline root, and under it the Device CA and
// the Server CA, which issue. Profiles: certs/README.md.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/crypto/secret.h"
#include "common/crypto/signature.h"
#include "common/pki/peer_name.h"
#include "common/pki/request.h"

namespace kapea::pki {

inline constexpr Duration kRootLifetime = Duration::Days(3650);
inline constexpr Duration kIntermediateLifetime = Duration::Days(365);
inline constexpr Duration kServerLifetime = Duration::Days(90);
inline constexpr Duration kDeviceLifetime = Duration::Days(30);
inline constexpr Duration kBootstrapLifetime = Duration::Minutes(15);
// Certificates begin this long before they are made: the clocks of the two ends differ.
inline constexpr Duration kBackdating = Duration::Minutes(5);

enum class AuthorityKind { kRoot, kDevices, kServers };

struct RevokedCertificate {
  std::string serial;  // lower-case hex, as in Certificate
  Time since;
};

// One authority: a P-256 key and its certificate. No method reads a clock; `now`
// comes from the caller.
// Threads: any. Errors: InvalidArgument for what no certificate may say,
// FailedPrecondition for what this kind of authority may not issue, or not now.
// Owns: its key; it leaves only through key().
// Limits: nothing that it issues outlives it.
class Authority {
 public:
  static absl::StatusOr<Authority> CreateRoot(const DeploymentId& deployment, Time now,
                                              Duration lifetime = kRootLifetime);
  // From what was kept on a disk. InvalidArgument when key and certificate do not
  // belong together, or the certificate is no authority's of this deployment.
  static absl::StatusOr<Authority> Load(const DeploymentId& deployment,
                                        const crypto::SigningKey& key,
                                        std::string_view certificate_pem);

  // Root only. `kind` is kDevices or kServers.
  absl::StatusOr<Authority> IssueIntermediate(AuthorityKind kind, Time now,
                                              Duration lifetime = kIntermediateLifetime) const;

  // The issuing methods answer a chain in PEM: the leaf, then this authority.
  // Whatever else the request asked for, the names are those given here.
  // Server CA: `hosts` are DNS names and IP addresses, at least one.
  absl::StatusOr<std::string> IssueServer(const Request& request, const DeviceId& server,
                                          const std::vector<std::string>& hosts, Time now,
                                          Duration lifetime = kServerLifetime) const;
  // Device CA.
  absl::StatusOr<std::string> IssueDevice(const Request& request, const PersonId& person,
                                          const DeviceId& device, Time now,
                                          Duration lifetime = kDeviceLifetime) const;
  absl::StatusOr<std::string> IssueBootstrap(const Request& request, const BootstrapId& bootstrap,
                                             Time now) const;
  absl::StatusOr<std::string> IssueWitness(const Request& request, const WitnessId& witness,
                                           Time now, Duration lifetime = kDeviceLifetime) const;
  // A revocation list in PEM, for third parties; `number` must grow from list to list.
  absl::StatusOr<std::string> SignCrl(const std::vector<RevokedCertificate>& revoked,
                                      uint64_t number, Time now, Time next_update) const;

  AuthorityKind kind() const;
  const std::string& certificate_pem() const;
  const Hash& fingerprint() const;
  const crypto::SigningKey& key() const;

 private:
  struct State;
  explicit Authority(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  absl::StatusOr<std::string> IssueLeaf(AuthorityKind wanted, const Request& request,
                                        const PeerName& name, const std::string& more_names,
                                        Time now, Duration lifetime) const;

  std::shared_ptr<const State> state_;
};

}  // namespace kapea::pki
