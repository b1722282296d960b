#include "common/rpc/channel.h"

#include <grpc/compression.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <utility>

#include "common/base/macros.h"
#include "common/pki/enrolment_code.h"
#include "common/pki/verify.h"
#include "common/rpc/certificate_check.h"
#include "common/rpc/server_limits.h"

namespace kapea::rpc {
namespace {

namespace tls = grpc::experimental;

struct ServerCheck {
  std::optional<pki::TrustAnchor> anchor;  // none: found by its hash
  Hash root;
  DeploymentId deployment;
  std::optional<DeviceId> server;
  std::string server_name;
  std::shared_ptr<const Clock> clock;

  absl::Status Check(const std::string& chain_pem) const {
    std::optional<pki::TrustAnchor> pinned = anchor;
    if (!pinned.has_value()) {
      KAPEA_ASSIGN(pinned, pki::TrustAnchor::FromChain(chain_pem, root));
    }
    KAPEA_ASSIGN(const pki::Certificate leaf,
                 pinned->Verify(chain_pem, pki::Purpose::kServer, clock->Now()));
    KAPEA_ASSIGN(const pki::PeerName name, pki::NameOf(leaf, deployment));
    const auto* named = std::get_if<pki::ServerName>(&name);
    if (named == nullptr || (server.has_value() && named->device != *server)) {
      return absl::UnauthenticatedError("the certificate is not this deployment's server's");
    }
    if (std::find(leaf.dns_names.begin(), leaf.dns_names.end(), server_name) ==
        leaf.dns_names.end()) {
      return absl::UnauthenticatedError("the server's certificate is for another host");
    }
    return absl::OkStatus();
  }
};

grpc::ChannelArguments ArgumentsOf(const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(options.server_name);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Two vaults in one process must not share a connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetMaxSendMessageSize(kMessageBytesMax);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kHeaderBytesMax);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(options.keepalive.milliseconds()));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 60'000);
  // What is retried is decided by sync, which knows what is idempotent.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetCompressionAlgorithm(GRPC_COMPRESS_NONE);
  arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE);
  return arguments;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const ChannelOptions& options) {
  KAPEA_CHECK(options.clock != nullptr);
  KAPEA_TRY(pki::CheckServerAddress(options.address));
  ServerCheck check{std::nullopt,   options.root,        options.deployment,
                    options.server, options.server_name, options.clock};
  if (!options.root_pem.empty()) {
    KAPEA_ASSIGN(check.anchor, pki::TrustAnchor::FromPem(options.root_pem));
  } else if (options.root.is_zero()) {
    return absl::InvalidArgumentError("want a pinned root or its hash, got neither");
  }
  tls::TlsChannelCredentialsOptions tls_options;
  // gRPC's own check is off: it judges by the system's clock, which on a phone may be
  // years off, and it needs roots before the first handshake. ServerCheck is stricter,
  // and no handshake ends without it. gRPC still wants some roots, lest it load those
  // of the system; it does not look at them.
  tls_options.set_verify_server_certs(false);
  tls_options.set_certificate_provider(std::make_shared<tls::StaticDataCertificateProvider>(
      options.root_pem.empty() ? options.chain_pem : options.root_pem,
      std::vector<tls::IdentityKeyCertPair>{
          {std::string(options.private_key_pem.view()), options.chain_pem}}));
  tls_options.watch_root_certs();
  tls_options.watch_identity_key_cert_pairs();
  tls_options.set_certificate_verifier(VerifierOf(
      [check = std::move(check)](const std::string& chain_pem) { return check.Check(chain_pem); }));
  return grpc::CreateCustomChannel(options.address, tls::TlsCredentials(tls_options),
                                   ArgumentsOf(options));
}

}  // namespace kapea::rpc
