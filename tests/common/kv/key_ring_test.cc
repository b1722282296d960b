#include "common/kv/key_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "tests/common/kv/scratch.h"

namespace kapea::kv {
namespace {

// The keys table alone, in plain sight.
class KeysEngine : public Engine {
 public:
  absl::StatusOr<std::optional<std::string>> Get(size_t table,
                                                 std::string_view key) const override {
    EXPECT_EQ(table, kKeysTable);
    ++reads;
    const auto found = rows.find(std::string(key));
    if (found == rows.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  }
  absl::Status Scan(size_t, const KeyRange&, Direction, const Visit&) const override {
    return absl::UnimplementedError("not asked for here");
  }
  std::unique_ptr<RawReader> TakeSnapshot() const override { return nullptr; }
  absl::Status Write(const std::vector<RawWrite>& writes, Durability) override {
    for (const RawWrite& write : writes) {
      if (write.kind == RawWrite::Kind::kPut) {
        rows[write.key] = write.value;
      } else {
        rows.erase(write.key);
      }
    }
    return absl::OkStatus();
  }
  void Purge(size_t) override {}

  std::map<std::string, std::string> rows;
  mutable int reads = 0;
};

class KeyRingTest : public testing::Test {
 protected:
  static constexpr size_t kHeldMax = 3;
  KeyRingTest() : master_(MasterKey()), ring_(engine_, kId, master_, 1, kHeldMax) {}

  DataKey Make(char name) {
    KeyRing::Changes changes;
    const absl::StatusOr<DataKey> key = ring_.Make(NameOf(name), changes);
    EXPECT_TRUE(key.ok()) << key.status();
    EXPECT_TRUE(engine_.Write(changes.rows, Durability::kSynced).ok());
    ring_.Finish(changes, true);
    return *key;
  }

  static inline const std::string kId = std::string(16, 's');
  const crypto::SecretBytes master_;
  KeysEngine engine_;
  KeyRing ring_;
};

TEST_F(KeyRingTest, FindsKeysByNameAndNumberAlsoAfterReopening) {
  const DataKey a = Make('a');
  const DataKey b = Make('b');
  EXPECT_EQ(a.id, 1u);
  EXPECT_EQ(b.id, 2u);
  const crypto::ValueContext context{.key_id = a.id, .store_id = kId, .table = "files", .key = "k"};
  const std::string sealed = a.sealer->Seal(context, "value");

  KeyRing again(engine_, kId, master_, 1);
  ASSERT_TRUE(again.LoadCounter().ok());
  const absl::StatusOr<DataKey> loaded = again.ById(1);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->name, NameOf('a'));
  EXPECT_EQ(*loaded->sealer->Open(context, sealed), "value");
  EXPECT_EQ((**again.ByName(NameOf('b'))).id, 2u);
  EXPECT_EQ(*again.ByName(NameOf('c')), std::nullopt);
  KeyRing::Changes changes;
  EXPECT_EQ(again.Make(NameOf('c'), changes)->id, 3u);
}

TEST_F(KeyRingTest, HoldsOnlySoManyKeysAndLetsTheLeastUsedGo) {
  const std::weak_ptr<const crypto::ValueSealer> oldest = Make('a').sealer;
  for (const char name : {'b', 'c'}) Make(name);
  ASSERT_TRUE(ring_.ById(1).ok());  // used just now: 'b' is the oldest
  const std::weak_ptr<const crypto::ValueSealer> first = ring_.ById(1)->sealer;
  Make('d');
  EXPECT_FALSE(first.expired());
  engine_.reads = 0;
  ASSERT_TRUE(ring_.ById(1).ok());
  EXPECT_EQ(engine_.reads, 0);
  ASSERT_TRUE(ring_.ById(2).ok());
  EXPECT_EQ(engine_.reads, 1) << "'b' was let go and is read again";
  Make('e');
  Make('f');
  Make('g');
  EXPECT_TRUE(oldest.expired()) << "wiped when let go";
}

TEST_F(KeyRingTest, NeverUsesANumberTwice) {
  KeyRing::Changes failed;
  ASSERT_TRUE(ring_.Make(NameOf('a'), failed).ok());
  ring_.Finish(failed, false);
  EXPECT_EQ(*ring_.ByName(NameOf('a')), std::nullopt);
  const DataKey b = Make('b');
  EXPECT_EQ(b.id, 2u);
  KeyRing::Changes destroyed;
  ring_.Destroy(b, destroyed);
  ASSERT_TRUE(engine_.Write(destroyed.rows, Durability::kSynced).ok());
  ring_.Finish(destroyed, true);
  EXPECT_EQ(Make('b').id, 3u);
  EXPECT_TRUE(absl::IsDataLoss(ring_.ById(2).status()));
}

TEST_F(KeyRingTest, RefusesRowsThatWereMovedOrCut) {
  Make('a');
  Make('b');
  const std::string k1("k\0\0\0\1", 5);
  const std::string k2("k\0\0\0\2", 5);
  const std::string n_a = "n" + NameOf('a').str();
  const std::string n_b = "n" + NameOf('b').str();
  const std::map<std::string, std::string> good = engine_.rows;
  ASSERT_TRUE(good.contains(k1) && good.contains(k2) && good.contains(n_a) && good.contains("c"));

  const auto fresh = [&] { return std::make_unique<KeyRing>(engine_, kId, master_, 1u); };
  engine_.rows[k1] = good.at(k2);
  EXPECT_TRUE(absl::IsDataLoss(fresh()->ById(1).status()));
  engine_.rows = good;
  engine_.rows[n_a] = good.at(n_b);  // would seal one file's values under another's key
  EXPECT_TRUE(absl::IsDataLoss(fresh()->ByName(NameOf('a')).status()));
  engine_.rows = good;
  engine_.rows[k1] = "abc";
  EXPECT_TRUE(absl::IsDataLoss(fresh()->ById(1).status()));
  engine_.rows = good;
  engine_.rows.erase("c");
  EXPECT_TRUE(absl::IsDataLoss(fresh()->LoadCounter()));
  engine_.rows = good;
  EXPECT_TRUE(absl::IsDataLoss(KeyRing(engine_, kId, master_, 2).ById(1).status()))
      << "another generation of the master key";
  EXPECT_TRUE(fresh()->ById(1).ok());
}

TEST_F(KeyRingTest, RefusesEveryRowWithAFlippedBit) {
  Make('a');
  const std::string row_key("k\0\0\0\1", 5);
  const std::string good = engine_.rows.at(row_key);
  for (size_t i = 0; i < good.size(); ++i) {
    SCOPED_TRACE(i);
    engine_.rows[row_key] = good;
    engine_.rows[row_key][i] = static_cast<char>(good[i] ^ 1);
    KeyRing ring(engine_, kId, master_, 1);
    EXPECT_TRUE(absl::IsDataLoss(ring.ById(1).status()));
  }
}

TEST(ReadmeTest, ExampleOpens) {
  std::ifstream readme(KAPEA_SOURCE "/common/kv/README.md");
  ASSERT_TRUE(readme.good());
  std::string hex;
  for (std::string line; std::getline(readme, line);) {
    if (!line.starts_with("    ")) continue;  // the example is the only indented block
    const std::string digits = line.substr(4, line.find("   ", 4) - 4);
    std::copy_if(digits.begin(), digits.end(), std::back_inserter(hex),
                 [](char c) { return c != ' '; });
  }
  const absl::StatusOr<std::string> sealed = FromHex(hex);
  ASSERT_TRUE(sealed.ok()) << hex;
  const crypto::ValueSealer sealer(crypto::SecretBytes::CopyOf(std::string(32, 'd')));
  const std::string store_id(16, 's');
  const absl::StatusOr<std::string> value =
      sealer.Open({.key_id = 2, .store_id = store_id, .table = "files", .key = "a"}, *sealed);
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(*value, "hello");
}

}  // namespace
}  // namespace kapea::kv
