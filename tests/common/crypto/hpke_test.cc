#include "common/crypto/hpke.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <string>
#include <utility>

#include "common/base/bytes.h"
#include "common/crypto/low_order.h"

namespace kapea::crypto {
namespace {

constexpr std::string_view kHeader = "kapea/wrap/v1";
constexpr std::string_view kPlace = "deployment, file, epoch, class";

// The points whose order divides 8, and their other encodings (RFC 7748 takes the value
// modulo p and drops the top bit).
constexpr const char* kSmallOrder[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
};

absl::StatusCode OpenCode(const ReceiveKey& key, const HpkeMessage& message,
                          std::string_view info = kHeader, std::string_view place = kPlace) {
  return HpkeOpen(key, message.encapsulated, info, place, message.ciphertext).status().code();
}

TEST(Hpke, OpensWhatItSealed) {
  const ReceiveKey key = ReceiveKey::Generate();
  for (const size_t size : {0u, 1u, 32u, 1000u}) {
    const std::string secret(size, 's');
    const auto message = HpkeSeal(key.public_key(), kHeader, kPlace, secret);
    ASSERT_TRUE(message.ok()) << message.status();
    EXPECT_EQ(message->encapsulated.size(), 32u);
    EXPECT_EQ(message->ciphertext.size(), size + 16);
    const auto opened = HpkeOpen(key, message->encapsulated, kHeader, kPlace, message->ciphertext);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->view(), secret);
  }
}

TEST(Hpke, AStoredKeyOpensToo) {
  const ReceiveKey key = ReceiveKey::Generate();
  const auto message = HpkeSeal(key.public_key(), kHeader, kPlace, "class key");
  const auto again = ReceiveKey::FromPrivate(key.Private());
  ASSERT_TRUE(again.ok() && message.ok());
  EXPECT_EQ(again->public_key(), key.public_key());
  EXPECT_EQ(OpenCode(*again, *message), absl::StatusCode::kOk);
}

TEST(Hpke, EveryFlippedBitIsRefused) {
  const ReceiveKey key = ReceiveKey::Generate();
  const auto message = HpkeSeal(key.public_key(), kHeader, kPlace, std::string(32, 'k'));
  ASSERT_TRUE(message.ok());
  for (std::string HpkeMessage::*part : {&HpkeMessage::encapsulated, &HpkeMessage::ciphertext}) {
    for (size_t bit = 0; bit < ((*message).*part).size() * 8; ++bit) {
      HpkeMessage altered = *message;
      std::string& bytes = altered.*part;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_EQ(OpenCode(key, altered), absl::StatusCode::kDataLoss) << bit;
    }
  }
}

TEST(Hpke, AnotherKeyOrPlaceIsRefused) {
  const ReceiveKey key = ReceiveKey::Generate();
  const auto message = HpkeSeal(key.public_key(), kHeader, kPlace, std::string(32, 'k'));
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(OpenCode(ReceiveKey::Generate(), *message), absl::StatusCode::kDataLoss);
  EXPECT_EQ(OpenCode(key, *message, "kapea/wrap/v2"), absl::StatusCode::kDataLoss);
  for (size_t i = 0; i < kPlace.size(); ++i) {
    std::string other(kPlace);
    other[i] ^= 1;
    EXPECT_EQ(OpenCode(key, *message, kHeader, other), absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(OpenCode(key, *message, kHeader, ""), absl::StatusCode::kDataLoss);
}

TEST(Hpke, PointsOfSmallOrderAreRefused) {
  const ReceiveKey key = ReceiveKey::Generate();
  for (const char* hex : kSmallOrder) {
    const auto point = FromHex(hex);
    ASSERT_TRUE(point.ok());
    EXPECT_EQ(HpkeSeal(*point, kHeader, kPlace, "secret").status().code(),
              absl::StatusCode::kInvalidArgument)
        << hex;
    EXPECT_EQ(OpenCode(key, {*point, std::string(48, 'c')}), absl::StatusCode::kDataLoss) << hex;
  }
  EXPECT_EQ(ERR_peek_error(), 0u);  // nothing left for the TLS stack to trip over
}

TEST(Hpke, OtherSizesAreRefused) {
  const ReceiveKey key = ReceiveKey::Generate();
  for (const size_t size : {0u, 31u, 33u, 65u}) {
    EXPECT_EQ(HpkeSeal(std::string(size, 'p'), kHeader, kPlace, "s").status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(OpenCode(key, {std::string(size, 'p'), std::string(48, 'c')}),
              absl::StatusCode::kDataLoss);
    EXPECT_EQ(ReceiveKey::FromPrivate(SecretBytes(size)).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  for (const size_t size : {0u, 15u}) {
    EXPECT_EQ(OpenCode(key, {key.public_key(), std::string(size, 'c')}),
              absl::StatusCode::kDataLoss);
  }
}

TEST(Hpke, TwoSealsShareNothing) {
  const ReceiveKey key = ReceiveKey::Generate();
  const auto a = HpkeSeal(key.public_key(), kHeader, kPlace, "same");
  const auto b = HpkeSeal(key.public_key(), kHeader, kPlace, "same");
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_NE(a->encapsulated, b->encapsulated);
  EXPECT_NE(a->ciphertext, b->ciphertext);
}

TEST(HpkeTest, EveryKeyOfLowOrderIsKnown) {
  for (const char* hex : kSmallOrder) EXPECT_TRUE(IsLowOrder(*FromHex(hex))) << hex;
  EXPECT_FALSE(IsLowOrder(ReceiveKey::Generate().public_key()));
  EXPECT_FALSE(IsLowOrder(""));
}

}  // namespace
}  // namespace kapea::crypto
