#include "common/pki/x509.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <limits>

#include "common/base/macros.h"
#include "common/crypto/hash.h"

namespace kapea::pki {

BioPtr ReaderOf(std::string_view bytes) {
  KAPEA_CHECK(bytes.size() <= static_cast<size_t>(std::numeric_limits<int>::max()));
  BioPtr bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  KAPEA_CHECK(bio != nullptr);
  return bio;
}

std::string BytesOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

absl::Status OpenSslError(absl::StatusCode code, const std::string& what) {
  std::string message = what;
  if (const unsigned long error = ERR_get_error(); error != 0) {
    const char* reason = ERR_reason_error_string(error);
    message += std::string(": ") + (reason != nullptr ? reason : "unknown");
  }
  ERR_clear_error();
  return absl::Status(code, message);
}

X509Ptr X509OfDer(std::string_view der) {
  const auto* data = reinterpret_cast<const unsigned char*>(der.data());
  X509Ptr x509(d2i_X509(nullptr, &data, static_cast<long>(der.size())));
  // OpenSSL also reads BER, where the fingerprint of what it writes is not that of what it read.
  unsigned char* again = nullptr;
  const int size = x509 == nullptr ? -1 : i2d_X509(x509.get(), &again);
  const bool same = size > 0 && static_cast<size_t>(size) == der.size() &&
                    std::equal(der.begin(), der.end(), reinterpret_cast<const char*>(again));
  OPENSSL_free(again);
  ERR_clear_error();
  return same ? std::move(x509) : nullptr;
}

absl::StatusOr<EvpKeyPtr> KeyOf(const crypto::SigningKey& key) {
  const crypto::SecretBytes pem = key.ToPem();
  const BioPtr bio = ReaderOf(pem.view());
  EvpKeyPtr parsed(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (parsed == nullptr) return OpenSslError(absl::StatusCode::kInternal, "cannot load a key");
  return parsed;
}

absl::StatusOr<EvpKeyPtr> PublicKeyOf(std::string_view point) {
  char group[] = "prime256v1";
  std::string bytes(point);  // OSSL_PARAM wants memory it might write to
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes.data(), bytes.size()),
      OSSL_PARAM_construct_end()};
  const std::unique_ptr<EVP_PKEY_CTX, OpenSslFree<EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY,
                        const_cast<OSSL_PARAM*>(parameters)) != 1) {
    return OpenSslError(absl::StatusCode::kInvalidArgument, "want a point of P-256");
  }
  return EvpKeyPtr(key);
}

absl::StatusOr<std::string> P256PointOf(EVP_PKEY* key) {
  char group[64];
  size_t size = 0;
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
      EVP_PKEY_get_group_name(key, group, sizeof(group), &size) != 1 ||
      std::strcmp(group, "prime256v1") != 0) {
    ERR_clear_error();
    return absl::InvalidArgumentError("want a P-256 key, got another kind");
  }
  // Whatever form the point was written in, it is handed on uncompressed.
  unsigned char x[32];
  unsigned char y[32];
  BIGNUM* bn_x = nullptr;
  BIGNUM* bn_y = nullptr;
  const bool good = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &bn_x) == 1 &&
                    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &bn_y) == 1 &&
                    BN_bn2binpad(bn_x, x, sizeof(x)) == sizeof(x) &&
                    BN_bn2binpad(bn_y, y, sizeof(y)) == sizeof(y);
  BN_free(bn_x);
  BN_free(bn_y);
  if (!good) return OpenSslError(absl::StatusCode::kInvalidArgument, "cannot read a P-256 key");
  std::string point(1, '\x04');
  point.append(reinterpret_cast<const char*>(x), sizeof(x));
  point.append(reinterpret_cast<const char*>(y), sizeof(y));
  return point;
}

Hash SpkiHashOf(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  KAPEA_CHECK(size > 0);
  const Hash hash = crypto::Sha256({reinterpret_cast<const char*>(der), static_cast<size_t>(size)});
  OPENSSL_free(der);
  return hash;
}

int64_t UnixSeconds(Time time) {
  const int64_t ms = time.unix_ms();
  return ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
}

absl::StatusOr<Time> TimeOf(const ASN1_TIME* time) {
  std::tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) {
    return OpenSslError(absl::StatusCode::kInvalidArgument, "want a time in the certificate");
  }
  return Time::FromUnixMs(static_cast<int64_t>(::timegm(&fields)) * 1000);
}

bool SetTime(ASN1_TIME* out, Time time) {
  return ASN1_TIME_set(out, static_cast<time_t>(UnixSeconds(time))) != nullptr;
}

}  // namespace kapea::pki
