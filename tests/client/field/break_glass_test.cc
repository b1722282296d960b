// Break-glass between devices: a file whose lead cannot be reached is opened by two
// supervisors together, and everybody whom it concerns is told.
#include "client/field/break_glass.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/field/inbox.h"
#include "client/field/membership.h"
#include "common/codec/wrap_codec.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"
#include "common/domain/rekey.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

using domain::GlassStatus;
using domain::KeyClass;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kName = "Invented Name";
constexpr std::string_view kWhy = "her sister says she is held again, and the lead is at sea";

class BreakGlassTest : public ::testing::Test {
 protected:
  BreakGlassTest() {
    for (const char* name : {"second", "third"}) {
      server_.AddPerson(name, server_.police(), domain::Role::kSupervisor);
    }
  }
  void SetUp() override {
    lead_ = std::make_unique<FakeDevice>(server_, "lead", clock_);
    ASSERT_TRUE(lead_->Sync().ok());
    file_ = *FoundOperation(server_, *lead_, {"lead", "officer"});
    record_ = *AddRecord(*lead_, file_, crypto::RandomId<RecordId>(), 7);
    Write(kName);
    Sync(*lead_);
    for (const char* name : {"supervisor", "second", "third"}) {
      const auto half = HalfOf(server_.person(name));
      ASSERT_NE(half, 0u);
      auto& device = half == 1 ? (asks_ == nullptr ? asks_ : same_half_) : agrees_;
      device = std::make_unique<FakeDevice>(server_, name, clock_);
      Sync(*device);
    }
    ASSERT_NE(asks_, nullptr);
    ASSERT_NE(agrees_, nullptr);
    ASSERT_NE(same_half_, nullptr);
  }
  uint32_t HalfOf(const PersonId& person) {
    for (const domain::WrapAt& at : server_.File(file_)->wraps()) {
      if (at.wrap.half != 0 && at.wrap.recipient.view() == person.view()) return at.wrap.half;
    }
    return 0;
  }
  void Write(std::string_view name) {
    auto writer = lead_->vault().Begin({.file = file_, .kind = domain::Kind::kEdit});
    domain::FieldWrite write;
    write.record = record_;
    write.field = "name";
    if (const auto* values = (*lead_->vault().File(file_))->FindRecord(record_)->Find("name")) {
      write.replaces = values->CurrentIds();
    }
    ASSERT_TRUE(lead_->vault()
                    .AddSealed(*writer, write, domain::Text{std::string(name)}, KeyClass::kIdentity)
                    .ok());
    ASSERT_TRUE(lead_->vault().Commit(*std::move(writer)).ok());
  }
  absl::StatusOr<std::string> ReadName(FakeDevice& device) {
    vault::Vault& vault = device.vault();
    KAPEA_ASSIGN(const auto state, vault.File(file_));
    const domain::Record* found = state->FindRecord(record_);
    const domain::Register* names = found == nullptr ? nullptr : found->Find("name");
    if (names == nullptr || names->current().empty()) return absl::NotFoundError("no name");
    KAPEA_ASSIGN(const auto notice, vault.NoticeReading(file_, record_, {"name"}));
    KAPEA_ASSIGN(const auto value,
                 vault.OpenSealed(notice, "name", names->current().begin()->second));
    return std::get<domain::Text>(value).text;
  }
  sync::SyncReport Sync(FakeDevice& device) {
    sync::SyncReport last;
    for (int round = 0; round < 2; ++round) {  // what a sync says itself goes with the next
      auto report = device.Sync();
      EXPECT_TRUE(report.ok()) << report.status();
      if (report.ok()) last = *std::move(report);
      EXPECT_THAT(last.verdicts, IsEmpty());
    }
    return last;
  }
  domain::Ref Ask() {
    const auto request =
        field::AskForGlass(asks_->vault(), {file_, {}, "lead_unreachable", std::string(kWhy)});
    EXPECT_TRUE(request.ok()) << request.status();
    Sync(*asks_);
    Sync(*agrees_);
    return request.ok() ? *request : domain::Ref();
  }
  void Agree(const domain::Ref& request) {
    const auto approval = agrees_->vault().break_glass().Approve(file_, request.change);
    ASSERT_TRUE(approval.ok()) << approval.status();
    Sync(*agrees_);
    Sync(*asks_);
  }
  absl::Status Open(FakeDevice& device, const domain::Ref& request) {
    return device.vault().break_glass().Open(file_, request.change).status();
  }
  bool Lists(FakeDevice& device) {
    for (const vault::FileLine& line : device.vault().Files()) {
      if (line.file == file_) return true;
    }
    return false;
  }
  std::vector<std::string> Told(FakeDevice& device) {
    std::vector<std::string> told;
    const auto lines = field::ReadInbox(device.vault());
    EXPECT_TRUE(lines.ok()) << lines.status();
    for (const field::InboxLine& line : *lines) {
      if (line.kind == field::InboxKind::kBreakGlass) told.push_back(line.what + " | " + line.next);
    }
    return told;
  }
  std::shared_ptr<const domain::FileState> File(FakeDevice& device) {
    return *device.vault().File(file_);
  }

  ManualClock clock_;
  FakeServer server_{clock_};
  std::unique_ptr<FakeDevice> lead_, asks_, agrees_, same_half_;
  FileId file_;
  RecordId record_;
};

TEST_F(BreakGlassTest, TwoSupervisorsOpenAFileAndEverybodyIsTold) {
  EXPECT_FALSE(Lists(*asks_)) << "it is not her file";
  EXPECT_THAT(*field::FilesWithHalves(asks_->vault()), ElementsAre(file_));
  const domain::Ref request = Ask();
  EXPECT_THAT(Told(*agrees_),
              ElementsAre(AllOf(HasSubstr("lead_unreachable"), HasSubstr("within the hour"))));
  EXPECT_EQ(*agrees_->vault().break_glass().Why(file_, request.change), kWhy);
  Sync(*lead_);
  EXPECT_THAT(Told(*lead_), ElementsAre(HasSubstr("nobody has agreed yet")));
  EXPECT_EQ(*lead_->vault().break_glass().Why(file_, request.change), kWhy);
  Agree(request);
  EXPECT_EQ(File(*asks_)->glasses()[0].approved_by, agrees_->vault().identity().person);
  EXPECT_TRUE(Lists(*asks_));
  EXPECT_FALSE(ReadName(*asks_).ok()) << "nothing is opened without a word to the file";
  ASSERT_EQ(Open(*asks_, request), absl::OkStatus());
  EXPECT_EQ(*ReadName(*asks_), kName);
  // He who agreed has nothing of it.
  EXPECT_FALSE(Lists(*agrees_));
  EXPECT_FALSE(agrees_->vault().HoldsKey(file_, KeyClass::kIdentity));
  EXPECT_EQ(File(*agrees_)->FindRecord(record_), nullptr);
  Sync(*asks_);
  Sync(*lead_);
  EXPECT_THAT(Told(*lead_), ElementsAre(HasSubstr("it was opened")));
  const auto reads = field::ListReads(lead_->vault(), file_);
  ASSERT_TRUE(reads.ok());
  ASSERT_THAT(*reads, SizeIs(1));
  EXPECT_EQ((*reads)[0].by, asks_->vault().identity().person);
  EXPECT_THAT(File(*lead_)->glasses()[0].opened, SizeIs(1));
  for (FakeDevice* device : {lead_.get(), asks_.get(), agrees_.get()}) {
    EXPECT_THAT(File(*device)->disputed(), IsEmpty());
    EXPECT_THAT(*device->vault().replica().Disputes(file_), IsEmpty());
  }
  EXPECT_EQ(Show(*File(*asks_)), Show(*server_.File(file_)));
}

TEST_F(BreakGlassTest, WhoHasAHalfSeesNothingOfTheFileBeforehand) {
  const auto state = File(*asks_);
  EXPECT_TRUE(state->records().empty());
  EXPECT_TRUE(state->content_missing());
  EXPECT_EQ(state->number(), server_.File(file_)->number()) << "of all that is there, the header";
  EXPECT_THAT(*asks_->vault().replica().Disputes(file_), IsEmpty());
  // A half is not the key, and both together are.
  std::map<uint32_t, crypto::SecretBytes> halves;
  const domain::KeyEpoch& epoch = *state->newest_key_epoch();
  const domain::KeyOpening& opening = epoch.classes.at(KeyClass::kIdentity);
  const auto is_key = [&](const crypto::SecretBytes& key) {
    return crypto::ClassKeyCommitment(key, asks_->vault().identity().deployment, file_, epoch.id,
                                      static_cast<uint8_t>(KeyClass::kIdentity)) ==
           opening.commitment.view();
  };
  for (FakeDevice* device : {asks_.get(), agrees_.get()}) {
    const vault::Identity& me = device->vault().identity();
    for (const domain::WrapAt& at : state->wraps()) {
      const bool for_me = at.wrap.half != 0 && at.wrap.key_class == KeyClass::kIdentity &&
                          at.wrap.recipient.view() == me.person.view();
      if (!for_me) continue;
      auto half = codec::OpenWrap({me.deployment, file_, at.change}, at.wrap,
                                  me.person_keys.at(at.wrap.generation));
      ASSERT_TRUE(half.ok());
      EXPECT_FALSE(is_key(*half));
      halves.emplace(at.wrap.half, *std::move(half));
    }
  }
  ASSERT_THAT(halves, SizeIs(2));
  crypto::SecretBytes both(32);
  for (size_t i = 0; i < 32; ++i) {
    both.data()[i] = static_cast<unsigned char>(halves.at(1).data()[i] ^ halves.at(2).data()[i]);
  }
  EXPECT_TRUE(is_key(both));
}

TEST_F(BreakGlassTest, OneAloneOpensNothing) {
  const domain::Ref request = Ask();
  EXPECT_EQ(Open(*asks_, request).code(), absl::StatusCode::kFailedPrecondition);
  const auto own = asks_->vault().break_glass().Approve(file_, request.change);
  EXPECT_EQ(own.status().code(), absl::StatusCode::kPermissionDenied);
  Sync(*same_half_);
  EXPECT_THAT(Told(*same_half_), IsEmpty()) << "his half completes nothing";
  const auto same = same_half_->vault().break_glass().Approve(file_, request.change);
  EXPECT_EQ(same.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(lead_->vault().break_glass().Request({file_, {}, "why", "words"}).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(File(*asks_)->glasses()[0].approval);
  EXPECT_FALSE(asks_->vault().HoldsKey(file_, KeyClass::kIdentity));
}

TEST_F(BreakGlassTest, AfterAnHourNobodyAgreesAnyMore) {
  const domain::Ref request = Ask();
  clock_.Advance(domain::kGlassLapses + Duration::Minutes(1));
  const auto late = agrees_->vault().break_glass().Approve(file_, request.change);
  EXPECT_EQ(late.status().code(), absl::StatusCode::kFailedPrecondition);
  Sync(*asks_);
  EXPECT_EQ(Open(*asks_, request).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Told(*asks_), ElementsAre(HasSubstr("nobody agreed in time")));
  // One that was written in time and came late opens nothing either.
  const domain::Ref again = Ask();
  ASSERT_TRUE(agrees_->vault().break_glass().Approve(file_, again.change).ok());
  clock_.Advance(domain::kGlassLapses + Duration::Minutes(1));
  Sync(*agrees_);
  Sync(*asks_);
  EXPECT_FALSE(Lists(*asks_));
  EXPECT_EQ(Open(*asks_, again).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(BreakGlassTest, AfterADayItIsClosedAndTheFileGoesOnUnderOtherKeys) {
  const domain::Ref request = Ask();
  Agree(request);
  ASSERT_EQ(Open(*asks_, request), absl::OkStatus());
  ASSERT_TRUE(ReadName(*asks_).ok());
  Sync(*asks_);
  Sync(*lead_);
  EXPECT_EQ(File(*lead_)->key_epochs().size(), 1u) << "not while it is open";
  clock_.Advance(domain::kGlassStaysOpen);
  Sync(*lead_);
  ASSERT_EQ(File(*lead_)->key_epochs().size(), 2u) << "though nothing came";
  Write("Another Invented");
  Sync(*lead_);
  Sync(*asks_);
  EXPECT_FALSE(Lists(*asks_));
  EXPECT_FALSE(asks_->vault().HoldsKey(file_, KeyClass::kIdentity));
  EXPECT_FALSE(ReadName(*asks_).ok());
  EXPECT_EQ(Open(*asks_, request).code(), absl::StatusCode::kFailedPrecondition);
  asks_->Restart();
  EXPECT_FALSE(ReadName(*asks_).ok());
  // The halves of the new keys are others, and are asked for anew.
  const domain::Ref again = Ask();
  Agree(again);
  ASSERT_EQ(Open(*asks_, again), absl::OkStatus());
  EXPECT_EQ(*ReadName(*asks_), "Another Invented");
}

TEST_F(BreakGlassTest, AHalfThatIsNotTheOneOfItsOpeningIsRefused) {
  const domain::Ref request = Ask();
  // A program that hands over something else.
  vault::Vault& vault = agrees_->vault();
  auto writer = vault.Begin({.file = file_, .kind = domain::Kind::kBreakGlass, .refs = {request}});
  ASSERT_TRUE(writer.ok());
  domain::Decision decision;
  decision.reason = "approved";
  writer->Add(decision);
  const auto& glass = File(*agrees_)->glasses()[0];
  codec::WrapTarget target;
  target.key_epoch = File(*agrees_)->newest_key_epoch()->id;
  target.key_class = KeyClass::kIdentity;
  target.half = 2;
  target.recipient_kind = domain::RecipientKind::kPerson;
  target.recipient = ChangeId::FromPrefix(glass.by.view());
  target.generation = 1;
  target.public_key = vault.directory()->FindPerson(glass.by)->receive_key;
  writer->Add(*codec::SealWrap({vault.identity().deployment, file_, writer->id()}, target,
                               crypto::SecretBytes::Random(32)));
  ASSERT_TRUE(vault.Commit(*std::move(writer)).ok());
  Sync(*agrees_);
  Sync(*asks_);
  ASSERT_TRUE(File(*asks_)->glasses()[0].approval);
  EXPECT_EQ(Open(*asks_, request).code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(asks_->vault().HoldsKey(file_, KeyClass::kIdentity));
  EXPECT_THAT(*asks_->vault().replica().ListEvidence(),
              Contains(Field(&vault::Evidence::what, HasSubstr("not the one"))));
  EXPECT_THAT(File(*asks_)->glasses()[0].opened, IsEmpty());
}

TEST_F(BreakGlassTest, AServerCannotStandInForTheSecondPerson) {
  server_.judge_otherwise = [](domain::Verdict) { return domain::Verdict::kAccepted; };
  server_.show_otherwise = [](domain::Sight) { return domain::Sight::kAll; };
  const domain::Ref request = Ask();
  // It shows her everything at once, and lets her agree with herself.
  auto writer =
      asks_->vault().Begin({.file = file_, .kind = domain::Kind::kBreakGlass, .refs = {request}});
  domain::Decision decision;
  decision.reason = "approved";
  writer->Add(decision);
  domain::Wrap wrap = File(*asks_)->wraps().front().wrap;
  for (const domain::WrapAt& at : File(*asks_)->wraps()) {
    if (at.wrap.half == 2 && at.wrap.key_class == KeyClass::kIdentity) wrap = at.wrap;
  }
  wrap.recipient_kind = domain::RecipientKind::kPerson;
  wrap.recipient = ChangeId::FromPrefix(asks_->vault().identity().person.view());
  writer->Add(wrap);
  ASSERT_TRUE(asks_->vault().Commit(*std::move(writer)).ok());
  ASSERT_TRUE(asks_->Sync().ok());
  ASSERT_TRUE(asks_->Sync().ok());
  EXPECT_FALSE(File(*asks_)->glasses()[0].approval);
  EXPECT_FALSE(Open(*asks_, request).ok());
  EXPECT_FALSE(ReadName(*asks_).ok());
  // Members see what the server did.
  const auto report = lead_->Sync();
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->refusals, Contains(HasSubstr("judged change")));
  EXPECT_FALSE(File(*lead_)->glasses()[0].approval);
}

TEST_F(BreakGlassTest, WhoIsAddedToTheFileGetsItWhole) {
  const std::string name = asks_->vault().identity().person == server_.person("supervisor")
                               ? "supervisor"
                           : asks_->vault().identity().person == server_.person("second") ? "second"
                                                                                          : "third";
  ASSERT_TRUE(
      field::AddMembers(lead_->vault(), file_, {Line(server_, name)}, vault::History::kWhole).ok());
  Sync(*lead_);
  Sync(*asks_);
  EXPECT_TRUE(Lists(*asks_));
  EXPECT_EQ(*ReadName(*asks_), kName);
  EXPECT_EQ(Show(*File(*asks_)), Show(*server_.File(file_)));
}

TEST_F(BreakGlassTest, AHalfWhoseHolderLostHerPhoneGoesToAnother) {
  EXPECT_FALSE(RekeyDue(*File(*lead_), server_.directory()));
  const PersonId lost = asks_->vault().identity().person;
  for (const char* name : {"supervisor", "second", "third"}) {
    if (server_.person(name) == lost) server_.Revoke(name);
  }
  EXPECT_TRUE(RekeyDue(*File(*lead_), server_.directory()));
  Sync(*lead_);
  const auto halves = field::HalvesOf(*File(*lead_), server_.directory());
  EXPECT_TRUE(halves.any());
  EXPECT_THAT(halves.first, Not(Contains(lost)));
  EXPECT_THAT(halves.second, Not(Contains(lost)));
}

TEST(BreakGlassAloneTest, WithoutTwoSupervisorsThereAreNoHalvesUntilThereAre) {
  ManualClock clock;
  FakeServer server(clock);
  FakeDevice lead(server, "lead", clock);
  ASSERT_TRUE(lead.Sync().ok());
  const FileId file = *FoundOperation(server, lead, {"lead", "officer"});
  ASSERT_TRUE(lead.Sync().ok());
  EXPECT_FALSE(field::HalvesOf(**lead.vault().File(file), server.directory()).any());
  EXPECT_EQ(field::ViewMembership(lead.vault(), file)->first_halves, 0u);
  server.AddPerson("second", server.police(), domain::Role::kSupervisor);
  ASSERT_TRUE(lead.Sync().ok());
  ASSERT_TRUE(lead.Sync().ok());
  EXPECT_TRUE(field::HalvesOf(**lead.vault().File(file), server.directory()).any());
  EXPECT_EQ((*lead.vault().File(file))->key_epochs().size(), 2u);
  const uint64_t size = server.size();
  ASSERT_TRUE(lead.Sync().ok());
  EXPECT_EQ(server.size(), size) << "once";
}

}  // namespace
}  // namespace kapea::testing
