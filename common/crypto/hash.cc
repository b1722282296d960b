#include "common/crypto/hash.h"

#include <openssl/rand.h>

#include <array>

#include "common/base/macros.h"
#include "common/crypto/evp.h"

namespace kapea::crypto {

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
  if (size > 0) {
    KAPEA_CHECK(RAND_bytes_ex(nullptr, reinterpret_cast<unsigned char*>(bytes.data()), size, 256) ==
                1);
  }
  return bytes;
}

}  // namespace kapea::crypto
