// Changes and parcels: values <-> the bytes that are hashed, signed and kept.
// proto/kapea/v1/change.proto describes the format; docs/protocol.md works an
// example. Decoding is strict: bytes that are not the canonical encoding of what
// they say are InvalidArgument ("malformed"), and are refused without a trace.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/crypto/seal.h"
#include "common/crypto/secret.h"
#include "common/crypto/signature.h"
#include "common/domain/change.h"
#include "common/domain/erasure.h"

namespace kapea::codec {

inline constexpr size_t kChangeBytesMax = 64 * 1024;
inline constexpr size_t kParcelBytesMax = 512 * 1024;
inline constexpr uint32_t kChangesPerParcelMax = 256;
inline constexpr uint32_t kWritesPerChangeMax = 256;

// First 16 bytes of SHA-256("kapea/change-id/v1" || deployment || device || u64 sequence || nonce).
ChangeId ChangeIdOf(const DeploymentId& deployment, const DeviceId& device, uint64_t sequence,
                    const Nonce& nonce);
// First 16 bytes of SHA-256("kapea/file/v1" || deployment || device || nonce of the founding
// Change).
FileId FileIdOf(const DeploymentId& deployment, const DeviceId& device, const Nonce& nonce);

// A Change as bytes (kapea.v1.Change, encoded) beside its values. Constant once made.
struct EncodedChange {
  std::string bytes;
  std::shared_ptr<const domain::Change> change;
};

// Writes one Change. Its id is known from the start, because seals are bound to it.
// Threads: one at a time.
class ChangeWriter {
 public:
  // `header` has everything but `writes`, `key_epochs`; a zero nonce is replaced.
  explicit ChangeWriter(domain::Header header);

  const ChangeId& id() const { return id_; }
  const domain::Header& header() const { return header_; }

  void Add(domain::WriteBody body);
  // Seals `value` into `write` under the class key and adds it. The context is made
  // here: file, change, write index, record, field and the leaf's salt.
  // InvalidArgument when the value is too long for any envelope.
  absl::Status AddSealed(domain::FieldWrite write, const domain::Value& value,
                         const KeyEpochId& key_epoch, domain::KeyClass key_class,
                         const crypto::SecretBytes& class_key);
  // The same for what is no Value: an attachment's sealed half (attachment_codec.h).
  absl::Status AddSealedPlaintext(domain::FieldWrite write, std::string_view plaintext,
                                  const KeyEpochId& key_epoch, domain::KeyClass key_class,
                                  const crypto::SecretBytes& class_key);
  uint32_t writes() const { return static_cast<uint32_t>(writes_.size()); }

  // ResourceExhausted over 256 writes or 64 KiB; InvalidArgument without a write.
  absl::StatusOr<EncodedChange> Finish() &&;

 private:
  domain::Header header_;
  ChangeId id_;
  std::vector<domain::Write> writes_;
};

absl::StatusOr<EncodedChange> DecodeChange(std::string_view bytes);
// The Change with the leaves of what `targets` cover withheld: their salts and contents are
// gone, their hashes stay, and its own hash is the same. InvalidArgument as DecodeChange.
absl::StatusOr<EncodedChange> Withhold(EncodedChange change,
                                       const std::vector<domain::ErasureTarget>& targets);
// The same with these writes withheld. InvalidArgument also for one that is not there.
absl::StatusOr<EncodedChange> WithholdLeaves(EncodedChange change, const std::set<size_t>& indexes);

// The encoded Change with every leaf but the header withheld. InvalidArgument as above.
absl::StatusOr<std::string> WithholdWrites(std::string_view change);

// The context that binds the seal of write `index` of that Change.
crypto::FieldContext SealContext(const domain::Header& header, const ChangeId& change,
                                 uint32_t index, const Salt& salt, const RecordId& record,
                                 std::string_view field, const domain::Sealed& sealed);
// A value as the plaintext of a seal, and back.
std::string EncodeValue(const domain::Value& value);
absl::StatusOr<domain::Value> DecodeValue(std::string_view bytes);

struct ParcelHeader {
  uint32_t format = 1;
  DeploymentId deployment;
  DeviceId device;
  uint64_t first_sequence = 0;
  uint32_t changes = 0;
  Hash previous;  // zeros for a device's first parcel
  ClockReading signing;
  Hash root;

  std::string Encode() const;
  static absl::StatusOr<ParcelHeader> Decode(std::string_view bytes);
};

// SHA-256("kapea/parcel/v1" || header): what is signed, and what the next parcel names.
Hash ParcelHashOf(std::string_view header_bytes);

// A parcel as it travels; `changes` share the encoded bytes.
struct Parcel {
  ParcelHeader header;
  std::string header_bytes;
  Hash hash;
  std::string signature;  // 64 bytes
  std::vector<EncodedChange> changes;
};

// Signs a run of this device's consecutive Changes. FailedPrecondition when they are
// not consecutive or not of one device; ResourceExhausted over a limit.
absl::StatusOr<Parcel> SignParcel(std::vector<EncodedChange> changes, const Hash& previous,
                                  const ClockReading& signing, const crypto::SigningKey& key);
// Unauthenticated when the signature is not by `key`.
absl::Status VerifyParcelSignature(std::string_view header_bytes, std::string_view signature,
                                   const crypto::VerifyKey& key);

std::string EncodeParcel(const Parcel& parcel);  // kapea.v1.Parcel
// Checks everything about a parcel but its signature: limits, form, consecutive
// numbers, one device, its root. InvalidArgument; ResourceExhausted; Unimplemented: newer.
absl::StatusOr<Parcel> DecodeParcel(std::string_view bytes);

}  // namespace kapea::codec
