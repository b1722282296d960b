// What the server serves to supervisors with halves: headers, until two of them agree; then all
// to who asked, for a day.
#include "common/domain/glass.h"

#include <gmock/gmock.h>

#include "common/crypto/hash.h"
#include "tests/server/service/service_fixture.h"

namespace kapea::server {
namespace {

class GlassTest : public ServiceTest {
 protected:
  GlassTest() {
    ServerOptions options;
    options.rates.calls_per_second = 100'000;
    options.rates.calls_burst = 100'000;
    world_.StartServer(options);
    MakeSupervisor(world_.officer);
    MustPush(world_.lead, {world_.Sign(world_.lead, {world_.Found(world_.lead, file_)})});
    MustPush(world_.lead, {world_.Sign(world_.lead, {world_.Edit(world_.lead, file_, true)})});
    codec::ChangeWriter opening(
        world_.HeaderFor(world_.lead, domain::Kind::kRoster, file_.file, file_.roster));
    file_.key_epoch = opening.id();
    domain::KeyOpening key;
    key.key_class = domain::KeyClass::kGeneral;
    opening.Add(key);
    opening.Add(WrapOf(world_.supervisor, 1, domain::RecipientKind::kHalf));
    opening.Add(WrapOf(world_.officer, 2, domain::RecipientKind::kHalf));
    file_.roster = Send(world_.lead, std::move(opening)).change->hash;
  }
  // Another supervisor: the deployment has but one.
  void MakeSupervisor(TestDevice& device) {
    device.role = domain::Role::kSupervisor;
    const auto proposal = world_.Propose(world_.registrar1, {TestDeployment::PersonOf(device)});
    MustPush(world_.registrar1, {world_.Sign(world_.registrar1, {proposal})});
    const auto approval = world_.Approve(world_.registrar2, proposal);
    MustPush(world_.registrar2, {world_.Sign(world_.registrar2, {approval})});
  }
  domain::Wrap WrapOf(const TestDevice& to, uint32_t half, domain::RecipientKind kind) const {
    domain::Wrap wrap;
    wrap.key_epoch = file_.key_epoch;
    wrap.key_class = domain::KeyClass::kGeneral;
    wrap.half = half;
    wrap.recipient_kind = kind;
    wrap.recipient = ChangeId::FromPrefix(to.person.view());
    wrap.generation = 1;
    wrap.recipient_key = crypto::Sha256(to.receive_key);
    wrap.encapsulated = crypto::RandomBytes(32);  // the server cannot look into it
    wrap.ciphertext = crypto::RandomBytes(48);
    return wrap;
  }
  codec::EncodedChange Send(TestDevice& by, codec::ChangeWriter writer) {
    codec::EncodedChange change = *std::move(writer).Finish();
    const v1::PushResponse response = MustPush(by, {world_.Sign(by, {change})});
    EXPECT_EQ(response.receipts_size(), 1);
    const auto entry = codec::DecodeEntry(response.receipts(0).receipts(0).run().entries(0));
    EXPECT_TRUE(entry.ok());
    EXPECT_EQ(entry->verdict, domain::Verdict::kAccepted)
        << domain::FileState::Explain(entry->verdict);
    return change;
  }
  codec::EncodedChange Ask() {
    codec::ChangeWriter request(
        world_.HeaderFor(world_.supervisor, domain::Kind::kBreakGlass, file_.file, file_.roster));
    domain::Decision decision;
    decision.reason = "lead_unreachable";
    decision.from = static_cast<uint64_t>(domain::KeyClass::kGeneral);
    decision.to = 1;
    request.Add(decision);
    return Send(world_.supervisor, std::move(request));
  }
  void Agree(const codec::EncodedChange& request) {
    domain::Header header =
        world_.HeaderFor(world_.officer, domain::Kind::kBreakGlass, file_.file, file_.roster);
    header.refs = {{request.change->id, request.change->hash}};
    codec::ChangeWriter approval(std::move(header));
    domain::Decision decision;
    decision.reason = std::string(domain::kGlassApproved);
    approval.Add(decision);
    approval.Add(WrapOf(world_.supervisor, 2, domain::RecipientKind::kPerson));
    Send(world_.officer, std::move(approval));
  }
  struct Pulled {
    size_t changes = 0;
    bool for_halves = false;
    size_t withheld = 0;  // writes
    size_t sealed = 0;    // field writes that are sealed
    size_t wraps = 0;
  };
  Pulled Pull(const TestDevice& device) {
    Pulled pulled;
    grpc::ClientContext context;
    SetDeadline(context);
    const auto reader = v1::Sync::NewStub(Channel(device))->Pull(&context, v1::PullRequest());
    v1::PullResponse batch;
    while (reader->Read(&batch)) {
      for (const auto& file : batch.files()) {
        if (file.file() != file_.file.str()) continue;
        pulled.for_halves = file.for_halves();
        for (const auto& change : file.changes()) Count(change.change(), pulled);
      }
    }
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return pulled;
  }
  static void Count(const std::string& bytes, Pulled& pulled) {
    const auto change = codec::DecodeChange(bytes);
    ASSERT_TRUE(change.ok()) << change.status();
    ++pulled.changes;
    for (const domain::Write& write : change->change->writes) {
      pulled.withheld += std::holds_alternative<domain::Withheld>(write.body);
      pulled.wraps += std::holds_alternative<domain::Wrap>(write.body);
      const auto* field = std::get_if<domain::FieldWrite>(&write.body);
      pulled.sealed += field != nullptr && field->sealed;
    }
  }

  TestFile file_;
};

TEST_F(GlassTest, ServesHeadersUntilTwoAgreeAndThenAllForADay) {
  for (const TestDevice* device : {&world_.supervisor, &world_.officer}) {
    const Pulled before = Pull(*device);
    EXPECT_EQ(before.changes, 3u) << "no number is left out";
    EXPECT_TRUE(before.for_halves);
    EXPECT_EQ(before.withheld, 1u);
    EXPECT_EQ(before.sealed, 0u);
    EXPECT_EQ(before.wraps, 2u);
  }
  EXPECT_EQ(Pull(world_.intake).changes, 0u);
  const auto request = Ask();
  EXPECT_EQ(Pull(world_.supervisor).sealed, 0u) << "one alone";
  Agree(request);
  const Pulled open = Pull(world_.supervisor);
  EXPECT_FALSE(open.for_halves);
  EXPECT_EQ(open.sealed, 1u);
  EXPECT_EQ(open.withheld, 0u);
  EXPECT_TRUE(Pull(world_.officer).for_halves) << "who agreed gets nothing";
  world_.clock->Advance(domain::kGlassStaysOpen);
  const Pulled after = Pull(world_.supervisor);
  EXPECT_TRUE(after.for_halves);
  EXPECT_EQ(after.sealed, 0u);
}

TEST_F(GlassTest, AnApprovalAfterTheHourServesNothing) {
  const auto request = Ask();
  world_.clock->Advance(domain::kGlassLapses + Duration::Minutes(1));
  Agree(request);
  EXPECT_TRUE(Pull(world_.supervisor).for_halves);
}

// What a restart builds of the ledger anew is what was written with it.
TEST_F(GlassTest, StandsOverARestart) {
  Agree(Ask());
  world_.StopServer();
  channels_.clear();
  world_.StartServer();
  EXPECT_EQ(Pull(world_.supervisor).sealed, 1u);
  EXPECT_TRUE(Pull(world_.officer).for_halves);
}

}  // namespace
}  // namespace kapea::server
