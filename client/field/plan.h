// The plan of an operation: with leads and supervisors alone, until two of them release it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/field/inbox.h"
#include "client/vault/vault.h"
#include "common/domain/release.h"

namespace kapea::field {

// Threads: one at a time. Errors of all: as Vault. PermissionDenied for who does not lead the
// file, and for an approval by who proposed; InvalidArgument for a reason that is no code.
absl::StatusOr<domain::Ref> ProposeRelease(vault::Vault& vault, const FileId& file,
                                           const std::string& reason);
// The newest proposal of somebody else. NotFound: none waits. It takes effect when the server
// has received it; the keys go out with the next sync of a lead or supervisor.
absl::StatusOr<domain::Ref> ApproveRelease(vault::Vault& vault, const FileId& file);

struct PlanView {
  std::optional<domain::ReleaseAt> release;
  struct Proposal {
    ChangeId change;
    PersonId by;
    std::string reason;
  };
  std::vector<Proposal> open;  // have not lapsed, the newest last
};
absl::StatusOr<PlanView> ViewPlan(vault::Vault& vault, const FileId& file);

// To who leads the file, of what a colleague proposes.
absl::Status AddReleaseLines(vault::Vault& vault, const FileId& file,
                             std::vector<InboxLine>& lines);

}  // namespace kapea::field
