#include "server/service/door.h"

#include <grpcpp/server_context.h>

#include <chrono>
#include <variant>

#include "common/base/macros.h"
#include "server/service/wire.h"

namespace kapea::server {
namespace {

absl::Status CheckDeadline(const grpc::CallbackServerContext& context) {
  if (context.deadline() != std::chrono::system_clock::time_point::max()) {
    return absl::OkStatus();
  }
  return WithDetail(absl::InvalidArgumentError("want a call with a deadline"), "no_deadline");
}

}  // namespace

absl::Status Door::Charge(std::string_view caller, size_t bytes) {
  const Duration wait = limiter_.Take(caller, bytes, clock_.Read().elapsed);
  if (wait <= Duration()) return absl::OkStatus();
  return WithDetail(absl::ResourceExhaustedError("this device calls too often; wait and try again"),
                    "rate_limited", wait, "calls_per_device");
}

absl::Status Door::CheckDevice(const rpc::Peer& peer, const pki::DeviceName& name,
                               Principal* principal) const {
  const auto view = published_.directory();
  KAPEA_ASSIGN(*principal, Authenticate(view->directory, name.person, name.device));
  if (book_.HasCertificate(name.device, peer.fingerprint)) return absl::OkStatus();
  return WithDetail(
      absl::UnauthenticatedError("this certificate is not one that the device enrolled with"),
      "unknown_certificate");
}

absl::StatusOr<Caller> Door::Admit(const grpc::CallbackServerContext& context, size_t bytes,
                                   Deadline deadline) {
  if (deadline == Deadline::kWanted) KAPEA_TRY(CheckDeadline(context));
  Caller caller;
  KAPEA_ASSIGN(caller.peer, reader_.Read(context));
  const auto* device = std::get_if<pki::DeviceName>(&caller.peer.name);
  if (device == nullptr) {
    return WithDetail(absl::PermissionDeniedError("this certificate may not make this call"),
                      "wrong_certificate");
  }
  KAPEA_TRY(CheckDevice(caller.peer, *device, &caller.principal));
  KAPEA_TRY(listener_.Authorise(caller.peer));
  KAPEA_TRY(Charge(device->device.view(), bytes));
  book_.Seen(device->device, clock_.Now());
  return caller;
}

absl::StatusOr<Newcomer> Door::AdmitNewcomer(const grpc::CallbackServerContext& context,
                                             size_t bytes) {
  KAPEA_TRY(CheckDeadline(context));
  Newcomer newcomer;
  KAPEA_ASSIGN(newcomer.peer, reader_.Read(context));
  const auto* name = std::get_if<pki::BootstrapName>(&newcomer.peer.name);
  if (name == nullptr) {
    return WithDetail(absl::PermissionDeniedError("only an enrolment code may make this call"),
                      "wrong_certificate");
  }
  newcomer.enrolment = ChangeId::FromPrefix(name->bootstrap.view());
  KAPEA_TRY(listener_.Authorise(newcomer.peer));
  KAPEA_TRY(Charge(name->bootstrap.view(), bytes));
  return newcomer;
}

absl::Status Door::Recheck(const Caller& caller) {
  const auto* device = std::get_if<pki::DeviceName>(&caller.peer.name);
  KAPEA_CHECK(device != nullptr);
  if (clock_.Now() > caller.peer.not_after) {
    return WithDetail(absl::UnauthenticatedError("the certificate has expired: renew it"),
                      "certificate_expired");
  }
  Principal principal;
  KAPEA_TRY(CheckDevice(caller.peer, *device, &principal));
  return listener_.Progress(caller.peer);
}

}  // namespace kapea::server
