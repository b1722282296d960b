// Checkpoints (C2SP tlog-checkpoint) as signed notes (C2SP signed-note, Ed25519),
// and the ServerTime: a checkpoint with one extension line, "time <unix ms>".
//
// The formats are described once, with an example, in this room's README.md.
// Threads: any. Limits: kMaxNoteBytes, kMaxNoteSignatures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/crypto/signature.h"

namespace kapea::ledger {

inline constexpr size_t kMaxNoteBytes = 64 * 1024;
inline constexpr size_t kMaxNoteSignatures = 100;

// Line 1 is the origin "<deployment in hex>/<ledger epoch>", which is also the name
// of the signing key.
struct Checkpoint {
  std::string origin;
  uint64_t size = 0;
  Hash root;
  std::optional<Time> time;  // present in a ServerTime

  // The text that is signed: "origin\nsize\nbase64(root)\n" and, with a time, "time N\n".
  std::string Text() const;
  // InvalidArgument for anything but exactly that text. C2SP allows any extension line;
  // we take none but the one we know, since a line that nobody understands would
  // still be signed.
  static absl::StatusOr<Checkpoint> Parse(std::string_view text);

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

std::string OriginOf(const DeploymentId& deployment, uint32_t epoch);

// A note: text, an empty line, and a "— name base64(key id (4) || signature)" line.
// Aborts unless the text is note text that ends in a newline and the name is a key name:
// we sign nothing that we did not write ourselves.
std::string SignNote(std::string_view text, std::string_view key_name,
                     const crypto::NoteSigningKey& key);
// First four bytes of SHA-256(name || 0x0A || 0x01 || public key).
uint32_t NoteKeyId(std::string_view key_name, std::string_view public_key);
// The C2SP verifier key, "name+hex id+base64(0x01 || public key)", and back.
std::string ToVerifierKey(std::string_view key_name, std::string_view public_key);
struct NoteVerifier {
  std::string name;
  std::string public_key;
};
// InvalidArgument for any other text, another type of key, or an id that is not the key's.
absl::StatusOr<NoteVerifier> ParseVerifierKey(std::string_view text);

// The text of a note that `verifier` signed. Unauthenticated when its signature is
// missing or wrong: every line that bears its name and key id must verify, and lines of
// unknown keys are passed over. InvalidArgument for bytes that are no note (over 64 KiB,
// over 100 signatures, no UTF-8, control characters, a malformed signature line).
absl::StatusOr<std::string> OpenNote(std::string_view note, const NoteVerifier& verifier);

// The origin is the key's name. Aborts for a checkpoint that Parse would refuse.
std::string SignCheckpoint(const Checkpoint& checkpoint, const crypto::NoteSigningKey& key);
// As OpenNote and Parse; Unauthenticated also when the origin is not the verifier's name.
absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note, const NoteVerifier& verifier);

}  // namespace kapea::ledger
