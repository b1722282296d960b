// The two sealed formats: a field sealed on a device for the people of a file,
// and a value sealed at rest in a store. Both are AES-256-GCM under a key that
// serves once, with a 32-byte commitment that is compared first (AES-GCM alone
// does not commit to its key). README.md has both with a worked example.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/crypto/secret.h"

namespace kapea::crypto {

inline constexpr size_t kCommitmentBytes = 32;
inline constexpr size_t kClassKeyBytes = 32;
inline constexpr size_t kFieldSecretBytes = 32;
inline constexpr size_t kDataKeyBytes = 32;
inline constexpr size_t kPlainBytesMax = 64 * 1024;  // after decompression; readers refuse more

// Where a sealed field stands. All of it is bound: an envelope moved to another
// record, field, write or Change does not open.
struct FieldContext {
  DeploymentId deployment;
  FileId file;
  KeyEpochId key_epoch;
  uint8_t key_class = 0;
  ChangeId change;
  uint32_t write_index = 0;  // the first write is 0
  RecordId record;
  std::string field_code;  // at most 65,535 bytes; encoding aborts beyond
  Salt leaf_salt;

  // deployment (16), file (16), key epoch (16), class (u8), change (16), write
  // index (u32), record (16), field code (u16 length + bytes), salt (16).
  std::string Encode() const;
};

// s = HKDF-Expand-SHA256(class key, "kapea/field/v1" || context, 32). Disclosing s
// proves this one field and opens no other. Aborts on a class key of another size than
// kClassKeyBytes: check what a wrap held before using it.
SecretBytes FieldSecret(const SecretBytes& class_key, const FieldContext& context);

// commitment (32) || ciphertext || tag (16). The value is compressed with zstd
// when over 256 bytes and that helps, then padded to 64, 128, 256 ... 32,768 bytes.
// InvalidArgument when it does not fit even so. One secret seals one value: the nonce is
// zero, so a second value under the same context would give both away. A write's fresh
// leaf salt sees to that.
absl::StatusOr<std::string> SealField(const SecretBytes& field_secret, const FieldContext& context,
                                      std::string_view value);
// DataLoss when the commitment differs or the seal does not open (tampering or
// another key); InvalidArgument for bytes that are no envelope, or that hold under a valid
// seal no plaintext that SealField makes. A field secret comes from disclosures too:
// InvalidArgument when it is not 32 bytes.
absl::StatusOr<SecretBytes> OpenField(const SecretBytes& field_secret, const FieldContext& context,
                                      std::string_view envelope);
// Whether `size` is a size that SealField can produce: what the server can check.
bool IsEnvelopeSize(size_t size);

// HKDF-Expand(class key, "kapea/classkey/v1" || deployment || file || key epoch || class, 32).
// Aborts as FieldSecret does.
std::string ClassKeyCommitment(const SecretBytes& class_key, const DeploymentId& deployment,
                               const FileId& file, const KeyEpochId& key_epoch, uint8_t key_class);

// A value at rest: "K" 0x01 | u32 key id | salt (24) | commitment (32) | ciphertext | tag (16);
// (k || c) = HKDF-Expand(data key, "kapea/val/v1" || salt, 64), zero nonce, associated
// data = "kapea/val/v1" || u32 key id || lp(store id) || lp(table) || lp(key).
inline constexpr size_t kValueOverheadBytes = 2 + 4 + 24 + 32 + 16;

// Where a value stands. Each part is 65,535 bytes at most; sealing aborts beyond.
struct ValueContext {
  uint32_t key_id = 0;
  std::string_view store_id;
  std::string_view table;
  std::string_view key;
};

// Seals many values under one data key with its contexts prepared once.
// Threads: any.
class ValueSealer {
 public:
  explicit ValueSealer(const SecretBytes& data_key);  // aborts unless kDataKeyBytes
  std::string Seal(const ValueContext& context, std::string_view value) const;
  // DataLoss when the value was altered, moved, or sealed under another key.
  absl::StatusOr<std::string> Open(const ValueContext& context, std::string_view sealed) const;

 private:
  SecretBytes data_key_;
};
// The key id that stands in a sealed value; InvalidArgument when it is none.
absl::StatusOr<uint32_t> SealedKeyId(std::string_view sealed);

}  // namespace kapea::crypto
