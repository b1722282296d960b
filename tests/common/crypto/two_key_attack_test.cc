// AES-GCM does not commit to its key: whoever knows two keys can make one ciphertext
// that opens under both, and so show two readers two values. Here the attack is made
// in full against bare AES-GCM, where it works, and against the envelope, where the
// commitment stops it.
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "common/crypto/domains.h"
#include "common/crypto/evp.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"

namespace kapea::crypto {
namespace {

using Block = std::array<uint8_t, 16>;

Block BlockOf(std::string_view bytes) {
  Block block{};
  std::memcpy(block.data(), bytes.data(), std::min(bytes.size(), block.size()));
  return block;
}

Block Xor(Block a, const Block& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] ^= b[i];
  return a;
}

// Multiplication in GF(2^128) as GCM numbers the bits (SP 800-38D, 6.3).
Block Multiply(const Block& x, Block v) {
  Block z{};
  for (int bit = 0; bit < 128; ++bit) {
    if (((x[static_cast<size_t>(bit / 8)] >> (7 - bit % 8)) & 1) != 0) z = Xor(z, v);
    const bool carry = (v[15] & 1) != 0;
    for (size_t i = 15; i > 0; --i) {
      v[i] = static_cast<uint8_t>((v[i] >> 1) | ((v[i - 1] & 1) << 7));
    }
    v[0] = static_cast<uint8_t>(v[0] >> 1);
    if (carry) v[0] ^= 0xe1;
  }
  return z;
}

// x^(2^128 - 2).
Block Inverse(const Block& x) {
  Block power = x;
  Block result{};
  result[0] = 0x80;  // one
  for (int i = 1; i < 128; ++i) {
    power = Multiply(power, power);
    result = Multiply(result, power);
  }
  return result;
}

Block EncryptBlock(std::string_view key, const Block& block) {
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  Block out{};
  int size = 0;
  EXPECT_EQ(EVP_EncryptInit_ex(context, EVP_aes_256_ecb(), nullptr, internal::Bytes(key), nullptr),
            1);
  EXPECT_EQ(EVP_CIPHER_CTX_set_padding(context, 0), 1);
  EXPECT_EQ(EVP_EncryptUpdate(context, out.data(), &size, block.data(), 16), 1);
  EVP_CIPHER_CTX_free(context);
  return out;
}

// What one key makes of GCM's universal hash: tag = sum of block_i * H^(n - i) + mask.
struct HashKey {
  explicit HashKey(std::string_view key) : h(EncryptBlock(key, Block{})) {
    Block first{};
    first[15] = 1;
    mask = EncryptBlock(key, first);
  }
  Block Tag(const std::vector<Block>& blocks) const {
    Block sum{};
    for (const Block& block : blocks) sum = Multiply(Xor(sum, block), h);
    return Xor(sum, mask);
  }
  Block Power(size_t n) const {
    Block power = h;
    for (size_t i = 1; i < n; ++i) power = Multiply(power, h);
    return power;
  }
  Block h;
  Block mask;
};

std::vector<Block> HashedBlocks(std::string_view associated_data, std::string_view ciphertext) {
  std::vector<Block> blocks;
  for (const std::string_view text : {associated_data, ciphertext}) {
    for (size_t i = 0; i < text.size(); i += 16) blocks.push_back(BlockOf(text.substr(i, 16)));
  }
  std::string lengths;
  AppendU64(lengths, associated_data.size() * 8);
  AppendU64(lengths, ciphertext.size() * 8);
  blocks.push_back(BlockOf(lengths));
  return blocks;
}

// The ciphertext and tag that open under both keys: all blocks as given but the second
// of the ciphertext, which is chosen so that both tags are the same.
std::string ForBothKeys(std::string_view key1, std::string_view key2,
                        std::string_view associated_data, std::string ciphertext) {
  std::memset(ciphertext.data() + 16, 0, 16);
  const HashKey hash1(key1);
  const HashKey hash2(key2);
  const std::vector<Block> blocks = HashedBlocks(associated_data, ciphertext);
  const size_t free_block = blocks.size() - 1 - ciphertext.size() / 16 + 1;
  const size_t power = blocks.size() - free_block;
  const Block difference = Xor(hash1.Tag(blocks), hash2.Tag(blocks));
  const Block factor = Inverse(Xor(hash1.Power(power), hash2.Power(power)));
  const Block chosen = Multiply(difference, factor);
  std::memcpy(ciphertext.data() + 16, chosen.data(), chosen.size());
  const Block tag = hash1.Tag(HashedBlocks(associated_data, ciphertext));
  return ciphertext.append(reinterpret_cast<const char*>(tag.data()), tag.size());
}

TEST(TwoKeyAttack, WorksOnAesGcmAndNotOnTheEnvelope) {
  FieldContext context;
  context.field_code = "person.name";
  const std::string associated_data = context.Encode();
  const SecretBytes secret1 = SecretBytes::Random(32);
  const SecretBytes secret2 = SecretBytes::Random(32);
  const SecretBytes keys1 = HkdfExpand(secret1.view(), kSealDomain, 64);
  const SecretBytes keys2 = HkdfExpand(secret2.view(), kSealDomain, 64);
  const std::string_view key1 = keys1.view().substr(0, 32);
  const std::string_view key2 = keys2.view().substr(0, 32);

  // A good frame under the first key, in one bucket; its second block will be noise.
  std::string frame = std::string(1, '\0') + std::string(50, 'a') + '\x80';
  frame.resize(64, '\0');
  std::string sealed(64 + 16, '\0');
  internal::GcmSeal(key1, internal::kZeroNonce, associated_data, frame,
                    reinterpret_cast<unsigned char*>(sealed.data()));
  sealed = ForBothKeys(key1, key2, associated_data, sealed.substr(0, 64));

  std::string opened(64, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(opened.data());
  ASSERT_TRUE(internal::GcmOpen(key1, internal::kZeroNonce, associated_data, sealed, out));
  ASSERT_TRUE(internal::GcmOpen(key2, internal::kZeroNonce, associated_data, sealed, out));

  const std::string envelope1 = std::string(keys1.view().substr(32)) + sealed;
  EXPECT_TRUE(OpenField(secret1, context, envelope1).ok());
  const auto refused = OpenField(secret2, context, envelope1);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(refused.status().ToString().find("commitment"), std::string::npos);
  const std::string envelope2 = std::string(keys2.view().substr(32)) + sealed;
  EXPECT_EQ(OpenField(secret1, context, envelope2).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace kapea::crypto
