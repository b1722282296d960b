#include "common/base/macros.h"
#include "common/crypto/evp.h"
#include "common/crypto/pkey.h"
#include "common/crypto/signature.h"

namespace kapea::crypto {
namespace {

constexpr size_t kNoteSignatureBytes = 64;

}  // namespace

struct NoteSigningKey::Parsed {
  internal::PkeyPtr pkey;
};

NoteSigningKey NoteSigningKey::Generate() {
  absl::StatusOr<NoteSigningKey> key = FromSeed(SecretBytes::Random(internal::kRawKeyBytes));
  KAPEA_CHECK(key.ok());
  return *std::move(key);
}

absl::StatusOr<NoteSigningKey> NoteSigningKey::FromSeed(const SecretBytes& seed) {
  if (seed.size() != internal::kRawKeyBytes) {
    return absl::InvalidArgumentError("want an Ed25519 seed of 32 bytes, got " +
                                      std::to_string(seed.size()));
  }
  NoteSigningKey key;
  key.seed_ = seed.Copy();
  internal::PkeyPtr pkey = internal::FromRawPrivate(EVP_PKEY_ED25519, seed.view());
  key.public_key_ = internal::RawPublic(pkey.get());
  key.parsed_ = std::make_shared<const Parsed>(Parsed{std::move(pkey)});
  return key;
}

std::string NoteSigningKey::Sign(std::string_view message) const {
  const internal::DigestContextPtr context(EVP_MD_CTX_new());
  std::string signature(kNoteSignatureBytes, '\0');
  size_t size = signature.size();
  KAPEA_CHECK(context != nullptr &&
              EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, parsed_->pkey.get()) ==
                  1 &&
              EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                             &size, internal::Bytes(message), message.size()) == 1 &&
              size == signature.size());
  return signature;
}

absl::Status VerifyNoteSignature(std::string_view public_key, std::string_view message,
                                 std::string_view signature) {
  if (public_key.size() != internal::kRawKeyBytes) {
    return absl::InvalidArgumentError("want an Ed25519 public key of 32 bytes, got " +
                                      std::to_string(public_key.size()));
  }
  if (signature.size() != kNoteSignatureBytes) {
    return absl::UnauthenticatedError("want a signature of 64 bytes, got " +
                                      std::to_string(signature.size()));
  }
  const internal::PkeyPtr pkey = internal::FromRawPublic(EVP_PKEY_ED25519, public_key);
  const internal::DigestContextPtr context(EVP_MD_CTX_new());
  KAPEA_CHECK(context != nullptr &&
              EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1);
  if (internal::Refused(EVP_DigestVerify(context.get(), internal::Bytes(signature),
                                         signature.size(), internal::Bytes(message),
                                         message.size()) == 1)) {
    return absl::UnauthenticatedError("the signature does not verify");
  }
  return absl::OkStatus();
}

}  // namespace kapea::crypto
