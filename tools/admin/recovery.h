// The recovery key: made, checked and put together on a machine without a network, and
// entered into the directory by two registrars. docs/keys.md says when, and by whom.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/codec/recovery_codec.h"
#include "common/crypto/hpke.h"
#include "common/crypto/shares.h"
#include "tools/admin/registrars.h"

namespace kapea::admin {

// The public half as a file: what registrars enter. Text; not secret.
struct RecoveryPublic {
  std::string key;  // 32 bytes
  uint8_t threshold = 0, count = 0;

  std::string Encode() const;
  // InvalidArgument.
  static absl::StatusOr<RecoveryPublic> Decode(std::string_view text);
  std::string number() const;  // crypto::Fingerprint
};
inline constexpr size_t kRecoveryPublicBytesMax = 4096;

// What `create` wrote.
struct NewRecoveryKey {
  RecoveryPublic public_half;
  std::string public_file;
  std::vector<std::string> sheets;
};
// Makes a key in memory, and the new folder `directory` (0700) with a sheet for each holder
// (0600) and the public half. Every sheet is read back, and runs of `threshold` of them
// rebuild the key, before it says that it is done. AlreadyExists when there is something of
// that name: nothing is ever replaced.
absl::StatusOr<NewRecoveryKey> CreateRecoveryKey(const std::string& directory, uint8_t threshold,
                                                 uint8_t count);

// A sheet of a file; "-": typed into the terminal, five lines. Errors name the file, and
// the line of the sheet.
absl::StatusOr<crypto::Share> ReadSheet(const std::string& path);

// Whether the share belongs to that key. FailedPrecondition.
absl::Status CheckShare(const crypto::Share& share, const RecoveryPublic& public_half);

// The next generation of the recovery key of the directory. `number`: what stands on the
// sheets. FailedPrecondition when it is another, or the key is in force already.
absl::StatusOr<uint32_t> EnterRecoveryKey(TwoRegistrars& registrars,
                                          const RecoveryPublic& public_half,
                                          std::string_view number);

// The answer to a request, by these sheets. `number`: what the asker reads from her screen;
// FailedPrecondition when her request has another key in it. Nothing of the recovery key is
// left when this returns.
struct OpenedRequest {
  codec::RecoveryRequest request;
  codec::Recovered recovered;
  std::string bytes;  // of the answer's file
  size_t files = 0;   // of which keys came back
};
absl::StatusOr<OpenedRequest> OpenRequest(std::string_view request_bytes,
                                          const std::vector<crypto::Share>& shares,
                                          std::string_view number);

}  // namespace kapea::admin
