// The master key of a store replaced: everything stays readable, the old key opens nothing,
// and whenever the machine dies the store opens under one of the two.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "common/kv/rocks_store.h"
#include "tests/common/kv/lying_disk.h"
#include "tests/common/kv/scratch.h"

namespace kapea::kv {
namespace {

constexpr int kFilesMade = 20;

class ReplaceKeyTest : public testing::Test {
 protected:
  ReplaceKeyTest()
      : dir_(std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : testing::TempDir()) {}

  static std::string KeyOf(int n) { return "k" + std::to_string(n); }
  static DataKeyName FileOf(int n) { return NameOf(static_cast<char>('A' + n)); }

  void Fill(const std::string& directory) const {
    const auto store = OpenRocksStore(OptionsFor(directory, old_));
    ASSERT_TRUE(store.ok()) << store.status();
    for (int n = 0; n < kFilesMade; ++n) {
      ASSERT_TRUE(PutOne(**store, kFiles, KeyOf(n), "value " + KeyOf(n), FileOf(n)).ok());
      ASSERT_TRUE(PutOne(**store, kIndex, KeyOf(n), "index " + KeyOf(n)).ok());
    }
    ASSERT_TRUE((*store)->DestroyKey(FileOf(3)).ok());
  }

  OpenOptions Replacing(const std::string& directory) const {
    OpenOptions options = OptionsFor(directory, old_);
    options.create_if_missing = false;
    options.next_master_key = &next_;
    return options;
  }

  // All that Fill put is there, nothing that it destroyed; and a new key can be made.
  static void Check(Store& store) {
    for (int n = 0; n < kFilesMade; ++n) {
      SCOPED_TRACE(n);
      EXPECT_EQ(*store.Get(kIndex, KeyOf(n)), "index " + KeyOf(n));
      const auto value = store.Get(kFiles, KeyOf(n));
      if (n == 3) {
        EXPECT_TRUE(absl::IsDataLoss(value.status()));
      } else {
        ASSERT_TRUE(value.ok()) << value.status();
        EXPECT_EQ(*value, "value " + KeyOf(n));
      }
    }
    EXPECT_TRUE(PutOne(store, kFiles, "afterwards", "works", NameOf('z')).ok());
    EXPECT_EQ(*store.Get(kFiles, "afterwards"), "works");
  }

  static absl::StatusCode OpensUnder(const std::string& directory, const crypto::SecretBytes& key) {
    OpenOptions options = OptionsFor(directory, key);
    options.create_if_missing = false;
    return OpenRocksStore(options).status().code();
  }

  // The wrapped rows as they lie on the disk, without their generation: each is unique.
  static std::vector<std::string> WrapsIn(const std::string& directory) {
    std::vector<std::string> wraps;
    for (const auto& file : std::filesystem::directory_iterator(directory)) {
      std::ifstream in(file.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      // generation || "K" 0x01 || key number 0: what begins a wrap and nothing else.
      for (const char generation : {'\x01', '\x02'}) {
        const std::string begin =
            std::string("\0\0\0", 3) + generation + std::string("K\x01\0\0\0\0", 6);
        for (size_t at = bytes.find(begin); at != std::string::npos;
             at = bytes.find(begin, at + 1)) {
          wraps.push_back(bytes.substr(at + 3, 1 + 6 + 24));
        }
      }
    }
    return wraps;
  }

  const ScratchDir dir_;
  const crypto::SecretBytes old_ = MasterKey('m');
  const crypto::SecretBytes next_ = MasterKey('n');
};

TEST_F(ReplaceKeyTest, EverythingStaysAndTheOldKeyOpensNothing) {
  Fill(dir_.store());
  const auto generation = ReplaceMasterKey(Replacing(dir_.store()));
  ASSERT_TRUE(generation.ok()) << generation.status();
  EXPECT_EQ(*generation, 2u);
  EXPECT_EQ(OpensUnder(dir_.store(), old_), absl::StatusCode::kFailedPrecondition);
  const auto store = OpenRocksStore(OptionsFor(dir_.store(), next_));
  ASSERT_TRUE(store.ok()) << store.status();
  Check(**store);
}

// Destroying a key undoes no copy that was made before, nor one made between the two: what
// does is that the key which opens those is nowhere any more.
TEST_F(ReplaceKeyTest, AShreddedFileOpensFromNoOlderCopyUnderTheKeyThatIsKept) {
  const std::string store = dir_.store();
  const std::string backup = store + "-of-yesterday";
  const std::string between = store + "-after-the-shredding";
  {
    const auto open = OpenRocksStore(OptionsFor(store, old_));
    ASSERT_TRUE(open.ok()) << open.status();
    ASSERT_TRUE(PutOne(**open, kFiles, "a", "shredded", FileOf(0)).ok());
    ASSERT_TRUE(PutOne(**open, kFiles, "b", "stays", FileOf(1)).ok());
  }
  std::filesystem::copy(store, backup);
  const auto read = [](const std::string& directory, const crypto::SecretBytes& key) {
    OpenOptions options = OptionsFor(directory, key);
    options.create_if_missing = false;
    const auto open = OpenRocksStore(options);
    return open.ok() ? (*open)->Get(kFiles, "a") : open.status();
  };
  EXPECT_EQ(*read(backup, old_), "shredded") << "this is what the old key is worth";
  {
    const auto open = OpenRocksStore(OptionsFor(store, old_));
    ASSERT_TRUE(open.ok()) << open.status();
    ASSERT_TRUE((*open)->DestroyKey(FileOf(0)).ok());
  }
  std::filesystem::copy(store, between);
  ASSERT_TRUE(ReplaceMasterKey(Replacing(store)).ok());
  for (const std::string& copy : {backup, between}) {
    EXPECT_EQ(read(copy, next_).status().code(), absl::StatusCode::kFailedPrecondition) << copy;
  }
  EXPECT_TRUE(absl::IsDataLoss(read(between, old_).status()));
  EXPECT_TRUE(absl::IsDataLoss(read(store, next_).status()));
  EXPECT_EQ(*(*OpenRocksStore(OptionsFor(store, next_)))->Get(kFiles, "b"), "stays");
}

TEST_F(ReplaceKeyTest, NoFileOfTheStoreHasAnOldWrap) {
  Fill(dir_.store());
  size_t before = 0;
  for (const std::string& wrap : WrapsIn(dir_.store())) before += wrap[0] == 1;
  ASSERT_GE(before, size_t{kFilesMade}) << "the search works";
  ASSERT_TRUE(ReplaceMasterKey(Replacing(dir_.store())).ok());
  size_t anew = 0;
  for (const std::string& wrap : WrapsIn(dir_.store())) {
    EXPECT_EQ(wrap[0], 2) << "an old wrap is left";
    ++anew;
  }
  EXPECT_GE(anew, size_t{kFilesMade});
}

TEST_F(ReplaceKeyTest, AgainIsTheSameAndAThirdKeyIsRefused) {
  Fill(dir_.store());
  ASSERT_TRUE(ReplaceMasterKey(Replacing(dir_.store())).ok());
  const auto again = ReplaceMasterKey(Replacing(dir_.store()));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, 2u);
  const crypto::SecretBytes third = MasterKey('t'), fourth = MasterKey('f');
  OpenOptions wrong = Replacing(dir_.store());
  wrong.master_key = &third;
  wrong.next_master_key = &fourth;
  EXPECT_TRUE(absl::IsFailedPrecondition(ReplaceMasterKey(wrong).status()));
  // A chain of replacements.
  OpenOptions chain = Replacing(dir_.store());
  chain.master_key = &next_;
  chain.next_master_key = &third;
  EXPECT_EQ(*ReplaceMasterKey(chain), 3u);
  const auto store = OpenRocksStore(OptionsFor(dir_.store(), third));
  ASSERT_TRUE(store.ok()) << store.status();
  Check(**store);
}

TEST_F(ReplaceKeyTest, OpensUnderEitherKeyOfAReplacementThatWasCutOff) {
  Fill(dir_.store());
  Check(**OpenRocksStore(Replacing(dir_.store())));
  ASSERT_TRUE(ReplaceMasterKey(Replacing(dir_.store())).ok());
  Check(**OpenRocksStore(Replacing(dir_.store())));
}

TEST_F(ReplaceKeyTest, IsNotForAStoreThatIsOpenNorForNone) {
  EXPECT_TRUE(absl::IsNotFound(ReplaceMasterKey(Replacing(dir_.store())).status()));
  Fill(dir_.store());
  const auto store = OpenRocksStore(OptionsFor(dir_.store(), old_));
  ASSERT_TRUE(store.ok());
  EXPECT_TRUE(absl::IsAlreadyExists(ReplaceMasterKey(Replacing(dir_.store())).status()));
  OpenOptions half = Replacing(dir_.store());
  half.next_master_key = nullptr;
  EXPECT_TRUE(absl::IsInvalidArgument(ReplaceMasterKey(half).status()));
}

// Each operation of the disk in turn is the last that works; then the power goes.
TEST_F(ReplaceKeyTest, WhereverItDiesTheStoreOpensUnderOneOfTheTwo) {
  int before = 0, after = 0;
  for (int64_t n = 0;; ++n) {
    SCOPED_TRACE(n);
    const std::string directory = dir_.sub(std::to_string(n));
    Fill(directory);
    LyingDisk disk;
    disk.FailAt(n, true);
    const absl::Status replaced = ReplaceMasterKeyOn(Replacing(directory), disk.env()).status();
    const bool reached_end = !disk.has_failed();
    disk.CutPower();
    const absl::StatusCode old = OpensUnder(directory, old_);
    const absl::StatusCode next = OpensUnder(directory, next_);
    EXPECT_NE(old == absl::StatusCode::kOk, next == absl::StatusCode::kOk)
        << static_cast<int>(old) << " " << static_cast<int>(next);
    if (replaced.ok()) {
      EXPECT_EQ(next, absl::StatusCode::kOk) << "said done, and was not";
    }
    (old == absl::StatusCode::kOk ? before : after)++;
    // The next run finishes it.
    ASSERT_TRUE(ReplaceMasterKey(Replacing(directory)).ok());
    Check(**OpenRocksStore(OptionsFor(directory, next_)));
    std::filesystem::remove_all(directory);
    if (reached_end || HasFailure()) break;
  }
  EXPECT_GT(before, 5);
  EXPECT_GT(after, 5);
}

}  // namespace
}  // namespace kapea::kv
