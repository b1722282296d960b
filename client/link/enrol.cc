#include "client/link/enrol.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "client/link/grpc_transport.h"
#include "client/link/plain_words.h"
#include "common/base/macros.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "common/pki/certificate.h"
#include "common/pki/enrolment_code.h"
#include "common/pki/request.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "kapea/v1/enrol_service.grpc.pb.h"

namespace kapea::link {
namespace {

inline constexpr auto kEnrolDeadline = std::chrono::seconds(60);
inline constexpr Duration kRenewAfter = Duration::Days(7);

absl::StatusOr<std::shared_ptr<grpc::Channel>> BootstrapChannel(const pki::EnrolmentCode& code,
                                                                const Clock& clock) {
  KAPEA_ASSIGN(const pki::Certificate certificate,
               pki::Certificate::FromDer(code.bootstrap_certificate));
  rpc::ChannelOptions options;
  options.address = code.server;
  options.deployment = code.deployment;
  options.root = code.root;
  options.chain_pem = certificate.ToPem();
  options.private_key_pem = code.bootstrap_key.ToPem();
  options.clock = std::make_shared<FlooredClock>(clock, Time());
  return rpc::OpenChannel(options);
}

template <typename Id>
absl::Status Take(const std::string& bytes, Id& id) {
  auto read = Id::FromBytes(bytes);
  if (!read.ok()) {
    return absl::DataLossError("the server's answer cannot be read; install the newest program");
  }
  id = *read;
  return absl::OkStatus();
}

absl::Status TakeAnswer(const v1::EnrolResponse& response, vault::Identity& identity) {
  KAPEA_TRY(Take(response.device(), identity.device));
  KAPEA_TRY(Take(response.person(), identity.person));
  KAPEA_TRY(Take(response.unit(), identity.unit));
  KAPEA_TRY(Take(response.directory_file(), identity.directory_file));
  // There may be no standards yet.
  if (!response.standards_file().empty()) {
    KAPEA_TRY(Take(response.standards_file(), identity.standards_file));
  }
  identity.role = static_cast<domain::Role>(response.role());
  identity.certificate_chain_pem = response.certificate_chain();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<vault::Identity> Enrol(std::string_view text, const Clock& clock) {
  KAPEA_ASSIGN(const pki::EnrolmentCode code, pki::EnrolmentCode::Decode(text));
  if (code.IsExpired(clock.Now())) {
    return absl::FailedPreconditionError(
        "the enrolment code has expired, or this device's clock is ahead; check date and time, "
        "then ask for a new code");
  }
  vault::Identity identity;  // with fresh signing and device keys
  identity.deployment = code.deployment;
  identity.genesis = code.genesis;
  identity.root = code.root;
  identity.log_verifier_key = code.log_key;
  identity.server = code.server;
  const crypto::SigningKey tls_key = crypto::SigningKey::Generate();
  identity.tls_key_pem = tls_key.ToPem();
  identity.person_keys.emplace(1, crypto::ReceiveKey::Generate());
  identity.unit_offers.push_back({crypto::ReceiveKey::Generate(), 1, clock.Now()});

  v1::EnrolRequest request;
  KAPEA_ASSIGN(const std::string certificate_request, pki::MakeRequest(tls_key));
  KAPEA_ASSIGN(const pki::Request parsed, pki::Request::FromDer(certificate_request));
  request.set_certificate_request(certificate_request);
  request.set_signing_key(identity.signing_key.verify_key().bytes());
  request.set_device_receive_key(identity.device_key.public_key());
  request.set_person_receive_key(identity.person_keys.at(1).public_key());
  request.set_unit_receive_key(identity.unit_offers[0].key.public_key());
  KAPEA_ASSIGN(const std::string mac,
               pki::EnrolmentMac(code.secret.view(), parsed.spki(),
                                 {request.signing_key(), request.device_receive_key(),
                                  request.person_receive_key(), request.unit_receive_key()}));
  request.set_mac(mac);

  KAPEA_ASSIGN(const auto channel, BootstrapChannel(code, clock));
  const auto stub = v1::Enrol::NewStub(channel);
  v1::EnrolResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kEnrolDeadline);
  const grpc::Status status = stub->Enrol(&context, request, &response);
  KAPEA_TRY(InPlainWords(rpc::FromGrpc(status), code.server));
  KAPEA_TRY(TakeAnswer(response, identity));
  return identity;
}

absl::Status Renew(vault::Vault& vault, Time server_time) {
  vault::Identity identity;
  {
    MutexLock lock(vault.mutex());
    identity = vault.identity().Copy();
  }
  const crypto::SigningKey tls_key = crypto::SigningKey::Generate();
  KAPEA_ASSIGN(const std::string certificate_request, pki::MakeRequest(tls_key));
  v1::RenewRequest request;
  request.set_certificate_request(certificate_request);
  request.set_signature(
      identity.signing_key.Sign(std::string(crypto::kRenewDomain) + certificate_request));
  KAPEA_ASSIGN(const auto transport, GrpcTransport::Connect(identity, vault.clock(), server_time));
  const auto stub = v1::Enrol::NewStub(transport->channel());
  v1::RenewResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kEnrolDeadline);
  const grpc::Status status = stub->Renew(&context, request, &response);
  KAPEA_TRY(InPlainWords(rpc::FromGrpc(status), identity.server));
  KAPEA_TRY(CheckOwnCertificate(response.certificate_chain(), vault.clock().Now(), server_time));
  MutexLock lock(vault.mutex());
  return vault.SetCertificate(tls_key.ToPem(), response.certificate_chain());
}

bool RenewalDue(const vault::Identity& identity, Time now) {
  const auto chain = pki::ParseChain(identity.certificate_chain_pem);
  return chain.ok() && now > chain->front().not_before + kRenewAfter;
}

}  // namespace kapea::link
