// What waits for this person: nobody is told by chance.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/vault/vault.h"

namespace kapea::field {

enum class InboxKind : uint8_t {
  kBreakGlass = 0,  // of a file that I lead, or for which I have the missing half
  kStopped = 1,     // sync stopped: the server contradicted itself
  kHandover = 2,    // persons are offered to a unit of mine
  kRefused = 3,     // a Change of mine has no effect
  kToAdmit = 4,     // a colleague's has none, and I may admit it
  kConflict = 5,
  kOverdue = 6,     // items that my duties may answer, and clauses of files in our custody
  kMuster = 7,      // a head count does not balance
  kIncomplete = 8,  // numbers of a file are withheld
  kDispute = 9,     // a verdict of the server that does not follow
  kPack = 10,       // a pack does not verify or compile
  kDevice = 12,     // a device of mine that I have not confirmed
  kMismatch = 13,   // a fact differs from what is sealed beside it
  kErasure = 14,    // one is proposed that I may agree to, or a file is due for one
  kRelease = 15,    // of a plan: one is proposed that I may agree to
  kDuplicate = 25,  // a person is possibly known to another unit
  kRecovery = 20,   // somebody recovered keys of a file that I lead
  kRekey = 11,      // somebody who should not may hold the newest keys of a file that I lead
};

struct InboxLine {
  InboxKind kind = InboxKind::kStopped;
  FileId file;       // zero: none
  std::string code;  // of the file, or of the hand-over
  std::string what;  // a sentence without personal data
  std::string next;  // what to do, as words
  uint32_t count = 1;
};
std::string_view NameOf(InboxKind kind);

// The most urgent first. Threads: one at a time. Errors: as Vault.
absl::StatusOr<std::vector<InboxLine>> ReadInbox(vault::Vault& vault);

}  // namespace kapea::field
