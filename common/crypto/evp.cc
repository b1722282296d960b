#include "common/crypto/evp.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <memory>

#include "common/base/macros.h"

namespace kapea::crypto::internal {
namespace {

constexpr size_t kBlockBytes = 64;  // of SHA-256

struct FreeDigestContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// One for each thread, started. The fetched algorithms are never freed: they live
// as long as the process, and threads may outlive any static of ours.
EVP_MD_CTX* StartedDigest() {
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeDigestContext> context(EVP_MD_CTX_new());
  KAPEA_CHECK(sha256 != nullptr && context != nullptr);
  KAPEA_CHECK(EVP_DigestInit_ex2(context.get(), sha256, nullptr) == 1);
  return context.get();
}

void Update(EVP_MD_CTX* context, std::string_view part) {
  KAPEA_CHECK(EVP_DigestUpdate(context, part.data(), part.size()) == 1);
}

void Finish(EVP_MD_CTX* context, unsigned char* out) {
  unsigned int size = 0;
  KAPEA_CHECK(EVP_DigestFinal_ex(context, out, &size) == 1 && size == kSha256Bytes);
}

EVP_CIPHER_CTX* CipherContext() {
  thread_local const std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext> context(
      EVP_CIPHER_CTX_new());
  KAPEA_CHECK(context != nullptr);
  return context.get();
}

const EVP_CIPHER* Aes256Gcm() {
  static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  KAPEA_CHECK(cipher != nullptr);
  return cipher;
}

int Length(std::string_view text) {
  KAPEA_CHECK(text.size() <= INT_MAX);
  return static_cast<int>(text.size());
}

}  // namespace

void Sha256Into(std::span<const std::string_view> parts, unsigned char* out) {
  EVP_MD_CTX* const context = StartedDigest();
  for (const std::string_view part : parts) Update(context, part);
  Finish(context, out);
}

void HmacInto(std::string_view key, std::span<const std::string_view> parts, unsigned char* out) {
  std::array<unsigned char, kBlockBytes> pad{};
  if (key.size() > kBlockBytes) {
    Sha256Into({&key, 1}, pad.data());
  } else if (!key.empty()) {
    std::memcpy(pad.data(), key.data(), key.size());
  }
  for (unsigned char& byte : pad) byte ^= 0x36;
  EVP_MD_CTX* context = StartedDigest();
  Update(context, Text(pad.data(), pad.size()));
  for (const std::string_view part : parts) Update(context, part);
  std::array<unsigned char, kSha256Bytes> inner;
  Finish(context, inner.data());

  for (unsigned char& byte : pad) byte ^= 0x36 ^ 0x5c;
  context = StartedDigest();
  Update(context, Text(pad.data(), pad.size()));
  Update(context, Text(inner.data(), inner.size()));
  Finish(context, out);
  sodium_memzero(pad.data(), pad.size());
  sodium_memzero(inner.data(), inner.size());
}

void HkdfExpandInto(std::string_view key, std::string_view info, unsigned char* out, size_t size) {
  KAPEA_CHECK(size <= 255 * kSha256Bytes);
  std::array<unsigned char, kSha256Bytes> block;
  unsigned char counter = 0;
  for (size_t done = 0; done < size; done += kSha256Bytes) {
    ++counter;
    const std::array<std::string_view, 3> parts = {
        counter == 1 ? std::string_view() : Text(block.data(), block.size()), info,
        Text(&counter, 1)};
    HmacInto(key, parts, block.data());
    std::memcpy(out + done, block.data(), std::min(kSha256Bytes, size - done));
  }
  sodium_memzero(block.data(), block.size());
}

void GcmSeal(std::string_view key, std::string_view nonce, std::string_view associated_data,
             std::string_view plaintext, unsigned char* out) {
  KAPEA_CHECK(key.size() == kAesKeyBytes && nonce.size() == kGcmNonceBytes);
  EVP_CIPHER_CTX* const context = CipherContext();
  int size = 0;
  bool ok = EVP_EncryptInit_ex2(context, Aes256Gcm(), Bytes(key), Bytes(nonce), nullptr) == 1;
  if (!associated_data.empty()) {
    ok = ok && EVP_EncryptUpdate(context, nullptr, &size, Bytes(associated_data),
                                 Length(associated_data)) == 1;
  }
  if (!plaintext.empty()) {
    ok = ok && EVP_EncryptUpdate(context, out, &size, Bytes(plaintext), Length(plaintext)) == 1;
  }
  unsigned char* const tag = out + plaintext.size();
  ok = ok && EVP_EncryptFinal_ex(context, tag, &size) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kGcmTagBytes, tag) == 1;
  KAPEA_CHECK(ok);
}

bool GcmOpen(std::string_view key, std::string_view nonce, std::string_view associated_data,
             std::string_view sealed, unsigned char* out) {
  KAPEA_CHECK(key.size() == kAesKeyBytes && nonce.size() == kGcmNonceBytes);
  if (sealed.size() < kGcmTagBytes) return false;
  const std::string_view ciphertext = sealed.substr(0, sealed.size() - kGcmTagBytes);
  std::array<unsigned char, kGcmTagBytes> tag;
  std::memcpy(tag.data(), sealed.data() + ciphertext.size(), tag.size());
  EVP_CIPHER_CTX* const context = CipherContext();
  int size = 0;
  bool ok = EVP_DecryptInit_ex2(context, Aes256Gcm(), Bytes(key), Bytes(nonce), nullptr) == 1;
  if (!associated_data.empty()) {
    ok = ok && EVP_DecryptUpdate(context, nullptr, &size, Bytes(associated_data),
                                 Length(associated_data)) == 1;
  }
  if (!ciphertext.empty()) {
    ok = ok && EVP_DecryptUpdate(context, out, &size, Bytes(ciphertext), Length(ciphertext)) == 1;
  }
  ok = ok && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kGcmTagBytes, tag.data()) == 1;
  KAPEA_CHECK(ok);  // up to here nothing depends on what the bytes are
  unsigned char nothing = 0;
  if (EVP_DecryptFinal_ex(context, &nothing, &size) == 1) return true;
  if (!ciphertext.empty()) sodium_memzero(out, ciphertext.size());
  return false;
}

}  // namespace kapea::crypto::internal
