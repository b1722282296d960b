// Keys that no device holds any more come back through the share sheets, and what was given
// to the recovery key for that before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/field/inbox.h"
#include "client/field/recovery.h"
#include "client/vault/recovery.h"
#include "common/codec/recovery_codec.h"
#include "common/crypto/share_sheet.h"
#include "common/domain/rekey.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VaultRecoveryTest : public ::testing::Test {
 protected:
  void EnterKey(uint32_t generation, const crypto::ReceiveKey& key) {
    domain::UnitEntry entry;
    entry.unit = domain::RecoveryPlace();
    entry.kind = domain::UnitKind::kRegistry;
    entry.code = std::string(domain::kRecoveryCode);
    entry.generation = generation;
    entry.receive_key = key.public_key();
    server_.Enter({entry});
  }
  static void Sync(FakeDevice& device) {
    const auto report = device.Sync();
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->refusals, IsEmpty());
    EXPECT_THAT(report->verdicts, IsEmpty());
  }
  void Found(domain::FileKind kind, const std::vector<std::string>& names) {
    vault::FoundRequest request;
    request.kind = kind;
    for (const std::string& name : names) request.members.push_back(Line(server_, name));
    const auto founded = lead_.vault().Found(request);
    ASSERT_TRUE(founded.ok()) << founded.status();
    file_ = founded->file;
  }
  void FoundWithName() {
    Found(domain::FileKind::kOperation, {"lead", "officer", "supervisor"});
    record_ = *AddRecord(lead_, file_, crypto::RandomId<RecordId>(), 1);
    auto writer = lead_.vault().Begin({.file = file_, .kind = domain::Kind::kEdit});
    domain::FieldWrite write;
    write.record = record_;
    write.field = "name";
    ASSERT_TRUE(
        lead_.vault()
            .AddSealed(*writer, write, domain::Text{"Sok Invented"}, domain::KeyClass::kIdentity)
            .ok());
    ASSERT_TRUE(lead_.vault().Commit(std::move(*writer)).ok());
    Sync(lead_);
  }
  absl::StatusOr<std::string> Read(FakeDevice& device) {
    KAPEA_ASSIGN(const auto state, device.vault().File(file_));
    const domain::FieldValue* value = state->FindRecord(record_)->Shown("name");
    KAPEA_ASSIGN(const vault::ReadNotice notice,
                 device.vault().NoticeReading(file_, record_, {"name"}));
    KAPEA_ASSIGN(const domain::Value opened, device.vault().OpenSealed(notice, "name", *value));
    return std::get<domain::Text>(opened).text;
  }
  // Another device of hers, with her next key, after every device was lost.
  std::unique_ptr<FakeDevice> Replaced(const std::string& name) {
    server_.AddDevice(name + "-new", name);
    auto device = std::make_unique<FakeDevice>(server_, name + "-new", clock_);
    Sync(*device);
    server_.ApproveOffers();
    Sync(*device);
    return device;
  }
  void LoseAll(const std::vector<std::string>& names) {
    for (const std::string& name : names) server_.Revoke(name);
  }
  static std::string Ask(FakeDevice& device, const std::vector<FileId>& files = {}) {
    const auto asked = vault::KeyRecovery(device.vault()).Ask(files, "phones_lost");
    EXPECT_TRUE(asked.ok()) << asked.status();
    return asked.ok() ? asked->bytes : std::string();
  }
  static codec::RecoveryAnswer Answer(const std::string& request, const crypto::ReceiveKey& key) {
    const auto decoded = codec::DecodeRecoveryRequest(request);
    KAPEA_CHECK(decoded.ok());
    const auto recovered = codec::AnswerRecovery(*decoded, request, key);
    EXPECT_TRUE(recovered.ok()) << recovered.status();
    return recovered.ok() ? recovered->answer : codec::RecoveryAnswer();
  }
  static absl::StatusOr<vault::RecoveryTaken> Take(FakeDevice& device,
                                                   const codec::RecoveryAnswer& answer) {
    return vault::KeyRecovery(device.vault()).Take(codec::EncodeRecoveryAnswer(answer));
  }
  field::RecoveryReach Reach() {
    return field::ReachOfRecovery(**lead_.vault().File(file_), server_.directory());
  }
  // Whether any key of that key epoch was given to that generation.
  bool Given(const KeyEpochId& epoch, uint32_t generation) {
    const auto state = *lead_.vault().File(file_);
    return std::any_of(state->wraps().begin(), state->wraps().end(), [&](const auto& at) {
      return at.wrap.recipient_kind == domain::RecipientKind::kRecovery &&
             at.wrap.key_epoch == epoch && at.wrap.generation == generation;
    });
  }

  ManualClock clock_;
  FakeServer server_{clock_};
  const crypto::ReceiveKey key_ = crypto::ReceiveKey::Generate();
  FakeDevice lead_{server_, "lead", clock_};
  FakeDevice officer_{server_, "officer", clock_};
  FileId file_;
  RecordId record_;
};

TEST_F(VaultRecoveryTest, AFileWhoseDevicesAreAllLostComesBackThroughThreeSheets) {
  EnterKey(1, key_);
  Sync(lead_);
  Sync(officer_);
  FoundWithName();
  Sync(officer_);
  LoseAll({"lead", "officer", "supervisor"});
  const auto lead = Replaced("lead");
  EXPECT_EQ(Read(*lead).status().code(), absl::StatusCode::kFailedPrecondition);

  const std::string request = Ask(*lead);
  // Three people type their sheets in.
  std::vector<crypto::Share> shares;
  const auto split = crypto::SplitKey(key_, 3, 5);
  for (const crypto::Share& share : *split) {
    if (share.index % 2 == 1) {
      shares.push_back(*crypto::ParseSheet(crypto::SheetLines(share).view()));
    }
  }
  const auto rebuilt = crypto::RebuildKey({&shares[0], &shares[1], &shares[2]});
  ASSERT_TRUE(rebuilt.ok()) << rebuilt.status();
  const auto taken = Take(*lead, Answer(request, *rebuilt));
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->files, std::vector<FileId>{file_});
  EXPECT_GE(taken->keys, 1u);
  EXPECT_EQ(*Read(*lead), "Sok Invented");
  // It is on the disk, and it is not taken twice.
  lead->Restart();
  EXPECT_EQ(*Read(*lead), "Sok Invented");
  const auto again = Take(*lead, Answer(request, *rebuilt));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->keys, 0u);

  // Colleagues get theirs from her, as ever.
  Sync(*lead);
  const auto officer = Replaced("officer");
  Sync(*lead);
  Sync(*officer);
  EXPECT_EQ(*Read(*officer), "Sok Invented");
  ASSERT_EQ(server_.File(file_)->recoveries().size(), 1u);
  EXPECT_EQ(server_.File(file_)->recoveries()[0].by, server_.person("lead"));
  // And the supervisor is told, the officer is not.
  const auto supervisor = Replaced("supervisor");
  Sync(*lead);
  Sync(*supervisor);
  const auto told = [](FakeDevice& device) {
    const auto lines = field::ReadInbox(device.vault());
    EXPECT_TRUE(lines.ok()) << lines.status();
    return std::count_if(lines->begin(), lines->end(), [](const field::InboxLine& line) {
      return line.kind == field::InboxKind::kRecovery;
    });
  };
  EXPECT_EQ(told(*supervisor), 1);
  EXPECT_EQ(told(*officer), 0);
  EXPECT_EQ(told(*lead), 0);
  EXPECT_TRUE(field::ListRecoveries(supervisor->vault(), file_).ok());
  EXPECT_FALSE(field::ListRecoveries(officer->vault(), file_).ok());
  clock_.Advance(field::kRecoveryTold + Duration::Days(1));
  EXPECT_EQ(told(*supervisor), 0);
}

TEST_F(VaultRecoveryTest, EveryKeyEpochOfAFileIsGivenToTheRecoveryKey) {
  EnterKey(1, key_);
  Sync(lead_);
  Sync(officer_);
  FoundWithName();
  EXPECT_GT(Reach().all, 0u);
  EXPECT_EQ(Reach().given, Reach().all) << "founded";
  ASSERT_TRUE(lead_.vault().Rekey(file_).ok());
  domain::RosterWrite removal;
  removal.removed = {Line(server_, "officer")};
  ASSERT_TRUE(lead_.vault().ChangeRoster(file_, removal).ok());
  Sync(lead_);
  EXPECT_EQ((*lead_.vault().File(file_))->key_epochs().size(), 3u);
  EXPECT_EQ(Reach().given, Reach().all);
  EXPECT_EQ(server_.File(file_)->without_effect().size(), 0u);
}

TEST_F(VaultRecoveryTest, AFileFromBeforeIsGivenToItToo) {
  Sync(lead_);
  Sync(officer_);
  FoundWithName();
  ASSERT_TRUE(lead_.vault().Rekey(file_).ok());
  Sync(lead_);
  const auto before = *lead_.vault().File(file_);
  for (const domain::WrapAt& at : before->wraps()) {
    EXPECT_NE(at.wrap.recipient_kind, domain::RecipientKind::kRecovery) << "there is none yet";
  }
  EnterKey(1, key_);
  Sync(lead_);
  EXPECT_EQ((*lead_.vault().File(file_))->key_epochs().size(), 2u) << "and no new key epoch";
  EXPECT_EQ(Reach().given, Reach().all);
  const uint64_t size = server_.size();
  Sync(lead_);
  lead_.Restart();
  Sync(lead_);
  EXPECT_EQ(server_.size(), size) << "nothing more to do";
}

TEST_F(VaultRecoveryTest, AReplacedKeyGetsAllAndTheOldOneNothingNew) {
  EnterKey(1, key_);
  Sync(lead_);
  Sync(officer_);
  FoundWithName();
  const KeyEpochId first = (*lead_.vault().File(file_))->newest_key_epoch()->id;
  const crypto::ReceiveKey next = crypto::ReceiveKey::Generate();
  EnterKey(2, next);
  Sync(lead_);
  const auto state = *lead_.vault().File(file_);
  ASSERT_EQ(state->key_epochs().size(), 2u) << "whoever has the old sheets reads nothing new";
  const KeyEpochId newest = state->newest_key_epoch()->id;
  EXPECT_TRUE(Given(first, 2));
  EXPECT_TRUE(Given(newest, 2));
  EXPECT_FALSE(Given(newest, 1));
  EXPECT_EQ(Reach().given, Reach().all);
  EXPECT_FALSE(RekeyDue(*state, server_.directory()));
  const uint64_t size = server_.size();
  Sync(lead_);
  EXPECT_EQ(server_.size(), size);

  LoseAll({"lead", "officer"});
  const auto lead = Replaced("lead");
  const std::string request = Ask(*lead, {file_});
  const auto decoded = codec::DecodeRecoveryRequest(request);
  const auto old = codec::AnswerRecovery(*decoded, request, key_);
  EXPECT_EQ(old.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(old.status().message()), HasSubstr("another generation"));
  ASSERT_TRUE(Take(*lead, Answer(request, next)).ok());
  EXPECT_EQ(*Read(*lead), "Sok Invented");
}

TEST_F(VaultRecoveryTest, AWrongOrAlteredAnswerIsRefusedWhole) {
  EnterKey(1, key_);
  Sync(lead_);
  Sync(officer_);
  FoundWithName();
  LoseAll({"lead", "officer"});
  const auto lead = Replaced("lead");
  const auto officer = Replaced("officer");
  const std::string request = Ask(*lead);
  const codec::RecoveryAnswer good = Answer(request, key_);
  ASSERT_GE(good.keys.size(), 2u);
  const uint64_t waiting = lead->vault().outbox().waiting();
  const auto refused = [&](const std::function<void(codec::RecoveryAnswer&)>& alter) {
    codec::RecoveryAnswer answer = good;
    alter(answer);
    const auto taken = Take(*lead, answer);
    EXPECT_FALSE(taken.ok());
    EXPECT_FALSE(Read(*lead).ok()) << "nothing was taken";
    EXPECT_EQ(lead->vault().outbox().waiting(), waiting);
    return taken.status().code();
  };
  const auto kDataLoss = absl::StatusCode::kDataLoss;
  EXPECT_EQ(refused([](auto& a) { a.keys[1].sealed.ciphertext[3] ^= 1; }), kDataLoss);
  EXPECT_EQ(refused([](auto& a) { a.keys[1].sealed.encapsulated[3] ^= 1; }), kDataLoss);
  EXPECT_EQ(refused([](auto& a) { a.keys[1].generation = 2; }), kDataLoss);
  EXPECT_EQ(refused([](auto& a) { a.keys[1].key_epoch = KeyEpochId(); }), kDataLoss);
  EXPECT_EQ(refused([](auto& a) { a.keys[1].key_class = domain::KeyClass::kHealth; }), kDataLoss);
  EXPECT_EQ(refused([](auto& a) { std::swap(a.keys[0].sealed, a.keys[1].sealed); }), kDataLoss);
  EXPECT_EQ(refused([](auto& a) { a.request = Hash(); }), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(Take(*officer, good).ok()) << "it is not hers";
  // Sheets in the wrong hands seal her a key that they made up: the ledger knows better.
  codec::RecoveryRequest lying = *codec::DecodeRecoveryRequest(request);
  const crypto::SecretBytes made_up = crypto::SecretBytes::Random(32);
  for (codec::RecoveryWanted& wanted : lying.wanted) {
    codec::WrapTarget target;
    target.key_epoch = wanted.wrap.key_epoch;
    target.key_class = wanted.wrap.key_class;
    target.recipient_kind = domain::RecipientKind::kRecovery;
    target.recipient = wanted.wrap.recipient;
    target.generation = 1;
    target.public_key = key_.public_key();
    wanted.wrap = *codec::SealWrap({lying.deployment, wanted.file, wanted.change}, target, made_up);
    wanted.commitment = Hash::FromPrefix(
        crypto::ClassKeyCommitment(made_up, lying.deployment, wanted.file, *wanted.wrap.key_epoch,
                                   static_cast<uint8_t>(wanted.wrap.key_class)));
  }
  const auto forged = codec::AnswerRecovery(lying, request, key_);
  ASSERT_TRUE(forged.ok()) << forged.status();
  EXPECT_EQ(Take(*lead, forged->answer).status().code(), kDataLoss);
  EXPECT_FALSE(Read(*lead).ok());
  // The good one is taken after all that.
  ASSERT_TRUE(Take(*lead, good).ok());
  EXPECT_EQ(*Read(*lead), "Sok Invented");
}

TEST_F(VaultRecoveryTest, HealthKeysComeBackToWhoMayReadThem) {
  EnterKey(1, key_);
  FakeDevice nurse(server_, "nurse", clock_);
  Sync(lead_);
  Sync(nurse);
  Found(domain::FileKind::kPerson, {"lead", "nurse"});
  Sync(lead_);
  EXPECT_EQ(Reach().given, Reach().all) << "the founder opens what she may not keep";
  LoseAll({"lead", "nurse"});
  const auto lead = Replaced("lead");
  const auto nurse_new = Replaced("nurse");
  const auto hers = codec::DecodeRecoveryRequest(Ask(*lead, {file_}));
  for (const codec::RecoveryWanted& wanted : hers->wanted) {
    EXPECT_NE(wanted.wrap.key_class, domain::KeyClass::kHealth);
  }
  const std::string request = Ask(*nurse_new, {file_});
  const auto health = codec::DecodeRecoveryRequest(request);
  for (const codec::RecoveryWanted& wanted : health->wanted) {
    EXPECT_EQ(wanted.wrap.key_class, domain::KeyClass::kHealth) << "she leads no file";
  }
  const auto taken = Take(*nurse_new, Answer(request, key_));
  ASSERT_TRUE(taken.ok()) << taken.status();
  Sync(*nurse_new);
  ASSERT_EQ(server_.File(file_)->recoveries().size(), 1u);
  EXPECT_EQ(server_.File(file_)->without_effect().size(), 0u);
}

// A file that a health worker read before there was a recovery key: nobody who leads it can
// give her class away, so it goes on under keys that are given.
TEST_F(VaultRecoveryTest, WhatNoLeadHoldsIsGivenWithTheNextKeyEpoch) {
  FakeDevice nurse(server_, "nurse", clock_);
  Sync(lead_);
  Sync(nurse);
  Found(domain::FileKind::kPerson, {"lead", "nurse"});
  Sync(lead_);
  EnterKey(1, key_);
  Sync(lead_);
  const auto state = *lead_.vault().File(file_);
  ASSERT_EQ(state->key_epochs().size(), 2u);
  EXPECT_EQ(Reach().given + 1, Reach().all) << "all but the older health key";
  const uint64_t size = server_.size();
  Sync(lead_);
  EXPECT_EQ(server_.size(), size);
}

TEST_F(VaultRecoveryTest, SaysWhatCannotBeAskedFor) {
  EnterKey(1, key_);
  Sync(lead_);
  Sync(officer_);
  FoundWithName();
  Sync(officer_);
  const auto nothing = vault::KeyRecovery(lead_.vault()).Ask({}, "phones_lost");
  EXPECT_THAT(std::string(nothing.status().message()), HasSubstr("nothing to recover"));
  EXPECT_EQ(vault::KeyRecovery(lead_.vault()).Ask({}, "No Code").status().code(),
            absl::StatusCode::kInvalidArgument);
  LoseAll({"officer"});
  server_.AddDevice("officer-new", "officer");
  FakeDevice waiting(server_, "officer-new", clock_);
  Sync(waiting);
  const auto early = vault::KeyRecovery(waiting.vault()).Ask({}, "phones_lost");
  EXPECT_THAT(std::string(early.status().message()), HasSubstr("registrars"));
  server_.ApproveOffers();
  Sync(waiting);
  const auto others = vault::KeyRecovery(waiting.vault()).Ask({}, "phones_lost");
  EXPECT_THAT(std::string(others.status().message()), HasSubstr("for a lead or supervisor"));
}

}  // namespace
}  // namespace kapea::testing
