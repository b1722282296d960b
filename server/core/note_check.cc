#include "server/core/note_check.h"

#include "common/base/macros.h"

namespace kapea::server {
namespace {
constexpr size_t kNotesMax = 16384;  // about 4 MB; more than devices have server times at once
}

absl::Status NoteCheck::Check(std::string_view note) {
  if (note.empty() || good_.contains(std::string(note))) return absl::OkStatus();
  // The origin, and so the key's name, has the ledger epoch in it: take it from the note.
  const std::string origin(note.substr(0, note.find('\n')));
  KAPEA_TRY(ledger::OpenCheckpoint(note, {origin, public_key_}).status());
  if (good_.size() >= kNotesMax) good_.clear();
  good_.emplace(note);
  return absl::OkStatus();
}

}  // namespace kapea::server
