// kill -9 at any moment: what was acknowledged is there, and no half of anything.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "common/base/bytes.h"
#include "tests/common/kv/scratch.h"
#include "tests/support/rounds.h"

namespace kapea::kv {
namespace {

constexpr const char* kDirectoryVariable = "KAPEA_KV_CRASH_DIRECTORY";
constexpr int kReportFd = 3;
constexpr size_t kNumberBytes = 8;

std::string KeyOf(uint64_t number) {
  std::string key;
  AppendU64(key, number);
  return key;
}

DataKeyName NameFor(uint64_t number) {
  return DataKeyName::FromPrefix("file" + KeyOf(number / 3) + "....");
}

std::string ValueOf(uint64_t number, std::string_view salt) {
  const std::string seed = KeyOf(number) + std::string(salt);
  std::string value;
  // From a few bytes to several blocks of the log.
  const size_t size = (number * 7919) % 97 == 0 ? 150'000 : (number * 104'729) % 9000;
  while (value.size() < size) value += seed;
  return value;
}

OpenOptions CrashOptions(const std::string& directory, const crypto::SecretBytes& master) {
  OpenOptions options = OptionsFor(directory, master);
  options.write_buffer_bytes = 256 << 10;  // so that flushes and compactions are killed too
  return options;
}

uint64_t LastOf(const Store& store) {
  uint64_t last = 0;
  EXPECT_TRUE(store
                  .ScanBack(kFiles, "", "",
                            [&](std::string_view key, std::string_view) {
                              last = ReadU64(key);
                              return false;
                            })
                  .ok());
  return last;
}

// The victim: a process of its own, which goes on until it is killed. Commit n puts
// two values that belong together, and deletes those of commit n - 40.
TEST(CrashVictim, DISABLED_CommitsUntilKilled) {
  const char* const directory = std::getenv(kDirectoryVariable);
  ASSERT_NE(directory, nullptr) << "runs as a child of KillTest only";
  const crypto::SecretBytes master = MasterKey();
  const auto store = OpenRocksStore(CrashOptions(directory, master));
  ASSERT_TRUE(store.ok()) << store.status();
  for (uint64_t n = LastOf(**store) + 1;; ++n) {
    Batch batch;
    batch.Put(kFiles, KeyOf(n), ValueOf(n, "f"), NameFor(n));
    batch.Put(kIndex, KeyOf(n), ValueOf(n, "i"));
    if (n > 40) {
      batch.Delete(kFiles, KeyOf(n - 40));
      batch.DeleteRange(kIndex, KeyOf(0), KeyOf(n - 39));
    }
    if (n % 5 == 0) batch.Require(kIndex, KeyOf(n - 1), ValueOf(n - 1, "i"));
    const absl::Status committed = (*store)->Commit(batch, Durability::kSynced);
    ASSERT_TRUE(committed.ok()) << committed;
    ASSERT_EQ(write(kReportFd, KeyOf(n).data(), kNumberBytes), static_cast<ssize_t>(kNumberBytes));
  }
}

class KillTest : public testing::Test {
 protected:
  KillTest() : master_(MasterKey()) {}

  // Starts a victim, kills it after `acks` acknowledgements and a little, and gives the
  // greatest number that it had acknowledged by then.
  uint64_t RunAndKill(uint64_t acks, useconds_t little) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      // dup2 clears close-on-exec, also for what the parent's other descriptors share.
      dup2(ends[1], kReportFd);
      setenv(kDirectoryVariable, dir_.store().c_str(), 1);
      execl("/proc/self/exe", "victim", "--gtest_also_run_disabled_tests",
            "--gtest_filter=CrashVictim.*", "--gtest_brief=1", static_cast<char*>(nullptr));
      _exit(127);
    }
    close(ends[1]);
    uint64_t last = 0;
    std::string report(kNumberBytes, '\0');
    const auto next = [&] {
      if (read(ends[0], report.data(), kNumberBytes) != static_cast<ssize_t>(kNumberBytes)) {
        return false;
      }
      last = ReadU64(report);
      return true;
    };
    for (uint64_t i = 0; i < acks && next(); ++i) {
    }
    usleep(little);  // to die at any point of the next commit
    kill(child, SIGKILL);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << status;
    while (next()) {
    }
    close(ends[0]);
    return last;
  }

  // `last`: what is there now, and must be from now on: acknowledged, or the one more that
  // was under way.
  void CheckAll(const uint64_t acknowledged, uint64_t& last) {
    const auto store = OpenRocksStore(CrashOptions(dir_.store(), master_));
    ASSERT_TRUE(store.ok()) << store.status();
    last = LastOf(**store);
    EXPECT_GE(last, acknowledged) << "an acknowledged commit is lost";
    EXPECT_LE(last, acknowledged + 1) << "only one commit can have been under way";
    const uint64_t first = last > 40 ? last - 39 : 1;
    for (uint64_t n = first; n <= last; ++n) {
      ASSERT_EQ(*(*store)->Find(kFiles, KeyOf(n)), ValueOf(n, "f")) << n;
      ASSERT_EQ(*(*store)->Find(kIndex, KeyOf(n)), ValueOf(n, "i")) << n;
    }
    if (first > 1) {
      EXPECT_EQ(*(*store)->Find(kFiles, KeyOf(first - 1)), std::nullopt);
      EXPECT_EQ(*(*store)->Find(kIndex, KeyOf(first - 1)), std::nullopt);
    }
  }

  const ScratchDir dir_;
  const crypto::SecretBytes master_;
};

TEST_F(KillTest, LosesNothingAcknowledgedAndKeepsNoHalves) {
  const int kRounds = Rounds(25, 400);
  std::mt19937 random(20'241'123);
  uint64_t acknowledged = 0;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    // Now and then before the first acknowledgement, while it is opening.
    const uint64_t acks = round % 6 == 0 ? 0 : 1 + random() % 60;
    const auto little = static_cast<useconds_t>(random() % (acks == 0 ? 60'000 : 1500));
    acknowledged = std::max(acknowledged, RunAndKill(acks, little));
    CheckAll(acknowledged, acknowledged);
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
  EXPECT_GT(acknowledged, 100u);
}

}  // namespace
}  // namespace kapea::kv
