// SHA-256, HMAC and HKDF (RFC 5869), and the system's randomness.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "common/base/id.h"
#include "common/crypto/secret.h"

namespace kapea::crypto {

// SHA-256 of the parts, one after the other. Threads: any.
Hash Sha256(std::initializer_list<std::string_view> parts);
inline Hash Sha256(std::string_view bytes) { return Sha256({bytes}); }

// HMAC-SHA256, 32 bytes.
std::string HmacSha256(std::string_view key, std::string_view message);

// HKDF-SHA256. `size` at most 255 * 32; aborts beyond.
SecretBytes HkdfExtract(std::string_view salt, std::string_view input);
SecretBytes HkdfExpand(std::string_view key, std::string_view info, size_t size);

// Cryptographic randomness; aborts when the system has none.
std::string RandomBytes(size_t size);
template <typename Id>
Id RandomId() {
  return Id::FromPrefix(RandomBytes(Id::kBytes));
}

}  // namespace kapea::crypto
