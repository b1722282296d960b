// Break-glass as screens show it: which files could be opened so, who asked, what stands.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/field/inbox.h"
#include "client/vault/break_glass.h"
#include "client/vault/vault.h"
#include "common/domain/glass.h"

namespace kapea::field {

struct GlassLine {
  FileId file;
  domain::FileKind kind = domain::FileKind::kNone;
  domain::GlassAt act;
  domain::GlassStatus status = domain::GlassStatus::kWaiting;
  std::string why;  // empty: no words for this person
  bool mine = false;
  bool for_me = false;       // to approve: another's, waiting, and a half completes hers
  bool opened_here = false;  // a key of it is on this device
};

// Threads: one at a time. Errors of all: as Vault and vault::BreakGlass.

// A file that this person works on, or one of which she has halves, by its short name.
absl::StatusOr<FileId> FindGlassFile(vault::Vault& vault, std::string_view name);
// Of one file, the newest first.
absl::StatusOr<std::vector<GlassLine>> ListGlass(vault::Vault& vault, const FileId& file);
// Files of which this person has a half.
absl::StatusOr<std::vector<FileId>> FilesWithHalves(vault::Vault& vault);
// InvalidArgument for a reason that is no code, or without words.
absl::StatusOr<domain::Ref> AskForGlass(vault::Vault& vault, const vault::GlassRequest& request);
// The newest request of the file that waits for this person; or, with `mine`, hers that stands
// open. NotFound in words.
absl::StatusOr<GlassLine> NewestGlass(vault::Vault& vault, const FileId& file, bool mine);

// How the newest key epoch of a file is kept for break-glass.
struct HalvesKept {
  std::vector<PersonId> first, second;  // with half 1, and with half 2, whose keys count
  bool any() const { return !first.empty() && !second.empty(); }
};
HalvesKept HalvesOf(const domain::FileState& file, const domain::Directory& directory);

// What break-glass has to say in the inbox: to those who have the missing half while a request
// waits, and to the leads and supervisors of the file of every request, approval and opening.
absl::Status AddGlassLines(vault::Vault& vault, const FileId& file, std::vector<InboxLine>& lines);

}  // namespace kapea::field
