// Private to this room: what stands inside the seal of a field.
// flag (0 plain, 1 zstd) || value || 0x80 || zeros up to 64, 128, 256 ... 32,768 bytes.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/crypto/secret.h"

namespace kapea::crypto::internal {

inline constexpr size_t kSmallestBucketBytes = 64;
inline constexpr size_t kLargestBucketBytes = 32 * 1024;
inline constexpr size_t kCompressOverBytes = 256;

bool IsBucket(size_t size);

// InvalidArgument when the value is over kPlainBytesMax, or over the largest bucket even
// when compressed.
absl::StatusOr<SecretBytes> PadPlaintext(std::string_view value);

// InvalidArgument for anything that PadPlaintext cannot have made: an unknown flag, no
// 0x80, a tail that is not zeros, a bucket larger than needed, a flag of 1 before
// anything but one zstd frame that states its size and decompresses to it, and more than
// kPlainBytesMax after decompression (refused before any memory is taken for it).
absl::StatusOr<SecretBytes> UnpadPlaintext(std::string_view padded);

}  // namespace kapea::crypto::internal
