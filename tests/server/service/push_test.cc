// Push over mutual TLS: what is taken, what is refused, and that a refusal leaves no trace.
#include <gmock/gmock.h>

#include <random>

#include "common/rpc/status.h"
#include "kapea/v1/error.pb.h"
#include "tests/server/service/service_fixture.h"

namespace kapea::server {
namespace {

class PushTest : public ServiceTest {
 protected:
  PushTest() {
    world_.StartServer();
    Remember();
  }
  void Remember() {
    size_ = world_.size();
    root_ = world_.root();
  }
  void ExpectNoTrace() {
    EXPECT_EQ(world_.size(), size_);
    EXPECT_EQ(world_.root(), root_);
  }
  void ExpectRefused(const v1::PushRequest& request, v1::RefusalReason reason) {
    v1::PushResponse response;
    const grpc::Status status = Push(world_.lead, request, response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.receipts_size(), 0);
    EXPECT_EQ(response.refusal().reason(), reason) << response.refusal().message();
    ExpectNoTrace();
  }
  // A Receipt is only worth what its proof is.
  void ExpectReceipt(const v1::Receipt& receipt, size_t entries) {
    const auto checkpoint = ledger::OpenCheckpoint(
        receipt.checkpoint(),
        {ledger::OriginOf(world_.deployment, 1), world_.log_key.public_key()});
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    const auto run = codec::RunFromWire(receipt.run());
    ASSERT_TRUE(run.ok());
    const auto verified = codec::VerifyRun(*run, checkpoint->size, checkpoint->root);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->size(), entries);
  }

  uint64_t size_ = 0;
  Hash root_;
  TestFile file_;
};

TEST_F(PushTest, GivesReceiptsThatVerify) {
  auto founding = world_.Found(world_.lead, file_, {&world_.officer});
  const auto response = MustPush(
      world_.lead, {world_.Sign(world_.lead, {founding, world_.Edit(world_.lead, file_)})});
  ASSERT_EQ(response.receipts_size(), 1);
  ASSERT_EQ(response.receipts(0).receipts_size(), 1);
  ExpectReceipt(response.receipts(0).receipts(0), 2);
  EXPECT_FALSE(response.has_refusal());
  EXPECT_EQ(world_.size(), size_ + 2);
}

TEST_F(PushTest, AnswersARepeatWithTheOldPlaces) {
  const auto parcel = world_.Sign(world_.lead, {world_.Found(world_.lead, file_)});
  const auto first = MustPush(world_.lead, {parcel});
  Remember();
  const auto again = MustPush(world_.lead, {parcel});
  ExpectNoTrace();
  ASSERT_EQ(again.receipts_size(), 1);
  EXPECT_EQ(again.receipts(0).receipts(0).run().first_sequence(),
            first.receipts(0).receipts(0).run().first_sequence());
  EXPECT_EQ(again.receipts(0).receipts(0).run().entries(0),
            first.receipts(0).receipts(0).run().entries(0));
}

TEST_F(PushTest, TakesAnothersParcelFromAnyCarrier) {
  const auto parcel = world_.Sign(world_.officer, {world_.Found(world_.officer, file_)});
  const auto response = MustPush(world_.lead, {parcel});
  EXPECT_EQ(response.receipts_size(), 1);
  EXPECT_EQ(world_.size(), size_ + 1);
}

TEST_F(PushTest, RefusesABadSignature) {
  auto parcel = world_.Sign(world_.lead, {world_.Found(world_.lead, file_)});
  parcel.signature[10] = static_cast<char>(parcel.signature[10] ^ 1);
  ExpectRefused(RequestOf({parcel}), v1::REFUSAL_REASON_BAD_SIGNATURE);
}

TEST_F(PushTest, RefusesAParcelThatClaimsAnotherDevice) {
  TestDevice forger = Copy(world_.officer);
  forger.signing = crypto::SigningKey::Generate();
  ExpectRefused(RequestOf({world_.Sign(forger, {world_.Found(forger, file_)})}),
                v1::REFUSAL_REASON_BAD_SIGNATURE);
}

TEST_F(PushTest, RefusesAnUnknownDevice) {
  TestDevice stranger = Copy(world_.officer);
  stranger.device = crypto::RandomId<DeviceId>();
  ExpectRefused(RequestOf({world_.Sign(stranger, {world_.Found(stranger, file_)})}),
                v1::REFUSAL_REASON_UNKNOWN_DEVICE);
}

TEST_F(PushTest, RefusesAGapAndSaysWhatItWants) {
  world_.Sign(world_.lead, {world_.Found(world_.lead, file_)});  // never sent
  v1::PushResponse response;
  const auto later = world_.Sign(world_.lead, {world_.Edit(world_.lead, file_)});
  ASSERT_TRUE(Push(world_.lead, RequestOf({later}), response).ok());
  EXPECT_EQ(response.refusal().reason(), v1::REFUSAL_REASON_SEQUENCE_GAP);
  EXPECT_EQ(response.refusal().wanted_sequence(), 1u);
  ExpectNoTrace();
}

TEST_F(PushTest, RefusesOtherContentUnderAUsedNumber) {
  TestDevice clone = Copy(world_.lead);
  TestFile other;
  const auto cloned = world_.Sign(clone, {world_.Found(clone, other)});
  MustPush(world_.lead, {world_.Sign(world_.lead, {world_.Found(world_.lead, file_)})});
  Remember();
  ExpectRefused(RequestOf({cloned}), v1::REFUSAL_REASON_CONTRADICTS);
}

TEST_F(PushTest, RefusesAnotherDeployment) {
  TestDeployment elsewhere;
  TestDevice& lead = elsewhere.lead;
  ExpectRefused(RequestOf({elsewhere.Sign(lead, {elsewhere.Found(lead, file_)})}),
                v1::REFUSAL_REASON_OTHER_DEPLOYMENT);
}

TEST_F(PushTest, RefusesALedgerEpochToCome) {
  domain::Header header = world_.HeaderFor(world_.lead, domain::Kind::kRoster, {}, std::nullopt);
  header.epoch = 2;
  header.file = codec::FileIdOf(world_.deployment, world_.lead.device, header.nonce);
  codec::ChangeWriter writer(std::move(header));
  writer.Add(domain::Founding{domain::FileKind::kOperation, false});
  auto change = std::move(writer).Finish();
  ASSERT_TRUE(change.ok());
  ExpectRefused(RequestOf({world_.Sign(world_.lead, {*std::move(change)})}),
                v1::REFUSAL_REASON_FUTURE_EPOCH);
}

TEST_F(PushTest, RefusesTooManyParcels) {
  std::vector<codec::Parcel> parcels = {
      world_.Sign(world_.lead, {world_.Found(world_.lead, file_)})};
  for (int i = 0; i < 70; ++i) {
    parcels.push_back(world_.Sign(world_.lead, {world_.Edit(world_.lead, file_)}));
  }
  v1::PushResponse response;
  ASSERT_TRUE(Push(world_.lead, RequestOf(parcels), response).ok());
  EXPECT_EQ(response.receipts_size(), 64);
  EXPECT_EQ(response.refusal().reason(), v1::REFUSAL_REASON_LIMIT);
  EXPECT_EQ(response.refusal().parcel(), 64u);
}

TEST_F(PushTest, KeepsTheParcelsBeforeARefusedOne) {
  const auto good = world_.Sign(world_.lead, {world_.Found(world_.lead, file_)});
  auto bad = world_.Sign(world_.lead, {world_.Edit(world_.lead, file_)});
  bad.signature[0] = static_cast<char>(bad.signature[0] ^ 1);
  const auto response = MustPush(world_.lead, {good, bad});
  EXPECT_EQ(response.receipts_size(), 1);
  EXPECT_EQ(response.refusal().parcel(), 1u);
  EXPECT_EQ(world_.size(), size_ + 1);
}

TEST_F(PushTest, RefusesTruncatedBytes) {
  const auto parcel = world_.Sign(world_.lead, {world_.Found(world_.lead, file_)});
  const v1::PushRequest whole = RequestOf({parcel});
  for (const size_t cut : {size_t{1}, size_t{7}, parcel.header_bytes.size() - 1}) {
    SCOPED_TRACE(cut);
    v1::PushRequest request = whole;
    request.mutable_parcels(0)->mutable_header()->resize(parcel.header_bytes.size() - cut);
    ExpectRefused(request, v1::REFUSAL_REASON_MALFORMED);
  }
  v1::PushRequest request = whole;
  v1::Change change;
  ASSERT_TRUE(change.ParseFromString(request.parcels(0).changes(0)));
  change.mutable_header()->mutable_content()->pop_back();
  request.mutable_parcels(0)->set_changes(0, change.SerializeAsString());
  ExpectRefused(request, v1::REFUSAL_REASON_MALFORMED);
}

TEST_F(PushTest, RefusesRandomBytesEverywhere) {
  std::mt19937 random(20261123);
  for (int i = 0; i < 20; ++i) {
    SCOPED_TRACE(i);
    std::string noise(random() % 300, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    v1::PushRequest request;
    auto* parcel = request.add_parcels();
    parcel->set_header(noise);
    parcel->set_signature(noise);
    v1::Change change;
    change.mutable_header()->set_content(noise);
    parcel->add_changes(change.SerializeAsString());
    ExpectRefused(request, v1::REFUSAL_REASON_MALFORMED);
  }
}

TEST_F(PushTest, RefusesDeeplyNestedUnknownFields) {
  v1::PushRequest request =
      RequestOf({world_.Sign(world_.lead, {world_.Found(world_.lead, file_)})});
  std::string nested;
  for (int i = 0; i < 5000; ++i) nested.push_back('\x7b');  // group of field 15, never ended
  request.mutable_parcels(0)->mutable_header()->append(nested);
  ExpectRefused(request, v1::REFUSAL_REASON_MALFORMED);
}

TEST_F(PushTest, WantsADeadline) {
  grpc::ClientContext context;
  v1::PushResponse response;
  const grpc::Status status =
      v1::Sync::NewStub(Channel(world_.lead))->Push(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  v1::ErrorDetail detail;
  ASSERT_TRUE(detail.ParseFromString(status.error_details()));
  EXPECT_EQ(detail.reason(), "no_deadline");
}

TEST_F(PushTest, RefusesACertificateThatIsNotTheEnrolledOne) {
  // Issued by the right authority, in the right name, and yet not what was enrolled.
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  const auto chain =
      world_.issuer.IssueDevice(*pki::MakeRequest(key), world_.lead.person, world_.lead.device);
  ASSERT_TRUE(chain.ok());
  grpc::ClientContext context;
  SetDeadline(context);
  v1::PushResponse response;
  const grpc::Status status =
      v1::Sync::NewStub(world_.Open(*chain, key))->Push(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(status.error_message(), testing::HasSubstr("not one that the device enrolled with"));
}

TEST(RateLimitTest, TellsABusyDeviceToWaitAndNoOther) {
  TestDeployment world;
  ServerOptions options;
  options.rates.calls_per_second = 2;
  options.rates.calls_burst = 3;
  world.StartServer(options);
  // One connection each: four handshakes can take as long as a call takes to be allowed again.
  const auto lead = v1::Ledger::NewStub(world.Open(world.lead));
  const auto officer = v1::Ledger::NewStub(world.Open(world.officer));
  const auto ask = [&](v1::Ledger::Stub& by, v1::ErrorDetail* detail) {
    grpc::ClientContext context;
    SetDeadline(context);
    v1::ProveResponse response;
    const auto status = by.Prove(&context, {}, &response);
    if (detail != nullptr) detail->ParseFromString(status.error_details());
    return status.error_code();
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(*lead, nullptr), grpc::StatusCode::OK);
  v1::ErrorDetail detail;
  EXPECT_EQ(ask(*lead, &detail), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(detail.limit(), "calls_per_device");
  EXPECT_GT(detail.retry_after_ms(), 0);
  EXPECT_LE(detail.retry_after_ms(), 500);
  EXPECT_EQ(ask(*officer, nullptr), grpc::StatusCode::OK);
  world.clock->Advance(Duration::Seconds(1));
  EXPECT_EQ(ask(*lead, nullptr), grpc::StatusCode::OK);
}

}  // namespace
}  // namespace kapea::server
