// Keys that somebody wrapped for us, chunks that somebody uploaded, and signatures: what
// was not made for this key and this place does not open.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/macros.h"
#include "common/codec/wrap_codec.h"
#include "common/crypto/chunk.h"
#include "common/crypto/signature.h"

namespace kapea::codec {
namespace {

const crypto::ReceiveKey& Key() {
  static const auto* key = new crypto::ReceiveKey(
      *crypto::ReceiveKey::FromPrivate(crypto::SecretBytes::CopyOf(std::string(32, 'k'))));
  return *key;
}

// A wrap that is right, but for what `bytes` puts in the place of its two secrets.
void TryWrap(std::string_view bytes) {
  const WrapContext context;
  WrapTarget target;
  target.recipient_kind = domain::RecipientKind::kPerson;
  target.public_key = Key().public_key();
  static const auto* right = new domain::Wrap(
      *SealWrap(context, target, crypto::SecretBytes::CopyOf(std::string(32, 's'))));
  KAPEA_CHECK(OpenWrap(context, *right, Key()).ok());
  domain::Wrap wrap = *right;
  wrap.encapsulated = std::string(bytes.substr(0, 32));
  wrap.ciphertext = std::string(bytes.substr(wrap.encapsulated.size()));
  const bool same =
      wrap.encapsulated == right->encapsulated && wrap.ciphertext == right->ciphertext;
  KAPEA_CHECK(OpenWrap(context, wrap, Key()).ok() == same);
  wrap = *right;
  wrap.ciphertext = std::string(bytes);
  KAPEA_CHECK(OpenWrap(context, wrap, Key()).ok() == (bytes == right->ciphertext));
  // And a public key of anybody's making.
  target.public_key = std::string(bytes);
  const auto sealed = SealWrap(context, target, crypto::SecretBytes::CopyOf(std::string(32, 's')));
  KAPEA_CHECK(!sealed.ok() || bytes.size() == 32);
}

void TryChunk(std::string_view bytes) {
  const auto key = crypto::SecretBytes::CopyOf(std::string(crypto::kAttachmentKeyBytes, 'a'));
  KAPEA_CHECK(!crypto::OpenChunk(key, 0, true, bytes).ok());
  KAPEA_CHECK(!crypto::OpenChunk(crypto::SecretBytes::CopyOf(bytes), 0, true, bytes).ok());
  if (bytes.size() > crypto::kChunkPlainBytes) return;
  const std::string sealed = crypto::SealChunk(key, 1, false, bytes);
  const auto opened = crypto::OpenChunk(key, 1, false, sealed);
  KAPEA_CHECK(opened.ok() && *opened == bytes);
  KAPEA_CHECK(!crypto::OpenChunk(key, 1, true, sealed).ok());
}

void TrySignature(std::string_view bytes) {
  static const auto* ours = new crypto::SigningKey(
      *crypto::SigningKey::FromScalar(crypto::SecretBytes::CopyOf(std::string(32, '\x11'))));
  KAPEA_CHECK(!ours->verify_key().Verify("message", bytes).ok());
  KAPEA_CHECK(!crypto::VerifyNoteSignature(std::string(32, 'p'), bytes, bytes).ok());
  KAPEA_CHECK(!crypto::VerifyNoteSignature(bytes, "message", std::string(64, 's')).ok());
  if (const auto key = crypto::VerifyKey::FromBytes(bytes); key.ok()) {
    KAPEA_CHECK(key->bytes() == bytes && !key->Verify("message", std::string(64, 's')).ok());
  }
  if (const auto key = crypto::SigningKey::FromPem(bytes); key.ok()) {
    KAPEA_CHECK(key->verify_key().Verify("message", key->Sign("message")).ok());
  }
}

}  // namespace
}  // namespace kapea::codec

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  kapea::codec::TryWrap(bytes);
  kapea::codec::TryChunk(bytes);
  kapea::codec::TrySignature(bytes);
  return 0;
}
