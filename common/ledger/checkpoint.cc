#include "common/ledger/checkpoint.h"

#include "absl/strings/str_format.h"
#include "common/base/macros.h"
#include "common/ledger/strict_text.h"

namespace kapea::ledger {
namespace {

constexpr std::string_view kTimePrefix = "time ";

absl::Status NoCheckpoint(const char* why) {
  return absl::InvalidArgumentError(absl::StrFormat("want a checkpoint, got %s", why));
}

// No later than Time::Max(), so that nobody's arithmetic with it overflows.
absl::StatusOr<Time> ParseTimeLine(std::string_view line) {
  if (!line.starts_with(kTimePrefix)) return NoCheckpoint("an unknown extension line");
  KAPEA_ASSIGN(const uint64_t ms, FromDecimal(line.substr(kTimePrefix.size())));
  if (ms > static_cast<uint64_t>(Time::Max().unix_ms())) return NoCheckpoint("a time out of range");
  return Time::FromUnixMs(static_cast<int64_t>(ms));
}

}  // namespace

std::string Checkpoint::Text() const {
  std::string text = absl::StrFormat("%s\n%d\n%s\n", origin, size, ToBase64(root.view()));
  if (time) text += absl::StrFormat("%s%d\n", kTimePrefix, time->unix_ms());
  return text;
}

absl::StatusOr<Checkpoint> Checkpoint::Parse(std::string_view text) {
  const auto origin = TakeLine(text), size = TakeLine(text), root = TakeLine(text);
  if (!root) return NoCheckpoint("fewer than three lines");
  if (!IsKeyName(*origin)) return NoCheckpoint("an origin that no key can be named after");
  Checkpoint checkpoint;
  checkpoint.origin = std::string(*origin);
  KAPEA_ASSIGN(checkpoint.size, FromDecimal(*size));
  KAPEA_ASSIGN(checkpoint.root, HashFromBase64(*root));
  if (const auto line = TakeLine(text)) {
    KAPEA_ASSIGN(checkpoint.time, ParseTimeLine(*line));
  }
  if (!text.empty()) return NoCheckpoint("more than the lines it knows");
  return checkpoint;
}

std::string OriginOf(const DeploymentId& deployment, uint32_t epoch) {
  return absl::StrFormat("%s/%d", deployment.hex(), epoch);
}

std::string SignCheckpoint(const Checkpoint& checkpoint, const crypto::NoteSigningKey& key) {
  const std::string text = checkpoint.Text();
  KAPEA_CHECK(Checkpoint::Parse(text).ok());
  return SignNote(text, checkpoint.origin, key);
}

absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note, const NoteVerifier& verifier) {
  KAPEA_ASSIGN(const std::string text, OpenNote(note, verifier));
  KAPEA_ASSIGN(Checkpoint checkpoint, Checkpoint::Parse(text));
  if (checkpoint.origin != verifier.name) {
    return absl::UnauthenticatedError("want the origin that the key is named after, got another");
  }
  return checkpoint;
}

}  // namespace kapea::ledger
