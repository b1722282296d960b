// Our HPKE against that of NSS, a second implementation that shares no code with OpenSSL:
// each opens what the other sealed, and refuses it once a bit of it is another.
#include <gtest/gtest.h>
#include <keyhi.h>
#include <nss.h>
#include <pk11pub.h>
#include <secoid.h>

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/crypto/hash.h"
#include "common/crypto/hpke.h"

namespace kapea::crypto {
namespace {

constexpr size_t kKeyBytes = 32;

template <auto kFree>
struct FreeBy {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
void FreeItem(SECItem* item) { SECITEM_FreeItem(item, PR_TRUE); }
void FreeContext(HpkeContext* context) { PK11_HPKE_DestroyContext(context, PR_TRUE); }
using Item = std::unique_ptr<SECItem, FreeBy<FreeItem>>;
using Context = std::unique_ptr<HpkeContext, FreeBy<FreeContext>>;
using PublicKey = std::unique_ptr<SECKEYPublicKey, FreeBy<SECKEY_DestroyPublicKey>>;
using PrivateKey = std::unique_ptr<SECKEYPrivateKey, FreeBy<SECKEY_DestroyPrivateKey>>;

// NSS takes bytes without const, and does not write them.
SECItem View(const std::string& bytes) {
  return {siBuffer, reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data())),
          static_cast<unsigned int>(bytes.size())};
}
std::string Text(const SECItem& item) {
  return item.len == 0 ? "" : std::string(reinterpret_cast<const char*>(item.data), item.len);
}

Context NewContext() {
  return Context(PK11_HPKE_NewContext(HpkeDhKemX25519Sha256, HpkeKdfHkdfSha256, HpkeAeadAes256Gcm,
                                      nullptr, nullptr));
}

struct NssKey {
  PrivateKey own;
  PublicKey open;
  std::string bytes;  // the public key, as HPKE writes it

  static NssKey Generate() {
    const SECOidData* const curve = SECOID_FindOIDByTag(SEC_OID_CURVE25519);
    std::string parameters("\x06", 1);  // an OBJECT IDENTIFIER
    parameters.push_back(static_cast<char>(curve->oid.len));
    parameters += Text(curve->oid);
    SECItem item = View(parameters);
    const std::unique_ptr<PK11SlotInfo, FreeBy<PK11_FreeSlot>> slot(PK11_GetInternalSlot());
    NssKey key;
    SECKEYPublicKey* open = nullptr;
    key.own.reset(PK11_GenerateKeyPair(slot.get(), CKM_EC_KEY_PAIR_GEN, &item, &open, PR_FALSE,
                                       PR_TRUE, nullptr));
    key.open.reset(open);
    unsigned char bytes[kKeyBytes];
    unsigned int size = 0;
    EXPECT_EQ(PK11_HPKE_Serialize(key.open.get(), bytes, &size, sizeof(bytes)), SECSuccess);
    key.bytes.assign(reinterpret_cast<const char*>(bytes), size);
    EXPECT_EQ(key.bytes.size(), kKeyBytes);
    return key;
  }
};

std::optional<std::string> NssOpen(const NssKey& key, const HpkeMessage& message,
                                   const std::string& info, const std::string& associated_data) {
  const Context context = NewContext();
  const SECItem info_item = View(info), encapsulated = View(message.encapsulated);
  const SECItem data = View(associated_data), ciphertext = View(message.ciphertext);
  if (PK11_HPKE_SetupR(context.get(), key.open.get(), key.own.get(), &encapsulated, &info_item) !=
      SECSuccess) {
    return std::nullopt;
  }
  SECItem* opened = nullptr;
  if (PK11_HPKE_Open(context.get(), &data, &ciphertext, &opened) != SECSuccess) return std::nullopt;
  const Item owner(opened);
  return Text(*owner);
}

HpkeMessage NssSeal(const std::string& public_key, const std::string& info,
                    const std::string& associated_data, const std::string& plaintext) {
  const Context context = NewContext();
  SECKEYPublicKey* raw = nullptr;
  const SECItem key_item = View(public_key);
  EXPECT_EQ(PK11_HPKE_Deserialize(context.get(), key_item.data, key_item.len, &raw), SECSuccess);
  const PublicKey receiver(raw);
  const SECItem info_item = View(info), data = View(associated_data), plain = View(plaintext);
  EXPECT_EQ(PK11_HPKE_SetupS(context.get(), nullptr, nullptr, receiver.get(), &info_item),
            SECSuccess);
  SECItem* sealed = nullptr;
  EXPECT_EQ(PK11_HPKE_Seal(context.get(), &data, &plain, &sealed), SECSuccess);
  const Item owner(sealed);
  if (owner == nullptr) return {};
  return {Text(*PK11_HPKE_GetEncapPubKey(context.get())), Text(*owner)};
}

void FlipBit(std::string& bytes, size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
}

class HpkeNss : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_EQ(NSS_NoDB_Init(nullptr), SECSuccess); }
  static void TearDownTestSuite() { EXPECT_EQ(NSS_Shutdown(), SECSuccess); }

  // Around the blocks of SHA-256 and AES, and one beyond all of them.
  static constexpr std::array<size_t, 12> kSizes = {0,  1,  15, 16,  17,   31,
                                                    32, 63, 64, 200, 1000, 40'000};
  std::string AnyBytes() { return RandomBytes(kSizes[random_() % kSizes.size()]); }

  std::mt19937 random_{20'261'127};
};

TEST_F(HpkeNss, OpensWhatWeSealed) {
  for (const size_t size : kSizes) {
    for (int i = 0; i < 12; ++i) {
      const NssKey key = NssKey::Generate();
      const std::string info = AnyBytes(), data = AnyBytes(), plaintext = RandomBytes(size);
      SCOPED_TRACE(testing::Message() << size << " " << info.size() << " " << data.size());
      const auto message = HpkeSeal(key.bytes, info, data, plaintext);
      ASSERT_TRUE(message.ok()) << message.status();
      ASSERT_EQ(NssOpen(key, *message, info, data), plaintext);
    }
  }
}

TEST_F(HpkeNss, SealsWhatWeOpen) {
  for (const size_t size : kSizes) {
    for (int i = 0; i < 12; ++i) {
      const ReceiveKey key = ReceiveKey::Generate();
      const std::string info = AnyBytes(), data = AnyBytes(), plaintext = RandomBytes(size);
      SCOPED_TRACE(testing::Message() << size << " " << info.size() << " " << data.size());
      const HpkeMessage message = NssSeal(key.public_key(), info, data, plaintext);
      const auto opened = HpkeOpen(key, message.encapsulated, info, data, message.ciphertext);
      ASSERT_TRUE(opened.ok()) << opened.status();
      ASSERT_EQ(opened->view(), plaintext);
    }
  }
}

TEST_F(HpkeNss, RefusesOursWithAnyBitFlipped) {
  const NssKey key = NssKey::Generate();
  const std::string info = "info", data = "data";
  const auto message = HpkeSeal(key.bytes, info, data, RandomBytes(32));
  ASSERT_TRUE(message.ok()) << message.status();
  ASSERT_TRUE(NssOpen(key, *message, info, data).has_value());
  for (std::string HpkeMessage::*part : {&HpkeMessage::encapsulated, &HpkeMessage::ciphertext}) {
    for (size_t bit = 0; bit < ((*message).*part).size() * 8; ++bit) {
      HpkeMessage altered = *message;
      FlipBit(altered.*part, bit);
      EXPECT_FALSE(NssOpen(key, altered, info, data).has_value()) << bit;
    }
  }
  EXPECT_FALSE(NssOpen(key, *message, "infp", data).has_value());
  EXPECT_FALSE(NssOpen(key, *message, info, "datb").has_value());
  EXPECT_FALSE(NssOpen(NssKey::Generate(), *message, info, data).has_value());
}

TEST_F(HpkeNss, IsRefusedWithAnyBitFlipped) {
  const ReceiveKey key = ReceiveKey::Generate();
  const HpkeMessage message = NssSeal(key.public_key(), "info", "data", RandomBytes(32));
  const auto open = [&](const HpkeMessage& one, const char* info, const char* data) {
    return HpkeOpen(key, one.encapsulated, info, data, one.ciphertext).status().code();
  };
  ASSERT_EQ(open(message, "info", "data"), absl::StatusCode::kOk);
  for (std::string HpkeMessage::*part : {&HpkeMessage::encapsulated, &HpkeMessage::ciphertext}) {
    for (size_t bit = 0; bit < (message.*part).size() * 8; ++bit) {
      HpkeMessage altered = message;
      FlipBit(altered.*part, bit);
      EXPECT_EQ(open(altered, "info", "data"), absl::StatusCode::kDataLoss) << bit;
    }
  }
  EXPECT_EQ(open(message, "infp", "data"), absl::StatusCode::kDataLoss);
  EXPECT_EQ(open(message, "info", "datb"), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace kapea::crypto
