// What is kept for questions and indicators counts to what folding every file says, at every
// moment and for whoever asks.
#include "server/core/figures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "common/codec/measure_codec.h"
#include "server/core/erasing.h"
#include "server/core/rebuild.h"
#include "tests/server/watch/swept_world.h"

namespace kapea::server {
namespace {

using domain::MeasureKind;

// Has nothing that was kept: whoever asks folds.
class Unkept : public PassingStore {
 public:
  using PassingStore::PassingStore;
  absl::Status Scan(const kv::Table& table, std::string_view from, std::string_view to,
                    const Visit& visit) const override {
    if (std::string_view(table.name) == kFigured.name) return absl::OkStatus();
    return PassingStore::Scan(table, from, to, visit);
  }
  absl::StatusOr<std::string> Get(const kv::Table& table, std::string_view key) const override {
    if (std::string_view(table.name) == kFigured.name) return absl::NotFoundError("");
    return PassingStore::Get(table, key);
  }
  std::unique_ptr<kv::Snapshot> TakeSnapshot() const override {
    return std::make_unique<Unkept>(*this);
  }
};

MeasureQuery Ask(MeasureKind kind, std::string code) {
  MeasureQuery query;
  query.ask.kind = kind;
  query.ask.measures = {std::move(code)};
  return query;
}
MeasureQuery Question(std::string code) { return Ask(MeasureKind::kQuestion, std::move(code)); }
MeasureQuery Indicator(std::string code) { return Ask(MeasureKind::kIndicator, std::move(code)); }

// As it goes over the wire.
std::string TextOf(const MeasureReply& reply) {
  std::string text = std::to_string(reply.files) + " files\n";
  for (const MeasureReply::One& one : reply.answers) {
    v1::MeasureAnswered wire;
    wire.set_measure(one.measure);
    codec::CountsToWire(one.result, wire);
    for (const auto& row : one.result.rows) codec::RowToWire(row, *wire.add_rows());
    const auto back = codec::AnsweredFromWire(wire);
    EXPECT_TRUE(back.ok()) << back.status();
    EXPECT_TRUE(back.ok() && back->total == one.result.total);
    text += wire.ShortDebugString() + "\n";
  }
  return text;
}

class FiguresTest : public SweptWorld {
 protected:
  absl::StatusOr<MeasureReply> AskAs(const TestDevice& by, const MeasureQuery& query,
                                     const kv::Store& store) const {
    Principal asker;
    asker.person = by.person;
    asker.device = by.device;
    return AnswerMeasures(store, published_, asker, world_.clock->Now(), query,
                          sweeper_->FilesBehind());
  }
  // From what is kept, without folding a file; and by folding every file, which must say the
  // same.
  MeasureReply Count(MeasureQuery query) {
    EXPECT_TRUE(sweeper_->AwaitIdle(Duration::Seconds(30)));
    query.as_of = world_.clock->Now();
    const auto kept = AskAs(world_.supervisor, query, Unfoldable(*world_.store));
    const auto folded = AskAs(world_.supervisor, query, Unkept(*world_.store));
    EXPECT_TRUE(kept.ok()) << kept.status();
    EXPECT_TRUE(folded.ok()) << folded.status();
    if (!kept.ok() || !folded.ok()) return {};
    EXPECT_EQ(TextOf(*kept), TextOf(*folded));
    return *kept;
  }
  uint64_t Total(const MeasureQuery& query) {
    const MeasureReply reply = Count(query);
    return reply.answers.empty() ? 999 : reply.answers[0].result.total.count;
  }
  TestFile SeenNow() {
    TestFile file = NewFile();
    Write(file, "seen_at", domain::Value(world_.clock->Now()));
    return file;
  }
  size_t Rows(const kv::Table& table) const {
    size_t rows = 0;
    EXPECT_TRUE(world_.store
                    ->Scan(table, "", "",
                           [&rows](std::string_view, std::string_view) {
                             ++rows;
                             return true;
                           })
                    .ok());
    return rows;
  }
};

TEST_F(FiguresTest, WhatIsKeptCountsToWhatFoldingSays) {
  EXPECT_EQ(Total(Indicator("I1a")), 0u);
  for (int64_t i = 1; i <= 3; ++i) {
    Write(SeenNow(), "count", domain::Value(i));
    Advance(Duration::Minutes(25));
  }
  EXPECT_EQ(Total(Indicator("I1a")), 3u);
  EXPECT_EQ(Total(Indicator("I2")), 3u);
  const MeasureReply both = Count(Indicator("I1"));
  ASSERT_EQ(both.answers.size(), 2u) << "I1 names I1a and I1b";
  EXPECT_EQ(both.answers[1].result.total.sum, 6);
  EXPECT_EQ(both.files, 3u);
  EXPECT_EQ(both.pack_version, 1u);
  MeasureQuery by_founder = Indicator("I1a");
  by_founder.ask.by = {"founder", "month"};
  const MeasureReply broken_down = Count(by_founder);
  ASSERT_EQ(broken_down.answers[0].result.margins.size(), 2u);
  EXPECT_EQ(broken_down.answers[0].result.margins[0].rows.at(0).code, world_.police.hex());
  // Every clear minute, as things turn and no Change comes.
  for (int i = 0; i < 40; ++i) {
    Advance(Duration::Minutes(5));
    Count(Question("Q1"));
    Count(Indicator("I2"));
  }
  EXPECT_EQ(Total(Indicator("I2")), 0u);
  EXPECT_EQ(Differences(), 0u);
}

TEST_F(FiguresTest, ManyFilesAreWalkedThroughAndFewLookedUp) {
  for (int i = 0; i < 70; ++i) {
    const TestFile file = SeenNow();
    if (i % 3 == 0) Write(file, "count", domain::Value(int64_t{i}));
    if (i == 60) {
      EXPECT_EQ(Total(Indicator("I1a")), 61u);
    }
  }
  EXPECT_EQ(Total(Indicator("I1a")), 70u);
  EXPECT_EQ(Count(Indicator("I1b")).answers[0].result.total.values, 24u);
  EXPECT_EQ(Differences(), 0u);
}

TEST_F(FiguresTest, WhatIsBehindIsFolded) {
  SeenNow();
  EXPECT_EQ(Total(Indicator("I1a")), 1u);
  sweeper_->Stop();
  SeenNow();
  const auto reply = AskAs(world_.supervisor, Indicator("I1a"), *world_.store);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->answers[0].result.total.count, 2u);
  world_.clock->Advance(Duration::Hours(3));
  const auto late = AskAs(world_.supervisor, Question("Q1"), *world_.store);
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_EQ(late->answers[0].result.total.count, 2u);
  EXPECT_EQ(Differences(), 0u) << "a row that is behind is no fault";
  StartSweeper();
  EXPECT_EQ(Total(Indicator("I1a")), 2u) << "a new one finds what is behind";
}

TEST_F(FiguresTest, TheNewestPackIsCountedBy) {
  SeenNow();
  EXPECT_EQ(Total(Indicator("I1a")), 1u);
  std::string next = kSweepPack;
  next.replace(next.find("version: 1"), 10, "version: 2");
  next +=
      R"pack(measures { id: "I3" kind: MEASURE_KIND_INDICATOR
    label { en: "Files" } unit { en: "files" }
    answer: MEASURE_ANSWER_COUNT once: MEASURE_ONCE_FILE
    parts { file_kind: FILE_KIND_OPERATION over: MEASURE_OVER_RECORDS at: "founded()" }
    provenance { status: SOURCE_STATUS_PROPOSED } })pack";
  EXPECT_EQ(AskAs(world_.supervisor, Indicator("I3"), *world_.store).status().code(),
            absl::StatusCode::kNotFound);
  PublishPack(next);
  EXPECT_EQ(Total(Indicator("I3")), 1u);
  EXPECT_EQ(Count(Indicator("I3")).pack_version, 2u);
  EXPECT_EQ(Differences(), 0u);
}

TEST_F(FiguresTest, WhoHasNothingToDoWithTheFilesIsToldNothing) {
  SeenNow();
  Advance(Duration::Hours(3));
  ASSERT_EQ(Total(Question("Q1")), 1u);
  for (const char* code : {"Q1", "I1a", "I1b", "I2"}) {
    MeasureQuery query = code[0] == 'Q' ? Question(code) : Indicator(code);
    const auto reply = AskAs(world_.intake, query, *world_.store);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->files, 0u);
    EXPECT_EQ(reply->answers[0].result.total, standards::MeasureFigure());
    EXPECT_TRUE(reply->answers[0].result.rows.empty());
    query.scope.unit = world_.police;
    EXPECT_EQ(AskAs(world_.intake, query, *world_.store).status().code(),
              absl::StatusCode::kPermissionDenied);
  }
  MeasureQuery elsewhere = Question("Q1");
  elsewhere.scope.province = "17";
  EXPECT_EQ(Total(elsewhere), 0u);
}

TEST_F(FiguresTest, RowsComePageByPage) {
  for (int i = 0; i < 5; ++i) SeenNow();
  Advance(Duration::Hours(3));
  MeasureQuery query = Question("Q1");
  const MeasureReply all = Count(query);
  ASSERT_EQ(all.answers[0].result.rows.size(), 10u) << "two clauses of each file";
  query.page_size = 4;
  std::vector<FileId> files;
  size_t pages = 0;
  do {
    const MeasureReply page = Count(query);
    EXPECT_EQ(page.answers[0].result.total, all.answers[0].result.total);
    for (const auto& row : page.answers[0].result.rows) files.push_back(row.file);
    query.page_token = page.next_page_token;
  } while (!query.page_token.empty() && ++pages < 10);
  EXPECT_EQ(pages, 2u) << "and the last";
  ASSERT_EQ(files.size(), 10u);
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(files[i], all.answers[0].result.rows[i].file);
  }
  query.page_token = "two";
  EXPECT_EQ(AskAs(world_.supervisor, query, *world_.store).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(FiguresTest, RowsThatLieAreFoundByVerify) {
  SeenNow();
  ASSERT_EQ(Total(Indicator("I1a")), 1u);
  std::string key;
  ASSERT_TRUE(world_.store
                  ->Scan(kFigures, "", "",
                         [&key](std::string_view at, std::string_view) {
                           key = at;
                           return false;
                         })
                  .ok());
  ASSERT_FALSE(key.empty());
  kv::Batch batch;
  batch.Put(kFigures, key, codec::EncodeLines({}));
  ASSERT_TRUE(world_.store->Commit(batch, kv::Durability::kSynced).ok());
  EXPECT_EQ(Differences(), 1u);
  batch = {};
  batch.Delete(kFigures, key);
  ASSERT_TRUE(world_.store->Commit(batch, kv::Durability::kSynced).ok());
  EXPECT_EQ(Differences(), 2u) << "of the file, and of the table";
}

TEST_F(FiguresTest, AnErasureTakesThemToo) {
  const TestFile file = NewFile();
  Write(file, "seen_at", domain::Value(world_.clock->Now()));
  ASSERT_EQ(Total(Indicator("I1a")), 1u);
  ASSERT_GT(Rows(kFigures), 0u);
  const size_t others = Rows(kFigured) - 1;
  kv::Batch batch;
  ASSERT_TRUE(CarryOut(*world_.store, file.file, {{}}, batch).ok());
  ASSERT_TRUE(world_.store->Commit(batch, kv::Durability::kSynced).ok());
  EXPECT_EQ(Rows(kFigures), 0u);
  EXPECT_EQ(Rows(kFigured), others);
}

TEST_F(FiguresTest, AllAtOnceIsTheSameAsOneByOne) {
  for (int i = 0; i < 5; ++i) SeenNow();
  const std::string one_by_one = TextOf(Count(Indicator("I1")));
  sequencer_->Drain();
  sweeper_->Stop();
  ASSERT_TRUE(RebuildViews(*world_.store, [](uint64_t, uint64_t) {}).ok());
  EXPECT_EQ(Rows(kFigured), 0u);
  ASSERT_TRUE(SweepAll(*world_.store, world_.clock->Now(), [](uint64_t) {}).ok());
  const auto kept = AskAs(world_.supervisor, Indicator("I1"), Unfoldable(*world_.store));
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ(TextOf(*kept), one_by_one);
  EXPECT_EQ(Differences(), 0u);
}

}  // namespace
}  // namespace kapea::server
