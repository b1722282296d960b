// Recovery of class keys: what a device asks for, and what comes back when people with
// enough share sheets have put the recovery key together. Both are files that a person
// carries; the messages are in kapea/v1/recovery.proto, after one line that says what it is.
//
// A key comes back sealed by HPKE to the asker's key, info "kapea/recovery-answer/v1", with
//   associated data = deployment (16) || file (16) || key epoch (16) || class (u8) ||
//                     generation of the recovery key (u32) || person (16) ||
//                     generation of her key (u32) || SHA-256 of her public key (32) ||
//                     SHA-256 of the request (32)
// so that an answer serves one request of one person, and each key in it its place alone.
// Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/crypto/hpke.h"
#include "common/crypto/secret.h"
#include "common/domain/change.h"

namespace kapea::codec {

inline constexpr size_t kRecoveryKeysMax = 65'536;      // in one request: some 20 MB
inline constexpr size_t kRecoveryBytesMax = 32u << 20;  // of either file

// One key that is asked for.
struct RecoveryWanted {
  FileId file;
  ChangeId change;    // that carries the wrap
  domain::Wrap wrap;  // to the recovery key
  Hash commitment;    // of the class key, by the opening of its key epoch
};
struct RecoveryRequest {
  DeploymentId deployment;
  PersonId person;
  uint32_t generation = 0;
  std::string receive_key;  // 32 bytes
  std::string reason;       // a code
  std::vector<RecoveryWanted> wanted;
};
struct RecoveredKey {
  FileId file;
  KeyEpochId key_epoch;
  domain::KeyClass key_class = domain::KeyClass::kNone;
  uint32_t generation = 0;  // of the recovery key
  crypto::HpkeMessage sealed;
};
struct RecoveryAnswer {
  Hash request;  // SHA-256 of the request's bytes
  std::vector<RecoveredKey> keys;
};

std::string EncodeRecoveryRequest(const RecoveryRequest& request);
// InvalidArgument: it is none, or says what cannot be. ResourceExhausted over a limit.
absl::StatusOr<RecoveryRequest> DecodeRecoveryRequest(std::string_view bytes);
std::string EncodeRecoveryAnswer(const RecoveryAnswer& answer);
absl::StatusOr<RecoveryAnswer> DecodeRecoveryAnswer(std::string_view bytes);

// What the recovery key makes of a request. Keys that do not fit the commitment in the
// request, and those of another recovery key, are left out and counted.
struct Recovered {
  RecoveryAnswer answer;
  size_t of_other_key = 0;  // wrapped to another generation of the recovery key
  size_t damaged = 0;       // for this one, and not what it says
};
// `request_bytes`: as they were decoded. FailedPrecondition: not one key can be opened.
absl::StatusOr<Recovered> AnswerRecovery(const RecoveryRequest& request,
                                         std::string_view request_bytes,
                                         const crypto::ReceiveKey& recovery);

// Who opens an answer: the person with the key that her request named.
struct Asker {
  DeploymentId deployment;
  PersonId person;
  uint32_t generation = 0;
  const crypto::ReceiveKey& key;
};
// DataLoss when it does not open. Not to be believed before it is compared with the
// commitment in the Ledger.
absl::StatusOr<crypto::SecretBytes> OpenRecovered(const RecoveryAnswer& answer,
                                                  const RecoveredKey& key, const Asker& asker);

}  // namespace kapea::codec
