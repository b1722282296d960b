// Break-glass on a device: asking for a file, agreeing, joining the halves, and what the
// device forgets when the time is over. What the acts mean: common/domain/glass.h.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/domain/file_state.h"

namespace kapea::vault {

class Core;

struct GlassRequest {
  FileId file = {};
  std::vector<domain::KeyClass> classes = {};  // empty: what a supervisor may read in such files
  std::string reason = {};                     // a code of a-z, 0-9 and _
  std::string why = {};  // words, sealed to the file's leads and to who has halves
};

// Threads and errors: as Vault. What would have no effect is PermissionDenied, in words.
class BreakGlass {
 public:
  explicit BreakGlass(Core& core) : core_(core) {}

  // PermissionDenied for who is no supervisor or has no half of a class.
  absl::StatusOr<domain::Ref> Request(const GlassRequest& request);
  // Wraps this person's halves to who asked. NotFound: no such request. FailedPrecondition:
  // an hour has passed, or no half of this person's completes one of hers.
  absl::StatusOr<domain::Ref> Approve(const FileId& file, const ChangeId& request);
  // Joins this person's halves with those of the approval, compares each half with its hash
  // and each key with its commitment, and keeps the keys; says so to the file in the same
  // commit. The classes that can be read now. FailedPrecondition while nobody has approved,
  // and when the time is over; DataLoss when no two halves fit: evidence is kept.
  absl::StatusOr<std::vector<domain::KeyClass>> Open(const FileId& file, const ChangeId& request);
  // The words of a request, where they are for this person. NotFound.
  absl::StatusOr<std::string> Why(const FileId& file, const ChangeId& request);

  // The time that the hour and the day are counted by: the server's, as well as it is known.
  Time Now() const;
  // Whether of that file this device has the keys' Changes alone, for its person has halves.
  bool IsGuarded(const FileId& file);
  // Files of which this device has the keys' Changes alone, for its person has halves.
  std::vector<FileId> Guarded();
  // Files of which all is to be had by now and only that is here: by an approval, or for she
  // was added to the roster. They are forgotten here, to be pulled anew from the first Change.
  // Looks at `came`, and at all when the directory grew.
  absl::StatusOr<std::vector<FileId>> Forget(const std::set<FileId>& came);
  // What an opening left here, when its time is over: the keys, and the names for the search.
  absl::Status Close(const FileId& file);

 private:
  Core& core_;
};

}  // namespace kapea::vault
