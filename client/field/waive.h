// Waiving a clause for one file, and ending that.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/domain/change.h"

namespace kapea::field {

// The Change says the clause, the reason and who; the finding shows them from then on.
// `reason_code` is a code, for words could say who. Threads: one at a time. Errors:
// InvalidArgument for no reason, or one that is no code; NotFound for a clause that no
// standard of such files has; PermissionDenied for a role that may not waive it, and as
// CommitAct.
absl::StatusOr<domain::Ref> WaiveClause(vault::Vault& vault, const FileId& file,
                                        std::string_view clause, std::string_view reason_code);
// FailedPrecondition where it is not waived.
absl::StatusOr<domain::Ref> EndWaiver(vault::Vault& vault, const FileId& file,
                                      std::string_view clause);

}  // namespace kapea::field
