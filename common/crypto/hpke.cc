#include "common/crypto/hpke.h"

#include <openssl/core_names.h>

#include <array>
#include <initializer_list>
#include <vector>

#include "common/base/macros.h"
#include "common/crypto/evp.h"
#include "common/crypto/hash.h"
#include "common/crypto/pkey.h"

namespace kapea::crypto {
namespace {

using internal::kRawKeyBytes;

constexpr std::string_view kVersionLabel = "HPKE-v1";
constexpr std::string_view kKemSuite{"KEM\0\x20", 5};
constexpr std::string_view kHpkeSuite{"HPKE\0\x20\0\x01\0\x02", 10};
constexpr char kModeBase = 0;

std::string Join(std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (const std::string_view part : parts) joined += part;
  return joined;
}

SecretBytes LabeledExtract(std::string_view suite, std::string_view salt, std::string_view label,
                           std::string_view input) {
  const std::array<std::string_view, 4> parts = {kVersionLabel, suite, label, input};
  SecretBytes key(internal::kSha256Bytes);
  internal::HmacInto(salt, parts, key.data());
  return key;
}

SecretBytes LabeledExpand(std::string_view suite, std::string_view key, std::string_view label,
                          std::string_view info, size_t size) {
  const char length[2] = {static_cast<char>(size >> 8), static_cast<char>(size & 0xff)};
  return HkdfExpand(key, Join({{length, 2}, kVersionLabel, suite, label, info}), size);
}

// The X25519 result; empty when `public_key` is of small order (the result is zero and
// OpenSSL refuses it).
SecretBytes Agree(EVP_PKEY* own, std::string_view public_key) {
  const internal::PkeyPtr peer = internal::FromRawPublic(EVP_PKEY_X25519, public_key);
  const internal::PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, own, nullptr));
  KAPEA_CHECK(context != nullptr && EVP_PKEY_derive_init(context.get()) == 1);
  SecretBytes shared(kRawKeyBytes);
  size_t size = shared.size();
  if (internal::Refused(EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1 &&
                        EVP_PKEY_derive(context.get(), shared.data(), &size) == 1)) {
    return SecretBytes();
  }
  KAPEA_CHECK(size == shared.size());
  return shared;
}

struct MessageKeys {
  SecretBytes key;
  SecretBytes nonce;
};

// ExtractAndExpand of RFC 9180, 4.1, then the key schedule of 5.1 in base mode. One
// message per encapsulation, so the nonce is the base nonce.
MessageKeys DeriveKeys(const SecretBytes& agreed, std::string_view encapsulated,
                       std::string_view public_key, std::string_view info) {
  const SecretBytes extracted = LabeledExtract(kKemSuite, {}, "eae_prk", agreed.view());
  const SecretBytes shared = LabeledExpand(kKemSuite, extracted.view(), "shared_secret",
                                           Join({encapsulated, public_key}), kRawKeyBytes);
  const SecretBytes psk_id_hash = LabeledExtract(kHpkeSuite, {}, "psk_id_hash", {});
  const SecretBytes info_hash = LabeledExtract(kHpkeSuite, {}, "info_hash", info);
  const std::string context = Join({{&kModeBase, 1}, psk_id_hash.view(), info_hash.view()});
  const SecretBytes secret = LabeledExtract(kHpkeSuite, shared.view(), "secret", {});
  return {
      LabeledExpand(kHpkeSuite, secret.view(), "key", context, internal::kAesKeyBytes),
      LabeledExpand(kHpkeSuite, secret.view(), "base_nonce", context, internal::kGcmNonceBytes)};
}

}  // namespace

ReceiveKey ReceiveKey::Generate() {
  absl::StatusOr<ReceiveKey> key = FromPrivate(SecretBytes::Random(kRawKeyBytes));
  KAPEA_CHECK(key.ok());
  return *std::move(key);
}

absl::StatusOr<ReceiveKey> ReceiveKey::FromPrivate(const SecretBytes& key) {
  if (key.size() != kRawKeyBytes) {
    return absl::InvalidArgumentError("want an X25519 private key of 32 bytes, got " +
                                      std::to_string(key.size()));
  }
  ReceiveKey receive;
  receive.private_ = key.Copy();
  receive.public_key_ =
      internal::RawPublic(internal::FromRawPrivate(EVP_PKEY_X25519, key.view()).get());
  return receive;
}

absl::StatusOr<HpkeMessage> HpkeSeal(std::string_view public_key, std::string_view info,
                                     std::string_view associated_data, std::string_view plaintext) {
  return InsecureHpkeSealWithEphemeral(SecretBytes::Random(kRawKeyBytes), public_key, info,
                                       associated_data, plaintext);
}

absl::StatusOr<HpkeMessage> InsecureHpkeSealWithEphemeral(const SecretBytes& ephemeral_private,
                                                          std::string_view public_key,
                                                          std::string_view info,
                                                          std::string_view associated_data,
                                                          std::string_view plaintext) {
  if (public_key.size() != kRawKeyBytes || ephemeral_private.size() != kRawKeyBytes) {
    return absl::InvalidArgumentError("want X25519 keys of 32 bytes, got " +
                                      std::to_string(public_key.size()));
  }
  const internal::PkeyPtr own = internal::FromRawPrivate(EVP_PKEY_X25519, ephemeral_private.view());
  const SecretBytes agreed = Agree(own.get(), public_key);
  if (agreed.empty()) {
    return absl::InvalidArgumentError("want an X25519 public key, got one of small order");
  }
  HpkeMessage message;
  message.encapsulated = internal::RawPublic(own.get());
  const MessageKeys keys = DeriveKeys(agreed, message.encapsulated, public_key, info);
  message.ciphertext.resize(plaintext.size() + internal::kGcmTagBytes);
  internal::GcmSeal(keys.key.view(), keys.nonce.view(), associated_data, plaintext,
                    reinterpret_cast<unsigned char*>(message.ciphertext.data()));
  return message;
}

absl::StatusOr<SecretBytes> HpkeOpen(const ReceiveKey& key, std::string_view encapsulated,
                                     std::string_view info, std::string_view associated_data,
                                     std::string_view ciphertext) {
  if (encapsulated.size() != kRawKeyBytes || ciphertext.size() < internal::kGcmTagBytes) {
    return absl::DataLossError("the wrap was cut: it does not open");
  }
  const internal::PkeyPtr own = internal::FromRawPrivate(EVP_PKEY_X25519, key.private_.view());
  const SecretBytes agreed = Agree(own.get(), encapsulated);
  if (agreed.empty()) return absl::DataLossError("the wrap does not open: key of small order");
  const MessageKeys keys = DeriveKeys(agreed, encapsulated, key.public_key_, info);
  SecretBytes plaintext(ciphertext.size() - internal::kGcmTagBytes);
  if (!internal::GcmOpen(keys.key.view(), keys.nonce.view(), associated_data, ciphertext,
                         plaintext.data())) {
    return absl::DataLossError("the wrap was altered, or is for another key or place");
  }
  return plaintext;
}

}  // namespace kapea::crypto
