// The contract of common/kv/store.h, held against both stores.
#include "common/kv/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "tests/common/kv/scratch.h"

namespace kapea::kv {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

enum class Kind { kMemory, kRocks };

class StoreTest : public testing::TestWithParam<Kind> {
 protected:
  StoreTest() : master_(MasterKey()), store_(Open(dir_.store())) {}

  std::unique_ptr<Store> Open(const std::string& directory) const {
    const OpenOptions options = OptionsFor(directory, master_);
    auto store = GetParam() == Kind::kMemory ? OpenMemoryStore(options) : OpenRocksStore(options);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  absl::Status Put(std::string_view key, std::string value) {
    return PutOne(*store_, kFiles, key, std::move(value));
  }

  void PutAll(const std::vector<std::string>& keys) {
    Batch batch;
    for (const std::string& key : keys) batch.Put(kFiles, key, "v" + key);
    ASSERT_TRUE(store_->Commit(batch, Durability::kBuffered).ok());
  }

  static std::vector<std::string> Keys(const Snapshot& at, std::string_view from,
                                       std::string_view to, bool back = false) {
    std::vector<std::string> keys;
    const auto visit = [&](std::string_view key, std::string_view value) {
      EXPECT_EQ(value, "v" + std::string(key));
      keys.emplace_back(key);
      return true;
    };
    const absl::Status status =
        back ? at.ScanBack(kFiles, from, to, visit) : at.Scan(kFiles, from, to, visit);
    EXPECT_TRUE(status.ok()) << status;
    return keys;
  }

  const ScratchDir dir_;
  const crypto::SecretBytes master_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Both, StoreTest, testing::Values(Kind::kMemory, Kind::kRocks),
                         [](const auto& kind) {
                           return kind.param == Kind::kMemory ? "Memory" : "Rocks";
                         });

TEST_P(StoreTest, GivesBackWhatWasPut) {
  EXPECT_TRUE(absl::IsNotFound(store_->Get(kFiles, "k").status()));
  EXPECT_EQ(*store_->Find(kFiles, "k"), std::nullopt);
  ASSERT_TRUE(Put("k", "one").ok());
  EXPECT_EQ(*store_->Get(kFiles, "k"), "one");
  EXPECT_EQ(*store_->Find(kFiles, "k"), "one");
  EXPECT_TRUE(absl::IsNotFound(store_->Get(kIndex, "k").status()));
  ASSERT_TRUE(Put("k", "two").ok());
  EXPECT_EQ(*store_->Get(kFiles, "k"), "two");

  Batch gone;
  gone.Delete(kFiles, "k");
  gone.Delete(kFiles, "never there");
  ASSERT_TRUE(store_->Commit(gone, Durability::kSynced).ok());
  EXPECT_TRUE(absl::IsNotFound(store_->Get(kFiles, "k").status()));
}

TEST_P(StoreTest, KeepsEmptyAndBigValuesAndBinaryKeys) {
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes.push_back(static_cast<char>(i));
  std::string big(3 << 20, '\0');
  for (size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 31 / 7);
  const std::string longest(kKeyBytesMax, '\xff');
  Batch batch;
  batch.Put(kFiles, all_bytes, all_bytes);
  batch.Put(kFiles, longest, big, NameOf('f'));
  batch.Put(kFiles, "", "at the empty key");
  batch.Put(kFiles, "empty", "");
  ASSERT_TRUE(store_->Commit(batch, Durability::kSynced).ok());
  EXPECT_EQ(*store_->Get(kFiles, all_bytes), all_bytes);
  EXPECT_EQ(*store_->Get(kFiles, longest), big);
  EXPECT_EQ(*store_->Get(kFiles, ""), "at the empty key");
  EXPECT_EQ(*store_->Find(kFiles, "empty"), "");
}

TEST_P(StoreTest, RefusesWhatIsOutOfBoundsAndChangesNothing) {
  const Table unknown{"unknown"};
  const auto refused = [&](const Batch& batch) {
    return absl::IsInvalidArgument(store_->Commit(batch, Durability::kSynced));
  };
  Batch long_key;
  long_key.Put(kFiles, "fine", "v");
  long_key.Put(kFiles, std::string(kKeyBytesMax + 1, 'k'), "v");
  EXPECT_TRUE(refused(long_key));
  Batch long_value;
  long_value.Put(kFiles, "fine", "v");
  long_value.Put(kFiles, "k", std::string(kValueBytesMax + 1, 'v'));
  EXPECT_TRUE(refused(long_value));
  Batch other_table;
  other_table.Put(kFiles, "fine", "v");
  other_table.Delete(unknown, "k");
  EXPECT_TRUE(refused(other_table));
  Batch own_table;
  own_table.DeleteRange({"keys"}, "", "");
  EXPECT_TRUE(refused(own_table));
  EXPECT_EQ(*store_->Find(kFiles, "fine"), std::nullopt);
  EXPECT_TRUE(absl::IsInvalidArgument(store_->Get(unknown, "k").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      store_->Scan(unknown, "", "", [](std::string_view, std::string_view) { return true; })));
}

TEST_P(StoreTest, ScansUpAndDownWithinBounds) {
  PutAll({"a", "b", "ba", "bb", "c", "d"});
  EXPECT_THAT(Keys(*store_, "", ""), ElementsAre("a", "b", "ba", "bb", "c", "d"));
  EXPECT_THAT(Keys(*store_, "b", "c"), ElementsAre("b", "ba", "bb"));
  EXPECT_THAT(Keys(*store_, "aa", ""), ElementsAre("b", "ba", "bb", "c", "d"));
  EXPECT_THAT(Keys(*store_, "", "b"), ElementsAre("a"));
  EXPECT_THAT(Keys(*store_, "c", "c"), IsEmpty());
  EXPECT_THAT(Keys(*store_, "d", "a"), IsEmpty());
  EXPECT_THAT(Keys(*store_, "e", ""), IsEmpty());
  EXPECT_THAT(Keys(*store_, "", "", true), ElementsAre("d", "c", "bb", "ba", "b", "a"));
  EXPECT_THAT(Keys(*store_, "b", "c", true), ElementsAre("bb", "ba", "b"));
  EXPECT_THAT(Keys(*store_, "b", PrefixEnd("b"), true), ElementsAre("bb", "ba", "b"));
  EXPECT_THAT(Keys(*store_, "", "0", true), IsEmpty());
  EXPECT_THAT(Keys(*store_, "d", "a", true), IsEmpty());
}

TEST_P(StoreTest, StopsAScanWhenTheVisitorSaysSo) {
  PutAll({"a", "b", "c"});
  std::vector<std::string> seen;
  const auto first_two = [&](std::string_view key, std::string_view) {
    seen.emplace_back(key);
    return seen.size() % 2 != 0;
  };
  ASSERT_TRUE(store_->Scan(kFiles, "", "", first_two).ok());
  ASSERT_TRUE(store_->ScanBack(kFiles, "", "", first_two).ok());
  EXPECT_THAT(seen, ElementsAre("a", "b", "c", "b"));
}

TEST_P(StoreTest, MayBeWrittenFromWithinAScan) {
  PutAll({"a", "b", "c"});
  std::vector<std::string> seen;
  ASSERT_TRUE(store_
                  ->Scan(kFiles, "", "",
                         [&](std::string_view key, std::string_view) {
                           seen.emplace_back(key);
                           return Put(std::string(key) + "x", "new").ok();
                         })
                  .ok());
  EXPECT_THAT(seen, ElementsAre("a", "b", "c"));
  EXPECT_EQ(*store_->Get(kFiles, "bx"), "new");
}

TEST_P(StoreTest, DeletesRanges) {
  const std::string last(kKeyBytesMax, '\xff');
  PutAll({"a", "b", "ba", "c", "d", last});
  const auto remove = [&](std::string_view from, std::string_view to) {
    Batch batch;
    batch.DeleteRange(kFiles, from, to);
    EXPECT_TRUE(store_->Commit(batch, Durability::kSynced).ok());
  };
  remove("b", "c");
  EXPECT_THAT(Keys(*store_, "", ""), ElementsAre("a", "c", "d", last));
  remove("d", "a");
  remove("c", "c");
  EXPECT_THAT(Keys(*store_, "", ""), ElementsAre("a", "c", "d", last));
  remove("c", "");
  EXPECT_THAT(Keys(*store_, "", ""), ElementsAre("a"));
  EXPECT_THAT(Keys(*store_, "", "", true), ElementsAre("a"));
}

TEST_P(StoreTest, AppliesABatchInItsOrder) {
  PutAll({"b"});
  Batch batch;
  batch.Put(kFiles, "a", "first");
  batch.Put(kFiles, "a", "second");
  batch.DeleteRange(kFiles, "b", "c");
  batch.Put(kFiles, "b", "after the range");
  batch.Put(kFiles, "d", "x");
  batch.Delete(kFiles, "d");
  ASSERT_TRUE(store_->Commit(batch, Durability::kSynced).ok());
  EXPECT_EQ(*store_->Get(kFiles, "a"), "second");
  EXPECT_EQ(*store_->Get(kFiles, "b"), "after the range");
  EXPECT_EQ(*store_->Find(kFiles, "d"), std::nullopt);
}

TEST_P(StoreTest, CommitsAThousandOperationsAtOnce) {
  Batch batch;
  std::vector<std::string> want;
  for (uint16_t i = 0; i < 1000; ++i) {
    std::string key;
    AppendU16(key, i);
    batch.Put(kFiles, key, "v" + key, NameOf(static_cast<char>('a' + i % 7)));
    want.push_back(key);
  }
  ASSERT_TRUE(store_->Commit(batch, Durability::kSynced).ok());
  EXPECT_EQ(Keys(*store_, "", ""), want);
}

TEST_P(StoreTest, SnapshotSeesOneMoment) {
  PutAll({"a", "b"});
  const std::unique_ptr<Snapshot> before = store_->TakeSnapshot();
  Batch batch;
  batch.Put(kFiles, "a", "changed");
  batch.Delete(kFiles, "b");
  batch.Put(kFiles, "c", "new", NameOf('n'));
  ASSERT_TRUE(store_->Commit(batch, Durability::kSynced).ok());
  EXPECT_THAT(Keys(*before, "", ""), ElementsAre("a", "b"));
  EXPECT_THAT(Keys(*before, "", "", true), ElementsAre("b", "a"));
  EXPECT_EQ(*before->Get(kFiles, "b"), "vb");
  EXPECT_EQ(*before->Find(kFiles, "c"), std::nullopt);
  EXPECT_EQ(*store_->TakeSnapshot()->Get(kFiles, "a"), "changed");
}

TEST_P(StoreTest, SnapshotOutlivesItsStore) {
  PutAll({"a", "b"});
  const std::unique_ptr<Snapshot> snapshot = store_->TakeSnapshot();
  store_.reset();
  EXPECT_THAT(Keys(*snapshot, "", ""), ElementsAre("a", "b"));
}

TEST_P(StoreTest, CommitsOnlyWhenAllConditionsHold) {
  ASSERT_TRUE(Put("a", "1").ok());
  const auto commit = [&](std::string_view key, std::optional<std::string> value) {
    Batch batch;
    batch.Put(kFiles, "a", "2");
    batch.Put(kIndex, "i", "2", NameOf('q'));
    batch.Require(kFiles, "absent", std::nullopt);
    batch.Require(kFiles, key, std::move(value));
    return store_->Commit(batch, Durability::kSynced);
  };
  EXPECT_TRUE(absl::IsAborted(commit("a", "other")));
  EXPECT_TRUE(absl::IsAborted(commit("a", "")));
  EXPECT_TRUE(absl::IsAborted(commit("a", std::nullopt)));
  EXPECT_TRUE(absl::IsAborted(commit("b", "")));
  EXPECT_EQ(*store_->Get(kFiles, "a"), "1");
  EXPECT_EQ(*store_->Find(kIndex, "i"), std::nullopt);
  // What counts is the state before the batch.
  EXPECT_TRUE(absl::IsAborted(commit("a", "2")));
  EXPECT_TRUE(commit("a", "1").ok());
  EXPECT_EQ(*store_->Get(kFiles, "a"), "2");
  EXPECT_EQ(*store_->Get(kIndex, "i"), "2");
}

TEST_P(StoreTest, LosesNoUpdateOfConcurrentConditionalCommits) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  ASSERT_TRUE(Put("counter", "0").ok());
  std::atomic<int> retries = 0;
  const auto work = [&](char name) {
    for (int done = 0; done < kEach;) {
      const std::string old = *store_->Get(kFiles, "counter");
      Batch batch;
      batch.Require(kFiles, "counter", old);
      batch.Put(kFiles, "counter", std::to_string(std::stoi(old) + 1));
      // All make the same keys, at the same time.
      batch.Put(kIndex, std::string(1, name) + old, old, NameOf(static_cast<char>(done)));
      const absl::Status status = store_->Commit(batch, Durability::kBuffered);
      if (status.ok()) {
        ++done;
      } else {
        ASSERT_TRUE(absl::IsAborted(status)) << status;
        ++retries;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, static_cast<char>('a' + i));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(*store_->Get(kFiles, "counter"), std::to_string(kThreads * kEach));
  int opened = 0;
  const absl::Status all = store_->Scan(kIndex, "", "", [&](auto, auto) { return ++opened > 0; });
  EXPECT_TRUE(all.ok()) << all;
  EXPECT_EQ(opened, kThreads * kEach);
}

TEST_P(StoreTest, DestroyedKeyOpensNothingMore) {
  ASSERT_TRUE(PutOne(*store_, kFiles, "a", "one", NameOf('f')).ok());
  ASSERT_TRUE(PutOne(*store_, kFiles, "b", "two", NameOf('g')).ok());
  const std::unique_ptr<Snapshot> before = store_->TakeSnapshot();
  ASSERT_TRUE(store_->DestroyKey(NameOf('f')).ok());
  const absl::Status gone = store_->Get(kFiles, "a").status();
  EXPECT_TRUE(absl::IsDataLoss(gone)) << gone;
  EXPECT_THAT(std::string(gone.message()), testing::HasSubstr("destroyed"));
  EXPECT_THAT(std::string(gone.message()), testing::HasSubstr("table files key 61"));
  EXPECT_TRUE(absl::IsDataLoss(before->Get(kFiles, "a").status()));
  EXPECT_EQ(*store_->Get(kFiles, "b"), "two");
  EXPECT_TRUE(absl::IsDataLoss(
      store_->Scan(kFiles, "", "", [](std::string_view, std::string_view) { return true; })));

  EXPECT_TRUE(store_->DestroyKey(NameOf('f')).ok()) << "a repeat does no harm";
  EXPECT_TRUE(absl::IsInvalidArgument(store_->DestroyKey(kStoreKey)));
  // The name may serve again; it gets a new key, and what was is not back.
  ASSERT_TRUE(PutOne(*store_, kFiles, "c", "three", NameOf('f')).ok());
  EXPECT_EQ(*store_->Get(kFiles, "c"), "three");
  EXPECT_TRUE(absl::IsDataLoss(store_->Get(kFiles, "a").status()));
}

TEST_P(StoreTest, SealsAFileAnewInOneCommit) {
  Batch old;
  old.Put(kFiles, "erased", "gone", NameOf('f'));
  old.Put(kFiles, "kept", "stays", NameOf('f'));
  ASSERT_TRUE(store_->Commit(old, Durability::kSynced).ok());
  Batch anew;
  anew.DestroyKey(NameOf('f'));
  anew.Put(kFiles, "kept", "stays", NameOf('f'));
  ASSERT_TRUE(store_->Commit(anew, Durability::kSynced).ok());
  EXPECT_EQ(*store_->Get(kFiles, "kept"), "stays");
  EXPECT_TRUE(absl::IsDataLoss(store_->Get(kFiles, "erased").status()));
}

TEST_P(StoreTest, EmptyBatchIsNothing) {
  EXPECT_TRUE(Batch().empty());
  EXPECT_TRUE(store_->Commit(Batch(), Durability::kSynced).ok());
}

TEST(PrefixEndTest, IsTheLeastStringBeyondThePrefix) {
  EXPECT_EQ(PrefixEnd("ab"), "ac");
  EXPECT_EQ(PrefixEnd("a\xff\xff"), "b");
  EXPECT_EQ(PrefixEnd("a\x7f"), "a\x80");
  EXPECT_EQ(PrefixEnd("\xff\xff"), "");
  EXPECT_EQ(PrefixEnd(""), "");
}

TEST(OpenStoreTest, RefusesImpossibleOptions) {
  const crypto::SecretBytes master = MasterKey();
  const crypto::SecretBytes thin = crypto::SecretBytes::CopyOf("short");
  OpenOptions good = OptionsFor("unused", master);
  EXPECT_TRUE(OpenMemoryStore(good).ok());
  OpenOptions no_key = good;
  no_key.master_key = nullptr;
  EXPECT_TRUE(absl::IsInvalidArgument(OpenMemoryStore(no_key).status()));
  OpenOptions short_key = good;
  short_key.master_key = &thin;
  EXPECT_TRUE(absl::IsInvalidArgument(OpenRocksStore(short_key).status()));
  for (const char* name : {"default", "keys", "head", "", "Upper", "a-b", "files"}) {
    OpenOptions bad = good;
    bad.tables.push_back({name});
    EXPECT_TRUE(absl::IsInvalidArgument(OpenMemoryStore(bad).status())) << name;
  }
}

}  // namespace
}  // namespace kapea::kv
