// Private to this room: the few primitives of OpenSSL that its formats stand on,
// with the algorithms fetched once and the contexts reused per thread (a fetch or
// a new context costs more than hashing or sealing a kilobyte).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace kapea::crypto::internal {

inline constexpr size_t kSha256Bytes = 32;
inline constexpr size_t kAesKeyBytes = 32;
inline constexpr size_t kGcmNonceBytes = 12;
inline constexpr size_t kGcmTagBytes = 16;

// For a key that serves once.
inline constexpr std::string_view kZeroNonce{"\0\0\0\0\0\0\0\0\0\0\0\0", kGcmNonceBytes};

// Both write exactly kSha256Bytes to `out`, last of all: it may be one of the parts.
// Threads: any.
void Sha256Into(std::span<const std::string_view> parts, unsigned char* out);
void HmacInto(std::string_view key, std::span<const std::string_view> parts, unsigned char* out);
// HKDF-Expand-SHA256; aborts over 255 blocks.
void HkdfExpandInto(std::string_view key, std::string_view info, unsigned char* out, size_t size);

// AES-256-GCM, tag behind the ciphertext. The thread's context keeps the key schedule
// until its next use or its end; keys that come here serve once.
// `out` has plaintext.size() + kGcmTagBytes bytes.
void GcmSeal(std::string_view key, std::string_view nonce, std::string_view associated_data,
             std::string_view plaintext, unsigned char* out);
// `out` has sealed.size() - kGcmTagBytes bytes, and is wiped when the answer is false.
[[nodiscard]] bool GcmOpen(std::string_view key, std::string_view nonce,
                           std::string_view associated_data, std::string_view sealed,
                           unsigned char* out);

inline const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
inline std::string_view Text(const unsigned char* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace kapea::crypto::internal
