// What is kept of open findings is what folding the file says, at every moment, and is
// worked out again when it is not.
#include "server/watch/sweeper.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <utility>
#include <vector>

#include "common/codec/open_findings.h"
#include "common/codec/pack_compiler.h"
#include "common/codec/pack_registry.h"
#include "common/rpc/tls_profile.h"
#include "server/core/query.h"
#include "server/core/rebuild.h"
#include "server/core/sequencer.h"
#include "server/core/verify.h"
#include "server/store/tables.h"
#include "tests/server/core/passing_store.h"
#include "tests/support/test_deployment.h"

namespace kapea::server {
namespace {

using domain::FindingStatus;

constexpr char kPackText[] = R"pack(
id: "sweep" version: 1 owner: "Nobody" title { en: "Sweep" }
forms { id: "OP" version: 1 kind: FORM_KIND_RECORD file_kind: FILE_KIND_OPERATION
  title { en: "Operation" } provenance { status: SOURCE_STATUS_PROPOSED }
  sections { code: "A" label { en: "A" }
    fields { code: "count" label { en: "Count" } type: FIELD_TYPE_INTEGER
      sensitivity: SENSITIVITY_OPERATIONAL }
    fields { code: "seen_at" label { en: "Seen" } type: FIELD_TYPE_TIME
      sensitivity: SENSITIVITY_OPERATIONAL } } }
standards { id: "STD" version: 1 title { en: "Standard" } file_kind: FILE_KIND_OPERATION
  provenance { status: SOURCE_STATUS_PROPOSED }
  clauses { id: "COUNTED" label { en: "Counted" } severity: SEVERITY_MUST
    provenance { status: SOURCE_STATUS_PROPOSED }
    met: "exists(OP.count)" deadline: "founded() + 1h" }
  clauses { id: "SEEN" label { en: "Seen" } severity: SEVERITY_MUST
    provenance { status: SOURCE_STATUS_PROPOSED }
    applies: "known(OP.seen_at)" met: "within(now(), OP.seen_at, 2h)"
    deadline: "OP.seen_at + 2h" } }
)pack";

// Refuses to show how a file's Changes read: whoever folds fails.
class Unfoldable : public PassingStore {
 public:
  using PassingStore::PassingStore;
  absl::Status Scan(const kv::Table& table, std::string_view from, std::string_view to,
                    const Visit& visit) const override {
    if (std::string_view(table.name) == kChanges.name) return absl::InternalError("folded");
    return PassingStore::Scan(table, from, to, visit);
  }
  // As one moment: nothing is written while a test asks.
  std::unique_ptr<kv::Snapshot> TakeSnapshot() const override {
    return std::make_unique<Unfoldable>(*this);
  }
};

class SweeperTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(rpc::InstallTlsProfile().ok()); }

  void SetUp() override {
    Sequencer::Listeners listeners;
    listeners.on_files_changed = [this](const Committed& committed) {
      if (sweeper_) sweeper_->OnCommitted(committed.files);
    };
    auto log_key = crypto::NoteSigningKey::FromSeed(world_.log_key.Seed());
    auto sequencer = Sequencer::Open(*world_.store, *world_.clock, *std::move(log_key), published_,
                                     {}, std::move(listeners));
    ASSERT_TRUE(sequencer.ok()) << sequencer.status();
    sequencer_ = *std::move(sequencer);
    PublishPack();
    StartSweeper();
  }
  void TearDown() override {
    sequencer_->Drain();
    sweeper_->Stop();
  }

  void StartSweeper() {
    Sweeper::Options options;
    options.quiet = Duration::Milliseconds(5);
    auto sweeper = Sweeper::Start(*world_.store, published_, *world_.clock, options,
                                  [](const absl::Status& status) { ADD_FAILURE() << status; });
    ASSERT_TRUE(sweeper.ok()) << sweeper.status();
    sweeper_ = *std::move(sweeper);
  }

  void Submit(TestDevice& by, std::vector<codec::EncodedChange> changes) {
    Submission submission;
    submission.parcels.push_back(world_.Sign(by, std::move(changes)));
    std::promise<absl::Status> done;
    submission.done = [&done](const SubmissionResult& result) { done.set_value(result.status); };
    sequencer_->Submit(std::move(submission));
    const absl::Status status = done.get_future().get();
    ASSERT_TRUE(status.ok()) << status;
  }

  void PublishPack() {
    const auto source = codec::ParsePackFiles({{"sweep", kPackText}});
    ASSERT_TRUE(source.mistakes.empty()) << codec::ToText(source.mistakes[0]);
    const std::string pack = codec::SignPack(source.bytes, world_.registrar1.signing);
    const auto parts = codec::SplitPack(pack, {world_.registrar1.signing.verify_key().bytes()});
    ASSERT_TRUE(parts.ok()) << parts.status();
    pack_ = parts->front().pack;
    TestDevice& by = world_.registrar1;
    domain::Header header = world_.HeaderFor(by, domain::Kind::kRoster, {}, std::nullopt);
    header.file = codec::FileIdOf(world_.deployment, by.device, header.nonce);
    const FileId file = header.file;
    codec::ChangeWriter founding(std::move(header));
    founding.Add(domain::Founding{domain::FileKind::kStandards, false});
    domain::RosterWrite roster;
    roster.added.push_back(TestDeployment::Line(by));
    founding.Add(roster);
    std::vector<codec::EncodedChange> changes = {*std::move(founding).Finish()};
    const Hash hash = changes[0].change->hash;
    for (const domain::PackPart& part : *parts) {
      codec::ChangeWriter writer(world_.HeaderFor(by, domain::Kind::kPack, file, hash));
      writer.Add(part);
      changes.push_back(*std::move(writer).Finish());
    }
    Submit(by, std::move(changes));
    ASSERT_NE(published_.packs()->FindPack(pack_, domain::Directory::kNow), nullptr);
  }

  TestFile NewFile(bool drill = false) {
    TestFile file;
    auto founding = world_.Found(world_.lead, file, {&world_.officer, &world_.supervisor}, drill);
    Submit(world_.lead, {std::move(founding)});
    record_ = crypto::RandomId<RecordId>();
    pinned_ = false;
    return file;
  }
  void Write(const TestFile& file, const char* field, domain::Value value) {
    domain::Header header =
        world_.HeaderFor(world_.lead, domain::Kind::kEdit, file.file, file.roster);
    header.pack = pack_;
    codec::ChangeWriter writer(std::move(header));
    domain::FieldWrite write;
    write.record = record_;
    if (!std::exchange(pinned_, true)) write.form = domain::FormPin{"OP", 1};
    write.field = field;
    write.clear = std::move(value);
    writer.Add(write);
    Submit(world_.lead, {*std::move(writer).Finish()});
  }

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
  size_t Differences() const {
    const auto report = VerifyStore(*world_.store, world_.log_key.public_key(), [](int) {});
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->differences.size() : 999;
  }
  // Time passes, and the sweeper is told to look at its clock.
  void Advance(Duration by) {
    world_.clock->Advance(by);
    sweeper_->OnCommitted({});
  }

  TestDeployment world_;
  Published published_;
  std::unique_ptr<Sweeper> sweeper_;
  std::unique_ptr<Sequencer> sequencer_;
  Hash pack_;
  RecordId record_;  // of the newest file
  bool pinned_ = false;
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
  question.province = "12";
  const std::string here = Open(question);
  EXPECT_NE(here, "");
  question.unit = world_.police;
  EXPECT_EQ(Open(question), here);
  question.province = "17";
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
