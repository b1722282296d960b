#include "common/crypto/signature.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <string>
#include <thread>
#include <vector>

#include "common/base/bytes.h"
#include "common/crypto/pkey.h"

namespace kapea::crypto {
namespace {

constexpr auto kRefused = absl::StatusCode::kUnauthenticated;

// The order of the group, n.
std::string Order() {
  return *FromHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
}

// a - b of two 32-byte numbers.
std::string Minus(const std::string& a, const std::string& b) {
  std::string result(32, '\0');
  int borrow = 0;
  for (size_t i = 32; i-- > 0;) {
    const int difference =
        static_cast<unsigned char>(a[i]) - static_cast<unsigned char>(b[i]) - borrow;
    borrow = difference < 0 ? 1 : 0;
    result[i] = static_cast<char>(difference);
  }
  return result;
}

std::string One() { return std::string(31, '\0') + '\1'; }

std::string PemOf(EVP_PKEY* pkey, const EVP_CIPHER* cipher = nullptr) {
  BIO* const bio = BIO_new(BIO_s_mem());
  char words[] = "words";
  EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(bio, pkey, cipher, cipher == nullptr ? nullptr : words,
                                          cipher == nullptr ? 0 : 5, nullptr, nullptr),
            1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string pem(text, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

TEST(SigningKey, ItsSignaturesVerify) {
  const SigningKey key = SigningKey::Generate();
  for (const size_t size : {0u, 1u, 64u, 100'000u}) {
    const std::string message(size, 'm');
    const std::string signature = key.Sign(message);
    EXPECT_EQ(signature.size(), 64u);
    EXPECT_TRUE(key.verify_key().Verify(message, signature).ok());
    EXPECT_EQ(key.verify_key().Verify(message + 'x', signature).code(), kRefused);
    EXPECT_EQ(SigningKey::Generate().verify_key().Verify(message, signature).code(), kRefused);
  }
}

// Small r or s make a short DER integer, large ones need its sign byte; among many
// signatures all forms come up.
TEST(SigningKey, ManySignaturesVerify) {
  const SigningKey key = SigningKey::Generate();
  int with_zero = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string message = std::to_string(i);
    const std::string signature = key.Sign(message);
    with_zero += signature[0] == 0 || signature[32] == 0 ? 1 : 0;
    ASSERT_TRUE(key.verify_key().Verify(message, signature).ok()) << ToHex(signature);
  }
  EXPECT_GT(with_zero, 0);  // fails once in six million runs
}

TEST(VerifyKey, EveryFlippedBitOfASignatureIsRefused) {
  const SigningKey key = SigningKey::Generate();
  const std::string signature = key.Sign("parcel");
  for (size_t bit = 0; bit < 512; ++bit) {
    std::string altered = signature;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(key.verify_key().Verify("parcel", altered).code(), kRefused) << bit;
  }
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(VerifyKey, NumbersOutOfRangeAreRefused) {
  const SigningKey key = SigningKey::Generate();
  const std::string signature = key.Sign("parcel");
  const std::string r = signature.substr(0, 32);
  const std::string s = signature.substr(32);
  const std::string zero(32, '\0');
  const std::string all(32, '\xff');
  for (const std::string& number : {zero, Order(), all}) {
    EXPECT_EQ(key.verify_key().Verify("parcel", number + s).code(), kRefused);
    EXPECT_EQ(key.verify_key().Verify("parcel", r + number).code(), kRefused);
    EXPECT_EQ(key.verify_key().Verify("parcel", number + number).code(), kRefused);
  }
  for (const size_t size : {0u, 32u, 63u}) {
    EXPECT_EQ(key.verify_key().Verify("parcel", signature.substr(0, size)).code(), kRefused);
  }
  EXPECT_EQ(key.verify_key().Verify("parcel", signature + '\0').code(), kRefused);
  EXPECT_EQ(VerifyKey().Verify("parcel", signature).code(), kRefused);
}

// Why no hash of ours covers a signature: a stranger can write another that verifies.
TEST(VerifyKey, SignaturesAreMalleable) {
  const SigningKey key = SigningKey::Generate();
  const std::string signature = key.Sign("parcel");
  const std::string other = signature.substr(0, 32) + Minus(Order(), signature.substr(32));
  EXPECT_NE(other, signature);
  EXPECT_TRUE(key.verify_key().Verify("parcel", other).ok());
}

TEST(VerifyKey, OtherBytesAreNoPoint) {
  const std::string point = SigningKey::Generate().verify_key().bytes();
  ASSERT_TRUE(VerifyKey::FromBytes(point).ok());
  std::vector<std::string> bad = {
      "",           std::string(1, '\0'),           point.substr(0, 64),
      point + '\0', '\x04' + std::string(64, '\0'), '\x04' + std::string(64, '\xff')};
  for (const char form : {'\0', '\2', '\3', '\5', '\6', '\7'})
    bad.push_back(form + point.substr(1));
  bad.push_back((point[64] & 1 ? '\3' : '\2') + point.substr(1, 32));  // compressed
  std::string off_curve = point;
  off_curve[64] ^= 1;
  bad.push_back(off_curve);
  for (const std::string& bytes : bad) {
    EXPECT_EQ(VerifyKey::FromBytes(bytes).status().code(), absl::StatusCode::kInvalidArgument)
        << ToHex(bytes);
  }
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(SigningKey, ScalarComesBack) {
  const SigningKey key = SigningKey::Generate();
  const SecretBytes scalar = key.Scalar();
  EXPECT_EQ(scalar.size(), 32u);
  const auto again = SigningKey::FromScalar(scalar);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->verify_key().bytes(), key.verify_key().bytes());
  EXPECT_TRUE(key.verify_key().Verify("m", again->Sign("m")).ok());
}

TEST(SigningKey, ScalarsOutOfRangeAreRefused) {
  for (const std::string& scalar : {std::string(32, '\0'), Order(), std::string(32, '\xff'),
                                    std::string(31, '\1'), std::string(33, '\1'), std::string()}) {
    EXPECT_EQ(SigningKey::FromScalar(SecretBytes::CopyOf(scalar)).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  for (const std::string& scalar : {One(), Minus(Order(), One())}) {
    const auto key = SigningKey::FromScalar(SecretBytes::CopyOf(scalar));
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(key->Scalar().view(), scalar);
    EXPECT_TRUE(key->verify_key().Verify("m", key->Sign("m")).ok());
  }
}

TEST(SigningKey, PemComesBack) {
  const SigningKey key = SigningKey::Generate();
  const SecretBytes pem = key.ToPem();
  EXPECT_EQ(pem.view().substr(0, 27), "-----BEGIN PRIVATE KEY-----");
  const auto again = SigningKey::FromPem(pem.view());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->Scalar() == key.Scalar());
}

TEST(SigningKey, OtherPemIsRefused) {
  const SecretBytes pem = SigningKey::Generate().ToPem();
  const internal::PkeyPtr p384(EVP_EC_gen("P-384"));
  const internal::PkeyPtr p256(EVP_EC_gen("P-256"));
  const internal::PkeyPtr ed25519(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  for (const std::string& other :
       {std::string(), std::string("no PEM"), std::string(pem.view().substr(0, 100)),
        PemOf(p384.get()), PemOf(ed25519.get()), PemOf(p256.get(), EVP_aes_256_cbc()),
        std::string(20'000, '-')}) {
    EXPECT_EQ(SigningKey::FromPem(other).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(SigningKey::FromPem(PemOf(p256.get())).ok());
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(SigningKey, ServesManyThreads) {
  const SigningKey key = SigningKey::Generate();
  const VerifyKey verify = key.verify_key();
  std::vector<std::thread> threads;
  std::vector<int> verified(4, 0);
  for (size_t t = 0; t < verified.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string message = std::to_string(t) + ' ' + std::to_string(i);
        verified[t] += verify.Verify(message, key.Sign(message)).ok() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(verified, std::vector<int>(4, 50));
}

TEST(NoteSignature, OnlyTheSignedMessageVerifies) {
  const NoteSigningKey key = NoteSigningKey::Generate();
  const std::string signature = key.Sign("checkpoint");
  EXPECT_TRUE(VerifyNoteSignature(key.public_key(), "checkpoint", signature).ok());
  EXPECT_EQ(VerifyNoteSignature(key.public_key(), "checkpoinT", signature).code(), kRefused);
  EXPECT_EQ(
      VerifyNoteSignature(NoteSigningKey::Generate().public_key(), "checkpoint", signature).code(),
      kRefused);
  for (size_t bit = 0; bit < 512; ++bit) {
    std::string altered = signature;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(VerifyNoteSignature(key.public_key(), "checkpoint", altered).code(), kRefused) << bit;
  }
  EXPECT_EQ(VerifyNoteSignature(key.public_key(), "checkpoint", signature.substr(1)).code(),
            kRefused);
  EXPECT_EQ(VerifyNoteSignature("short", "checkpoint", signature).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(NoteSignature, SeedComesBack) {
  const NoteSigningKey key = NoteSigningKey::Generate();
  const auto again = NoteSigningKey::FromSeed(key.Seed());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->public_key(), key.public_key());
  EXPECT_EQ(again->Sign(""), key.Sign(""));
  EXPECT_EQ(NoteSigningKey::FromSeed(SecretBytes(31)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kapea::crypto
