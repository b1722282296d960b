#include "common/crypto/chunk.h"

#include "absl/status/status.h"
#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/crypto/domains.h"
#include "common/crypto/evp.h"
#include "common/crypto/hash.h"

namespace kapea::crypto {
namespace {

SecretBytes KeyAndNonce(const SecretBytes& attachment_key, uint32_t index, bool last) {
  std::string info(kChunkDomain);
  AppendU32(info, index);
  AppendU8(info, last ? 1 : 0);
  return HkdfExpand(attachment_key.view(), info, internal::kAesKeyBytes + internal::kGcmNonceBytes);
}

std::string_view KeyOf(const SecretBytes& both) {
  return both.view().substr(0, internal::kAesKeyBytes);
}
std::string_view NonceOf(const SecretBytes& both) {
  return both.view().substr(internal::kAesKeyBytes);
}

}  // namespace

std::string SealChunk(const SecretBytes& attachment_key, uint32_t index, bool last,
                      std::string_view plaintext) {
  KAPEA_CHECK(attachment_key.size() == kAttachmentKeyBytes);
  KAPEA_CHECK(plaintext.size() <= kChunkPlainBytes);
  const SecretBytes both = KeyAndNonce(attachment_key, index, last);
  std::string sealed(plaintext.size() + kChunkTagBytes, '\0');
  internal::GcmSeal(KeyOf(both), NonceOf(both), {}, plaintext,
                    reinterpret_cast<unsigned char*>(sealed.data()));
  return sealed;
}

absl::StatusOr<std::string> OpenChunk(const SecretBytes& attachment_key, uint32_t index, bool last,
                                      std::string_view sealed) {
  if (attachment_key.size() != kAttachmentKeyBytes || sealed.size() < kChunkTagBytes ||
      sealed.size() > kChunkPlainBytes + kChunkTagBytes) {
    return absl::InvalidArgumentError("malformed chunk of an attachment");
  }
  const SecretBytes both = KeyAndNonce(attachment_key, index, last);
  std::string plaintext(sealed.size() - kChunkTagBytes, '\0');
  if (!internal::GcmOpen(KeyOf(both), NonceOf(both), {}, sealed,
                         reinterpret_cast<unsigned char*>(plaintext.data()))) {
    return absl::DataLossError("a chunk of an attachment was altered or is another's");
  }
  return plaintext;
}

}  // namespace kapea::crypto
