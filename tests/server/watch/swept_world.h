// A server's core in one process with its sweeper, and a small pack that it sweeps by.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/codec/pack_compiler.h"
#include "common/codec/pack_registry.h"
#include "common/rpc/tls_profile.h"
#include "server/core/sequencer.h"
#include "server/core/verify.h"
#include "server/store/tables.h"
#include "server/watch/sweeper.h"
#include "tests/server/core/passing_store.h"
#include "tests/support/test_deployment.h"

namespace kapea::server {

inline const std::string kSweepPack = R"pack(
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
measures { id: "Q1" kind: MEASURE_KIND_QUESTION label { en: "What is late?" }
  answer: MEASURE_ANSWER_LIST once: MEASURE_ONCE_FILE stock: true
  parts { file_kind: FILE_KIND_OPERATION over: MEASURE_OVER_FINDINGS
    findings { statuses: "overdue" } }
  by: "clause" by: "founder" provenance { status: SOURCE_STATUS_PROPOSED } }
measures { id: "I1a" kind: MEASURE_KIND_INDICATOR label { en: "Seen" } unit { en: "files" }
  answer: MEASURE_ANSWER_COUNT once: MEASURE_ONCE_FILE
  parts { file_kind: FILE_KIND_OPERATION over: MEASURE_OVER_RECORDS per: "OP"
    when: "happened(seen_at)" at: "seen_at" }
  by: "month" by: "founder" provenance { status: SOURCE_STATUS_PROPOSED } }
measures { id: "I1b" kind: MEASURE_KIND_INDICATOR label { en: "How many" } unit { en: "files" }
  answer: MEASURE_ANSWER_SUM once: MEASURE_ONCE_RECORD
  parts { file_kind: FILE_KIND_OPERATION over: MEASURE_OVER_RECORDS per: "OP"
    when: "known(count)" at: "founded()" value: "count" }
  by: "founder" provenance { status: SOURCE_STATUS_PROPOSED } }
measures { id: "I2" kind: MEASURE_KIND_INDICATOR label { en: "Seen of late" } unit { en: "files" }
  answer: MEASURE_ANSWER_COUNT once: MEASURE_ONCE_FILE stock: true
  parts { file_kind: FILE_KIND_OPERATION over: MEASURE_OVER_RECORDS per: "OP"
    when: "within(now(), seen_at, 2h)" }
  provenance { status: SOURCE_STATUS_PROPOSED } }
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

class SweptWorld : public testing::Test {
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

  // The packs of one standards file, one version after the other.
  void PublishPack(const std::string& text = kSweepPack) {
    const auto source = codec::ParsePackFiles({{"sweep", text}});
    ASSERT_TRUE(source.mistakes.empty()) << codec::ToText(source.mistakes[0]);
    const std::string pack = codec::SignPack(source.bytes, world_.registrar1.signing);
    const auto parts = codec::SplitPack(pack, {world_.registrar1.signing.verify_key().bytes()});
    ASSERT_TRUE(parts.ok()) << parts.status();
    pack_ = parts->front().pack;
    TestDevice& by = world_.registrar1;
    std::vector<codec::EncodedChange> changes;
    if (standards_.file == FileId()) {
      domain::Header header = world_.HeaderFor(by, domain::Kind::kRoster, {}, std::nullopt);
      header.file = codec::FileIdOf(world_.deployment, by.device, header.nonce);
      standards_.file = header.file;
      codec::ChangeWriter founding(std::move(header));
      founding.Add(domain::Founding{domain::FileKind::kStandards, false});
      domain::RosterWrite roster;
      roster.added.push_back(TestDeployment::Line(by));
      founding.Add(roster);
      changes.push_back(*std::move(founding).Finish());
      standards_.roster = changes[0].change->hash;
    }
    for (const domain::PackPart& part : *parts) {
      codec::ChangeWriter writer(
          world_.HeaderFor(by, domain::Kind::kPack, standards_.file, standards_.roster));
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
  TestFile standards_;
  Hash pack_;
  RecordId record_;  // of the newest file
  bool pinned_ = false;
};

}  // namespace kapea::server
