// Wraps: a class key, or a person's or unit's key, sealed by HPKE to one recipient.
//
//   associated data = deployment (16) || file (16) || key epoch (16) || class (u8) ||
//                     half (u8) || recipient kind (u8) || recipient (16) ||
//                     generation (u32) || SHA-256 of its public key (32) || change (16)
//
// Integers big-endian, HPKE info "kapea/wrap/v1". For a person's or unit's key the key
// epoch is zeros, class and half are 0, and the file is the directory's. A wrap moved to
// another Change, file, class or recipient does not open.
// Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/crypto/hpke.h"
#include "common/crypto/secret.h"
#include "common/domain/change.h"

namespace kapea::codec {

// Where a wrap stands.
struct WrapContext {
  DeploymentId deployment;
  FileId file;
  ChangeId change;  // that carries it
};

// To whom, and what for.
struct WrapTarget {
  std::optional<KeyEpochId> key_epoch;  // of a class key
  domain::KeyClass key_class = domain::KeyClass::kNone;
  uint32_t half = 0;
  domain::RecipientKind recipient_kind = domain::RecipientKind::kNone;
  ChangeId recipient;  // person, unit or device id
  uint32_t generation = 0;
  std::string public_key;                 // 32 bytes
  std::optional<ChangeId> wrapped_owner;  // of a person's or unit's key: whose
  uint32_t wrapped_generation = 0;
};

std::string WrapAssociatedData(const WrapContext& context, const domain::Wrap& wrap);

// InvalidArgument for a public key that is none, or a secret of another size than 32 bytes.
absl::StatusOr<domain::Wrap> SealWrap(const WrapContext& context, const WrapTarget& target,
                                      const crypto::SecretBytes& secret);
// DataLoss when it does not open with `key`. What comes out is not yet to be believed:
// the caller compares a class key with its commitment, another with the directory.
absl::StatusOr<crypto::SecretBytes> OpenWrap(const WrapContext& context, const domain::Wrap& wrap,
                                             const crypto::ReceiveKey& key);

}  // namespace kapea::codec
