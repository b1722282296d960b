// Erasing on the devices: two decide, every copy is dropped and says so, and what is left
// works on.
#include "client/field/erasure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/field/draft.h"
#include "client/field/inbox.h"
#include "client/field/links.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"
#include "tests/support/wrapped_keys.h"

namespace kapea::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kName = "Invented Name";

class FieldErasureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (FakeDevice* device : {&lead_, &officer_, &supervisor_}) {
      ASSERT_TRUE(device->Sync().ok());
    }
    file_ = *FoundOperation(server_, lead_, {"lead", "officer", "supervisor"});
    Sync();
    record_ = *AddRecord(officer_, file_, crypto::RandomId<RecordId>(), 7);
    other_ = *AddRecord(officer_, file_, crypto::RandomId<RecordId>(), 3);
    ASSERT_TRUE(SetName(officer_, record_).ok());
    ASSERT_TRUE(SetName(officer_, other_).ok());
    Sync();
  }
  void Sync() {
    for (int round = 0; round < 3; ++round) {  // what a sync says itself goes with the next
      for (FakeDevice* device : {&lead_, &officer_, &supervisor_}) {
        const auto report = device->Sync();
        ASSERT_TRUE(report.ok()) << report.status();
      }
    }
  }
  absl::Status SetName(FakeDevice& device, const RecordId& record) {
    KAPEA_ASSIGN(codec::ChangeWriter writer,
                 device.vault().Begin({.file = file_, .kind = domain::Kind::kEdit}));
    domain::FieldWrite write;
    write.record = record;
    write.field = "name";
    KAPEA_TRY(device.vault().AddSealed(writer, write, domain::Text{std::string(kName)},
                                       domain::KeyClass::kIdentity));
    return device.vault().Commit(std::move(writer)).status();
  }
  absl::StatusOr<std::string> ReadName(FakeDevice& device, const RecordId& record) {
    vault::Vault& vault = device.vault();
    KAPEA_ASSIGN(const auto state, vault.File(file_));
    const domain::Record* found = state->FindRecord(record);
    const domain::Register* names = found == nullptr ? nullptr : found->Find("name");
    if (names == nullptr || names->current().empty()) return absl::NotFoundError("no name");
    KAPEA_ASSIGN(const auto notice, vault.NoticeReading(file_, record, {"name"}));
    KAPEA_ASSIGN(const auto value,
                 vault.OpenSealed(notice, "name", names->current().begin()->second));
    return std::get<domain::Text>(value).text;
  }
  ChangeId Propose(std::optional<RecordId> record, std::string field = "") {
    const auto proposal = field::ProposeErasure(
        lead_.vault(), {file_, record, std::move(field), "consent_withdrawn"});
    EXPECT_TRUE(proposal.ok()) << proposal.status();
    Sync();
    return proposal.ok() ? proposal->change : ChangeId();
  }
  void Erase(std::optional<RecordId> record, std::string field = "") {
    const ChangeId proposal = Propose(record, std::move(field));
    const auto approval = field::ApproveErasure(supervisor_.vault(), file_, proposal);
    ASSERT_TRUE(approval.ok()) << approval.status();
    Sync();
  }
  std::shared_ptr<const domain::FileState> File(FakeDevice& device) {
    return *device.vault().File(file_);
  }
  std::vector<field::ErasureRecord> Certificates(FakeDevice& device) {
    auto records = field::Erasures(device.vault(), file_);
    EXPECT_TRUE(records.ok()) << records.status();
    return records.ok() ? *std::move(records) : std::vector<field::ErasureRecord>();
  }

  ManualClock clock_;
  FakeServer server_{clock_};
  FakeDevice lead_{server_, "lead", clock_};
  FakeDevice officer_{server_, "officer", clock_};
  FakeDevice supervisor_{server_, "supervisor", clock_};
  FileId file_;
  RecordId record_, other_;
};

TEST_F(FieldErasureTest, OfAFileTakesEveryKeyAndValueFromEveryDevice) {
  ASSERT_EQ(*ReadName(lead_, record_), kName);
  Erase(std::nullopt);
  for (FakeDevice* device : {&lead_, &officer_, &supervisor_}) {
    const auto state = File(*device);
    EXPECT_TRUE(state->erased_wholly());
    EXPECT_TRUE(state->records().empty());
    EXPECT_FALSE(device->vault().HoldsKey(file_, domain::KeyClass::kIdentity));
    EXPECT_FALSE(ReadName(*device, record_).ok());
    EXPECT_THAT(state->disputed(), IsEmpty());
    EXPECT_THAT(*device->vault().replica().Disputes(file_), IsEmpty());
  }
  const auto certificates = Certificates(lead_);
  ASSERT_EQ(certificates.size(), 1u);
  EXPECT_GT(certificates[0].withheld, 5u);
  EXPECT_GT(certificates[0].entry, 0u);
  ASSERT_THAT(certificates[0].holders, SizeIs(3));
  for (const auto& holder : certificates[0].holders) EXPECT_TRUE(holder.done);
  // Nothing of it comes back with a restart, and the device works on.
  lead_.Restart();
  EXPECT_TRUE(File(lead_)->erased_wholly());
  EXPECT_FALSE(lead_.vault().HoldsKey(file_, domain::KeyClass::kIdentity));
  ASSERT_TRUE(lead_.Sync().ok());
  EXPECT_TRUE(FoundOperation(server_, lead_, {"lead"}).ok());
}

TEST_F(FieldErasureTest, OfARecordOrAFieldLeavesTheRest) {
  Erase(record_);
  EXPECT_EQ(File(officer_)->FindRecord(record_), nullptr);
  EXPECT_EQ(*ReadName(lead_, other_), kName) << "the keys serve what is left";
  Erase(other_, "name");
  for (FakeDevice* device : {&lead_, &officer_, &supervisor_}) {
    EXPECT_TRUE(absl::IsNotFound(ReadName(*device, other_).status()));
    const domain::Record* record = File(*device)->FindRecord(other_);
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->form.form, "OP");
    EXPECT_NE(record->Find("count"), nullptr);
  }
  EXPECT_EQ(Certificates(supervisor_).size(), 2u);
  ASSERT_TRUE(SetCount(officer_, file_, other_, 5).ok());
  Sync();
  EXPECT_EQ(Show(*File(lead_)), Show(*File(officer_)));
  EXPECT_EQ(Show(*File(lead_)), Show(*server_.File(file_)));
}

TEST_F(FieldErasureTest, OfTheFieldThatMadeARecordLeavesItsForm) {
  Erase(record_, "count");
  for (FakeDevice* device : {&lead_, &officer_}) {
    const domain::Record* record = File(*device)->FindRecord(record_);
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->form.form, "OP");
    EXPECT_EQ(record->Find("count"), nullptr);
  }
  EXPECT_EQ(*ReadName(lead_, record_), kName);
  const auto before = field::FileAt(lead_.vault(), file_, clock_.Now());
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_NE((*before)->FindRecord(record_), nullptr);
}

// What stays of the file lies under a new key. Of the old rows an old copy of the disk still
// has the bytes, so the key that opened them has to be gone.
TEST_F(FieldErasureTest, DestroysTheKeyUnderWhichTheFileLay) {
  const auto keys_of_lead = [this] {
    lead_.Close();
    WrappedKeys keys = ReadWrappedKeys(lead_.path() + "/store");
    lead_.Reopen();
    return keys;
  };
  const std::string name = "n" + file_.str();
  for (const bool whole : {false, true}) {
    const WrappedKeys before = keys_of_lead();
    ASSERT_TRUE(before.contains(name));
    Erase(whole ? std::nullopt : std::optional(record_));
    const WrappedKeys after = keys_of_lead();
    size_t destroyed = 0;
    for (const auto& [row, wrapped] : before) {
      if (row.front() == 'k' && !after.contains(row)) ++destroyed;
    }
    EXPECT_GE(destroyed, 1u) << (whole ? "the file" : "a record");
    EXPECT_TRUE(after.contains(name)) << "its rows that are left have a key";
    EXPECT_NE(after.at(name), before.at(name));
  }
}

TEST_F(FieldErasureTest, IsForTwoWhoMay) {
  const auto code = [](const auto& result) { return result.status().code(); };
  EXPECT_EQ(code(field::ProposeErasure(officer_.vault(), {file_, {}, "", "mistake"})),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code(field::ProposeErasure(lead_.vault(), {file_, {}, "", ""})),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(field::ProposeErasure(lead_.vault(), {file_, {}, "", "Because!"})),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(field::ProposeErasure(lead_.vault(),
                                       {file_, crypto::RandomId<RecordId>(), "", "mistake"})),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(code(field::ProposeErasure(lead_.vault(), {file_, record_, "alias", "mistake"})),
            absl::StatusCode::kNotFound);
  const ChangeId proposal = Propose(std::nullopt);
  EXPECT_EQ(code(field::ApproveErasure(lead_.vault(), file_, proposal)),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code(field::ApproveErasure(officer_.vault(), file_, proposal)),
            absl::StatusCode::kPermissionDenied);
  const auto inbox = field::ReadInbox(supervisor_.vault());
  ASSERT_TRUE(inbox.ok());
  EXPECT_THAT(*inbox,
              Contains(::testing::Field(&field::InboxLine::kind, field::InboxKind::kErasure)));
  ASSERT_TRUE(field::WithdrawErasure(lead_.vault(), file_, proposal).ok());
  Sync();
  EXPECT_EQ(code(field::ApproveErasure(supervisor_.vault(), file_, proposal)),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(*ReadName(lead_, record_), kName);
  EXPECT_THAT(Certificates(lead_), IsEmpty());
}

// What was written offline meanwhile is not lost in silence, and is kept nowhere.
TEST_F(FieldErasureTest, ReachesADeviceThatWasAway) {
  const ChangeId proposal = Propose(std::nullopt);
  ASSERT_TRUE(SetCount(officer_, file_, record_, 9).ok());
  ASSERT_TRUE(field::ApproveErasure(supervisor_.vault(), file_, proposal).ok());
  ASSERT_TRUE(supervisor_.Sync().ok());
  ASSERT_TRUE(lead_.Sync().ok());
  auto certificates = Certificates(supervisor_);
  ASSERT_EQ(certificates.size(), 1u);
  const auto& holders = certificates[0].holders;
  const auto waiting = std::count_if(holders.begin(), holders.end(),
                                     [](const auto& holder) { return !holder.done; });
  EXPECT_GE(waiting, 1) << "the officer has not synced";
  Sync();
  EXPECT_TRUE(File(officer_)->erased_wholly());
  EXPECT_TRUE(File(officer_)->records().empty());
  const auto inbox = field::ReadInbox(officer_.vault());
  ASSERT_TRUE(inbox.ok());
  EXPECT_THAT(*inbox, Contains(::testing::Field(&field::InboxLine::what, HasSubstr("erased"))));
  certificates = Certificates(supervisor_);
  ASSERT_EQ(certificates.size(), 1u);
  for (const auto& holder : certificates[0].holders) EXPECT_TRUE(holder.done);
  EXPECT_EQ(Show(*File(officer_)), Show(*server_.File(file_)));
}

TEST_F(FieldErasureTest, IsFinishedAfterACrashBetweenPullAndDrop) {
  const ChangeId proposal = Propose(std::nullopt);
  ASSERT_TRUE(field::ApproveErasure(supervisor_.vault(), file_, proposal).ok());
  ASSERT_TRUE(supervisor_.Sync().ok());
  // The pull brings it, and the line breaks before the sync comes to its end.
  lead_.line.meddle = [](sync::PullMessage& message) {
    message.caught_up = false;
    return true;
  };
  const auto cut = lead_.Sync();
  EXPECT_FALSE(cut.ok() && cut->caught_up);
  EXPECT_TRUE(File(lead_)->must_drop());
  lead_.line.meddle = [](sync::PullMessage&) { return true; };
  lead_.Restart();
  ASSERT_TRUE(lead_.Sync().ok());
  EXPECT_TRUE(File(lead_)->erased_wholly());
  EXPECT_FALSE(lead_.vault().HoldsKey(file_, domain::KeyClass::kIdentity));
  EXPECT_FALSE(File(lead_)->must_drop());
}

TEST_F(FieldErasureTest, IsUnderstoodByADeviceThatComesLater) {
  Erase(record_);
  server_.AddDevice("lead2", "lead");
  FakeDevice later(server_, "lead2", clock_);
  ASSERT_TRUE(later.Sync().ok());
  const auto state = *later.vault().File(file_);
  EXPECT_EQ(state->FindRecord(record_), nullptr);
  EXPECT_NE(state->FindRecord(other_), nullptr);
  EXPECT_FALSE(state->must_drop());
  EXPECT_THAT(*later.vault().replica().Disputes(file_), IsEmpty());
  EXPECT_EQ(Show(*state), Show(*server_.File(file_)));
}

}  // namespace
}  // namespace kapea::testing
