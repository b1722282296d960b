#include "common/kv/wal_tail.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/common/kv/scratch.h"

namespace kapea::kv {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteFile(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// A log as RocksDB wrote it: three commits, of which the last spans several blocks.
class WalTailTest : public testing::Test {
 protected:
  static constexpr size_t kLastBytes = 100'000;

  WalTailTest() : master_(MasterKey()) {
    auto store = OpenRocksStore(OptionsFor(dir_.sub("live"), master_));
    EXPECT_TRUE(store.ok()) << store.status();
    EXPECT_TRUE(PutOne(**store, kFiles, "a", std::string(300, '1')).ok());
    after_first_ = ReadFile(Log(dir_.sub("live"))).size();
    EXPECT_TRUE(PutOne(**store, kFiles, "b", std::string(300, '2')).ok());
    after_second_ = ReadFile(Log(dir_.sub("live"))).size();
    EXPECT_TRUE(PutOne(**store, kFiles, "c", std::string(kLastBytes, '3')).ok());
    // A copy of the files of a running store is what kill -9 leaves.
    std::filesystem::copy(dir_.sub("live"), dir_.store());
    log_ = Log(dir_.store());
    whole_ = ReadFile(log_);
  }

  static std::filesystem::path Log(const std::string& directory) {
    std::filesystem::path newest;
    for (const auto& file : std::filesystem::directory_iterator(directory)) {
      if (file.path().extension() == ".log") newest = std::max(newest, file.path());
    }
    return newest;
  }

  // How many of the three are there, or the error of opening.
  absl::StatusOr<int> OpenWith(const std::string& log) {
    const ScratchDir copy;
    std::filesystem::copy(dir_.store(), copy.store());
    WriteFile(std::filesystem::path(copy.store()) / log_.filename(), log);
    auto store = OpenRocksStore(OptionsFor(copy.store(), master_));
    if (!store.ok()) return store.status();
    int found = 0;
    for (const char* key : {"a", "b", "c"}) {
      const bool there = (*store)->Get(kFiles, key).ok();
      EXPECT_TRUE(!there || found == *key - 'a') << "a hole before " << key;
      found += there ? 1 : 0;
    }
    return found;
  }

  const ScratchDir dir_;
  const crypto::SecretBytes master_;
  size_t after_first_ = 0;
  size_t after_second_ = 0;
  std::filesystem::path log_;
  std::string whole_;
};

TEST_F(WalTailTest, TakesAWholeLog) {
  EXPECT_EQ(InspectWal(whole_), WalState::kIntact);
  EXPECT_EQ(InspectWal(""), WalState::kIntact);
  EXPECT_EQ(*OpenWith(whole_), 3);
}

TEST_F(WalTailTest, OpensWithoutTheCommitThatWasCutShort) {
  for (const size_t cut :
       {whole_.size() - 1, whole_.size() - 40'000, after_second_ + 8, after_second_ + 3}) {
    SCOPED_TRACE(cut);
    EXPECT_EQ(InspectWal(whole_.substr(0, cut)), WalState::kTornTail);
    EXPECT_EQ(*OpenWith(whole_.substr(0, cut)), 2);
  }
}

// After a power cut pages of the last commit may be missing while later ones arrived.
TEST_F(WalTailTest, OpensWithoutTheCommitThatHasAHole) {
  for (const size_t hole : {after_second_ + 100, after_second_ + 40'000, whole_.size() - 4096}) {
    SCOPED_TRACE(hole);
    std::string torn = whole_;
    std::fill_n(torn.begin() + static_cast<ptrdiff_t>(hole), 4096, '\0');
    EXPECT_EQ(InspectWal(torn), WalState::kTornTail);
    const absl::StatusOr<int> found = OpenWith(torn);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(*found, 2);
  }
}

TEST_F(WalTailTest, RefusesDamageThatASyncedCommitFollows) {
  // In the checksum, the length, the type and the bytes of each commit but the last.
  for (const size_t start : {after_first_, size_t{0}}) {
    for (const size_t offset : {0u, 4u, 5u, 6u, 7u, 100u, 300u}) {
      SCOPED_TRACE(start + offset);
      std::string damaged = whole_;
      damaged[start + offset] = static_cast<char>(damaged[start + offset] ^ 0x40);
      EXPECT_EQ(InspectWal(damaged), WalState::kDamagedInside);
      const absl::StatusOr<int> found = OpenWith(damaged);
      EXPECT_TRUE(absl::IsDataLoss(found.status())) << found.status();
    }
  }
}

}  // namespace
}  // namespace kapea::kv
