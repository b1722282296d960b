// Chunks of an attachment, sealed one by one in STREAM form: index and last flag are
// part of what the chunk's key and nonce are made of, so that chunks cannot be
// reordered, cut off or taken over from another attachment.
//
//   key (32) || nonce (12) = HKDF-Expand-SHA256(attachment key,
//                                "kapea/chunk/v1" || index (u32) || last (u8), 44)
//   chunk                  = AES-256-GCM(key, nonce, plaintext) || tag (16)
//
// An attachment key serves one attachment, so each derived key serves once.
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/crypto/secret.h"

namespace kapea::crypto {

inline constexpr size_t kChunkPlainBytes = 64 * 1024;
inline constexpr size_t kChunkTagBytes = 16;
inline constexpr size_t kAttachmentKeyBytes = 32;

// Aborts for a key of another size or a plaintext over kChunkPlainBytes.
std::string SealChunk(const SecretBytes& attachment_key, uint32_t index, bool last,
                      std::string_view plaintext);
// DataLoss when it was altered, moved or cut; InvalidArgument for a key of another size
// or bytes that are no chunk.
absl::StatusOr<std::string> OpenChunk(const SecretBytes& attachment_key, uint32_t index, bool last,
                                      std::string_view sealed);

}  // namespace kapea::crypto
