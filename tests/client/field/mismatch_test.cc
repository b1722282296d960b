// Devices that can open a sealed answer compare the facts beside it, and say where they differ.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/field/inbox.h"
#include "client/field/mismatch.h"
#include "common/crypto/hash.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

using ::testing::IsEmpty;

class MismatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Sync(lead_);
    Sync(officer_);
    file_ = *FoundOperation(server_, lead_, {"lead", "officer"});
    Sync(lead_);
    Sync(officer_);
  }
  // A record with a sealed name; `given` is what stands beside it as the fact.
  void Write(FakeDevice& device, const RecordId& record, bool given) {
    auto writer = device.vault().Begin({.file = file_, .kind = domain::Kind::kEdit});
    ASSERT_TRUE(writer.ok());
    const auto state = device.vault().File(file_);
    domain::FieldWrite name;
    name.record = record;
    name.field = "alias";
    if (const auto* known = (*state)->FindRecord(record)) {
      name.replaces = known->Find("alias")->CurrentIds();
    } else {
      name.form = domain::FormPin{"OP", 1};
    }
    ASSERT_TRUE(
        device.vault()
            .AddSealed(*writer, name, domain::Text{"Sok Invented"}, domain::KeyClass::kIdentity)
            .ok());
    domain::FieldWrite fact;
    fact.record = record;
    fact.field = "alias_given";
    fact.clear = domain::Value(given);
    fact.of = 0;
    writer->Add(fact);
    ASSERT_TRUE(device.vault().Commit(std::move(*writer)).ok());
    Sync(device);
  }
  sync::SyncReport Sync(FakeDevice& device) {
    auto report = device.Sync();
    EXPECT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->refusals, IsEmpty());
    EXPECT_THAT(report->verdicts, IsEmpty());
    return report.ok() ? *std::move(report) : sync::SyncReport();
  }
  bool Disputed(FakeDevice& device, const RecordId& record) {
    return (*device.vault().File(file_))->FindRecord(record)->Find("alias_given")->disputed();
  }
  size_t Told(FakeDevice& device) {
    const auto lines = field::ReadInbox(device.vault());
    EXPECT_TRUE(lines.ok()) << lines.status();
    return static_cast<size_t>(std::count_if(
        lines->begin(), lines->end(),
        [](const field::InboxLine& line) { return line.kind == field::InboxKind::kMismatch; }));
  }

  ManualClock clock_;
  FakeServer server_{clock_};
  FakeDevice lead_{server_, "lead", clock_};
  FakeDevice officer_{server_, "officer", clock_};
  FileId file_;
  const RecordId honest_ = crypto::RandomId<RecordId>();
  const RecordId lie_ = crypto::RandomId<RecordId>();
};

TEST_F(MismatchTest, AFactThatDoesNotFollowIsReportedOnce) {
  Write(officer_, honest_, true);
  Write(officer_, lie_, false);
  const sync::SyncReport report = Sync(lead_);
  const auto check = field::CompareFacts(lead_.vault(), report.changed);
  ASSERT_TRUE(check.ok()) << check.status();
  EXPECT_EQ(check->compared, 2u);
  EXPECT_EQ(check->reported, 1u);
  EXPECT_TRUE(Disputed(lead_, lie_));
  EXPECT_FALSE(Disputed(lead_, honest_));
  // Comparing is not reading: nothing is told of the names.
  EXPECT_TRUE((*lead_.vault().File(file_))->reads().empty());
  const auto again = field::CompareFacts(lead_.vault(), {file_});
  EXPECT_EQ(again->compared, 0u);
  Sync(lead_);
  EXPECT_TRUE((*lead_.vault().File(file_))->reads().empty());
  Sync(officer_);
  EXPECT_TRUE(Disputed(officer_, lie_));
  EXPECT_EQ(Told(lead_), 1u);
  EXPECT_EQ(Told(officer_), 1u) << "it is her answer";
  EXPECT_TRUE(server_.File(file_)->FindRecord(lie_)->Find("alias_given")->disputed())
      << "the server judges by it, and knows";
}

TEST_F(MismatchTest, IsOverWhenTheAnswerIsWrittenAnew) {
  Write(officer_, lie_, false);
  ASSERT_EQ(field::CompareFacts(lead_.vault(), Sync(lead_).changed)->reported, 1u);
  Sync(lead_);
  Sync(officer_);
  Write(officer_, lie_, true);
  EXPECT_EQ(field::CompareFacts(lead_.vault(), Sync(lead_).changed)->reported, 0u);
  EXPECT_FALSE(Disputed(lead_, lie_));
  EXPECT_EQ(Told(lead_), 0u);
}

TEST_F(MismatchTest, OnesOwnAndWhatNobodyHereMayOpenAreNotCompared) {
  Write(officer_, lie_, false);
  EXPECT_EQ(field::CompareFacts(officer_.vault(), {file_})->compared, 0u);
  // A colleague whose role has no identity class in an operation.
  domain::RosterWrite addition;
  addition.added = {Line(server_, "nurse")};
  Sync(lead_);
  ASSERT_TRUE(lead_.vault().ChangeRoster(file_, addition).ok());
  Sync(lead_);
  FakeDevice nurse(server_, "nurse", clock_);
  const auto check = field::CompareFacts(nurse.vault(), Sync(nurse).changed);
  ASSERT_TRUE(check.ok()) << check.status();
  EXPECT_EQ(check->compared, 0u);
  EXPECT_EQ(check->reported, 0u);
}

}  // namespace
}  // namespace kapea::testing
