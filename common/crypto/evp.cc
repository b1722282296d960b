// OpenSSL 3 would have every hash go through EVP, whose start and end cost three times what
// hashing one block does; a Change and its rows take about a hundred hashes of one or two.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "common/crypto/evp.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
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

struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// One hash in the making. Wiped, because keys go through it.
class Digest {
 public:
  Digest() { KAPEA_CHECK(SHA256_Init(&state_) == 1); }
  ~Digest() { sodium_memzero(&state_, sizeof(state_)); }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void Update(std::string_view part) {
    KAPEA_CHECK(SHA256_Update(&state_, part.data(), part.size()) == 1);
  }
  void Finish(unsigned char* out) { KAPEA_CHECK(SHA256_Final(out, &state_) == 1); }

 private:
  SHA256_CTX state_;
};

// The fetched cipher is never freed: it lives as long as the process, and threads may
// outlive any static of ours.
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
  Digest digest;
  for (const std::string_view part : parts) digest.Update(part);
  digest.Finish(out);
}

void HmacInto(std::string_view key, std::span<const std::string_view> parts, unsigned char* out) {
  std::array<unsigned char, kBlockBytes> pad{};
  if (key.size() > kBlockBytes) {
    Sha256Into({&key, 1}, pad.data());
  } else if (!key.empty()) {
    std::memcpy(pad.data(), key.data(), key.size());
  }
  for (unsigned char& byte : pad) byte ^= 0x36;
  std::array<unsigned char, kSha256Bytes> inner;
  Digest inside;
  inside.Update(Text(pad.data(), pad.size()));
  for (const std::string_view part : parts) inside.Update(part);
  inside.Finish(inner.data());

  for (unsigned char& byte : pad) byte ^= 0x36 ^ 0x5c;
  Digest outside;
  outside.Update(Text(pad.data(), pad.size()));
  outside.Update(Text(inner.data(), inner.size()));
  outside.Finish(out);
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
