// A program killed, or without power, while it writes into its vault: what was
// acknowledged is there, and nothing is there by half.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "common/crypto/hash.h"
#include "tests/fault/crash_ground.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"
#include "tests/support/rounds.h"

namespace kapea::testing {
namespace {

constexpr int kKills = 50;
// A start writes, syncs, renames and removes somewhat more often than that.
constexpr int kOpeningOperations = 65;
constexpr const char* kWriterFolder = "KAPEA_CRASH_WRITER";  // set: this process is the writer
constexpr const char* kWriterFile = "KAPEA_CRASH_FILE";

const std::vector<CrashStage> kStages = {
    CrashStage::kBeforeWrite, CrashStage::kWithinWrite, CrashStage::kWritten,  CrashStage::kSynced,
    CrashStage::kAnswering,   CrashStage::kOpening,     CrashStage::kAtAnyTime};

// Writes records until it is killed, and says each one's id on descriptor `told` once it
// is acknowledged. A process of its own: the store's threads do not come along in a fork.
[[noreturn]] void WriteForever(const std::string& path, const FileId& file, int told) {
  ManualClock clock;
  auto vault = vault::Vault::Open(path, kPassphrase, clock);
  if (!vault.ok()) _exit(2);
  const char ready = 'r';
  if (::write(told, &ready, 1) != 1) _exit(3);
  for (int64_t count = 0;; ++count) {
    auto writer = (*vault)->Begin({.file = file, .kind = domain::Kind::kEdit});
    if (!writer.ok()) _exit(4);
    domain::FieldWrite write;
    write.record = crypto::RandomId<RecordId>();
    write.form = domain::FormPin{"OP", 1};
    write.field = "count";
    write.clear = domain::Value(count % 50);
    writer->Add(write);
    if (!(*vault)->Commit(std::move(*writer)).ok()) _exit(5);
    if (::write(told, write.record.view().data(), RecordId::kBytes) !=
        static_cast<ssize_t>(RecordId::kBytes)) {
      _exit(6);
    }
  }
}

TEST(VaultCrashWriter, WritesUntilItIsKilled) {
  const char* folder = std::getenv(kWriterFolder);
  if (folder == nullptr) GTEST_SKIP() << "runs inside the other tests alone";
  const auto file = FileId::FromHexText(std::getenv(kWriterFile));
  ASSERT_TRUE(file.ok());
  WriteForever(folder, *file, STDIN_FILENO);
}

class VaultCrash : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(lead_.Sync().ok());
    file_ = *FoundOperation(server_, lead_, {"lead"});
    ASSERT_TRUE(lead_.Sync().ok());
  }

  void Round(CrashStage stage, bool power_cut) {
    lead_.Close();
    stage = RunAndKill(stage);
    if (power_cut) {
      ground_.CutPower(dice_);
    } else {
      ground_.Settle();
    }
    counters_.Count(stage, power_cut);
    lead_.Reopen();
    const auto state = lead_.vault().File(file_);
    ASSERT_TRUE(state.ok()) << state.status();
    lost_ = 0;
    for (const RecordId& record : acknowledged_) {
      lost_ += (*state)->FindRecord(record) == nullptr ? 1 : 0;
    }
    // At most the one whose acknowledgement was not heard.
    EXPECT_LE((*state)->records().size(),
              acknowledged_.size() + static_cast<size_t>(counters_.all()));
  }

  // Runs a writer until it dies, and takes down what it acknowledged. The stage at which
  // it died.
  CrashStage RunAndKill(CrashStage stage) {
    int ends[2];
    KAPEA_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
    auto environment = ground_.Environment();
    environment.push_back(std::string(kWriterFolder) + "=" + lead_.path());
    environment.push_back(std::string(kWriterFile) + "=" + file_.hex());
    const bool opening = stage == CrashStage::kOpening;
    const int wanted = 1 + static_cast<int>(dice_() % (opening ? kOpeningOperations : 8));
    ground_.SetServing(false);
    ground_.Plan(opening ? stage : CrashStage::kNone, wanted);
    Child writer({"writer", "--gtest_filter=VaultCrashWriter.*"}, environment, ends[1]);
    ::close(ends[1]);
    std::string told;
    const auto read_more = [&] {
      char buffer[256];
      const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
      if (got > 0) told.append(buffer, static_cast<size_t>(got));
      return got > 0;
    };
    if (read_more()) {
      ground_.SetServing(true);
      if (opening) stage = CrashStage::kAtAnyTime;  // it took fewer operations this time
      ground_.Plan(stage, wanted);
      if (stage == CrashStage::kAtAnyTime) {
        const size_t enough = 1 + static_cast<size_t>(wanted) * RecordId::kBytes;
        while (told.size() < enough && read_more()) {
        }
        ::usleep(static_cast<useconds_t>(dice_() % 3000));  // to any point of the next commit
        writer.Kill();
      }
    }
    while (read_more()) {
    }
    EXPECT_EQ(writer.Wait(), -SIGKILL) << "it ended by itself";
    if (stage != CrashStage::kAtAnyTime) {
      EXPECT_EQ(ground_.died_at(), stage) << "want it to reach: " << NameOf(stage);
    }
    ::close(ends[0]);
    for (size_t at = 1; at + RecordId::kBytes <= told.size(); at += RecordId::kBytes) {
      acknowledged_.push_back(RecordId::FromPrefix(std::string_view(told).substr(at)));
    }
    return stage;
  }

  ManualClock clock_;
  FakeServer server_{clock_};
  FakeDevice lead_{server_, "lead", clock_};
  FileId file_;
  TempFolder folder_;
  CrashGround ground_{folder_ / "", "writer", lead_.path() + "/store"};
  std::mt19937 dice_{20261123};
  CrashCounters counters_;
  std::vector<RecordId> acknowledged_;
  int lost_ = 0;
};

TEST_F(VaultCrash, EveryAcknowledgedChangeOutlivesIt) {
  const int kills = Rounds(kKills, 10 * kKills);
  for (int round = 0; counters_.all() < kills && !HasFailure(); ++round) {
    const auto stages = static_cast<int>(kStages.size());
    const CrashStage stage = kStages[static_cast<size_t>(round % stages)];
    Round(stage, (round + round / stages) % 2 == 0);
    ASSERT_EQ(lost_, 0) << "round " << round << ", " << NameOf(stage);
  }
  std::printf("%s%zu acknowledged\n", counters_.Table(kStages).c_str(), acknowledged_.size());
  for (const CrashStage stage : kStages) EXPECT_GT(counters_.at(stage), 0) << NameOf(stage);
  EXPECT_GE(2 * counters_.power_cuts(), counters_.all() - 1);
  EXPECT_GE(acknowledged_.size(), static_cast<size_t>(kills));
  // And the chain is whole: the server takes it all.
  const auto report = lead_.Sync();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->refusals.empty());
  EXPECT_EQ(report->waiting, 0u);
  EXPECT_EQ(Show(**lead_.vault().File(file_)), Show(*server_.File(file_)));
}

// That the test above can fail: a disk that says "synced" and does nothing is what a
// vault looks like that acknowledges before it syncs.
TEST_F(VaultCrash, NoticesAnAcknowledgementBeforeTheSync) {
  ground_.SetLying(true);
  for (int round = 0; round < 3 && lost_ == 0 && !HasFailure(); ++round) {
    Round(CrashStage::kAnswering, true);
  }
  EXPECT_GT(lost_, 0);
}

}  // namespace
}  // namespace kapea::testing
