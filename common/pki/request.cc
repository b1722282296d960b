#include "common/pki/request.h"

#include <openssl/err.h>

#include "common/base/macros.h"
#include "common/pki/x509.h"

namespace kapea::pki {

absl::StatusOr<Request> Request::FromDer(std::string_view der) {
  if (der.size() > kRequestBytesMax) {
    return absl::InvalidArgumentError("want a request of at most 4 KiB, got more");
  }
  const auto* data = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = data + der.size();
  const X509ReqPtr request(d2i_X509_REQ(nullptr, &data, static_cast<long>(der.size())));
  EVP_PKEY* const key = request == nullptr ? nullptr : X509_REQ_get0_pubkey(request.get());
  if (key == nullptr || data != end) {
    return OpenSslError(absl::StatusCode::kInvalidArgument, "want a certificate request");
  }
  Request out;
  // The kind of key first: verifying under a huge RSA key would cost us, not the sender.
  KAPEA_ASSIGN(out.point_, P256PointOf(key));
  if (X509_REQ_verify(request.get(), key) != 1) {
    return OpenSslError(absl::StatusCode::kUnauthenticated,
                        "the request is not signed by the key it asks for");
  }
  // Hashed in the one canonical encoding, that of the certificate to come.
  KAPEA_ASSIGN(const EvpKeyPtr canonical, PublicKeyOf(out.point_));
  out.spki_ = SpkiHashOf(canonical.get());
  return out;
}

absl::StatusOr<std::string> MakeRequest(const crypto::SigningKey& key) {
  KAPEA_ASSIGN(const EvpKeyPtr evp, KeyOf(key));
  const X509ReqPtr request(X509_REQ_new());
  unsigned char* der = nullptr;
  if (request == nullptr || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), evp.get()) != 1 ||
      X509_REQ_sign(request.get(), evp.get(), EVP_sha256()) <= 0) {
    return OpenSslError(absl::StatusCode::kInternal, "cannot make a request");
  }
  const int size = i2d_X509_REQ(request.get(), &der);
  KAPEA_CHECK(size > 0);
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace kapea::pki
