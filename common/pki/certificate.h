// An X.509 certificate as the rest of Kapea sees it: a value, read once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/pki/peer_name.h"

namespace kapea::pki {

inline constexpr size_t kCertificatePemBytesMax = 16 * 1024;
inline constexpr size_t kChainLengthMax = 6;

// What a certificate says, not whether it is to be believed: that is
// TrustAnchor::Verify (verify.h).
struct Certificate {
  std::string der;
  Time not_before;
  Time not_after;      // the last moment at which it is valid
  Hash fingerprint;    // SHA-256 of the DER
  Hash spki;           // SHA-256 of the SubjectPublicKeyInfo in DER
  std::string serial;  // lower-case hex
  bool is_authority = false;
  std::vector<std::string> uris;
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;

  // InvalidArgument when the bytes are no certificate, or more than one.
  static absl::StatusOr<Certificate> FromPem(std::string_view pem);
  static absl::StatusOr<Certificate> FromDer(std::string_view der);
  std::string ToPem() const;
};

// The certificates of a PEM text, in its order: 1 to kChainLengthMax of them, and
// nothing else but white space between. InvalidArgument otherwise.
absl::StatusOr<std::vector<Certificate>> ParseChain(std::string_view pem);

// The one name of a leaf. Unauthenticated for an authority, for no URI or more than
// one (whatever they say), and for a URI that is no name of this deployment.
absl::StatusOr<PeerName> NameOf(const Certificate& certificate, const DeploymentId& deployment);

}  // namespace kapea::pki
