#include "common/crypto/seal.h"

#include <sodium.h>

#include <array>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/crypto/domains.h"
#include "common/crypto/evp.h"
#include "common/crypto/hash.h"
#include "common/crypto/plaintext.h"

namespace kapea::crypto {
namespace {

using internal::kAesKeyBytes;
using internal::kGcmTagBytes;

constexpr std::string_view kValueMagic{"K\x01", 2};
constexpr size_t kValueSaltBytes = 24;
constexpr size_t kValueSaltOffset = kValueMagic.size() + 4;
constexpr size_t kValueCommitmentOffset = kValueSaltOffset + kValueSaltBytes;
constexpr size_t kValueCipherOffset = kValueCommitmentOffset + kCommitmentBytes;
static_assert(kValueCipherOffset + kGcmTagBytes == kValueOverheadBytes);

// The two halves of a 64-byte expansion: a key that serves once, and the commitment
// to it. Wiped when done.
class SealKeys {
 public:
  SealKeys(std::string_view secret, std::string_view info) {
    internal::HkdfExpandInto(secret, info, bytes_.data(), bytes_.size());
  }
  ~SealKeys() { sodium_memzero(bytes_.data(), kAesKeyBytes); }
  SealKeys(const SealKeys&) = delete;
  SealKeys& operator=(const SealKeys&) = delete;

  std::string_view key() const { return internal::Text(bytes_.data(), kAesKeyBytes); }
  std::string_view commitment() const {
    return internal::Text(bytes_.data() + kAesKeyBytes, kCommitmentBytes);
  }

 private:
  std::array<unsigned char, kAesKeyBytes + kCommitmentBytes> bytes_;
};

unsigned char* Writable(std::string& text, size_t offset) {
  return reinterpret_cast<unsigned char*>(text.data()) + offset;
}

std::string ValueInfo(std::string_view salt) {
  std::string info;
  info.reserve(kValueDomain.size() + salt.size());
  info += kValueDomain;
  info += salt;
  return info;
}

std::string ValueAssociatedData(const ValueContext& context) {
  std::string data;
  data.reserve(kValueDomain.size() + 4 + 3 * 2 + context.store_id.size() + context.table.size() +
               context.key.size());
  data += kValueDomain;
  AppendU32(data, context.key_id);
  AppendLengthPrefixed(data, context.store_id);
  AppendLengthPrefixed(data, context.table);
  AppendLengthPrefixed(data, context.key);
  return data;
}

}  // namespace

std::string FieldContext::Encode() const {
  std::string bytes;
  bytes.reserve(16 * 6 + 1 + 4 + 2 + field_code.size());
  bytes += deployment.view();
  bytes += file.view();
  bytes += key_epoch.view();
  AppendU8(bytes, key_class);
  bytes += change.view();
  AppendU32(bytes, write_index);
  bytes += record.view();
  AppendLengthPrefixed(bytes, field_code);
  bytes += leaf_salt.view();
  return bytes;
}

SecretBytes FieldSecret(const SecretBytes& class_key, const FieldContext& context) {
  KAPEA_CHECK(class_key.size() == kClassKeyBytes);
  return HkdfExpand(class_key.view(), std::string(kFieldDomain) + context.Encode(),
                    kFieldSecretBytes);
}

absl::StatusOr<std::string> SealField(const SecretBytes& field_secret, const FieldContext& context,
                                      std::string_view value) {
  // An empty (moved-from) secret would seal under a key that anybody can compute.
  KAPEA_CHECK(field_secret.size() == kFieldSecretBytes);
  KAPEA_ASSIGN(const SecretBytes padded, internal::PadPlaintext(value));
  const SealKeys keys(field_secret.view(), kSealDomain);
  std::string envelope(keys.commitment());
  envelope.resize(kCommitmentBytes + padded.size() + kGcmTagBytes);
  internal::GcmSeal(keys.key(), internal::kZeroNonce, context.Encode(), padded.view(),
                    Writable(envelope, kCommitmentBytes));
  return envelope;
}

absl::StatusOr<SecretBytes> OpenField(const SecretBytes& field_secret, const FieldContext& context,
                                      std::string_view envelope) {
  if (field_secret.size() != kFieldSecretBytes) {
    return absl::InvalidArgumentError("want a field secret of 32 bytes, got " +
                                      std::to_string(field_secret.size()));
  }
  if (!IsEnvelopeSize(envelope.size())) {
    return absl::InvalidArgumentError("want the size of an envelope, got " +
                                      std::to_string(envelope.size()));
  }
  const SealKeys keys(field_secret.view(), kSealDomain);
  if (!ConstantTimeEqual(keys.commitment(), envelope.substr(0, kCommitmentBytes))) {
    return absl::DataLossError("the envelope is not sealed under this key: commitment differs");
  }
  SecretBytes padded(envelope.size() - kCommitmentBytes - kGcmTagBytes);
  if (!internal::GcmOpen(keys.key(), internal::kZeroNonce, context.Encode(),
                         envelope.substr(kCommitmentBytes), padded.data())) {
    return absl::DataLossError("the envelope was altered or moved: it does not open");
  }
  return internal::UnpadPlaintext(padded.view());
}

bool IsEnvelopeSize(size_t size) {
  return size > kCommitmentBytes + kGcmTagBytes &&
         internal::IsBucket(size - kCommitmentBytes - kGcmTagBytes);
}

std::string ClassKeyCommitment(const SecretBytes& class_key, const DeploymentId& deployment,
                               const FileId& file, const KeyEpochId& key_epoch, uint8_t key_class) {
  KAPEA_CHECK(class_key.size() == kClassKeyBytes);
  std::string info(kClassKeyDomain);
  info += deployment.view();
  info += file.view();
  info += key_epoch.view();
  AppendU8(info, key_class);
  std::string commitment(kCommitmentBytes, '\0');
  internal::HkdfExpandInto(class_key.view(), info, Writable(commitment, 0), commitment.size());
  return commitment;
}

ValueSealer::ValueSealer(const SecretBytes& data_key) : data_key_(data_key.Copy()) {
  KAPEA_CHECK(data_key_.size() == kDataKeyBytes);
}

std::string ValueSealer::Seal(const ValueContext& context, std::string_view value) const {
  const std::string salt = RandomBytes(kValueSaltBytes);
  const SealKeys keys(data_key_.view(), ValueInfo(salt));
  std::string sealed;
  sealed.reserve(kValueOverheadBytes + value.size());
  sealed += kValueMagic;
  AppendU32(sealed, context.key_id);
  sealed += salt;
  sealed += keys.commitment();
  sealed.resize(kValueOverheadBytes + value.size());
  internal::GcmSeal(keys.key(), internal::kZeroNonce, ValueAssociatedData(context), value,
                    Writable(sealed, kValueCipherOffset));
  return sealed;
}

absl::StatusOr<std::string> ValueSealer::Open(const ValueContext& context,
                                              std::string_view sealed) const {
  const absl::StatusOr<uint32_t> key_id = SealedKeyId(sealed);
  if (!key_id.ok()) return absl::DataLossError("want a sealed value, got other bytes");
  if (*key_id != context.key_id) {
    return absl::DataLossError("want a value sealed under key " + std::to_string(context.key_id) +
                               ", got key " + std::to_string(*key_id));
  }
  const SealKeys keys(data_key_.view(),
                      ValueInfo(sealed.substr(kValueSaltOffset, kValueSaltBytes)));
  if (!ConstantTimeEqual(keys.commitment(),
                         sealed.substr(kValueCommitmentOffset, kCommitmentBytes))) {
    return absl::DataLossError("the value is not sealed under this key: commitment differs");
  }
  std::string value(sealed.size() - kValueOverheadBytes, '\0');
  if (!internal::GcmOpen(keys.key(), internal::kZeroNonce, ValueAssociatedData(context),
                         sealed.substr(kValueCipherOffset), Writable(value, 0))) {
    return absl::DataLossError("the value was altered or moved: it does not open");
  }
  return value;
}

absl::StatusOr<uint32_t> SealedKeyId(std::string_view sealed) {
  if (sealed.size() < kValueOverheadBytes || sealed.substr(0, kValueMagic.size()) != kValueMagic) {
    return absl::InvalidArgumentError("want a sealed value, got " + std::to_string(sealed.size()) +
                                      " bytes of something else");
  }
  return ReadU32(sealed, kValueMagic.size());
}

}  // namespace kapea::crypto
