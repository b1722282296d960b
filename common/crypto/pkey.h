// Private to this room: owners for OpenSSL's asymmetric objects, and the raw 32-byte
// keys of X25519 and Ed25519.
#pragma once

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "common/base/macros.h"
#include "common/crypto/evp.h"

namespace kapea::crypto::internal {

template <auto kFree>
struct FreeBy {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using PkeyPtr = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using PkeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, FreeBy<EVP_PKEY_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, FreeBy<EVP_MD_CTX_free>>;
using SecretNumberPtr = std::unique_ptr<BIGNUM, FreeBy<BN_clear_free>>;

inline constexpr size_t kRawKeyBytes = 32;

// `type`: EVP_PKEY_X25519 or EVP_PKEY_ED25519; the bytes are kRawKeyBytes long.
inline PkeyPtr FromRawPrivate(int type, std::string_view key) {
  KAPEA_CHECK(key.size() == kRawKeyBytes);
  PkeyPtr pkey(EVP_PKEY_new_raw_private_key(type, nullptr, Bytes(key), key.size()));
  KAPEA_CHECK(pkey != nullptr);
  return pkey;
}
inline PkeyPtr FromRawPublic(int type, std::string_view key) {
  KAPEA_CHECK(key.size() == kRawKeyBytes);
  PkeyPtr pkey(EVP_PKEY_new_raw_public_key(type, nullptr, Bytes(key), key.size()));
  KAPEA_CHECK(pkey != nullptr);
  return pkey;
}
inline std::string RawPublic(const EVP_PKEY* pkey) {
  std::string key(kRawKeyBytes, '\0');
  size_t size = key.size();
  KAPEA_CHECK(
      EVP_PKEY_get_raw_public_key(pkey, reinterpret_cast<unsigned char*>(key.data()), &size) == 1 &&
      size == key.size());
  return key;
}

// OpenSSL leaves the reason of a refusal in a queue of the thread, where the TLS stack
// would later read it as its own.
inline bool Refused(bool ok) {
  if (!ok) ERR_clear_error();
  return !ok;
}

}  // namespace kapea::crypto::internal
