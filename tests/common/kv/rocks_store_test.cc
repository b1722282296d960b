// What the stored form promises: nothing readable, nothing movable, nothing forged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/crypto/seal.h"
#include "common/kv/open.h"
#include "tests/common/kv/scratch.h"

namespace kapea::kv {
namespace {

using testing::HasSubstr;

// The store's files through RocksDB itself, as somebody with the disk has them.
class RawStore {
 public:
  explicit RawStore(const std::string& directory) {
    std::vector<std::string> names;
    EXPECT_TRUE(rocksdb::DB::ListColumnFamilies({}, directory, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names) families.emplace_back(name, rocksdb::Options());
    rocksdb::DB* raw = nullptr;
    const rocksdb::Status opened =
        rocksdb::DB::Open(rocksdb::Options(), directory, families, &handles_, &raw);
    EXPECT_TRUE(opened.ok()) << opened.ToString();
    db_.reset(raw);
  }
  ~RawStore() {
    for (rocksdb::ColumnFamilyHandle* handle : handles_) {
      EXPECT_TRUE(db_->DestroyColumnFamilyHandle(handle).ok());
    }
  }

  std::string Get(const std::string& table, const std::string& key) {
    std::string value;
    const rocksdb::Status read = db_->Get({}, Handle(table), key, &value);
    EXPECT_TRUE(read.ok()) << read.ToString();
    return value;
  }
  void Put(const std::string& table, const std::string& key, const std::string& value) {
    EXPECT_TRUE(db_->Put({}, Handle(table), key, value).ok());
  }
  void Delete(const std::string& table, const std::string& key) {
    EXPECT_TRUE(db_->Delete({}, Handle(table), key).ok());
  }
  std::vector<std::string> Keys(const std::string& table) {
    std::vector<std::string> keys;
    const std::unique_ptr<rocksdb::Iterator> row(db_->NewIterator({}, Handle(table)));
    for (row->SeekToFirst(); row->Valid(); row->Next()) keys.push_back(row->key().ToString());
    return keys;
  }

 private:
  rocksdb::ColumnFamilyHandle* Handle(const std::string& table) {
    for (rocksdb::ColumnFamilyHandle* handle : handles_) {
      if (handle->GetName() == table) return handle;
    }
    ADD_FAILURE() << "no table " << table;
    return nullptr;
  }
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

class RocksStoreTest : public testing::Test {
 protected:
  RocksStoreTest() : master_(MasterKey()) { Open(); }

  void Open() {
    store_.reset();
    auto store = OpenRocksStore(OptionsFor(dir_.store(), master_));
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  void Close() { store_.reset(); }

  void Put(const Table& table, std::string_view key, std::string value,
           const DataKeyName& name = kStoreKey) {
    const absl::Status put = PutOne(*store_, table, key, std::move(value), name);
    ASSERT_TRUE(put.ok()) << put;
  }
  absl::Status GetStatus(const Table& table, std::string_view key) {
    return store_->Get(table, key).status();
  }

  // How many files of the store have `marker` in them.
  int FilesWith(const std::string& marker, std::vector<std::string>* kinds = nullptr) const {
    int found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(dir_.store())) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(file),
                              std::istreambuf_iterator<char>()};
      if (kinds != nullptr) kinds->push_back(entry.path().filename().string());
      if (bytes.find(marker) != std::string::npos) ++found;
    }
    return found;
  }

  const ScratchDir dir_;
  const crypto::SecretBytes master_;
  std::unique_ptr<Store> store_;
};

TEST_F(RocksStoreTest, KeepsAllOverReopening) {
  Put(kFiles, "a", "one");
  Put(kFiles, "b", "two", NameOf('f'));
  for (int i = 0; i < 3; ++i) {
    Open();
    EXPECT_EQ(*store_->Get(kFiles, "a"), "one");
    EXPECT_EQ(*store_->Get(kFiles, "b"), "two");
    Put(kFiles, "c", std::to_string(i), NameOf('f'));
    EXPECT_EQ(*store_->Get(kFiles, "c"), std::to_string(i));
  }
}

TEST_F(RocksStoreTest, KnowsAWrongMasterKeyAtOpening) {
  Put(kFiles, "a", "one");
  Close();
  const crypto::SecretBytes other = MasterKey('x');
  const absl::Status opened = OpenRocksStore(OptionsFor(dir_.store(), other)).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(opened)) << opened;
  EXPECT_THAT(std::string(opened.message()), HasSubstr("wrong key"));
  Open();
  EXPECT_EQ(*store_->Get(kFiles, "a"), "one");
}

TEST_F(RocksStoreTest, RefusesAFormatItDoesNotKnow) {
  Close();
  {
    RawStore raw(dir_.store());
    std::string head = raw.Get("default", "head");
    ASSERT_EQ(head.substr(0, 10), std::string("kapea-kv\0\1", 10));
    head[9] = 2;
    raw.Put("default", "head", head);
  }
  const absl::Status opened = OpenRocksStore(OptionsFor(dir_.store(), master_)).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(opened)) << opened;
  EXPECT_THAT(std::string(opened.message()), HasSubstr("written by a newer program"));
}

TEST_F(RocksStoreTest, NeverStartsAnewOverAStoreThatLostItsHead) {
  Put(kFiles, "a", "one");
  Close();
  RawStore(dir_.store()).Delete("default", "head");
  const absl::Status opened = OpenRocksStore(OptionsFor(dir_.store(), master_)).status();
  EXPECT_TRUE(absl::IsDataLoss(opened)) << opened;

  std::filesystem::remove(dir_.store() + "/CURRENT");
  const absl::Status no_current = OpenRocksStore(OptionsFor(dir_.store(), master_)).status();
  EXPECT_TRUE(absl::IsDataLoss(no_current)) << no_current;
}

TEST_F(RocksStoreTest, IsNotFoundUnlessItMayBeMade) {
  OpenOptions options = OptionsFor(dir_.sub("elsewhere"), master_);
  options.create_if_missing = false;
  EXPECT_TRUE(absl::IsNotFound(OpenRocksStore(options).status()));
  options.create_if_missing = true;
  options.read_only = true;
  EXPECT_TRUE(absl::IsNotFound(OpenRocksStore(options).status()));
  EXPECT_FALSE(std::filesystem::exists(dir_.sub("elsewhere")));
}

TEST_F(RocksStoreTest, IsOpenOnlyOnceButMayBeReadBeside) {
  Put(kFiles, "a", "one");
  const absl::Status twice = OpenRocksStore(OptionsFor(dir_.store(), master_)).status();
  EXPECT_TRUE(absl::IsAlreadyExists(twice)) << twice;

  std::vector<std::string> before;
  FilesWith("", &before);
  OpenOptions options = OptionsFor(dir_.store(), master_);
  options.read_only = true;
  options.tables.push_back({"not_there_yet"});
  const auto reader = OpenRocksStore(options);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(*(*reader)->Get(kFiles, "a"), "one");
  EXPECT_TRUE(absl::IsNotFound((*reader)->Get({"not_there_yet"}, "a").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(PutOne(**reader, kFiles, "a", "two")));
  EXPECT_TRUE(absl::IsFailedPrecondition((*reader)->DestroyKey(NameOf('f'))));
  std::vector<std::string> after;
  FilesWith("", &after);
  EXPECT_THAT(after, testing::UnorderedElementsAreArray(before)) << "a reader leaves no file";
}

TEST_F(RocksStoreTest, KeepsTablesThatAProgramDoesNotName) {
  Put(kIndex, "i", "kept");
  Close();
  OpenOptions fewer = OptionsFor(dir_.store(), master_);
  fewer.tables = {kFiles};
  {
    const auto store = OpenRocksStore(fewer);
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_TRUE(absl::IsInvalidArgument((*store)->Get(kIndex, "i").status()));
  }
  Open();
  EXPECT_EQ(*store_->Get(kIndex, "i"), "kept");
}

TEST_F(RocksStoreTest, OpensNoValueThatWasMoved) {
  Put(kFiles, "a", "one", NameOf('f'));
  Put(kFiles, "b", "two", NameOf('f'));
  Put(kIndex, "a", "three", NameOf('f'));
  Put(kFiles, "c", "four", NameOf('g'));
  Close();
  {
    RawStore raw(dir_.store());
    const std::string a = raw.Get("files", "a");
    raw.Put("files", "b", a);  // another key
    raw.Put("index", "a", a);  // another table
    std::string relabelled = raw.Get("files", "c");
    relabelled[5] = static_cast<char>(relabelled[5] - 1);  // the number of the other data key
    raw.Put("files", "c", relabelled);
    raw.Put("files", "d", "not sealed at all");
    raw.Put("files", "e", "");
    std::string master_sealed = a;
    master_sealed.replace(2, 4, std::string(4, '\0'));
    raw.Put("files", "f", master_sealed);
  }
  Open();
  EXPECT_EQ(*store_->Get(kFiles, "a"), "one");
  for (const char* key : {"b", "c", "d", "e", "f"}) {
    const absl::Status status = GetStatus(kFiles, key);
    EXPECT_TRUE(absl::IsDataLoss(status)) << key << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("table files key " + ToHex(key)));
    EXPECT_TRUE(absl::IsDataLoss(store_->Find(kFiles, key).status())) << "never: not found";
  }
  EXPECT_TRUE(absl::IsDataLoss(GetStatus(kIndex, "a")));
  // A scan stops where it cannot read, having shown what came before.
  int seen = 0;
  const auto count = [&](std::string_view, std::string_view) { return ++seen > 0; };
  EXPECT_TRUE(absl::IsDataLoss(store_->Scan(kFiles, "", "", count)));
  EXPECT_EQ(seen, 1);
  // Nor does a condition take a forged value for an absent one.
  Batch batch;
  batch.Require(kFiles, "b", std::nullopt);
  batch.Put(kFiles, "b", "new");
  EXPECT_TRUE(absl::IsDataLoss(store_->Commit(batch, Durability::kSynced)));
}

TEST_F(RocksStoreTest, OpensNoValueOfAnotherStoreUnderTheSameMasterKey) {
  Put(kFiles, "a", "one");
  std::string foreign;
  {
    const std::string directory = dir_.sub("second");
    {
      auto second = OpenRocksStore(OptionsFor(directory, master_));
      ASSERT_TRUE(second.ok());
      ASSERT_TRUE(PutOne(**second, kFiles, "a", "two").ok());
    }
    foreign = RawStore(directory).Get("files", "a");
  }
  Close();
  RawStore(dir_.store()).Put("files", "a", foreign);
  Open();
  EXPECT_TRUE(absl::IsDataLoss(GetStatus(kFiles, "a")));
}

TEST_F(RocksStoreTest, OpensNoValueWithAFlippedBit) {
  // The same value under as many keys as it has bytes; each gets another byte hit.
  const std::string plain = "invented";
  const size_t size = crypto::kValueOverheadBytes + plain.size();
  Batch batch;
  for (size_t i = 0; i < size; ++i) batch.Put(kFiles, std::to_string(1000 + i), plain);
  ASSERT_TRUE(store_->Commit(batch, Durability::kSynced).ok());
  for (int bit = 0; bit < 8; ++bit) {
    SCOPED_TRACE(bit);
    Close();
    std::vector<std::string> good;
    {
      RawStore raw(dir_.store());
      for (size_t i = 0; i < size; ++i) {
        good.push_back(raw.Get("files", std::to_string(1000 + i)));
        std::string bad = good.back();
        ASSERT_EQ(bad.size(), size);
        bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
        raw.Put("files", std::to_string(1000 + i), bad);
      }
    }
    Open();
    for (size_t i = 0; i < size; ++i) {
      const absl::Status status = GetStatus(kFiles, std::to_string(1000 + i));
      EXPECT_TRUE(absl::IsDataLoss(status)) << "byte " << i << ": " << status;
    }
    Close();
    RawStore raw(dir_.store());
    for (size_t i = 0; i < size; ++i) raw.Put("files", std::to_string(1000 + i), good[i]);
  }
  Open();
  EXPECT_EQ(*store_->Get(kFiles, "1000"), plain) << "it was the flips, not the test";
}

TEST_F(RocksStoreTest, RefusesAHeadWithAFlippedBit) {
  Close();
  const std::string good = RawStore(dir_.store()).Get("default", "head");
  for (size_t i = 0; i < good.size(); i += 3) {
    SCOPED_TRACE(i);
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    RawStore(dir_.store()).Put("default", "head", bad);
    const absl::Status opened = OpenRocksStore(OptionsFor(dir_.store(), master_)).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(opened) || absl::IsDataLoss(opened)) << opened;
  }
}

TEST_F(RocksStoreTest, FindsDecayOfItsFiles) {
  for (int i = 0; i < 200; ++i) Put(kFiles, std::to_string(1000 + i), std::string(500, 'v'));
  Close();
  Open();  // puts the log into a table file
  Close();
  int tables = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir_.store())) {
    if (entry.path().extension() != ".sst" || entry.file_size() < 100'000) continue;
    ++tables;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(50'000);
    file.write("decayed", 7);
  }
  ASSERT_EQ(tables, 1);
  Open();
  int lost = 0;
  for (int i = 0; i < 200; ++i) {
    const absl::Status status = GetStatus(kFiles, std::to_string(1000 + i));
    if (status.ok()) continue;
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("table files key "));
    ++lost;
  }
  EXPECT_GT(lost, 0);
}

TEST_F(RocksStoreTest, LeavesNoPlaintextInAnyFile) {
  const std::string marker = "PLANTED-VALUE-MARKER";
  const std::string key_marker = "PLANTED-KEY-MARKER";
  for (int i = 0; i < 50; ++i) {
    Put(kFiles, key_marker + std::to_string(i), marker + std::string(1000, 'x'),
        NameOf(static_cast<char>(i)));
  }
  Batch batch;
  batch.Require(kFiles, key_marker + "1", marker + std::string(1000, 'x'));
  batch.Require(kFiles, key_marker, marker);
  EXPECT_TRUE(absl::IsAborted(store_->Commit(batch, Durability::kSynced)));
  EXPECT_EQ(FilesWith(marker), 0) << "in the log";
  EXPECT_GT(FilesWith(key_marker), 0) << "the search finds what is there";
  ASSERT_TRUE(store_->DestroyKey(NameOf(1)).ok());  // flushes all
  std::vector<std::string> files;
  EXPECT_EQ(FilesWith(marker, &files), 0);
  EXPECT_EQ(FilesWith(std::string(master_.view())), 0) << "the master key";
  EXPECT_GT(FilesWith(key_marker), 0);
  Open();
  EXPECT_EQ(FilesWith(marker), 0);
  for (const char* kind : {".sst", ".log", "MANIFEST", "LOG", "OPTIONS"}) {
    EXPECT_THAT(files, testing::Contains(HasSubstr(kind))) << "was there to be searched";
  }
}

TEST_F(RocksStoreTest, DestroyedKeyLeavesNoTraceInItsFiles) {
  Put(kFiles, "a", "one", NameOf('f'));
  Put(kFiles, "b", "two", NameOf('g'));
  // What stands after the salt of a wrapped key is found nowhere else.
  Close();
  std::string wrapped;
  size_t rows = 0;
  {
    RawStore raw(dir_.store());
    wrapped = raw.Get("keys", std::string("k\0\0\0\2", 5));
    rows = raw.Keys("keys").size();
  }
  ASSERT_EQ(wrapped.size(), 4 + crypto::kValueOverheadBytes + 48);
  const std::string trace = wrapped.substr(wrapped.size() - 40);
  EXPECT_GT(FilesWith(trace), 0);
  Open();
  ASSERT_TRUE(store_->DestroyKey(NameOf('f')).ok());
  EXPECT_EQ(FilesWith(trace), 0);
  Open();
  EXPECT_TRUE(absl::IsDataLoss(GetStatus(kFiles, "a")));
  EXPECT_EQ(*store_->Get(kFiles, "b"), "two");
  EXPECT_EQ(FilesWith(trace), 0);
  Close();
  EXPECT_EQ(RawStore(dir_.store()).Keys("keys").size(), rows - 2);
}

}  // namespace
}  // namespace kapea::kv
