// ECDSA P-256 (devices sign parcels) and Ed25519 (the log signs checkpoints).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/crypto/secret.h"

namespace kapea::crypto {

// A P-256 public key. On the wire: the 65-byte uncompressed point (0x04 || x || y).
// Copies share the parsed key. Threads: any.
class VerifyKey {
 public:
  // InvalidArgument unless the bytes are a point on the curve, other than infinity.
  static absl::StatusOr<VerifyKey> FromBytes(std::string_view point);
  const std::string& bytes() const { return bytes_; }
  // `signature`: 64 bytes, r || s, big-endian. Unauthenticated when it does not
  // verify over SHA-256 of `message`, or has another length, or r or s out of range.
  absl::Status Verify(std::string_view message, std::string_view signature) const;

 private:
  struct Parsed;
  std::string bytes_;
  std::shared_ptr<const Parsed> parsed_;
};

// A P-256 private key. Threads: any.
class SigningKey {
 public:
  static SigningKey Generate();
  // `scalar`: 32 bytes big-endian, 1 to n-1, else InvalidArgument.
  static absl::StatusOr<SigningKey> FromScalar(const SecretBytes& scalar);
  SecretBytes Scalar() const;
  const VerifyKey& verify_key() const { return verify_key_; }
  // 64 bytes, r || s, over SHA-256 of `message`.
  std::string Sign(std::string_view message) const;
  // PKCS#8 PEM, for the TLS stack alone.
  SecretBytes ToPem() const;
  static absl::StatusOr<SigningKey> FromPem(std::string_view pem);

 private:
  struct Parsed;
  std::shared_ptr<const Parsed> parsed_;
  VerifyKey verify_key_;
};

// Ed25519 (RFC 8032). Public keys 32 bytes, private seeds 32 bytes, signatures 64.
// Threads: any.
class NoteSigningKey {
 public:
  static NoteSigningKey Generate();
  static absl::StatusOr<NoteSigningKey> FromSeed(const SecretBytes& seed);
  SecretBytes Seed() const { return seed_.Copy(); }
  const std::string& public_key() const { return public_key_; }
  std::string Sign(std::string_view message) const;

 private:
  struct Parsed;  // made once: making it costs as much as a signature
  SecretBytes seed_;
  std::string public_key_;
  std::shared_ptr<const Parsed> parsed_;
};
// Unauthenticated when it does not verify; InvalidArgument for a malformed key.
absl::Status VerifyNoteSignature(std::string_view public_key, std::string_view message,
                                 std::string_view signature);

}  // namespace kapea::crypto
