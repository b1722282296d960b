#include "common/crypto/hash.h"

#include <openssl/rand.h>
#include <sodium.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "common/base/macros.h"
#include "common/crypto/evp.h"

namespace kapea::crypto {
namespace {

void FillRandom(unsigned char* out, size_t size) {
  KAPEA_CHECK(RAND_bytes_ex(nullptr, out, size, 256) == 1);
}

// Salts and nonces are short and many, and asking OpenSSL costs more than four hashes
// however short the answer. Each thread asks for some at once; what was handed out is
// wiped, and a fork starts afresh. Threads: one (thread_local).
class RandomPool {
 public:
  static constexpr size_t kShort = 64;  // longer ones go to OpenSSL

  ~RandomPool() { sodium_memzero(bytes_.data(), bytes_.size()); }
  void Take(char* out, size_t size) {
    const pid_t now = ::getpid();
    if (now != owner_ || bytes_.size() - used_ < size) {
      FillRandom(bytes_.data(), bytes_.size());
      used_ = 0;
      owner_ = now;
    }
    std::memcpy(out, bytes_.data() + used_, size);
    sodium_memzero(bytes_.data() + used_, size);
    used_ += size;
  }

 private:
  std::array<unsigned char, 1024> bytes_{};
  size_t used_ = bytes_.size();
  pid_t owner_ = 0;
};

}  // namespace

Hash Sha256(std::initializer_list<std::string_view> parts) {
  std::array<unsigned char, internal::kSha256Bytes> hash;
  internal::Sha256Into({parts.begin(), parts.size()}, hash.data());
  return Hash::FromPrefix(internal::Text(hash.data(), hash.size()));
}

std::string HmacSha256(std::string_view key, std::string_view message) {
  std::array<unsigned char, internal::kSha256Bytes> mac;
  internal::HmacInto(key, {&message, 1}, mac.data());
  return std::string(internal::Text(mac.data(), mac.size()));
}

SecretBytes HkdfExtract(std::string_view salt, std::string_view input) {
  SecretBytes key(internal::kSha256Bytes);
  internal::HmacInto(salt, {&input, 1}, key.data());
  return key;
}

SecretBytes HkdfExpand(std::string_view key, std::string_view info, size_t size) {
  SecretBytes out(size);
  internal::HkdfExpandInto(key, info, out.data(), size);
  return out;
}

std::string RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  if (size > RandomPool::kShort) {
    FillRandom(reinterpret_cast<unsigned char*>(bytes.data()), size);
  } else if (size > 0) {
    thread_local RandomPool pool;
    pool.Take(bytes.data(), size);
  }
  return bytes;
}

}  // namespace kapea::crypto
