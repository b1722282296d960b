#include "common/rpc/status.h"

#include <gtest/gtest.h>

#include "common/crypto/hash.h"
#include "common/rpc/deny_set.h"

namespace kapea::rpc {
namespace {

TEST(StatusTest, CrossesTheWireBothWays) {
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
  absl::Status status = absl::AbortedError("want 3, got 4");
  status.SetPayload(kErrorDetailPayload, absl::Cord(std::string("\x0a\x00\x01", 3)));
  const grpc::Status sent = ToGrpc(status);
  EXPECT_EQ(sent.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(sent.error_message(), "want 3, got 4");
  EXPECT_EQ(FromGrpc(sent), status);
}

TEST(StatusTest, IsCutToWhatTheHeadersHold) {
  absl::Status status = absl::InternalError(std::string(10'000, 'x'));
  status.SetPayload(kErrorDetailPayload, absl::Cord(std::string(10'000, 'y')));
  const grpc::Status sent = ToGrpc(status);
  EXPECT_EQ(sent.error_message().size(), kStatusMessageBytesMax);
  EXPECT_TRUE(sent.error_details().empty());
}

TEST(DenySetTest, GrowsAndLeavesOldSnapshotsAlone) {
  DenySet deny;
  const DeviceId device = crypto::RandomId<DeviceId>();
  const Hash fingerprint = crypto::Sha256("certificate");
  const auto before = deny.Current();
  deny.Deny(device);
  deny.DenyFingerprint(fingerprint);
  EXPECT_TRUE(deny.Contains(device));
  EXPECT_TRUE(deny.ContainsFingerprint(fingerprint));
  EXPECT_FALSE(deny.Contains(crypto::RandomId<DeviceId>()));
  EXPECT_FALSE(before->Contains(device));
}

}  // namespace
}  // namespace kapea::rpc
