// Devices and a server that speak the truth, over a line that does not always hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/vault/attachments.h"
#include "common/crypto/hash.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SyncEngineTest : public ::testing::Test {
 protected:
  ManualClock clock_;
  FakeServer server_{clock_};
};

TEST_F(SyncEngineTest, AFreshDeviceGetsDirectoryAndPack) {
  FakeDevice lead(server_, "lead", clock_);
  EXPECT_FALSE(lead.vault().directory()->genesis());
  const auto report = lead.Sync();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->caught_up);
  EXPECT_THAT(report->refusals, IsEmpty());
  EXPECT_TRUE(lead.vault().directory()->genesis());
  ASSERT_NE(lead.vault().NewestPack(), nullptr);
  EXPECT_EQ(lead.vault().NewestPack()->id, "test-pack");
}

TEST_F(SyncEngineTest, WhatOneWritesTheOtherReads) {
  FakeDevice lead(server_, "lead", clock_);
  FakeDevice officer(server_, "officer", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const auto file = FoundOperation(server_, lead, {"lead", "officer"});
  ASSERT_TRUE(file.ok()) << file.status();
  const auto record = AddRecord(lead, *file, crypto::RandomId<RecordId>(), 7);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(lead.vault().outbox().waiting(), 2u);

  const auto report = lead.Sync();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->pushed, 2u);
  EXPECT_EQ(report->waiting, 0u);
  EXPECT_THAT(report->verdicts, IsEmpty());
  EXPECT_THAT(report->refusals, IsEmpty());
  // The receipts brought them home: nothing comes a second time.
  EXPECT_EQ(lead.vault().replica().NumberOf(*file), 2u);

  ASSERT_TRUE(officer.Sync().ok());
  const auto theirs = officer.vault().File(*file);
  ASSERT_TRUE(theirs.ok()) << theirs.status();
  EXPECT_EQ(Show(**theirs), Show(**lead.vault().File(*file)));
  const domain::FieldValue* shown = (*theirs)->FindRecord(*record)->Shown("count");
  ASSERT_NE(shown, nullptr);
  EXPECT_EQ(*shown->clear, domain::Value(int64_t{7}));
  // And after unlocking anew, out of the store alone.
  officer.Restart();
  EXPECT_EQ(Show(**officer.vault().File(*file)), Show(**lead.vault().File(*file)));
  EXPECT_EQ(officer.vault().NewestPack()->id, "test-pack");
}

TEST_F(SyncEngineTest, AReceiptIsKept) {
  FakeDevice lead(server_, "lead", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  ASSERT_TRUE(FoundOperation(server_, lead, {"lead"}).ok());
  ASSERT_TRUE(lead.Sync().ok());
  const auto receipts = lead.vault().outbox().ReceiptsOf(1);
  ASSERT_TRUE(receipts.ok()) << receipts.status();
  ASSERT_EQ(receipts->size(), 1u);
  EXPECT_EQ(receipts->front().run.entries.size(), 1u);
}

// The line is cut at each call in turn, before the server has the call and after: one
// record, whatever happened.
TEST_F(SyncEngineTest, ACutAtAnyCallLeavesOneRecord) {
  FakeDevice lead(server_, "lead", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  for (const FakeLine::Fate kind : {FakeLine::Fate::kCutBefore, FakeLine::Fate::kCutAfter}) {
    for (uint64_t cut = 0; cut < 4; ++cut) {
      const auto file = FoundOperation(server_, lead, {"lead"});
      ASSERT_TRUE(file.ok());
      ASSERT_TRUE(AddRecord(lead, *file, crypto::RandomId<RecordId>(), 1).ok());
      const uint64_t start = lead.line.calls();
      lead.line.fate = [=](uint64_t call) {
        return call == start + cut ? kind : FakeLine::Fate::kGood;
      };
      const auto interrupted = lead.Sync();
      ASSERT_TRUE(interrupted.ok()) << interrupted.status();
      lead.line.fate = [](uint64_t) { return FakeLine::Fate::kGood; };
      if (cut == 1) lead.Restart();
      const auto report = lead.Sync();
      ASSERT_TRUE(report.ok()) << report.status();
      EXPECT_EQ(report->waiting, 0u);
      EXPECT_TRUE(report->caught_up);
      EXPECT_EQ(server_.EntriesOf(*file), 2u);
      EXPECT_EQ(lead.vault().replica().NumberOf(*file), 2u);
      EXPECT_EQ((*lead.vault().File(*file))->records().size(), 1u);
      EXPECT_EQ(Show(**lead.vault().File(*file)), Show(*server_.File(*file)));
    }
  }
}

TEST_F(SyncEngineTest, WithoutNetworkItWaitsLongerEachTimeAndNeverGivesUp) {
  FakeDevice lead(server_, "lead", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  ASSERT_TRUE(FoundOperation(server_, lead, {"lead"}).ok());
  lead.line.fate = [](uint64_t) { return FakeLine::Fate::kCutBefore; };
  lead.engine().Poke();
  Duration longest;
  for (int i = 0; i < 40; ++i) {
    const auto next = lead.engine().Step(clock_.Now());
    ASSERT_TRUE(next.ok()) << next.status();
    longest = std::max(longest, *next - clock_.Now());
    clock_.Advance(*next - clock_.Now());
  }
  EXPECT_EQ(longest, Duration::Seconds(300));
  EXPECT_EQ(lead.engine().report().waiting, 1u);
  EXPECT_THAT(lead.engine().report().refusals, Contains(HasSubstr("no connection")));
  lead.line.fate = [](uint64_t) { return FakeLine::Fate::kGood; };
  ASSERT_TRUE(lead.engine().Step(clock_.Now()).ok());
  EXPECT_EQ(lead.engine().report().waiting, 0u);
}

TEST_F(SyncEngineTest, MessagesThatComeTwiceCountOnce) {
  FakeDevice lead(server_, "lead", clock_);
  FakeDevice officer(server_, "officer", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const auto file = FoundOperation(server_, lead, {"lead", "officer"});
  ASSERT_TRUE(AddRecord(lead, *file, crypto::RandomId<RecordId>(), 3).ok());
  ASSERT_TRUE(lead.Sync().ok());
  officer.line.repeat_messages = true;
  const auto report = officer.Sync();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->refusals, IsEmpty());
  EXPECT_EQ(Show(**officer.vault().File(*file)), Show(*server_.File(*file)));
}

TEST_F(SyncEngineTest, AVerdictAgainstAnOwnChangeIsTold) {
  FakeDevice lead(server_, "lead", clock_);
  FakeDevice officer(server_, "officer", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const auto file = FoundOperation(server_, lead, {"lead", "officer"});
  const auto record = AddRecord(lead, *file, crypto::RandomId<RecordId>(), 3);
  ASSERT_TRUE(lead.Sync().ok());
  ASSERT_TRUE(officer.Sync().ok());
  // The officer is removed while she is offline and writes.
  domain::RosterWrite removal;
  removal.removed = {Line(server_, "officer")};
  ASSERT_TRUE(lead.vault().ChangeRoster(*file, removal).ok());
  ASSERT_TRUE(lead.Sync().ok());
  ASSERT_TRUE(SetCount(officer, *file, *record, 9).ok());
  const auto report = officer.Sync();
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->verdicts.size(), 1u);
  EXPECT_EQ(report->verdicts[0].verdict, domain::Verdict::kNotMember);
  EXPECT_EQ(report->waiting, 0u);
}

TEST_F(SyncEngineTest, AttachmentsGoUpInPiecesAndComeBackWhole) {
  FakeDevice lead(server_, "lead", clock_);
  FakeDevice officer(server_, "officer", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const auto file = FoundOperation(server_, lead, {"lead", "officer"});
  const auto record = AddRecord(lead, *file, crypto::RandomId<RecordId>(), 1);
  auto writer = lead.vault().Begin({.file = *file, .kind = domain::Kind::kEdit});
  ASSERT_TRUE(writer.ok());
  domain::FieldWrite write;
  write.record = *record;
  write.field = "scan";
  const std::string photo = crypto::RandomBytes(700'001);
  ASSERT_TRUE(lead.vault()
                  .attachments()
                  .Add(*writer, write, {photo, "image/jpeg", "gate.jpg", clock_.Now()},
                       domain::KeyClass::kGeneral)
                  .ok());
  ASSERT_TRUE(lead.vault().Commit(std::move(*writer)).ok());
  // The line breaks in the middle of the upload, after the server has a part.
  const uint64_t start = lead.line.calls();
  lead.line.fate = [start](uint64_t call) {
    return call == start + 3 ? FakeLine::Fate::kCutAfter : FakeLine::Fate::kGood;
  };
  ASSERT_TRUE(lead.Sync().ok());
  lead.line.fate = [](uint64_t) { return FakeLine::Fate::kGood; };
  const auto report = lead.Sync();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->waiting_attachments, 0u);
  EXPECT_EQ(server_.chunks().size(), 12u);  // eleven chunks and the manifest, none twice
  for (const auto& [name, chunk] : server_.chunks()) {
    EXPECT_EQ(chunk.find(photo.substr(1000, 32)), std::string::npos);
  }

  ASSERT_TRUE(officer.Sync().ok());
  const auto state = officer.vault().File(*file);
  const domain::FieldValue* shown = (*state)->FindRecord(*record)->Shown("scan");
  ASSERT_NE(shown, nullptr);
  const auto notice = officer.vault().NoticeReading(*file, *record, {"scan"});
  ASSERT_TRUE(notice.ok()) << notice.status();
  const auto plain = officer.vault().OpenPlaintext(*notice, "scan", *shown);
  ASSERT_TRUE(plain.ok()) << plain.status();
  const auto secret = codec::AttachmentSecret::Decode(plain->view());
  ASSERT_TRUE(secret.ok());
  ASSERT_TRUE(officer.engine().FetchAttachment(*file, secret->manifest).ok());
  const auto back = officer.vault().attachments().Get(*file, *secret);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE(*back == photo);
}

}  // namespace
}  // namespace kapea::testing
