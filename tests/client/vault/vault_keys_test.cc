// Who can open what: key epochs, grants to persons and units, read notices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/hash.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VaultKeysTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(lead_.Sync().ok());
    ASSERT_TRUE(officer_.Sync().ok());
  }
  // Founds with these lines, writes a sealed name into a new record and syncs.
  void Found(const std::vector<domain::Member>& members) {
    vault::FoundRequest request;
    request.kind = domain::FileKind::kOperation;
    request.members = members;
    const auto founded = lead_.vault().Found(request);
    ASSERT_TRUE(founded.ok()) << founded.status();
    file_ = founded->file;
    record_ = *AddRecord(lead_, file_, crypto::RandomId<RecordId>(), 1);
    WriteSealed(lead_, "name", "Sok Invented", domain::KeyClass::kIdentity);
    Sync(lead_);
  }
  void WriteSealed(FakeDevice& device, const std::string& field, const std::string& text,
                   domain::KeyClass key_class) {
    const auto state = device.vault().File(file_);
    ASSERT_TRUE(state.ok());
    domain::FieldWrite write;
    write.record = record_;
    write.field = field;
    if (const auto* values = (*state)->FindRecord(record_)->Find(field)) {
      write.replaces = values->CurrentIds();
    }
    auto writer = device.vault().Begin({.file = file_, .kind = domain::Kind::kEdit});
    ASSERT_TRUE(writer.ok());
    const absl::Status sealed =
        device.vault().AddSealed(*writer, write, domain::Text{text}, key_class);
    ASSERT_TRUE(sealed.ok()) << sealed;
    ASSERT_TRUE(device.vault().Commit(std::move(*writer)).ok());
  }
  void Sync(FakeDevice& device) {
    const auto report = device.Sync();
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->verdicts, IsEmpty());
    EXPECT_THAT(report->refusals, IsEmpty());
  }
  absl::StatusOr<std::string> Read(FakeDevice& device, const std::string& field = "name") {
    KAPEA_ASSIGN(const auto state, device.vault().File(file_));
    const domain::FieldValue* value = state->FindRecord(record_)->Shown(field);
    if (value == nullptr) return absl::NotFoundError("no value");
    KAPEA_ASSIGN(const vault::ReadNotice notice,
                 device.vault().NoticeReading(file_, record_, {field}));
    KAPEA_ASSIGN(const domain::Value opened, device.vault().OpenSealed(notice, field, *value));
    return std::get<domain::Text>(opened).text;
  }

  ManualClock clock_;
  FakeServer server_{clock_};
  FakeDevice lead_{server_, "lead", clock_};
  FakeDevice officer_{server_, "officer", clock_};
  FileId file_;
  RecordId record_;
};

TEST_F(VaultKeysTest, AGrantToAPersonOpensWhatHerRoleMayRead) {
  Found({Line(server_, "lead"), Line(server_, "officer")});
  Sync(officer_);
  EXPECT_EQ(*Read(officer_), "Sok Invented");
  EXPECT_TRUE(officer_.vault().HoldsKey(file_, domain::KeyClass::kIdentity));
  EXPECT_FALSE(officer_.vault().HoldsKey(file_, domain::KeyClass::kPlan));
  EXPECT_TRUE(lead_.vault().HoldsKey(file_, domain::KeyClass::kPlan));
}

TEST_F(VaultKeysTest, AGrantToAUnitOpensForItsShift) {
  FakeDevice intake(server_, "intake", clock_);
  FakeDevice intake2(server_, "intake2", clock_);
  Sync(intake);  // finds that the directory took the unit key it offered, and shares it
  Found(
      {Line(server_, "lead"), {std::nullopt, server_.shelter(), domain::Role::kIntakeOfficer, {}}});
  WriteSealed(lead_, "note", "two rooms", domain::KeyClass::kGeneral);
  Sync(lead_);
  Sync(intake);
  EXPECT_EQ(*Read(intake, "note"), "two rooms");
  // Her role has no identity class in an operation.
  EXPECT_EQ(Read(intake, "name").status().code(), absl::StatusCode::kFailedPrecondition);
  Sync(intake);  // pushes the unit key for her colleague
  Sync(intake2);
  EXPECT_EQ(*Read(intake2, "note"), "two rooms");
}

TEST_F(VaultKeysTest, WhoComesLaterGetsTheEarlierKeys) {
  Found({Line(server_, "lead")});
  EXPECT_EQ(officer_.vault().File(file_).status().code(), absl::StatusCode::kNotFound);
  domain::RosterWrite addition;
  addition.added = {Line(server_, "officer")};
  ASSERT_TRUE(lead_.vault().ChangeRoster(file_, addition).ok());
  Sync(lead_);
  Sync(officer_);
  EXPECT_EQ(*Read(officer_), "Sok Invented");
}

TEST_F(VaultKeysTest, WhoIsRemovedCannotReadWhatIsWrittenAfter) {
  Found({Line(server_, "lead"), Line(server_, "officer")});
  Sync(officer_);
  domain::RosterWrite removal;
  removal.removed = {Line(server_, "officer")};
  ASSERT_TRUE(lead_.vault().ChangeRoster(file_, removal).ok());
  WriteSealed(lead_, "name", "Another Invented", domain::KeyClass::kIdentity);
  Sync(lead_);
  EXPECT_EQ(*Read(lead_), "Another Invented");
  const auto state = lead_.vault().File(file_);
  EXPECT_EQ((*state)->key_epochs().size(), 2u);
  const KeyEpochId newest = (*state)->newest_key_epoch()->id;
  for (const domain::WrapAt& at : (*state)->wraps()) {
    if (at.wrap.key_epoch != newest) continue;
    EXPECT_NE(at.wrap.recipient.view(), server_.person("officer").view());
  }
  EXPECT_EQ((*state)->FindRecord(record_)->Shown("name")->sealed->key_epoch, newest);
}

TEST_F(VaultKeysTest, ReadingIsToldToTheFile) {
  Found({Line(server_, "lead"), Line(server_, "officer")});
  Sync(officer_);
  ASSERT_TRUE(Read(officer_).ok());
  ASSERT_TRUE(Read(officer_).ok());
  officer_.Restart();  // the notice was on the disk before the field was opened
  Sync(officer_);
  Sync(lead_);
  const auto state = lead_.vault().File(file_);
  ASSERT_EQ((*state)->reads().size(), 1u);
  EXPECT_EQ((*state)->reads()[0].by, server_.person("officer"));
  EXPECT_EQ((*state)->reads()[0].notice.fields, std::vector<std::string>{"name"});
  EXPECT_EQ((*state)->reads()[0].notice.times, 2u);
  // Her own words the lead reads without one.
  ASSERT_TRUE(Read(lead_).ok());
  Sync(lead_);
  EXPECT_EQ((*lead_.vault().File(file_))->reads().size(), 1u);
}

TEST_F(VaultKeysTest, ANoticeOpensOnlyWhatItNames) {
  Found({Line(server_, "lead")});
  const auto state = lead_.vault().File(file_);
  const domain::FieldValue* value = (*state)->FindRecord(record_)->Shown("name");
  const auto notice = lead_.vault().NoticeReading(file_, record_, {"note"});
  ASSERT_TRUE(notice.ok());
  EXPECT_EQ(lead_.vault().OpenSealed(*notice, "name", *value).status().code(),
            absl::StatusCode::kFailedPrecondition);
  // Nor does the value of one field open as another's.
  EXPECT_EQ(lead_.vault().OpenSealed(*notice, "note", *value).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(VaultKeysTest, FoundingIsForThoseWhoMay) {
  FakeDevice intake(server_, "intake", clock_);
  Sync(intake);
  vault::FoundRequest request;
  request.kind = domain::FileKind::kOperation;
  request.members = {Line(server_, "intake")};
  EXPECT_EQ(intake.vault().Found(request).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(VaultKeysTest, ATimeSeenStandsInWhatIsWrittenNext) {
  Found({Line(server_, "lead")});
  clock_.Advance(Duration::Minutes(3));
  ASSERT_TRUE(AddRecord(lead_, file_, crypto::RandomId<RecordId>(), 2).ok());
  Sync(lead_);
  const auto& records = (*lead_.vault().File(file_))->records();
  for (const auto& [id, record] : records) {
    EXPECT_GE(record.made.hard.earliest, Time::FromUnixMs(1'795'000'000'000));
    EXPECT_FALSE(record.made.clock_doubted);
  }
}

}  // namespace
}  // namespace kapea::testing
