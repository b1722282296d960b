// A deployment with a running server, and the calls that tests make.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/codec/wire.h"
#include "kapea/v1/enrol_service.grpc.pb.h"
#include "kapea/v1/sync_service.grpc.pb.h"
#include "kapea/v1/view_service.grpc.pb.h"
#include "tests/support/test_deployment.h"

namespace kapea::server {

inline void SetDeadline(grpc::ClientContext& context, int seconds = 10) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(seconds));
}

class ServiceTest : public testing::Test {
 protected:
  v1::PushRequest RequestOf(const std::vector<codec::Parcel>& parcels) {
    v1::PushRequest request;
    for (const codec::Parcel& parcel : parcels) codec::ParcelToWire(parcel, *request.add_parcels());
    return request;
  }
  grpc::Status Push(const TestDevice& by, const v1::PushRequest& request,
                    v1::PushResponse& response) {
    grpc::ClientContext context;
    SetDeadline(context);
    return v1::Sync::NewStub(Channel(by))->Push(&context, request, &response);
  }
  v1::PushResponse MustPush(const TestDevice& by, const std::vector<codec::Parcel>& parcels) {
    v1::PushResponse response;
    const grpc::Status status = Push(by, RequestOf(parcels), response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  // One channel for each device, as a phone has.
  std::shared_ptr<grpc::Channel> Channel(const TestDevice& device) {
    std::shared_ptr<grpc::Channel>& channel = channels_[device.device];
    if (channel == nullptr) channel = world_.Open(device);
    return channel;
  }
  // The same keys and place in the chain: for what two parcels of one place look like.
  static TestDevice Copy(const TestDevice& device) { return device; }

  TestDeployment world_;
  std::map<DeviceId, std::shared_ptr<grpc::Channel>> channels_;
};

}  // namespace kapea::server
