// What the sources of this room share of OpenSSL. Not for other rooms: nothing of
// OpenSSL leaves through our headers.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/crypto/signature.h"
#include "common/pki/certificate.h"

namespace kapea::pki {

template <auto kFree>
struct OpenSslFree {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using X509Ptr = std::unique_ptr<X509, OpenSslFree<X509_free>>;
using X509ReqPtr = std::unique_ptr<X509_REQ, OpenSslFree<X509_REQ_free>>;
using X509CrlPtr = std::unique_ptr<X509_CRL, OpenSslFree<X509_CRL_free>>;
using EvpKeyPtr = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, OpenSslFree<BIO_free_all>>;

// A read-only stream over `bytes`, which must outlive it.
BioPtr ReaderOf(std::string_view bytes);
// All that was written into a memory stream.
std::string BytesOf(BIO* bio);

// "<what>: <the oldest OpenSSL error>"; empties OpenSSL's error queue.
absl::Status OpenSslError(absl::StatusCode code, const std::string& what);

X509Ptr X509OfDer(std::string_view der);  // null when it is none, or not its one DER text
absl::StatusOr<Certificate> CertificateOf(X509* x509);
// The certificates of a PEM text, as ParseChain has them.
absl::StatusOr<std::vector<X509Ptr>> ParseX509Chain(std::string_view pem);
absl::StatusOr<EvpKeyPtr> KeyOf(const crypto::SigningKey& key);
// The public key of 65 bytes of a P-256 point.
absl::StatusOr<EvpKeyPtr> PublicKeyOf(std::string_view point);
// The point of a P-256 key; InvalidArgument for any other kind of key.
absl::StatusOr<std::string> P256PointOf(EVP_PKEY* key);
// SHA-256 of the SubjectPublicKeyInfo.
Hash SpkiHashOf(EVP_PKEY* key);

absl::StatusOr<Time> TimeOf(const ASN1_TIME* time);
// Whole seconds, as certificates have; false when `time` lies outside the years 1950 to 9999.
bool SetTime(ASN1_TIME* out, Time time);

// Seconds since 1970, rounded down.
int64_t UnixSeconds(Time time);

}  // namespace kapea::pki
