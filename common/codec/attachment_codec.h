// The sealed half of an attachment: values <-> bytes. The clear half is a domain::Value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/crypto/secret.h"

namespace kapea::codec {

// Plaintext of the seal of an attachment field: kapea.v1.AttachmentSecret, encoded.
struct AttachmentSecret {
  crypto::SecretBytes key;  // 32 bytes
  uint64_t length = 0;      // of the plaintext, in bytes
  std::string media_type;   // "image/jpeg"
  Hash manifest;            // as in the clear half
  Time captured;            // zero: not said
  std::string name;         // may be empty

  crypto::SecretBytes Encode() const;
  // InvalidArgument for anything but what Encode gives.
  static absl::StatusOr<AttachmentSecret> Decode(std::string_view bytes);
};

}  // namespace kapea::codec
