#include "common/rpc/peer.h"

#include <grpcpp/security/auth_context.h>
#include <grpcpp/server_context.h>

#include <vector>

#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/pki/certificate.h"

namespace kapea::rpc {
namespace {

// The one value of a property; none, or two, are refused alike.
absl::StatusOr<std::string> Only(const grpc::AuthContext& auth, const char* property) {
  const std::vector<grpc::string_ref> values = auth.FindPropertyValues(property);
  if (values.size() != 1) {
    return absl::UnauthenticatedError(std::string("want exactly one ") + property + ", got " +
                                      std::to_string(values.size()));
  }
  return std::string(values.front().data(), values.front().size());
}

}  // namespace

absl::StatusOr<Peer> PeerReader::PeerOf(const std::string& pem) const {
  const Hash key = crypto::Sha256(pem);
  {
    MutexLock lock(mutex_);
    if (const auto it = known_.find(key); it != known_.end()) return it->second;
  }
  const auto certificate = pki::Certificate::FromPem(pem);
  if (!certificate.ok()) return absl::UnauthenticatedError(certificate.status().message());
  KAPEA_ASSIGN(const pki::PeerName name, pki::NameOf(*certificate, deployment_));
  Peer peer{name, certificate->fingerprint, certificate->not_after, ""};
  MutexLock lock(mutex_);
  if (known_.size() >= kCertificatesMax) known_.clear();
  known_.emplace(key, peer);
  return peer;
}

absl::StatusOr<Peer> PeerReader::Read(const grpc::ServerContextBase& context) const {
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) {
    return absl::UnauthenticatedError("want a call over mutual TLS");
  }
  KAPEA_ASSIGN(const std::string uri, Only(*auth, "peer_spiffe_id"));
  KAPEA_ASSIGN(const std::string pem, Only(*auth, "x509_pem_cert"));
  KAPEA_ASSIGN(Peer peer, PeerOf(pem));
  // Two readers of one certificate must agree.
  if (pki::ToUri(deployment_, peer.name) != uri) {
    return absl::UnauthenticatedError("the certificate's name is read in two ways");
  }
  peer.connection = context.peer();
  return peer;
}

}  // namespace kapea::rpc
