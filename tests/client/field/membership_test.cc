// Who works on a file, who can read it, and who opened what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/field/devices.h"
#include "client/field/inbox.h"
#include "client/field/membership.h"
#include "common/crypto/fingerprint.h"
#include "common/crypto/hash.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

class MembershipTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(lead_.Sync().ok());
    ASSERT_TRUE(officer_.Sync().ok());
    file_ = *FoundOperation(server_, lead_, {"lead", "officer"});
    ASSERT_TRUE(lead_.Sync().ok());
    ASSERT_TRUE(officer_.Sync().ok());
  }
  field::Membership View(FakeDevice& device) {
    auto view = field::ViewMembership(device.vault(), file_);
    EXPECT_TRUE(view.ok()) << view.status();
    return *std::move(view);
  }

  ManualClock clock_;
  FakeServer server_{clock_};
  FakeDevice lead_{server_, "lead", clock_};
  FakeDevice officer_{server_, "officer", clock_};
  FileId file_;
};

TEST_F(MembershipTest, SaysWhoCanReadWhat) {
  const field::Membership view = View(officer_);
  ASSERT_EQ(view.lines.size(), 2u);
  EXPECT_TRUE(view.lines[0].leads);
  EXPECT_FALSE(view.lines[1].leads);
  EXPECT_EQ(view.lines[1].keys, view.lines[1].may);
  EXPECT_FALSE(view.led_by_me);
  EXPECT_TRUE(View(lead_).led_by_me);
  EXPECT_FALSE(view.rekey_due);
  server_.Revoke("officer");
  ASSERT_TRUE(lead_.engine().SyncNow(clock_.Now()).ok());
  const field::Membership after = View(lead_);
  EXPECT_FALSE(after.rekey_due) << "the sync mended it";
  EXPECT_EQ(after.key_epochs, 2u);
  EXPECT_THAT(after.lines[1].keys, IsEmpty()) << "her key ended, and she has no other yet";
}

TEST_F(MembershipTest, AddsAndRemovesOrSaysWhyNot) {
  vault::Vault& vault = lead_.vault();
  const auto add = [&](const domain::Member& member) {
    return field::AddMembers(vault, file_, {member}, vault::History::kWhole).status();
  };
  EXPECT_EQ(add(Line(server_, "officer")).code(), absl::StatusCode::kAlreadyExists);
  domain::Member wrong = Line(server_, "nurse");
  wrong.role = domain::Role::kSupervisor;
  EXPECT_EQ(add(wrong).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(View(lead_).lines.size(), 2u);
  ASSERT_TRUE(add(Line(server_, "nurse")).ok());
  EXPECT_EQ(View(lead_).lines.size(), 3u);
  EXPECT_EQ(
      field::AddMembers(officer_.vault(), file_, {Line(server_, "manager")}, vault::History::kWhole)
          .status()
          .code(),
      absl::StatusCode::kPermissionDenied);

  EXPECT_EQ(field::RemoveMembers(vault, file_, {Line(server_, "manager")}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(field::RemoveMembers(vault, file_, {Line(server_, "lead")}).status().code(),
            absl::StatusCode::kFailedPrecondition)
      << "nobody would lead the file";
  const size_t before = View(lead_).key_epochs;
  ASSERT_TRUE(field::RemoveMembers(vault, file_, {Line(server_, "officer")}).ok());
  EXPECT_EQ(View(lead_).key_epochs, before + 1);
  EXPECT_EQ(View(lead_).lines.size(), 2u);
}

TEST_F(MembershipTest, WhoOpenedWhatIsForThoseWhoLead) {
  const RecordId record = crypto::RandomId<RecordId>();
  ASSERT_TRUE(AddRecord(lead_, file_, record, 1).ok());
  ASSERT_TRUE(lead_.Sync().ok());
  ASSERT_TRUE(officer_.Sync().ok());
  ASSERT_TRUE(officer_.vault().NoticeReading(file_, record, {"count"}).ok());
  ASSERT_TRUE(officer_.Sync().ok());
  ASSERT_TRUE(lead_.Sync().ok());
  const auto reads = field::ListReads(lead_.vault(), file_);
  ASSERT_TRUE(reads.ok()) << reads.status();
  ASSERT_EQ(reads->size(), 1u);
  EXPECT_EQ((*reads)[0].by, server_.person("officer"));
  EXPECT_EQ((*reads)[0].form, "OP");
  EXPECT_THAT((*reads)[0].fields, ElementsAre("count"));
  EXPECT_EQ(field::ListReads(officer_.vault(), file_).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(MembershipTest, AnotherDeviceGetsNoKeyBeforeItsNumberWasCompared) {
  server_.AddDevice("tablet", "officer");
  FakeDevice tablet(server_, "tablet", clock_);
  ASSERT_TRUE(tablet.Sync().ok());
  ASSERT_TRUE(officer_.Sync().ok());
  ASSERT_TRUE(officer_.Sync().ok());
  ASSERT_TRUE(tablet.Sync().ok());
  EXPECT_THAT(tablet.vault().identity().person_keys, IsEmpty());
  const DeviceId device = tablet.vault().identity().device;
  const auto lines = field::ReadInbox(officer_.vault());
  ASSERT_TRUE(lines.ok());
  EXPECT_TRUE(std::any_of(lines->begin(), lines->end(), [](const field::InboxLine& line) {
    return line.kind == field::InboxKind::kDevice;
  }));
  const std::string number = crypto::Fingerprint(tablet.vault().identity().device_key.public_key());
  EXPECT_THAT(number, MatchesRegex("[0-9]{5}( [0-9]{5}){5}"));
  std::string other = number;
  other[0] = other[0] == '1' ? '2' : '1';
  const absl::Status refused = field::ConfirmDevice(officer_.vault(), device.hex(), other);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("Nothing was shared"));
  ASSERT_TRUE(field::ConfirmDevice(officer_.vault(), device.hex().substr(0, 8), number).ok());
  officer_.Restart();
  ASSERT_TRUE(officer_.Sync().ok());
  ASSERT_TRUE(tablet.Sync().ok());
  EXPECT_EQ(tablet.vault().identity().person_keys.size(), 1u);
  EXPECT_TRUE(tablet.vault().HoldsKey(file_, domain::KeyClass::kIdentity));
}

}  // namespace
}  // namespace kapea::testing
