// The store over a disk that fails, fills up and loses power.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/kv/rocks_store.h"
#include "tests/common/kv/lying_disk.h"
#include "tests/common/kv/scratch.h"

namespace kapea::kv {
namespace {

constexpr int kCommits = 6;
constexpr int kDestroyAfter = 3;  // the commits before it are sealed under the name 'd'

std::string ValueOf(int n) { return std::string(static_cast<size_t>(700 * n + 1), 'a'); }
std::string KeyOf(int n) { return "k" + std::to_string(n); }

// What a run of the script was told is done.
struct Promises {
  int commits = 0;
  bool tried_to_destroy = false;
  bool destroyed = false;
};

// LyingDisk is what forgets here, so the files may lie in memory: hundreds of stores
// are made and synced.
std::string FastPlace() {
  return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : testing::TempDir();
}

class DiskTest : public testing::Test {
 protected:
  DiskTest() : dir_(FastPlace()), master_(MasterKey()) {}

  // Opens, commits pairs, destroys a key, closes; stops at the first error.
  Promises RunScript(LyingDisk& disk, const std::string& directory) {
    Promises promises;
    auto store = OpenRocksStoreOn(OptionsFor(directory, master_), disk.env());
    if (!store.ok()) return promises;
    for (int n = 1; n <= kCommits; ++n) {
      Batch batch;
      const DataKeyName name = n <= kDestroyAfter ? NameOf('d') : NameOf(static_cast<char>(n));
      batch.Put(kFiles, KeyOf(n), ValueOf(n), name);
      batch.Put(kIndex, KeyOf(n), ValueOf(n));
      if (!(*store)->Commit(batch, Durability::kSynced).ok()) return promises;
      promises.commits = n;
      if (n != kDestroyAfter) continue;
      promises.tried_to_destroy = true;
      if (!(*store)->DestroyKey(NameOf('d')).ok()) return promises;
      promises.destroyed = true;
    }
    return promises;
  }

  static std::filesystem::path NewestLog(const std::string& directory) {
    std::filesystem::path newest;
    for (const auto& file : std::filesystem::directory_iterator(directory)) {
      if (file.path().extension() == ".log") newest = std::max(newest, file.path());
    }
    return newest;
  }

  void CheckPromises(const std::string& directory, const Promises& promises) {
    const auto store = OpenRocksStore(OptionsFor(directory, master_));
    ASSERT_TRUE(store.ok()) << store.status();
    for (int n = 1; n <= kCommits; ++n) {
      SCOPED_TRACE(n);
      const auto in_index = (*store)->Find(kIndex, KeyOf(n));
      ASSERT_TRUE(in_index.ok()) << in_index.status();
      if (n <= promises.commits) {
        EXPECT_TRUE(in_index->has_value()) << "acknowledged and lost";
      }
      const auto in_files = (*store)->Find(kFiles, KeyOf(n));
      if (in_files.ok()) {
        EXPECT_EQ(*in_files, *in_index) << "half a commit";
        EXPECT_FALSE(n <= kDestroyAfter && promises.destroyed) << "destroyed and readable";
        if (in_index->has_value()) {
          EXPECT_EQ(**in_index, ValueOf(n));
        }
      } else {
        EXPECT_TRUE(absl::IsDataLoss(in_files.status()));
        EXPECT_TRUE(n <= kDestroyAfter && promises.tried_to_destroy) << in_files.status();
      }
    }
    EXPECT_TRUE(PutOne(**store, kFiles, "afterwards", "works").ok());
  }

  const ScratchDir dir_;
  const crypto::SecretBytes master_;
};

TEST_F(DiskTest, KeepsItsPromisesWhicheverOperationFails) {
  int runs = 0;
  for (const bool for_good : {false, true}) {
    for (int64_t n = 0;; ++n, ++runs) {
      SCOPED_TRACE(testing::Message() << "operation " << n << (for_good ? " and all after" : ""));
      const std::string directory = dir_.sub(std::to_string(runs));
      LyingDisk disk;
      disk.FailAt(n, for_good);
      const Promises promises = RunScript(disk, directory);
      const bool reached_end = !disk.has_failed();
      // Only a disk that died keeps nothing of what was not synced.
      if (for_good) disk.CutPower();
      CheckPromises(directory, promises);
      if (HasFatalFailure() || HasNonfatalFailure()) return;
      std::filesystem::remove_all(directory);
      if (reached_end) {
        EXPECT_EQ(promises.commits, kCommits);
        EXPECT_TRUE(promises.destroyed);
        break;
      }
    }
  }
  RecordProperty("runs", runs);
  EXPECT_GT(runs, 60) << "the script should touch the disk more often than that";
}

TEST_F(DiskTest, LosesNothingSyncedWhenPowerFails) {
  LyingDisk disk;
  {
    auto store = OpenRocksStoreOn(OptionsFor(dir_.store(), master_), disk.env());
    ASSERT_TRUE(store.ok()) << store.status();
    Batch buffered;
    buffered.Put(kFiles, "buffered before", "1");
    ASSERT_TRUE((*store)->Commit(buffered, Durability::kBuffered).ok());
    ASSERT_TRUE(PutOne(**store, kFiles, "synced", "2", NameOf('s')).ok());
    Batch after;
    after.Put(kFiles, "buffered after", "3");
    ASSERT_TRUE((*store)->Commit(after, Durability::kBuffered).ok());
    disk.FailAt(0, true);  // nothing that closing does reaches the disk
  }
  disk.CutPower();
  const auto store = OpenRocksStore(OptionsFor(dir_.store(), master_));
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(*(*store)->Get(kFiles, "synced"), "2");
  EXPECT_EQ(*(*store)->Get(kFiles, "buffered before"), "1") << "a synced commit syncs those before";
  EXPECT_EQ(*(*store)->Find(kFiles, "buffered after"), std::nullopt);
}

// Power failed in the middle of a commit, and failed again, or the program was killed,
// while the store was opened: RocksDB had begun a new log, and the torn one was taken for
// damaged because something came after it.
TEST_F(DiskTest, OpensAgainWhereverARecoveryWasCutOff) {
  const std::string torn = dir_.sub("torn");
  {
    auto store = OpenRocksStore(OptionsFor(dir_.store(), master_));
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE(PutOne(**store, kFiles, "synced", "1", NameOf('s')).ok());
    const uintmax_t before = std::filesystem::file_size(NewestLog(dir_.store()));
    ASSERT_TRUE(PutOne(**store, kFiles, "under way", std::string(100'000, 'x')).ok());
    std::filesystem::copy(dir_.store(), torn);  // of a running store: what kill -9 leaves
    std::fstream log(NewestLog(torn), std::ios::in | std::ios::out | std::ios::binary);
    log.seekp(static_cast<std::streamoff>(before + 5'000));
    log << std::string(4096, '\0');
  }
  for (const bool power : {false, true}) {
    for (int64_t n = 0;; ++n) {
      SCOPED_TRACE(testing::Message() << "operation " << n << (power ? ", power cut" : ""));
      const std::string directory = dir_.sub((power ? "p" : "k") + std::to_string(n));
      std::filesystem::copy(torn, directory);
      LyingDisk disk;
      disk.FailAt(n, true);
      OpenRocksStoreOn(OptionsFor(directory, master_), disk.env()).status().IgnoreError();
      const bool reached_end = !disk.has_failed();
      if (power) disk.CutPower();
      const auto store = OpenRocksStore(OptionsFor(directory, master_));
      ASSERT_TRUE(store.ok()) << store.status();
      EXPECT_EQ(*(*store)->Get(kFiles, "synced"), "1");
      EXPECT_EQ(*(*store)->Find(kFiles, "under way"), std::nullopt);
      EXPECT_TRUE(PutOne(**store, kFiles, "afterwards", "works").ok());
      std::filesystem::remove_all(directory);
      if (!reached_end) continue;
      EXPECT_GT(n, 20) << "want opening to touch the disk more often than that";
      break;
    }
  }
}

TEST_F(DiskTest, StopsCommitsBeforeTheDiskIsQuiteFull) {
  LyingDisk disk;
  OpenOptions options = OptionsFor(dir_.store(), master_);
  options.write_buffer_bytes = 1 << 20;
  auto store = OpenRocksStoreOn(options, disk.env());
  ASSERT_TRUE(store.ok()) << store.status();
  disk.SetRoom(7 << 20, true);  // 6 MiB are kept back
  int done = 0;
  absl::Status status;
  while ((status = PutOne(**store, kFiles, KeyOf(done), std::string(20'000, 'x'))).ok()) {
    ASSERT_LT(++done, 100);
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_GT(done, 10);
  EXPECT_FALSE(disk.has_failed()) << "RocksDB itself never met the end of the disk";
  EXPECT_TRUE((*store)->Get(kFiles, KeyOf(done - 1)).ok());
  disk.Heal();
  EXPECT_TRUE(PutOne(**store, kFiles, "after", "2").ok());
}

// RocksDB goes on to a new log only when it has rows in memory to flush, and right
// after opening there are none: it once wrote the log that had failed, and aborted.
TEST_F(DiskTest, GoesOnWhenTheFirstCommitAfterOpeningFindsTheDiskFull) {
  LyingDisk disk;
  {
    auto made = OpenRocksStoreOn(OptionsFor(dir_.store(), master_), disk.env());
    ASSERT_TRUE(made.ok()) << made.status();
    ASSERT_TRUE(PutOne(**made, kFiles, "before", "1").ok());
  }
  auto store = OpenRocksStoreOn(OptionsFor(dir_.store(), master_), disk.env());
  ASSERT_TRUE(store.ok()) << store.status();
  disk.SetRoom(0, false);
  EXPECT_TRUE(absl::IsResourceExhausted(PutOne(**store, kFiles, "a", "2")));
  EXPECT_TRUE(absl::IsResourceExhausted(PutOne(**store, kFiles, "a", "2")));
  disk.Heal();
  const absl::Status again = PutOne(**store, kFiles, "a", "3");
  EXPECT_TRUE(again.ok()) << again;
  EXPECT_EQ(*(*store)->Get(kFiles, "before"), "1");
  EXPECT_EQ(*(*store)->Get(kFiles, "a"), "3");
}

TEST_F(DiskTest, GoesOnAfterAFullDiskWithoutReopening) {
  // From no room at all to room for a part of the commit or for its log alone.
  for (const int64_t room : {0, 10, 1'000, 5'000, 25'000}) {
    SCOPED_TRACE(room);
    const std::string directory = dir_.sub("room" + std::to_string(room));
    LyingDisk disk;
    auto store = OpenRocksStoreOn(OptionsFor(directory, master_), disk.env());
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE(PutOne(**store, kFiles, "before", "1", NameOf('b')).ok());

    disk.SetRoom(room, false);
    const std::string big(30'000, 'x');
    for (int i = 0; i < 3; ++i) {
      Batch batch;
      batch.Put(kFiles, "big", big, NameOf('n'));
      batch.Put(kIndex, "big", big);
      const absl::Status full = (*store)->Commit(batch, Durability::kSynced);
      ASSERT_TRUE(absl::IsResourceExhausted(full)) << full;
    }
    EXPECT_EQ(*(*store)->Get(kFiles, "before"), "1") << "reading goes on";
    EXPECT_EQ(*(*store)->Find(kFiles, "big"), std::nullopt);

    disk.Heal();
    ASSERT_TRUE(PutOne(**store, kFiles, "after", "2", NameOf('n')).ok());
    EXPECT_EQ(*(*store)->Get(kFiles, "after"), "2");
    // The files of a running store, copied, are what kill -9 would leave.
    const std::string copy = directory + "-copy";
    std::filesystem::copy(directory, copy);
    store->reset();
    for (const std::string& place : {directory, copy}) {
      SCOPED_TRACE(place);
      const auto again = OpenRocksStore(OptionsFor(place, master_));
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_EQ(*(*again)->Get(kFiles, "before"), "1");
      EXPECT_EQ(*(*again)->Get(kFiles, "after"), "2");
      EXPECT_EQ(*(*again)->Find(kFiles, "big"), std::nullopt);
      EXPECT_EQ(*(*again)->Find(kIndex, "big"), std::nullopt);
    }
  }
}

TEST_F(DiskTest, GoesOnAfterAFlushFoundTheDiskFull) {
  LyingDisk disk;
  OpenOptions options = OptionsFor(dir_.store(), master_);
  options.write_buffer_bytes = 128 << 10;
  auto store = OpenRocksStoreOn(options, disk.env());
  ASSERT_TRUE(store.ok()) << store.status();
  disk.SetRoom(1 << 20, false);
  const auto put = [&](int n) {
    return PutOne(**store, kFiles, KeyOf(n), std::string(20'000, 'x'));
  };
  int done = 0;
  absl::Status status;
  while ((status = put(done)).ok() && done < 1000) ++done;
  ASSERT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_GT(done, 5);
  disk.Heal();
  // The flush that failed may take a moment to come to rest. Rarely RocksDB has lost count
  // of it; then the store says that it must be opened anew, and does not wait for ever.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (absl::IsResourceExhausted(status = put(done)) &&
         std::chrono::steady_clock::now() < give_up) {
    if (status.message().find("start the program again") == std::string_view::npos) {
      std::this_thread::yield();
      continue;
    }
    store->reset();
    store = OpenRocksStoreOn(options, disk.env());
    ASSERT_TRUE(store.ok()) << store.status();
  }
  for (int n = done; n < done + 20; ++n) {
    const absl::Status again = put(n);
    ASSERT_TRUE(again.ok()) << again;
  }
  store->reset();
  store = OpenRocksStore(options);
  ASSERT_TRUE(store.ok()) << store.status();
  for (int n = 0; n < done + 20; ++n) EXPECT_TRUE((*store)->Get(kFiles, KeyOf(n)).ok()) << n;
}

}  // namespace
}  // namespace kapea::kv
