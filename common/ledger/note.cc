// Signed notes and verifier keys (C2SP signed-note).
#include "absl/strings/str_format.h"
#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/strict_text.h"

namespace kapea::ledger {
namespace {

// The one kind of key we sign with and open for.
constexpr std::string_view kEd25519 = "\x01";
constexpr size_t kEd25519KeyBytes = 32;
constexpr size_t kKeyIdBytes = 4;
// Em dash and space.
constexpr std::string_view kSignaturePrefix = "\u2014 ";

struct SignatureLine {
  std::string_view name;
  uint32_t key_id = 0;
  std::string signature;
};

absl::Status NoNote(const char* why) {
  return absl::InvalidArgumentError(absl::StrFormat("want a signed note, got %s", why));
}

absl::StatusOr<SignatureLine> ParseSignatureLine(std::string_view line) {
  if (!line.starts_with(kSignaturePrefix)) return NoNote("a signature line without an em dash");
  line.remove_prefix(kSignaturePrefix.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || !IsKeyName(line.substr(0, space))) {
    return NoNote("a signature line without a key name");
  }
  KAPEA_ASSIGN(const std::string bytes, FromBase64(line.substr(space + 1)));
  if (bytes.size() <= kKeyIdBytes) return NoNote("a signature line without a signature");
  return SignatureLine{line.substr(0, space), ReadU32(bytes), bytes.substr(kKeyIdBytes)};
}

}  // namespace

uint32_t NoteKeyId(std::string_view key_name, std::string_view public_key) {
  return ReadU32(crypto::Sha256({key_name, "\n", kEd25519, public_key}).view());
}

std::string ToVerifierKey(std::string_view key_name, std::string_view public_key) {
  KAPEA_CHECK(IsKeyName(key_name) && public_key.size() == kEd25519KeyBytes);
  return absl::StrFormat("%s+%08x+%s", key_name, NoteKeyId(key_name, public_key),
                         ToBase64(std::string(kEd25519) + std::string(public_key)));
}

absl::StatusOr<NoteVerifier> ParseVerifierKey(std::string_view text) {
  const auto refuse = [](const char* why) {
    return absl::InvalidArgumentError(
        absl::StrFormat("want a verifier key name+id+base64, got %s", why));
  };
  // Only the first two '+' separate: base64 has some of its own.
  const size_t name_end = text.find('+');
  const size_t id_end =
      name_end == std::string_view::npos ? name_end : text.find('+', name_end + 1);
  if (id_end == std::string_view::npos) return refuse("fewer than three parts");
  const std::string_view name = text.substr(0, name_end);
  const std::string_view id = text.substr(name_end + 1, id_end - name_end - 1);
  if (!IsKeyName(name)) return refuse("a name that no key can have");
  KAPEA_ASSIGN(const std::string key, FromBase64(text.substr(id_end + 1)));
  if (key.size() != kEd25519.size() + kEd25519KeyBytes || !key.starts_with(kEd25519)) {
    return refuse("a key that is not Ed25519");
  }
  NoteVerifier verifier{std::string(name), key.substr(kEd25519.size())};
  const std::string want = absl::StrFormat("%08x", NoteKeyId(name, verifier.public_key));
  if (id != want) return refuse("an id that is not this key's");
  return verifier;
}

std::string SignNote(std::string_view text, std::string_view key_name,
                     const crypto::NoteSigningKey& key) {
  KAPEA_CHECK(IsNoteText(text) && text.ends_with('\n') && IsKeyName(key_name));
  std::string signature;
  AppendU32(signature, NoteKeyId(key_name, key.public_key()));
  signature += key.Sign(text);
  return absl::StrFormat("%s\n%s%s %s\n", text, kSignaturePrefix, key_name, ToBase64(signature));
}

absl::StatusOr<std::string> OpenNote(std::string_view note, const NoteVerifier& verifier) {
  if (note.size() > kMaxNoteBytes) return NoNote("more than 64 KiB");
  if (!IsNoteText(note)) return NoNote("bytes that are no UTF-8 or control characters");
  // The text may hold empty lines of its own; the last one ends it.
  const size_t text_end = note.rfind("\n\n");
  if (text_end == std::string_view::npos) return NoNote("no empty line before the signatures");
  const std::string_view text = note.substr(0, text_end + 1);
  std::string_view lines = note.substr(text_end + 2);
  if (lines.empty() || !lines.ends_with('\n')) return NoNote("no complete signature line");

  const uint32_t key_id = NoteKeyId(verifier.name, verifier.public_key);
  bool verified = false;
  size_t count = 0;
  // Malformed is said before unauthenticated, whatever the order of the lines.
  absl::Status wrong = absl::OkStatus();
  while (const auto line = TakeLine(lines)) {
    if (++count > kMaxNoteSignatures) return NoNote("more than 100 signatures");
    KAPEA_ASSIGN(const SignatureLine signature, ParseSignatureLine(*line));
    if (signature.name != verifier.name || signature.key_id != key_id || !wrong.ok()) continue;
    wrong = crypto::VerifyNoteSignature(verifier.public_key, text, signature.signature);
    verified = wrong.ok();
  }
  KAPEA_TRY(wrong);
  if (!verified) return absl::UnauthenticatedError("want a signature of the known key, got none");
  return std::string(text);
}

}  // namespace kapea::ledger
