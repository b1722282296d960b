#include "server/service/enrol_services.h"

#include <memory>
#include <string>

#include "common/base/macros.h"
#include "server/service/wire.h"

namespace kapea::server {
namespace {

constexpr uint32_t kLinesPerPageMax = 500;
constexpr uint32_t kLinesPerPage = 100;

absl::StatusOr<size_t> PageSize(uint32_t wanted) {
  if (wanted > kLinesPerPageMax) {
    return absl::InvalidArgumentError("page_size: want 1 to 500, got " + std::to_string(wanted));
  }
  return wanted == 0 ? kLinesPerPage : wanted;
}

}  // namespace

grpc::ServerUnaryReactor* EnrolService::Enrol(grpc::CallbackServerContext* context,
                                              const v1::EnrolRequest* request,
                                              v1::EnrolResponse* response) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Enrol/Enrol");
  auto newcomer = parts_.door.AdmitNewcomer(*context, request->ByteSizeLong());
  if (!newcomer.ok()) {
    call->Finish(newcomer.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, id = newcomer->enrolment, request, response]() -> absl::Status {
    const auto enrolled = parts_.enrolment.Enrol(id, KeysFromWire(*request));
    if (!enrolled.ok()) {
      parts_.log.Warn("enrolment_refused", {{"enrolment", id.hex()},
                                            {"reason", std::string(enrolled.status().message())}});
      return enrolled.status();
    }
    parts_.log.Info("device_enrolled", {{"device", enrolled->device.hex()}});
    EnrolledToWire(*enrolled, *response);
    return absl::OkStatus();
  });
  return call->reactor();
}

grpc::ServerUnaryReactor* EnrolService::Renew(grpc::CallbackServerContext* context,
                                              const v1::RenewRequest* request,
                                              v1::RenewResponse* response) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Enrol/Renew");
  auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, caller = *caller, request, response]() -> absl::Status {
    KAPEA_ASSIGN(*response->mutable_certificate_chain(),
                 parts_.enrolment.Renew(caller.principal, caller.peer.fingerprint,
                                        request->certificate_request(), request->signature()));
    parts_.log.Info("certificate_renewed", {{"device", caller.principal.device.hex()}});
    return absl::OkStatus();
  });
  return call->reactor();
}

grpc::ServerUnaryReactor* AdminService::CreateEnrolment(grpc::CallbackServerContext* context,
                                                        const v1::CreateEnrolmentRequest* request,
                                                        v1::CreateEnrolmentResponse* response) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Admin/CreateEnrolment");
  auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, by = caller->principal, request, response]() -> absl::Status {
    KAPEA_ASSIGN(const NewEnrolment wanted, NewEnrolmentFromWire(*request));
    KAPEA_ASSIGN(const MadeEnrolment made, parts_.enrolment.Create(by, wanted));
    response->set_enrolment(made.enrolment.str());
    response->set_person(made.person.str());
    response->set_certificate_chain(made.certificate_chain);
    response->set_expires_ms(made.expires.unix_ms());
    parts_.log.Info("enrolment_made",
                    {{"enrolment", made.enrolment.hex()}, {"by_device", by.device.hex()}});
    return absl::OkStatus();
  });
  return call->reactor();
}

grpc::ServerUnaryReactor* AdminService::ListDevices(grpc::CallbackServerContext* context,
                                                    const v1::ListDevicesRequest* request,
                                                    v1::ListDevicesResponse* response) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Admin/ListDevices");
  auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, by = caller->principal, request, response]() -> absl::Status {
    KAPEA_ASSIGN(const size_t size, PageSize(request->page_size()));
    KAPEA_ASSIGN(const DevicePage page, parts_.enrolment.List(by, size, request->page_token()));
    PageToWire(page, *response);
    return absl::OkStatus();
  });
  return call->reactor();
}

grpc::ServerUnaryReactor* AdminService::ListAlarms(grpc::CallbackServerContext* context,
                                                   const v1::ListAlarmsRequest* request,
                                                   v1::ListAlarmsResponse* response) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Admin/ListAlarms");
  auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, by = caller->principal, request, response]() -> absl::Status {
    KAPEA_ASSIGN(const size_t size, PageSize(request->page_size()));
    KAPEA_ASSIGN(const AlarmPage page, parts_.alarms.List(by, Time::FromUnixMs(request->since_ms()),
                                                          size, request->page_token()));
    AlarmsToWire(page, *response);
    return absl::OkStatus();
  });
  return call->reactor();
}

grpc::ServerUnaryReactor* AdminService::LiftLimit(grpc::CallbackServerContext* context,
                                                  const v1::LiftLimitRequest* request,
                                                  v1::LiftLimitResponse*) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Admin/LiftLimit");
  auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, by = caller->principal, request]() -> absl::Status {
    KAPEA_ASSIGN(const DeviceId device, IdFromWire<DeviceId>(request->device(), "device"));
    const auto view = parts_.published.directory();
    if (!view->directory.IsRegistrar(by.person)) {
      return absl::PermissionDeniedError("only a registrar lifts the limit of a device");
    }
    const domain::DeviceEntry* const known = view->directory.FindDevice(device);
    if (known == nullptr || known->revoked) {
      return absl::NotFoundError("no such device is in the directory; nothing was changed");
    }
    if (known->person == by.person) {
      return absl::PermissionDeniedError("nobody lifts the limit of a device of her own");
    }
    // That it was lifted is on the disk first: nobody does it unseen.
    KAPEA_TRY(parts_.alarms.Raise(AlarmKind::kLimitLifted, device, FileId()));
    parts_.log.Warn("limit_lifted", {{"device", device.hex()}, {"by_device", by.device.hex()}});
    return parts_.opened.Lift(device);
  });
  return call->reactor();
}

}  // namespace kapea::server
