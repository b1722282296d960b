// Waiving a clause for one file, and ending that.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/domain/change.h"
#include "common/domain/form.h"

namespace kapea::field {

// The clause that standards of such files know by our id, or else by an official number
// that one clause alone has. Never null; lives as long as the vault's packs. Errors:
// InvalidArgument for a number of several clauses, NotFound.
absl::StatusOr<const domain::Clause*> FindClause(vault::Vault& vault, domain::FileKind kind,
                                                 std::string_view named);

// The Change says the clause by our id, the reason and who; the finding shows them from
// then on. `clause` is named as for FindClause. `reason_code` is a code, for words could
// say who. Threads: one at a time. Errors: as FindClause, InvalidArgument for no reason
// or one that is no code; PermissionDenied for a role that may not waive it, and as
// CommitAct.
absl::StatusOr<domain::Ref> WaiveClause(vault::Vault& vault, const FileId& file,
                                        std::string_view clause, std::string_view reason_code);
// FailedPrecondition where it is not waived.
absl::StatusOr<domain::Ref> EndWaiver(vault::Vault& vault, const FileId& file,
                                      std::string_view clause);

}  // namespace kapea::field
