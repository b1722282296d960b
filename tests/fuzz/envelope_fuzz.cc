// Sealed bytes: those that somebody altered, and plaintexts that no program of ours made
// under a seal that is right (a member's own device is a stranger too).
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/macros.h"
#include "common/crypto/plaintext.h"
#include "common/crypto/seal.h"

namespace kapea::crypto {
namespace {

const SecretBytes& Key() {
  static const auto* key = new SecretBytes(SecretBytes::CopyOf(std::string(32, 'k')));
  return *key;
}

void TryField(std::string_view bytes) {
  const FieldContext context;
  const SecretBytes secret = FieldSecret(Key(), context);
  KAPEA_CHECK(!OpenField(secret, context, bytes).ok());  // nobody guesses a seal
  const auto sealed = SealField(secret, context, bytes);
  KAPEA_CHECK(sealed.ok() || bytes.size() > internal::kLargestBucketBytes - 2);
  if (sealed.ok()) {
    KAPEA_CHECK(IsEnvelopeSize(sealed->size()));
    const auto opened = OpenField(secret, context, *sealed);
    KAPEA_CHECK(opened.ok() && opened->view() == bytes);
  }
  // What stands inside a seal has one spelling. zstd has many frames for one value, so
  // a compressed one need only come back to the same value.
  const auto plain = internal::UnpadPlaintext(bytes);
  if (!plain.ok()) return;
  KAPEA_CHECK(plain->size() <= kPlainBytesMax);
  const auto padded = internal::PadPlaintext(plain->view());
  if (bytes.front() == 0 && plain->size() <= internal::kCompressOverBytes) {
    KAPEA_CHECK(padded.ok() && padded->view() == bytes);
  }
}

void TryValue(std::string_view bytes) {
  static const auto* sealer = new ValueSealer(Key());
  const ValueContext context{7, "store", "table", "key"};
  KAPEA_CHECK(!sealer->Open(context, bytes).ok());
  const auto key_id = SealedKeyId(bytes);
  KAPEA_CHECK(!key_id.ok() || bytes.size() >= kValueOverheadBytes);
  const std::string sealed = sealer->Seal(context, bytes);
  KAPEA_CHECK(sealed.size() == bytes.size() + kValueOverheadBytes);
  const auto opened = sealer->Open(context, sealed);
  KAPEA_CHECK(opened.ok() && *opened == bytes);
}

}  // namespace
}  // namespace kapea::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  kapea::crypto::TryField(bytes);
  kapea::crypto::TryValue(bytes);
  return 0;
}
