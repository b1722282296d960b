// Certificate requests (PKCS#10): a device shows that it holds a key.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/crypto/signature.h"

namespace kapea::pki {

inline constexpr size_t kRequestBytesMax = 4 * 1024;

// A request that was checked: its maker holds the private half of this P-256 key.
// It carries the key and nothing else, so that no authority can copy a name out of
// a request: names come from whoever issues.
class Request {
 public:
  // DER. InvalidArgument for bytes that are no request and for any key other than
  // P-256; Unauthenticated when the signature is not by that key.
  static absl::StatusOr<Request> FromDer(std::string_view der);

  const std::string& point() const { return point_; }  // 65 bytes, uncompressed
  const Hash& spki() const { return spki_; }           // SHA-256 of the SubjectPublicKeyInfo

 private:
  std::string point_;
  Hash spki_;
};

// A request for `key`, in DER, without names. The TLS key is a key of its own: never
// the one that signs parcels.
absl::StatusOr<std::string> MakeRequest(const crypto::SigningKey& key);

}  // namespace kapea::pki
