#include "common/codec/wrap_codec.h"

#include "common/base/macros.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"

namespace kapea::codec {
namespace {

inline constexpr size_t kWrappedKeyBytes = 32;

}  // namespace

std::string WrapAssociatedData(const WrapContext& context, const domain::Wrap& wrap) {
  std::string out;
  out.append(context.deployment.view());
  out.append(context.file.view());
  out.append(wrap.key_epoch.value_or(KeyEpochId()).view());
  AppendU8(out, static_cast<uint8_t>(wrap.key_class));
  AppendU8(out, static_cast<uint8_t>(wrap.half));
  AppendU8(out, static_cast<uint8_t>(wrap.recipient_kind));
  out.append(wrap.recipient.view());
  AppendU32(out, wrap.generation);
  out.append(wrap.recipient_key.view());
  out.append(context.change.view());
  return out;
}

absl::StatusOr<domain::Wrap> SealWrap(const WrapContext& context, const WrapTarget& target,
                                      const crypto::SecretBytes& secret) {
  if (secret.size() != kWrappedKeyBytes) {
    return absl::InvalidArgumentError("want a key of 32 bytes to wrap, got " +
                                      std::to_string(secret.size()));
  }
  domain::Wrap wrap;
  wrap.key_epoch = target.key_epoch;
  wrap.key_class = target.key_class;
  wrap.half = target.half;
  wrap.recipient_kind = target.recipient_kind;
  wrap.recipient = target.recipient;
  wrap.generation = target.generation;
  wrap.recipient_key = crypto::Sha256(target.public_key);
  wrap.wrapped_owner = target.wrapped_owner;
  wrap.wrapped_generation = target.wrapped_generation;
  KAPEA_ASSIGN(crypto::HpkeMessage message,
               crypto::HpkeSeal(target.public_key, crypto::kWrapDomain,
                                WrapAssociatedData(context, wrap), secret.view()));
  wrap.encapsulated = std::move(message.encapsulated);
  wrap.ciphertext = std::move(message.ciphertext);
  return wrap;
}

absl::StatusOr<crypto::SecretBytes> OpenWrap(const WrapContext& context, const domain::Wrap& wrap,
                                             const crypto::ReceiveKey& key) {
  // A half over 255 or the like cannot stand in the associated data.
  if (wrap.half > 2 || wrap.recipient_key != crypto::Sha256(key.public_key())) {
    return absl::DataLossError("the wrap is not for this key");
  }
  return crypto::HpkeOpen(key, wrap.encapsulated, crypto::kWrapDomain,
                          WrapAssociatedData(context, wrap), wrap.ciphertext);
}

}  // namespace kapea::codec
