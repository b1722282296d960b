// The one-time code by which a new device finds its deployment and is let in once.
// A supervisor's device shows it as a QR code; README.md has the format and an example.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/crypto/secret.h"
#include "common/crypto/signature.h"

namespace kapea::pki {

inline constexpr std::string_view kEnrolmentCodePrefix = "KAPEA1:";
inline constexpr size_t kEnrolmentSecretBytes = 16;
inline constexpr size_t kEnrolmentCodeBytesMax = 2 * 1024;  // of text; a QR code holds it
inline constexpr size_t kLogVerifierKeyBytesMax = 200;
inline constexpr size_t kServerAddressBytesMax = 260;

// Whoever holds the text can enrol one device in somebody's name until it expires or
// is used: it is shown on a screen, and never sent, stored or logged.
struct EnrolmentCode {
  DeploymentId deployment;
  Hash genesis;                       // hash of Entry 0
  Hash root;                          // SHA-256 of the root certificate, pinned from now on
  Time expires;                       // when the bootstrap certificate does, or before
  crypto::SecretBytes secret;         // kEnrolmentSecretBytes, shared with the server alone
  std::string log_key;                // C2SP verifier key of the log, as text
  std::string server;                 // host:port
  std::string bootstrap_certificate;  // DER, the leaf alone: the server knows its authority
  crypto::SigningKey bootstrap_key;

  // InvalidArgument when a part is missing or too long, or the key is not the certificate's.
  absl::StatusOr<crypto::SecretBytes> Encode() const;
  // White space around the text is not minded, anything else is. InvalidArgument, with
  // a sentence to show, for a text that is cut, altered, or of another version.
  // It does not say whether the code has expired: ask IsExpired.
  static absl::StatusOr<EnrolmentCode> Decode(std::string_view text);

  bool IsExpired(Time now) const { return now >= expires; }
};

// "host:port", "192.0.2.1:443" or "[2001:db8::1]:443", the port 1 to 65535.
absl::Status CheckServerAddress(std::string_view address);

// The public keys that a new device offers. Views: whoever made them keeps them.
struct NewDeviceKeys {
  std::string_view signing;         // 65 bytes
  std::string_view device_receive;  // 32 bytes, as the next two
  std::string_view person_receive;
  std::string_view unit_receive;
};

// The proof that the keys of a new device were sent by whoever read the code, all of them,
// so that nobody on the way can put one of his own among them: HMAC-SHA256(secret,
// "kapea/enrol/v1" || SHA-256(SPKI of the TLS key) || the four keys). InvalidArgument for a
// secret or keys of other sizes.
absl::StatusOr<std::string> EnrolmentMac(std::string_view secret, const Hash& spki,
                                         const NewDeviceKeys& keys);
// In constant time. Unauthenticated when it is another.
absl::Status CheckEnrolmentMac(std::string_view secret, const Hash& spki, const NewDeviceKeys& keys,
                               std::string_view mac);

}  // namespace kapea::pki
