// Duplicates over mutual TLS: who may compare for whom, and what comes back.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "common/codec/match_codec.h"
#include "kapea/v1/duplicates_service.grpc.pb.h"
#include "tests/server/service/service_fixture.h"

namespace kapea::server {
namespace {

using domain::MatchAlias;
using grpc::StatusCode;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DuplicatesServiceTest : public ServiceTest {
 protected:
  void Start(bool enabled = true) {
    ServerOptions options;
    options.matches.enabled = enabled;
    world_.StartServer(options);
    programme_.kind = domain::FileKind::kProgramme;
    const auto founding =
        world_.Found(world_.supervisor, programme_, {&world_.lead, &world_.intake});
    MustPush(world_.supervisor, {world_.Sign(world_.supervisor, {founding})});
  }
  v1::MatchScope Scope(const UnitId& unit) {
    v1::MatchScope scope;
    scope.set_programme(programme_.file.str());
    scope.set_key_epoch(programme_.key_epoch.str());
    scope.set_unit(unit.str());
    return scope;
  }
  grpc::Status Offer(const TestDevice& by, const v1::MatchScope& scope, const MatchAlias& alias,
                     uint32_t phone) {
    v1::DuplicatesOfferRequest request;
    *request.mutable_scope() = scope;
    codec::MatchedFileToWire({alias, {{domain::MatchKind::kPhone, phone}}}, *request.add_files());
    grpc::ClientContext context;
    SetDeadline(context);
    v1::DuplicatesOfferResponse response;
    const auto status = v1::Duplicates::NewStub(Channel(by))->Offer(&context, request, &response);
    EXPECT_EQ(status.ok() ? response.taken() : 0u, status.ok() ? 1u : 0u);
    return status;
  }
  grpc::Status Check(const TestDevice& by, const v1::MatchScope& scope) {
    v1::DuplicatesCheckRequest request;
    *request.mutable_scope() = scope;
    grpc::ClientContext context;
    SetDeadline(context);
    return v1::Duplicates::NewStub(Channel(by))->Check(&context, request, &answer_);
  }

  TestFile programme_;
  v1::DuplicatesCheckResponse answer_;
};

TEST_F(DuplicatesServiceTest, TwoUnitsLearnOfOneAnother) {
  Start();
  const auto ours = crypto::RandomId<MatchAlias>(), theirs = crypto::RandomId<MatchAlias>();
  ASSERT_TRUE(Offer(world_.lead, Scope(world_.police), ours, 7).ok());
  ASSERT_TRUE(Offer(world_.intake, Scope(world_.shelter), theirs, 7).ok());
  ASSERT_TRUE(Check(world_.lead, Scope(world_.police)).ok());
  ASSERT_THAT(answer_.held(), SizeIs(1));
  EXPECT_EQ(answer_.held(0).alias(), ours.str());
  EXPECT_EQ(answer_.held(0).digest(), codec::MatchDigest({{domain::MatchKind::kPhone, 7}}).str());
  ASSERT_THAT(answer_.found(), SizeIs(1));
  EXPECT_EQ(answer_.found(0).alias(), ours.str());
  EXPECT_EQ(answer_.found(0).unit(), world_.shelter.str());
  EXPECT_EQ(answer_.found(0).kind(), v1::MATCH_KIND_PHONE);
  EXPECT_FALSE(answer_.names());
  EXPECT_EQ(answer_.SerializeAsString().find(theirs.str()), std::string::npos)
      << "the other's alias is not told";

  v1::DuplicatesWithdrawRequest request;
  *request.mutable_scope() = Scope(world_.police);
  request.add_aliases(ours.str());
  grpc::ClientContext context;
  SetDeadline(context);
  v1::DuplicatesWithdrawResponse response;
  ASSERT_TRUE(
      v1::Duplicates::NewStub(Channel(world_.lead))->Withdraw(&context, request, &response).ok());
  EXPECT_EQ(response.dropped(), 1u);
  ASSERT_TRUE(Check(world_.lead, Scope(world_.police)).ok());
  EXPECT_THAT(answer_.held(), IsEmpty());
}

TEST_F(DuplicatesServiceTest, OnlyForOnesOwnUnitAndUnderTheNewestKeys) {
  Start();
  EXPECT_EQ(Check(world_.intake, Scope(world_.police)).error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Check(world_.officer, Scope(world_.police)).error_code(), StatusCode::PERMISSION_DENIED)
      << "not on the roster";
  v1::MatchScope scope = Scope(world_.police);
  scope.set_key_epoch(crypto::RandomId<KeyEpochId>().str());
  EXPECT_EQ(Offer(world_.lead, scope, crypto::RandomId<MatchAlias>(), 7).error_code(),
            StatusCode::FAILED_PRECONDITION);
  TestFile operation;
  const auto founding = world_.Found(world_.lead, operation);
  MustPush(world_.lead, {world_.Sign(world_.lead, {founding})});
  scope.set_programme(operation.file.str());
  scope.set_key_epoch(operation.key_epoch.str());
  EXPECT_EQ(Check(world_.lead, scope).error_code(), StatusCode::FAILED_PRECONDITION)
      << "a file of another kind";
  scope.set_unit("short");
  EXPECT_EQ(Check(world_.lead, scope).error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(DuplicatesServiceTest, IsOffUnlessTheDeploymentSaysSo) {
  Start(false);
  EXPECT_EQ(Check(world_.lead, Scope(world_.police)).error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(
      Offer(world_.lead, Scope(world_.police), crypto::RandomId<MatchAlias>(), 7).error_code(),
      StatusCode::FAILED_PRECONDITION);
}

}  // namespace
}  // namespace kapea::server
