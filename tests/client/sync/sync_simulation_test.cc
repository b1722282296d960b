// Several devices, one server, and a line that cuts, repeats and delays as a seeded dice
// says: in the end everybody sees the same, and nothing was written twice or lost.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "common/crypto/hash.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"
#include "tests/support/rounds.h"

namespace kapea::testing {
namespace {

constexpr int kRounds = 60;

uint64_t Seed() {
  if (const char* given = std::getenv("KAPEA_SEED")) return std::strtoull(given, nullptr, 10);
  return std::random_device{}();
}

class Simulation {
 public:
  explicit Simulation(uint64_t seed) : dice_(seed) {
    for (const char* name : {"lead", "officer", "supervisor"}) {
      devices_.push_back(std::make_unique<FakeDevice>(server_, name, clock_));
      FakeDevice& device = *devices_.back();
      EXPECT_TRUE(device.Sync().ok());
      device.line.fate = [this](uint64_t) {
        const int roll = Roll(10);
        return roll == 0   ? FakeLine::Fate::kCutBefore
               : roll == 1 ? FakeLine::Fate::kCutAfter
                           : FakeLine::Fate::kGood;
      };
      device.line.meddle = [this](sync::PullMessage&) { return Roll(20) != 0; };
    }
  }
  void Run() {
    for (int round = 0; round < kRounds && !::testing::Test::HasFatalFailure(); ++round) {
      clock_.Advance(Duration::Seconds(Roll(100)));
      FakeDevice& device = *devices_[static_cast<size_t>(Roll(3))];
      device.line.repeat_messages = Roll(3) == 0;
      switch (Roll(7)) {
        case 0:
          Found(device);
          break;
        case 6:
          // May leave a push on the wire, which the next round finds, or a restart gives up.
          if (Roll(3) == 0) WriteMuch(device);
          device.engine().Poke();
          ASSERT_TRUE(device.engine().Step(clock_.Now()).ok());
          break;
        case 1:
        case 2:
          Write(device);
          break;
        case 3:
          if (Roll(4) == 0) device.Restart();
          break;
        default: {
          const auto report = device.Sync();
          ASSERT_TRUE(report.ok()) << report.status();
        }
      }
    }
  }
  void Settle() {
    for (const auto& device : devices_) {
      device->line.fate = [](uint64_t) { return FakeLine::Fate::kGood; };
      device->line.meddle = [](sync::PullMessage&) { return true; };
    }
    // A push that was cut off in the bad times may still be on the wire: its end is found now.
    for (const auto& device : devices_) ASSERT_TRUE(device->Sync().ok());
    for (int again = 0; again < 2; ++again) {
      for (const auto& device : devices_) {
        const auto report = device->Sync();
        ASSERT_TRUE(report.ok()) << report.status();
        EXPECT_TRUE(report->refusals.empty()) << report->refusals.front();
        EXPECT_EQ(report->waiting, 0u);
      }
    }
  }
  void Compare() {
    size_t seen = 0;
    for (const FileId& file : files_) {
      const domain::FileState* truth = server_.File(file);
      ASSERT_NE(truth, nullptr);
      seen += truth->records().size();
      EXPECT_TRUE(truth->disputed().empty());
      for (const auto& device : devices_) {
        const auto state = device->vault().File(file);
        ASSERT_TRUE(state.ok()) << state.status();
        EXPECT_EQ(Show(**state), Show(*truth));
        EXPECT_FALSE(device->vault().replica().incomplete(file));
      }
      written_ -= server_.EntriesOf(file);
    }
    EXPECT_EQ(seen, records_.size());
    EXPECT_EQ(written_, 0u) << "changes written and changes in the ledger differ";
    for (const auto& device : devices_) {
      EXPECT_TRUE(device->vault().replica().ListEvidence()->empty());
    }
  }

 private:
  int Roll(int sides) { return std::uniform_int_distribution<int>(0, sides - 1)(dice_); }
  void Found(FakeDevice& device) {
    const auto file = FoundOperation(server_, device, {"lead", "officer", "supervisor"});
    ASSERT_TRUE(file.ok()) << file.status();
    files_.push_back(*file);
    ++written_;
  }
  void Write(FakeDevice& device) {
    if (files_.empty()) return;
    const FileId& file = files_[static_cast<size_t>(Roll(static_cast<int>(files_.size())))];
    const auto state = device.vault().File(file);
    if (!state.ok()) return;  // has not come yet
    if ((*state)->records().empty() || Roll(2) == 0) {
      const auto record = AddRecord(device, file, crypto::RandomId<RecordId>(), Roll(50));
      ASSERT_TRUE(record.ok()) << record.status();
      records_.insert(*record);
    } else {
      auto record = (*state)->records().begin();
      std::advance(record, Roll(static_cast<int>((*state)->records().size())));
      ASSERT_TRUE(SetCount(device, file, record->first, Roll(50)).ok());
    }
    ++written_;
  }

  // More than one push holds.
  void WriteMuch(FakeDevice& device) {
    if (files_.empty()) return;
    const FileId& file = files_[static_cast<size_t>(Roll(static_cast<int>(files_.size())))];
    if (!device.vault().HoldsKey(file, domain::KeyClass::kGeneral)) return;  // has not come yet
    for (int i = 0; i < 20 + Roll(20); ++i) {
      const auto record = AddBigNote(device, file);
      ASSERT_TRUE(record.ok()) << record.status();
      records_.insert(*record);
      ++written_;
    }
  }

  std::mt19937_64 dice_;
  ManualClock clock_;
  FakeServer server_{clock_};
  std::vector<std::unique_ptr<FakeDevice>> devices_;
  std::vector<FileId> files_;
  std::set<RecordId> records_;
  uint64_t written_ = 0;
};

TEST(SyncSimulation, EverybodyEndsWithTheSame) {
  const uint64_t first = Seed();
  const auto seeds = static_cast<uint64_t>(Rounds(3, 100));
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    std::printf("KAPEA_SEED=%llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    SCOPED_TRACE("KAPEA_SEED=" + std::to_string(seed));
    Simulation simulation(seed);
    simulation.Run();
    simulation.Settle();
    simulation.Compare();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace kapea::testing
