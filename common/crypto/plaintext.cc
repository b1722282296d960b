// The allocator hooks are in zstd's "static" part; the shared library exports them.
#define ZSTD_STATIC_LINKING_ONLY
#include "common/crypto/plaintext.h"

#include <malloc.h>
#include <sodium.h>
#include <zstd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "common/base/macros.h"
#include "common/crypto/seal.h"

namespace kapea::crypto::internal {
namespace {

constexpr unsigned char kFlagPlain = 0;
constexpr unsigned char kFlagZstd = 1;
constexpr unsigned char kEndOfValue = 0x80;
constexpr size_t kFrameBytes = 2;  // flag and end mark
constexpr int kZstdLevel = 6;      // values are small and written by hand: size counts

// zstd copies plaintext into its work space, so that space is wiped when released.
void* TakeWorkspace(void* /*opaque*/, size_t size) { return std::malloc(size); }
void WipeWorkspace(void* /*opaque*/, void* address) {
  if (address == nullptr) return;
  sodium_memzero(address, malloc_usable_size(address));
  std::free(address);
}
constexpr ZSTD_customMem kWipingMemory = {TakeWorkspace, WipeWorkspace, nullptr};

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// 0 when no bucket is that large.
size_t BucketFor(size_t size) {
  size_t bucket = kSmallestBucketBytes;
  while (bucket < size) bucket *= 2;
  return bucket <= kLargestBucketBytes ? bucket : 0;
}

SecretBytes Frame(unsigned char flag, std::string_view body) {
  SecretBytes padded(BucketFor(body.size() + kFrameBytes));
  padded.data()[0] = flag;
  if (!body.empty()) std::memcpy(padded.data() + 1, body.data(), body.size());
  padded.data()[1 + body.size()] = kEndOfValue;
  return padded;
}

// Empty when compression does not make the value smaller.
SecretBytes Compressed(std::string_view value) {
  SecretBytes scratch(value.size() - 1);
  const std::unique_ptr<ZSTD_CCtx, FreeZstd> context(ZSTD_createCCtx_advanced(kWipingMemory));
  KAPEA_CHECK(context != nullptr);
  const size_t size = ZSTD_compressCCtx(context.get(), scratch.data(), scratch.size(), value.data(),
                                        value.size(), kZstdLevel);
  if (ZSTD_isError(size) != 0) return SecretBytes();
  return SecretBytes::CopyOf(scratch.view().substr(0, size));
}

absl::StatusOr<SecretBytes> Decompressed(std::string_view frame) {
  // A frame without a stated size counts as too large: both constants are huge.
  const unsigned long long stated = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (stated > kPlainBytesMax) {
    return absl::InvalidArgumentError("want a zstd frame that states at most 65536 bytes");
  }
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
    return absl::InvalidArgumentError("want exactly one zstd frame");
  }
  SecretBytes value(static_cast<size_t>(stated));
  const std::unique_ptr<ZSTD_DCtx, FreeZstd> context(ZSTD_createDCtx_advanced(kWipingMemory));
  KAPEA_CHECK(context != nullptr);
  const size_t size =
      ZSTD_decompressDCtx(context.get(), value.data(), value.size(), frame.data(), frame.size());
  if (size != value.size()) {
    return absl::InvalidArgumentError("want a zstd frame that decompresses to its stated size");
  }
  return value;
}

}  // namespace

bool IsBucket(size_t size) { return size != 0 && BucketFor(size) == size; }

absl::StatusOr<SecretBytes> PadPlaintext(std::string_view value) {
  if (value.size() > kPlainBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrFormat("want a value of at most %d bytes, got %d", kPlainBytesMax, value.size()));
  }
  if (value.size() > kCompressOverBytes) {
    const SecretBytes compressed = Compressed(value);
    if (!compressed.empty() && BucketFor(compressed.size() + kFrameBytes) != 0) {
      return Frame(kFlagZstd, compressed.view());
    }
  }
  if (BucketFor(value.size() + kFrameBytes) == 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("want a value that fits %d bytes when compressed, got %d bytes",
                        kLargestBucketBytes - kFrameBytes, value.size()));
  }
  return Frame(kFlagPlain, value);
}

absl::StatusOr<SecretBytes> UnpadPlaintext(std::string_view padded) {
  if (!IsBucket(padded.size())) {
    return absl::InvalidArgumentError(
        absl::StrFormat("want a padded plaintext of 64 to 32768 bytes, got %d", padded.size()));
  }
  const size_t end = padded.find_last_not_of('\0');
  if (end == std::string_view::npos || end == 0 ||
      static_cast<unsigned char>(padded[end]) != kEndOfValue) {
    return absl::InvalidArgumentError("want 0x80 and zeros behind the value");
  }
  const std::string_view body = padded.substr(1, end - 1);
  if (BucketFor(body.size() + kFrameBytes) != padded.size()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "want the smallest padding, got %d bytes for %d", padded.size(), body.size()));
  }
  switch (static_cast<unsigned char>(padded[0])) {
    case kFlagPlain:
      return SecretBytes::CopyOf(body);
    case kFlagZstd:
      return Decompressed(body);
    default:
      return absl::InvalidArgumentError("want plaintext flag 0 or 1, got another");
  }
}

}  // namespace kapea::crypto::internal
