// Enrolments, renewals, and what registrars ask.
#pragma once

#include "kapea/v1/enrol_service.grpc.pb.h"
#include "server/service/parts.h"

namespace kapea::server {

// Threads: any (gRPC's).
class EnrolService final : public v1::Enrol::CallbackService {
 public:
  explicit EnrolService(const Parts& parts) : parts_(parts) {}

  grpc::ServerUnaryReactor* Enrol(grpc::CallbackServerContext* context,
                                  const v1::EnrolRequest* request,
                                  v1::EnrolResponse* response) override;
  grpc::ServerUnaryReactor* Renew(grpc::CallbackServerContext* context,
                                  const v1::RenewRequest* request,
                                  v1::RenewResponse* response) override;

 private:
  const Parts& parts_;
};

// Threads: any (gRPC's).
class AdminService final : public v1::Admin::CallbackService {
 public:
  explicit AdminService(const Parts& parts) : parts_(parts) {}

  grpc::ServerUnaryReactor* CreateEnrolment(grpc::CallbackServerContext* context,
                                            const v1::CreateEnrolmentRequest* request,
                                            v1::CreateEnrolmentResponse* response) override;
  grpc::ServerUnaryReactor* ListDevices(grpc::CallbackServerContext* context,
                                        const v1::ListDevicesRequest* request,
                                        v1::ListDevicesResponse* response) override;
  grpc::ServerUnaryReactor* ListAlarms(grpc::CallbackServerContext* context,
                                       const v1::ListAlarmsRequest* request,
                                       v1::ListAlarmsResponse* response) override;
  grpc::ServerUnaryReactor* LiftLimit(grpc::CallbackServerContext* context,
                                      const v1::LiftLimitRequest* request,
                                      v1::LiftLimitResponse* response) override;

 private:
  const Parts& parts_;
};

}  // namespace kapea::server
