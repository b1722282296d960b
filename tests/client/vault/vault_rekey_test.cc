// What becomes of keys when people come, leave and lose their devices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/codec/wrap_codec.h"
#include "common/crypto/hash.h"
#include "common/domain/rekey.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

using ::testing::IsEmpty;

class VaultRekeyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Sync(lead_);
    Sync(officer_);
  }
  void Found(const std::vector<domain::Member>& members) {
    vault::FoundRequest request;
    request.kind = domain::FileKind::kOperation;
    request.members = members;
    const auto founded = lead_.vault().Found(request);
    ASSERT_TRUE(founded.ok()) << founded.status();
    file_ = founded->file;
    record_ = *AddRecord(lead_, file_, crypto::RandomId<RecordId>(), 1);
    Write(lead_, "Sok Invented");
    Sync(lead_);
  }
  void Write(FakeDevice& device, const std::string& text) {
    const auto state = device.vault().File(file_);
    ASSERT_TRUE(state.ok());
    domain::FieldWrite write;
    write.record = record_;
    write.field = "name";
    if (const auto* values = (*state)->FindRecord(record_)->Find("name")) {
      write.replaces = values->CurrentIds();
    }
    auto writer = device.vault().Begin({.file = file_, .kind = domain::Kind::kEdit});
    ASSERT_TRUE(writer.ok());
    const absl::Status sealed =
        device.vault().AddSealed(*writer, write, domain::Text{text}, domain::KeyClass::kIdentity);
    ASSERT_TRUE(sealed.ok()) << sealed;
    ASSERT_TRUE(device.vault().Commit(std::move(*writer)).ok());
  }
  absl::StatusOr<std::string> Read(FakeDevice& device) {
    KAPEA_ASSIGN(const auto state, device.vault().File(file_));
    const domain::FieldValue* value = state->FindRecord(record_)->Shown("name");
    if (value == nullptr) return absl::NotFoundError("no value");
    KAPEA_ASSIGN(const vault::ReadNotice notice,
                 device.vault().NoticeReading(file_, record_, {"name"}));
    KAPEA_ASSIGN(const domain::Value opened, device.vault().OpenSealed(notice, "name", *value));
    return std::get<domain::Text>(opened).text;
  }
  void Sync(FakeDevice& device) {
    const auto report = device.Sync();
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->refusals, IsEmpty());
  }
  size_t Epochs() { return (*lead_.vault().File(file_))->key_epochs().size(); }
  bool Due() { return RekeyDue(**lead_.vault().File(file_), server_.directory()); }

  ManualClock clock_;
  FakeServer server_{clock_};
  FakeDevice lead_{server_, "lead", clock_};
  FakeDevice officer_{server_, "officer", clock_};
  FileId file_;
  RecordId record_;
};

// A night with more new files than are looked after at once must come to an end.
TEST_F(VaultRekeyTest, ManyFilesOfOneSyncAreAllLookedAfter) {
  const size_t many = vault::kFilesTendedAtOnce + 6;
  for (size_t i = 0; i < many; ++i) {
    ASSERT_TRUE(FoundOperation(server_, lead_, {"lead", "officer"}).ok());
  }
  Sync(lead_);
  Sync(officer_);
  EXPECT_GE(officer_.vault().Files().size(), many);
}

TEST_F(VaultRekeyTest, ALostPhoneIsShutOutAtTheNextSyncOfALead) {
  Found({Line(server_, "lead"), Line(server_, "officer")});
  Sync(officer_);
  ASSERT_TRUE(Read(officer_).ok());
  server_.Revoke("officer");
  EXPECT_TRUE(Due());
  Sync(lead_);
  EXPECT_FALSE(Due());
  EXPECT_EQ(Epochs(), 2u);
  Write(lead_, "Another Invented");
  Sync(lead_);
  // The thief holds the keys of the lost phone and whatever the server still has.
  const auto state = *lead_.vault().File(file_);
  const KeyEpochId newest = state->newest_key_epoch()->id;
  for (const domain::WrapAt& at : state->wraps()) {
    if (at.wrap.key_epoch != newest) continue;
    EXPECT_NE(at.wrap.recipient.view(), server_.person("officer").view());
  }
  // Nothing more to do: the next sync writes nothing.
  const uint64_t size = server_.size();
  Sync(lead_);
  lead_.Restart();
  Sync(lead_);
  EXPECT_EQ(server_.size(), size);
}

TEST_F(VaultRekeyTest, AReplacedPhoneReadsOnWithTheNextKey) {
  Found({Line(server_, "lead"), Line(server_, "officer")});
  Sync(officer_);
  server_.Revoke("officer");
  Sync(lead_);
  Write(lead_, "Another Invented");
  Sync(lead_);
  server_.AddDevice("officer-new", "officer");
  FakeDevice replaced(server_, "officer-new", clock_);
  Sync(replaced);
  EXPECT_FALSE(Read(replaced).ok());
  ASSERT_EQ(server_.ApproveOffers(), 1u);
  EXPECT_EQ(server_.directory().FindPerson(server_.person("officer"))->generation, 2u);
  Sync(lead_);  // grants the new key what the old one had, and the newest
  Sync(replaced);
  EXPECT_EQ(*Read(replaced), "Another Invented");
  // And what was written before, which her lost phone could read.
  const auto state = *replaced.vault().File(file_);
  const auto& values = state->FindRecord(record_)->Find("name")->current();
  ASSERT_EQ(values.size(), 1u);
  size_t granted = 0;
  for (const domain::WrapAt& at : state->wraps()) {
    granted += at.wrap.generation == 2 && at.wrap.key_class == domain::KeyClass::kIdentity;
  }
  EXPECT_EQ(granted, 2u) << "of both key epochs";
  EXPECT_EQ(Epochs(), 2u) << "a new key of a member who stays needs no other key epoch";
}

TEST_F(VaultRekeyTest, HerOtherDeviceOffersTheNextKey) {
  server_.AddDevice("officer-tablet", "officer");
  FakeDevice tablet(server_, "officer-tablet", clock_);
  ASSERT_TRUE(officer_.vault().ConfirmDevice(server_.IdentityOf("officer-tablet").device).ok());
  Sync(officer_);  // shares the person's key with the tablet
  Sync(officer_);
  Sync(tablet);
  Found({Line(server_, "lead"), Line(server_, "officer")});
  Sync(tablet);
  ASSERT_EQ(*Read(tablet), "Sok Invented");
  server_.Revoke("officer");
  Sync(tablet);
  Sync(tablet);
  EXPECT_EQ(server_.directory().OpenOffers(clock_.Now()).size(), 1u) << "once, not at every sync";
  ASSERT_EQ(server_.ApproveOffers(), 1u);
  Sync(lead_);
  Write(lead_, "Another Invented");
  Sync(lead_);
  Sync(tablet);
  EXPECT_EQ(*Read(tablet), "Another Invented");
  EXPECT_EQ(Epochs(), 2u);
}

TEST_F(VaultRekeyTest, AUnitGoesOnWithAnotherKeyWhenSomebodyLosesHers) {
  FakeDevice intake(server_, "intake", clock_);
  FakeDevice intake2(server_, "intake2", clock_);
  Sync(intake);
  Sync(intake);
  Sync(intake2);
  Found({Line(server_, "lead"), {std::nullopt, server_.shelter(), domain::Role::kCaseManager, {}}});
  FakeDevice manager(server_, "manager", clock_);
  Sync(intake);
  Sync(manager);
  EXPECT_TRUE(manager.vault().HoldsKey(file_, domain::KeyClass::kGeneral));
  server_.Revoke("intake2");
  EXPECT_TRUE(Due());
  Sync(lead_);
  EXPECT_FALSE(Due());
  // Meanwhile the staff are granted one by one.
  Sync(manager);
  EXPECT_TRUE(manager.vault().HoldsKey(file_, domain::KeyClass::kGeneral));
  Sync(intake);
  ASSERT_GE(server_.ApproveOffers(), 1u);
  EXPECT_EQ(server_.directory().FindUnit(server_.shelter())->generation, 2u);
  Sync(intake);
  Sync(manager);
  Sync(intake);
  Sync(lead_);
  const auto state = *lead_.vault().File(file_);
  bool to_unit = false;
  for (const domain::WrapAt& at : state->wraps()) {
    to_unit =
        to_unit || (at.wrap.recipient_kind == domain::RecipientKind::kUnit &&
                    at.wrap.generation == 2u && at.wrap.key_epoch == state->newest_key_epoch()->id);
  }
  EXPECT_TRUE(to_unit);
}

TEST_F(VaultRekeyTest, WhoComesWithoutHistoryReadsWhatIsWrittenFromThenOn) {
  Found({Line(server_, "lead")});
  domain::RosterWrite addition;
  addition.added = {Line(server_, "officer")};
  ASSERT_TRUE(lead_.vault().ChangeRoster(file_, addition, vault::History::kNone).ok());
  Sync(lead_);
  Sync(officer_);
  EXPECT_EQ(Read(officer_).status().code(), absl::StatusCode::kFailedPrecondition);
  Write(lead_, "Another Invented");
  Sync(lead_);
  Sync(officer_);
  EXPECT_EQ(*Read(officer_), "Another Invented");
  // Looking after the keys does not hand it out later.
  Sync(lead_);
  const auto state = *lead_.vault().File(file_);
  for (const domain::WrapAt& at : state->wraps()) {
    if (at.wrap.recipient.view() != server_.person("officer").view()) continue;
    EXPECT_EQ(at.wrap.key_epoch, state->newest_key_epoch()->id);
  }
}

TEST_F(VaultRekeyTest, WhoLeavesTheServiceIsShutOutWithoutATouchOfTheRoster) {
  Found({Line(server_, "lead"), Line(server_, "officer")});
  domain::PersonEntry gone = *server_.directory().FindPerson(server_.person("officer"));
  gone.ended = true;
  server_.Enter({gone});
  EXPECT_TRUE(Due());
  Sync(officer_);  // not hers to mend
  EXPECT_TRUE(Due());
  Sync(lead_);
  EXPECT_FALSE(Due());
  EXPECT_EQ(Epochs(), 2u);
}

TEST_F(VaultRekeyTest, AnAdditionThatCameTooLateIsMadeAgain) {
  FakeDevice supervisor(server_, "supervisor", clock_);
  Sync(supervisor);
  Found({Line(server_, "lead"), Line(server_, "supervisor")});
  Sync(supervisor);
  domain::RosterWrite nurse;
  nurse.added = {Line(server_, "nurse")};
  ASSERT_TRUE(supervisor.vault().ChangeRoster(file_, nurse).ok());
  domain::RosterWrite officer;
  officer.added = {Line(server_, "officer")};
  ASSERT_TRUE(lead_.vault().ChangeRoster(file_, officer).ok());
  Sync(supervisor);
  Sync(lead_);
  const auto state = *lead_.vault().File(file_);
  EXPECT_EQ(state->roster().size(), 4u);
  Sync(officer_);
  EXPECT_EQ(*Read(officer_), "Sok Invented");
  // Somebody takes her off again: nobody brings her back.
  domain::RosterWrite removal;
  removal.removed = {Line(server_, "officer")};
  Sync(supervisor);
  ASSERT_TRUE(supervisor.vault().ChangeRoster(file_, removal).ok());
  Sync(supervisor);
  Sync(lead_);
  Sync(lead_);
  EXPECT_EQ((*lead_.vault().File(file_))->roster().size(), 3u);
}

TEST_F(VaultRekeyTest, WhatALeadSealedUnderARosterThatCameTooLateIsHandedOutAfter) {
  FakeDevice supervisor(server_, "supervisor", clock_);
  Sync(supervisor);
  Found({Line(server_, "lead"), Line(server_, "supervisor"), Line(server_, "officer")});
  Sync(supervisor);
  Sync(officer_);
  // Two leads open a key epoch each, offline; the second has written under hers.
  ASSERT_TRUE(supervisor.vault().Rekey(file_).ok());
  ASSERT_TRUE(lead_.vault().Rekey(file_).ok());
  Write(lead_, "Another Invented");
  Sync(supervisor);
  Sync(lead_);
  Sync(officer_);
  EXPECT_EQ(*Read(officer_), "Another Invented");
  Sync(supervisor);
  EXPECT_EQ(*Read(supervisor), "Another Invented");
}

// Health is for health staff: the shelter's key, which everybody on shift has, never opens it.
TEST_F(VaultRekeyTest, ANurseWhoComesLaterGetsFromHerColleagueWhatNoLeadHas) {
  FakeDevice nurse(server_, "nurse", clock_);
  FakeDevice intake(server_, "intake", clock_);
  Sync(nurse);
  Sync(intake);
  Sync(intake);
  vault::FoundRequest request;
  request.kind = domain::FileKind::kPerson;
  request.members = {Line(server_, "lead"),
                     {std::nullopt, server_.shelter(), domain::Role::kIntakeOfficer, {}},
                     {std::nullopt, server_.shelter(), domain::Role::kHealthWorker, {}}};
  const auto founded = lead_.vault().Found(request);
  ASSERT_TRUE(founded.ok()) << founded.status();
  file_ = founded->file;
  Sync(lead_);
  Sync(nurse);
  Sync(intake);
  using enum domain::KeyClass;
  EXPECT_TRUE(nurse.vault().HoldsKey(file_, kHealth));
  EXPECT_FALSE(nurse.vault().HoldsKey(file_, kTestimony));
  EXPECT_TRUE(intake.vault().HoldsKey(file_, kTestimony));
  EXPECT_FALSE(intake.vault().HoldsKey(file_, kHealth));
  EXPECT_TRUE(nurse.vault().identity().unit_keys.empty()) << "she does not share the unit's key";
  for (const domain::WrapAt& at : (*lead_.vault().File(file_))->wraps()) {
    EXPECT_FALSE(at.wrap.key_class == kHealth &&
                 at.wrap.recipient_kind == domain::RecipientKind::kUnit);
  }
  server_.AddPerson("nurse2", server_.shelter(), domain::Role::kHealthWorker);
  FakeDevice nurse2(server_, "nurse2", clock_);
  Sync(nurse);  // hears of her, and hands on
  Sync(nurse);
  Sync(nurse2);
  EXPECT_TRUE(nurse2.vault().HoldsKey(file_, kHealth));
  EXPECT_TRUE(nurse2.vault().HoldsKey(file_, kGeneral));
  EXPECT_FALSE(nurse2.vault().HoldsKey(file_, kTestimony));
  EXPECT_EQ(Epochs(), 1u);
  const uint64_t size = server_.size();
  Sync(nurse);
  Sync(nurse2);
  Sync(nurse);
  EXPECT_EQ(server_.size(), size) << "nothing more to hand on";
}

TEST_F(VaultRekeyTest, WhomAColleagueRemovedMeanwhileIsNotBroughtBack) {
  FakeDevice supervisor(server_, "supervisor", clock_);
  Sync(supervisor);
  Found({Line(server_, "lead"), Line(server_, "supervisor")});
  Sync(supervisor);
  domain::RosterWrite officer;
  officer.added = {Line(server_, "officer")};
  domain::RosterWrite removal;
  removal.removed = {Line(server_, "officer")};
  // She is added and removed by the one, and added by the other who has heard of neither.
  ASSERT_TRUE(supervisor.vault().ChangeRoster(file_, officer).ok());
  ASSERT_TRUE(supervisor.vault().ChangeRoster(file_, removal).ok());
  Sync(supervisor);
  ASSERT_TRUE(lead_.vault().ChangeRoster(file_, officer).ok());
  Sync(lead_);
  Sync(lead_);
  const auto state = *lead_.vault().File(file_);
  ASSERT_EQ(state->without_effect().size(), 1u);
  EXPECT_EQ(state->without_effect()[0].verdict, domain::Verdict::kStaleRoster);
  EXPECT_EQ(state->roster().size(), 2u);
}

// One of the staff writes a wrap that holds nothing, so that nobody else need make one.
TEST_F(VaultRekeyTest, AnEmptyGrantOfOneColleagueKeepsNobodyFromTheUnitsKey) {
  FakeDevice manager(server_, "manager", clock_);
  FakeDevice intake(server_, "intake", clock_);
  FakeDevice intake2(server_, "intake2", clock_);
  Sync(manager);
  const vault::Identity& me = manager.vault().identity();
  auto writer = manager.vault().Begin({.file = me.directory_file, .kind = domain::Kind::kGrant});
  ASSERT_TRUE(writer.ok()) << writer.status();
  const domain::PersonEntry* victim =
      manager.vault().directory()->FindPerson(server_.person("intake2"));
  codec::WrapTarget target;
  target.recipient_kind = domain::RecipientKind::kPerson;
  target.recipient = ChangeId::FromPrefix(victim->person.view());
  target.generation = victim->generation;
  target.public_key = victim->receive_key;
  target.wrapped_owner = ChangeId::FromPrefix(server_.shelter().view());
  target.wrapped_generation = 1;
  auto wrap = codec::SealWrap({me.deployment, me.directory_file, writer->id()}, target,
                              crypto::SecretBytes::Random(32));
  ASSERT_TRUE(wrap.ok()) << wrap.status();
  writer->Add(*std::move(wrap));
  ASSERT_TRUE(manager.vault().Commit(*std::move(writer)).ok());
  Sync(manager);
  Sync(intake);
  Sync(intake);
  Sync(intake2);
  EXPECT_TRUE(intake2.vault().identity().unit_keys.contains({server_.shelter(), 1}));
}

TEST_F(VaultRekeyTest, RegistrarsMayTakeTheFirstOfferThoughAnotherFollowed) {
  server_.AddDevice("officer-new", "officer");
  server_.Revoke("officer");
  FakeDevice replaced(server_, "officer-new", clock_);
  Sync(replaced);
  clock_.Advance(domain::kProposalLapses + Duration::Hours(1));
  server_.AddPerson("somebody", server_.police(), domain::Role::kOfficer);  // the directory moves
  Sync(replaced);
  const auto& offers = replaced.vault().identity().person_offers;
  ASSERT_EQ(offers.size(), 2u);
  domain::PersonEntry next = *server_.directory().FindPerson(server_.person("officer"));
  next.generation = offers[0].generation;
  next.receive_key = offers[0].key.public_key();
  server_.Enter({next});
  Sync(replaced);
  ASSERT_TRUE(replaced.vault().identity().person_keys.contains(next.generation));
  EXPECT_EQ(replaced.vault().identity().person_keys.at(next.generation).public_key(),
            next.receive_key);
  EXPECT_TRUE(replaced.vault().identity().person_offers.empty());
}

}  // namespace
}  // namespace kapea::testing
