// Chunks of attachments over mutual TLS, and proofs out of the ledger.
#include <gmock/gmock.h>

#include "common/ledger/checkpoint.h"
#include "server/store/tables.h"
#include "tests/server/service/service_fixture.h"

namespace kapea::server {
namespace {

class BlobTest : public ServiceTest {
 protected:
  BlobTest() {
    ServerOptions options;
    options.blob_bytes_per_file = 200'000;
    world_.StartServer(options);
    const auto founding = world_.Found(world_.lead, file_, {&world_.officer});
    MustPush(world_.lead, {world_.Sign(world_.lead, {founding})});
  }
  grpc::Status Put(const TestDevice& by, const FileId& file,
                   const std::vector<std::string>& chunks) {
    v1::BlobPutRequest request;
    request.set_file(file.str());
    for (const std::string& chunk : chunks) request.add_chunks(chunk);
    v1::BlobPutResponse response;
    grpc::ClientContext context;
    SetDeadline(context);
    return v1::Blob::NewStub(Channel(by))->Put(&context, request, &response);
  }
  grpc::Status Get(const TestDevice& by, const FileId& file, const std::vector<Hash>& names,
                   v1::BlobGetResponse& response) {
    v1::BlobGetRequest request;
    request.set_file(file.str());
    for (const Hash& name : names) request.add_chunks(name.str());
    grpc::ClientContext context;
    SetDeadline(context);
    return v1::Blob::NewStub(Channel(by))->Get(&context, request, &response);
  }
  std::vector<bool> Have(const TestDevice& by, const std::vector<Hash>& names) {
    v1::BlobHaveRequest request;
    request.set_file(file_.file.str());
    for (const Hash& name : names) request.add_chunks(name.str());
    v1::BlobHaveResponse response;
    grpc::ClientContext context;
    SetDeadline(context);
    EXPECT_TRUE(v1::Blob::NewStub(Channel(by))->Have(&context, request, &response).ok());
    return {response.have().begin(), response.have().end()};
  }

  TestFile file_;
};

TEST_F(BlobTest, GivesBackWhatMembersPut) {
  const std::string one = crypto::RandomBytes(65'552), two = crypto::RandomBytes(100);
  ASSERT_TRUE(Put(world_.lead, file_.file, {one, two, one}).ok());
  ASSERT_TRUE(Put(world_.officer, file_.file, {two}).ok());  // again: nothing changes
  const std::vector<Hash> names = {crypto::Sha256(two), crypto::Sha256("absent"),
                                   crypto::Sha256(one)};
  EXPECT_EQ(Have(world_.officer, names), (std::vector<bool>{true, false, true}));
  v1::BlobGetResponse response;
  ASSERT_TRUE(Get(world_.officer, file_.file, {names[2], names[0]}, response).ok());
  EXPECT_EQ(response.chunks(0), one);
  EXPECT_EQ(response.chunks(1), two);
  EXPECT_EQ(Get(world_.officer, file_.file, {names[1]}, response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(BlobTest, RefusesWhoIsNotOnTheRosterWhetherThereIsAFileOrNot) {
  ASSERT_TRUE(Put(world_.lead, file_.file, {"chunk"}).ok());
  v1::BlobGetResponse response;
  const auto there = Get(world_.intake, file_.file, {crypto::Sha256("chunk")}, response);
  const auto nowhere =
      Get(world_.intake, crypto::RandomId<FileId>(), {crypto::Sha256("chunk")}, response);
  EXPECT_EQ(there.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(nowhere.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(there.error_message(), nowhere.error_message());
  EXPECT_EQ(Put(world_.intake, file_.file, {"mine"}).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(BlobTest, AChunkOfOneFileIsNotThereInAnother) {
  TestFile other;
  MustPush(world_.officer, {world_.Sign(world_.officer, {world_.Found(world_.officer, other)})});
  ASSERT_TRUE(Put(world_.officer, file_.file, {"chunk"}).ok());
  v1::BlobGetResponse response;
  EXPECT_EQ(Get(world_.officer, other.file, {crypto::Sha256("chunk")}, response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(BlobTest, HoldsToItsLimits) {
  EXPECT_EQ(Put(world_.lead, file_.file, {std::string(65'553, 'x')}).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Put(world_.lead, file_.file, {""}).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  std::vector<std::string> much;
  for (int i = 0; i < 4; ++i) much.push_back(crypto::RandomBytes(60'000));
  EXPECT_EQ(Put(world_.lead, file_.file, much).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Have(world_.lead, {crypto::Sha256(much[0])}), std::vector<bool>{false});
  much.pop_back();
  EXPECT_TRUE(Put(world_.lead, file_.file, much).ok());
  v1::BlobGetResponse response;
  EXPECT_EQ(Get(world_.lead, file_.file, std::vector<Hash>(13), response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(BlobTest, ProvesAChangeToMembersAlone) {
  const auto edit = world_.Edit(world_.lead, file_);
  MustPush(world_.lead, {world_.Sign(world_.lead, {edit})});
  v1::ProveRequest request;
  request.set_change(edit.change->id.str());
  const auto prove = [&](const TestDevice& by, v1::ProveResponse& response) {
    grpc::ClientContext context;
    SetDeadline(context);
    return v1::Ledger::NewStub(Channel(by))->Prove(&context, request, &response);
  };
  v1::ProveResponse response;
  ASSERT_TRUE(prove(world_.officer, response).ok());
  const auto checkpoint = ledger::OpenCheckpoint(
      response.checkpoint(), {ledger::OriginOf(world_.deployment, 1), world_.log_key.public_key()});
  ASSERT_TRUE(checkpoint.ok());
  const auto run = codec::RunFromWire(response.receipt().run());
  const auto entries = codec::VerifyRun(*run, checkpoint->size, checkpoint->root);
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_EQ(entries->front().change_hash, edit.change->hash);
  EXPECT_EQ(prove(world_.intake, response).error_code(), grpc::StatusCode::NOT_FOUND);
  request.mutable_tile()->set_width(3);
  v1::ProveResponse tile;
  ASSERT_TRUE(prove(world_.intake, tile).ok());
  EXPECT_EQ(tile.tile().size(), 96u);
  request.mutable_tile()->set_width(250);
  EXPECT_EQ(prove(world_.intake, tile).error_code(), grpc::StatusCode::OUT_OF_RANGE);
}

}  // namespace
}  // namespace kapea::server
