#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

#include "common/base/bytes.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"
#include "tests/common/crypto/vector_file.h"

namespace kapea::crypto {
namespace {

constexpr uint32_t kKeyId = 0x01020304;
constexpr ValueContext kContext{kKeyId, "store-1", "rows", "\x01key"};

SecretBytes FrozenDataKey() {
  SecretBytes key(32);
  for (size_t i = 0; i < key.size(); ++i) key.data()[i] = static_cast<unsigned char>(0x80 + i);
  return key;
}

TEST(ValueSeal, FrozenValuesOpen) {
  const auto records = Section(FrozenPath("formats.txt"), "VALUE");
  ASSERT_EQ(records.size(), 2u);
  const ValueSealer sealer(FrozenDataKey());
  for (const VectorRecord& record : records) {
    const std::string key = record.Bytes("Key");
    const auto opened = sealer.Open({kKeyId, "store-1", "rows", key}, record.Bytes("Sealed"));
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(*opened, record.Bytes("Value"));
  }
}

TEST(ValueSeal, ValuesOfManySizesComeBack) {
  const ValueSealer sealer(SecretBytes::Random(32));
  for (const size_t size : {0u, 1u, 15u, 16u, 17u, 1024u, 100'000u}) {
    const std::string value = RandomBytes(size);
    const std::string sealed = sealer.Seal(kContext, value);
    EXPECT_EQ(sealed.size(), size + kValueOverheadBytes);
    const auto key_id = SealedKeyId(sealed);
    ASSERT_TRUE(key_id.ok());
    EXPECT_EQ(*key_id, kKeyId);
    const auto opened = sealer.Open(kContext, sealed);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(*opened, value);
  }
}

TEST(ValueSeal, EveryFlippedBitIsRefused) {
  const ValueSealer sealer(SecretBytes::Random(32));
  const std::string sealed = sealer.Seal(kContext, "a value at rest");
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string altered = sealed;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(sealer.Open(kContext, altered).status().code(), absl::StatusCode::kDataLoss) << bit;
  }
}

TEST(ValueSeal, EveryCutIsRefused) {
  const ValueSealer sealer(SecretBytes::Random(32));
  const std::string sealed = sealer.Seal(kContext, "a value at rest");
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(sealer.Open(kContext, sealed.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
  EXPECT_EQ(sealer.Open(kContext, sealed + 'x').status().code(), absl::StatusCode::kDataLoss);
}

TEST(ValueSeal, AMovedValueIsRefused) {
  const ValueSealer sealer(SecretBytes::Random(32));
  const std::string sealed = sealer.Seal(kContext, "a value at rest");
  const auto expect_refused = [&](const ValueContext& context) {
    EXPECT_EQ(sealer.Open(context, sealed).status().code(), absl::StatusCode::kDataLoss);
  };
  for (int bit = 0; bit < 32; ++bit) {
    expect_refused({kKeyId ^ (uint32_t{1} << bit), "store-1", "rows", "\x01key"});
  }
  const auto each_byte = [&](const std::string& text, const auto& use) {
    for (size_t i = 0; i < text.size(); ++i) {
      std::string other = text;
      other[i] ^= 1;
      use(other);
    }
    use(text + "x");
    use(text.substr(1));
  };
  each_byte("store-1", [&](const std::string& s) {
    expect_refused({kKeyId, s, "rows", "\x01key"});
  });
  each_byte("rows", [&](const std::string& s) {
    expect_refused({kKeyId, "store-1", s, "\x01key"});
  });
  each_byte("\x01key", [&](const std::string& s) {
    expect_refused({kKeyId, "store-1", "rows", s});
  });
  // The lengths are bound: bytes cannot wander from one part into the next.
  expect_refused({kKeyId, "store-1r", "ows", "\x01key"});
  expect_refused({kKeyId, "store-1", "rows\x01", "key"});
}

TEST(ValueSeal, AnotherDataKeyIsRefusedByTheCommitment) {
  const std::string sealed = ValueSealer(SecretBytes::Random(32)).Seal(kContext, "value");
  const auto opened = ValueSealer(SecretBytes::Random(32)).Open(kContext, sealed);
  ASSERT_EQ(opened.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(opened.status().ToString().find("commitment"), std::string::npos);
  EXPECT_DEATH(ValueSealer{SecretBytes()}, "check failed");
}

TEST(ValueSeal, OtherBytesHaveNoKeyId) {
  EXPECT_EQ(SealedKeyId("").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SealedKeyId("K\x01").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SealedKeyId(std::string(100, 'K')).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ValueSeal, SaltsDoNotRepeat) {
  const ValueSealer sealer(SecretBytes::Random(32));
  std::unordered_set<std::string> salts;
  constexpr size_t kSeals = 100'000;
  for (size_t i = 0; i < kSeals; ++i) salts.insert(sealer.Seal(kContext, "").substr(6, 24));
  EXPECT_EQ(salts.size(), kSeals);
}

}  // namespace
}  // namespace kapea::crypto
