#include "common/rpc/server_credentials.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <utility>

#include "common/base/macros.h"
#include "common/pki/verify.h"
#include "common/rpc/certificate_check.h"

namespace kapea::rpc {
namespace {

namespace tls = grpc::experimental;
using ProviderPtr = std::shared_ptr<tls::CertificateProviderInterface>;

ProviderPtr ProviderOf(const ServerCredentialsOptions& options) {
  if (const auto* files = std::get_if<ServerIdentityFiles>(&options.identity)) {
    return std::make_shared<tls::FileWatcherCertificateProvider>(
        files->private_key_path, files->chain_path, files->roots_path, files->refresh_seconds);
  }
  const ServerIdentity& identity = std::get<ServerIdentity>(options.identity);
  return std::make_shared<tls::StaticDataCertificateProvider>(
      options.root_pem + options.device_authorities_pem,
      std::vector<tls::IdentityKeyCertPair>{{identity.private_key_pem, identity.chain_pem}});
}

struct ClientCheck {
  pki::TrustAnchor anchor;
  DeploymentId deployment;
  std::shared_ptr<const DenySet> deny;
  std::shared_ptr<const Clock> clock;

  absl::Status Check(const std::string& chain_pem) const {
    KAPEA_ASSIGN(const pki::Certificate leaf,
                 anchor.Verify(chain_pem, pki::Purpose::kClient, clock->Now()));
    KAPEA_ASSIGN(const pki::PeerName name, pki::NameOf(leaf, deployment));
    const auto denied = deny->Current();
    const auto* device = std::get_if<pki::DeviceName>(&name);
    if (denied->ContainsFingerprint(leaf.fingerprint) ||
        (device != nullptr && denied->Contains(device->device))) {
      return absl::UnauthenticatedError("the device is revoked");
    }
    return absl::OkStatus();
  }
};

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    ServerCredentialsOptions options) {
  KAPEA_CHECK(options.deny != nullptr && options.clock != nullptr);
  KAPEA_ASSIGN(pki::TrustAnchor anchor,
               pki::TrustAnchor::FromPem(options.root_pem, options.device_authorities_pem));
  ClientCheck check{std::move(anchor), options.deployment, options.deny, options.clock};
  tls::TlsServerCredentialsOptions tls_options(ProviderOf(options));
  tls_options.watch_root_certs();
  tls_options.watch_identity_key_cert_pairs();
  tls_options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls_options.set_certificate_verifier(
      VerifierOf([check, told = std::move(options.on_refused)](const std::string& chain_pem) {
        absl::Status status = check.Check(chain_pem);
        if (!status.ok() && told) told(status);
        return status;
      }));
  std::shared_ptr<grpc::ServerCredentials> credentials = tls::TlsServerCredentials(tls_options);
  if (credentials == nullptr) return absl::InternalError("gRPC made no server credentials");
  return credentials;
}

}  // namespace kapea::rpc
