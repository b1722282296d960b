// A server that wants to read: it adds a reader, swaps a key, hands out keys in a member's
// name, and says that all of it is accepted. That it cannot withhold or roll back unnoticed
// is in sync_hostile_test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/hash.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class SyncKeysHostileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Sync(lead_);
    Sync(officer_);
    Sync(nurse_);
    file_ = *FoundOperation(server_, lead_, {"lead", "officer"});
    Sync(lead_);
    Sync(officer_);
    // From here on the server calls accepted whatever it likes.
    server_.judge_otherwise = [](domain::Verdict) { return domain::Verdict::kAccepted; };
  }
  sync::SyncReport Sync(FakeDevice& device) {
    auto report = device.Sync();
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *std::move(report) : sync::SyncReport();
  }
  // A Change that this device's own program would not make.
  domain::Ref Forge(FakeDevice& device, const FileId& file, domain::Kind kind,
                    const std::vector<domain::WriteBody>& writes,
                    std::vector<domain::Ref> refs = {}) {
    auto writer = device.vault().Begin({.file = file, .kind = kind, .refs = std::move(refs)});
    EXPECT_TRUE(writer.ok()) << writer.status();
    for (const domain::WriteBody& write : writes) writer->Add(write);
    const auto ref = device.vault().Commit(std::move(*writer));
    EXPECT_TRUE(ref.ok()) << ref.status();
    return *ref;
  }
  bool GrantedTo(FakeDevice& device, std::string_view name) {
    const auto state = *device.vault().File(file_);
    return std::any_of(state->wraps().begin(), state->wraps().end(), [&](const auto& at) {
      return at.wrap.recipient.view() == server_.person(name).view();
    });
  }

  ManualClock clock_;
  FakeServer server_{clock_};
  FakeDevice lead_{server_, "lead", clock_};
  FakeDevice officer_{server_, "officer", clock_};
  FakeDevice nurse_{server_, "nurse", clock_};
  FileId file_;
};

TEST_F(SyncKeysHostileTest, CannotAddAReader) {
  // An officer, who does not lead the file, adds the nurse; the server lets it stand.
  domain::RosterWrite ghost;
  ghost.added = {Line(server_, "nurse")};
  Forge(officer_, file_, domain::Kind::kRoster, {ghost});
  Sync(officer_);
  const sync::SyncReport report = Sync(lead_);
  EXPECT_THAT(report.refusals, Contains(HasSubstr("judged change")));
  const auto state = *lead_.vault().File(file_);
  EXPECT_EQ(state->roster().size(), 2u);
  // Nor does looking after the keys hand her any, now or with the next key epoch.
  ASSERT_TRUE(lead_.vault().Rekey(file_).ok());
  Sync(lead_);
  EXPECT_FALSE(GrantedTo(lead_, "nurse"));
  EXPECT_TRUE(GrantedTo(lead_, "officer"));
}

TEST_F(SyncKeysHostileTest, CannotSwapAKey) {
  // The nurse's device enters a key of its own as the officer's next, and another device
  // that is no registrar's approves.
  const crypto::ReceiveKey thief = crypto::ReceiveKey::Generate();
  domain::PersonEntry swapped = *server_.directory().FindPerson(server_.person("officer"));
  ++swapped.generation;
  swapped.receive_key = thief.public_key();
  const FileId directory = lead_.vault().identity().directory_file;
  const domain::Ref proposal = Forge(nurse_, directory, domain::Kind::kDirectory, {swapped});
  Sync(nurse_);
  FakeDevice intake(server_, "intake", clock_);
  FakeDevice manager(server_, "manager", clock_);
  for (FakeDevice* device : {&intake, &manager}) {
    Sync(*device);
    Forge(*device, directory, domain::Kind::kApproval, {domain::Decision{}}, {proposal});
    Sync(*device);
  }
  Sync(lead_);
  const auto* officer = lead_.vault().directory()->FindPerson(server_.person("officer"));
  EXPECT_EQ(officer->generation, 1u);
  EXPECT_NE(officer->receive_key, thief.public_key());
  ASSERT_TRUE(lead_.vault().Rekey(file_).ok());
  for (const domain::WrapAt& at : (*lead_.vault().File(file_))->wraps()) {
    EXPECT_NE(at.wrap.recipient_key, crypto::Sha256(thief.public_key()));
  }
}

TEST_F(SyncKeysHostileTest, CannotHandOutKeysInAMembersName) {
  // A key epoch that an officer opens would be one whose keys she chose.
  domain::KeyOpening opening;
  opening.key_class = domain::KeyClass::kIdentity;
  opening.commitment = Hash::FromPrefix(crypto::RandomBytes(Hash::kBytes));
  const KeyEpochId before = (*lead_.vault().File(file_))->newest_key_epoch()->id;
  Forge(officer_, file_, domain::Kind::kRoster, {opening});
  Sync(officer_);
  Sync(lead_);
  const auto state = *lead_.vault().File(file_);
  EXPECT_EQ(state->newest_key_epoch()->id, before);
  EXPECT_TRUE(lead_.vault().HoldsKey(file_, domain::KeyClass::kIdentity));
}

}  // namespace
}  // namespace kapea::testing
