// What is kept of open findings is what folding the file says, at every moment, and is
// worked out again when it is not.
#include "server/watch/sweeper.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "common/codec/open_findings.h"
#include "server/core/query.h"
#include "server/core/rebuild.h"
#include "tests/server/watch/swept_world.h"

namespace kapea::server {
namespace {

using domain::FindingStatus;

class SweeperTest : public SweptWorld {
 protected:
  ComplianceAnswer Ask(const ComplianceQuestion& question, const kv::Store& store) const {
    const TestDevice& by = world_.supervisor;
    Principal asker;
    asker.person = by.person;
    asker.device = by.device;
    auto answer = AnswerCompliance(store, published_, asker, world_.clock->Now(), question);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *std::move(answer) : ComplianceAnswer();
  }
  static std::string TextOf(const ComplianceAnswer& answer) {
    std::string text;
    for (const auto& told : answer.findings) {
      text += told.finding.file.hex().substr(0, 6) + " " + told.finding.code + " " +
              told.explanation + "\n";
    }
    return text;
  }
  // The open findings as the sweeper left them, read without folding a file, and the same
  // by folding every file, which must not differ.
  std::string Open(ComplianceQuestion question = {}) {
    EXPECT_TRUE(sweeper_->AwaitIdle(Duration::Seconds(30)));
    question.statuses = {FindingStatus::kPending, FindingStatus::kOverdue};
    const Unfoldable kept(*world_.store);
    const std::string text = TextOf(Ask(question, kept));
    question.statuses.insert(FindingStatus::kMet);  // no longer answered from what is kept
    ComplianceAnswer folded = Ask(question, *world_.store);
    std::erase_if(folded.findings, [](const auto& told) { return !told.finding.open(); });
    EXPECT_EQ(text, TextOf(folded));
    return text;
  }
};

TEST_F(SweeperTest, KeepsWhatFoldingSays) {
  const TestFile file = NewFile();
  EXPECT_EQ(Open(), "") << "no standard applies to a file without a pack";
  Write(file, "seen_at", domain::Value(world_.clock->Now()));
  EXPECT_NE(Open().find("COUNTED pending"), std::string::npos) << Open();
  Write(file, "count", domain::Value(int64_t{3}));
  EXPECT_EQ(Open(), "");
  EXPECT_EQ(Differences(), 0u);
}

TEST_F(SweeperTest, TurnsWhenTheTimeComes) {
  Write(NewFile(), "seen_at", domain::Value(world_.clock->Now()));
  EXPECT_NE(Open().find("COUNTED pending"), std::string::npos) << Open();
  Advance(Duration::Minutes(61));
  EXPECT_NE(Open().find("COUNTED overdue"), std::string::npos) << Open();
  EXPECT_EQ(Open().find("SEEN"), std::string::npos) << "met, for an hour more";
  Advance(Duration::Minutes(60));
  EXPECT_NE(Open().find("SEEN overdue"), std::string::npos) << Open();
  EXPECT_EQ(Differences(), 0u);
}

TEST_F(SweeperTest, WhatIsBehindIsNotBelieved) {
  const TestFile file = NewFile();
  Write(file, "seen_at", domain::Value(world_.clock->Now()));
  ASSERT_NE(Open(), "");
  sweeper_->Stop();
  Write(file, "count", domain::Value(int64_t{3}));
  ComplianceQuestion question;
  question.statuses = {FindingStatus::kPending, FindingStatus::kOverdue};
  EXPECT_EQ(TextOf(Ask(question, *world_.store)), "");
  world_.clock->Advance(Duration::Hours(3));
  EXPECT_NE(TextOf(Ask(question, *world_.store)).find("SEEN overdue"), std::string::npos);
  EXPECT_EQ(Differences(), 0u) << "a row that is behind is no fault";
  StartSweeper();
  EXPECT_NE(Open().find("SEEN overdue"), std::string::npos) << "a new one finds what is behind";
}

TEST_F(SweeperTest, AQuestionIsNarrowedToProvinceUnitAndWhatIsNoDrill) {
  Write(NewFile(true), "seen_at", domain::Value(world_.clock->Now()));
  EXPECT_EQ(Open(), "");
  Write(NewFile(), "seen_at", domain::Value(world_.clock->Now()));
  ComplianceQuestion question;
  question.scope.province = "12";
  const std::string here = Open(question);
  EXPECT_NE(here, "");
  question.scope.unit = world_.police;
  EXPECT_EQ(Open(question), here);
  question.scope.province = "17";
  EXPECT_EQ(Open(question), "");
}

TEST_F(SweeperTest, PagesEndWithAWholeFileAndMissNone) {
  for (int i = 0; i < 5; ++i) {
    Write(NewFile(), "seen_at", domain::Value(world_.clock->Now()));
  }
  Advance(Duration::Hours(3));
  const std::string all = Open();
  ComplianceQuestion question;
  question.statuses = {FindingStatus::kOverdue};
  question.page_size = 3;
  std::string pages;
  int count = 0;
  do {
    const ComplianceAnswer page = Ask(question, *world_.store);
    pages += TextOf(page);
    question.page_token = page.next_page_token;
    // It goes over the wire as text.
    if (!page.next_page_token.empty()) {
      EXPECT_TRUE(FileId::FromHexText(page.next_page_token).ok());
    }
    ++count;
  } while (!question.page_token.empty() && count < 10);
  EXPECT_EQ(pages, all);
  EXPECT_EQ(count, 3);
}

TEST_F(SweeperTest, ARowThatLiesIsFoundByVerify) {
  Write(NewFile(), "seen_at", domain::Value(world_.clock->Now()));
  ASSERT_NE(Open(), "");
  FileId file;
  std::string row;
  ASSERT_TRUE(world_.store
                  ->Scan(kOpen, "", "",
                         [&](std::string_view key, std::string_view value) {
                           file = FileId::FromPrefix(key);
                           row = value;
                           auto open = *codec::OpenFindings::Decode(value);
                           return open.findings.empty();
                         })
                  .ok());
  codec::OpenFindings open = *codec::OpenFindings::Decode(row);
  ASSERT_FALSE(open.findings.empty());
  open.findings.clear();
  kv::Batch batch;
  batch.Put(kOpen, file.view(), open.Encode());
  ASSERT_TRUE(world_.store->Commit(batch, kv::Durability::kSynced).ok());
  EXPECT_EQ(Differences(), 1u);
  batch = {};
  batch.Put(kOpen, file.view(), "\x0f");
  ASSERT_TRUE(world_.store->Commit(batch, kv::Durability::kSynced).ok());
  EXPECT_EQ(Differences(), 1u);
}

TEST_F(SweeperTest, AllAtOnceIsTheSameAsOneByOne) {
  for (int i = 0; i < 5; ++i) {
    Write(NewFile(), "seen_at", domain::Value(world_.clock->Now()));
  }
  Advance(Duration::Hours(3));
  const std::string one_by_one = Open();
  sequencer_->Drain();
  sweeper_->Stop();
  ASSERT_TRUE(RebuildViews(*world_.store, [](uint64_t, uint64_t) {}).ok());
  uint64_t last = 0;
  const auto files =
      SweepAll(*world_.store, world_.clock->Now(), [&last](uint64_t done) { last = done; });
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(*files, last);
  ComplianceQuestion question;
  question.statuses = {FindingStatus::kPending, FindingStatus::kOverdue};
  EXPECT_EQ(TextOf(Ask(question, Unfoldable(*world_.store))), one_by_one);
  EXPECT_EQ(Differences(), 0u);
}

}  // namespace
}  // namespace kapea::server
