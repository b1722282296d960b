#include "client/field/waive.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "client/field/act.h"
#include "common/base/macros.h"
#include "common/domain/form.h"

namespace kapea::field {
namespace {

// Reasons are clear to the server, so they are codes and never sentences.
bool IsCode(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
  });
}

const domain::Clause* FindClause(vault::Vault& vault, domain::FileKind kind,
                                 std::string_view clause) {
  for (const domain::Pack* pack : vault.packs().All()) {
    for (const auto& standard : pack->standards) {
      if (standard->file_kind != kind) continue;
      for (const domain::Clause& known : standard->clauses) {
        if (known.id == clause) return &known;
      }
    }
  }
  return nullptr;
}

// One of the roles that the person has in this file and that may waive the clause.
absl::StatusOr<domain::RoleAt> WaivingRole(vault::Vault& vault, const domain::FileState& file,
                                           const domain::Clause& clause) {
  for (const domain::RoleAt& at : RolesIn(vault, file)) {
    const bool may =
        std::find(clause.waivers.begin(), clause.waivers.end(), at.role) != clause.waivers.end();
    if (may) return at;
  }
  return absl::PermissionDeniedError(clause.waivers.empty()
                                         ? "nobody may waive this clause"
                                         : "your role in this file may not waive this clause");
}

absl::StatusOr<domain::Ref> Commit(vault::Vault& vault, const FileId& file,
                                   std::string_view clause_id, domain::Waiver waiver) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  const domain::Clause* clause = FindClause(vault, state->kind(), clause_id);
  if (clause == nullptr) {
    return absl::NotFoundError("no clause " + std::string(clause_id) + " for such files");
  }
  KAPEA_ASSIGN(const domain::RoleAt acting, WaivingRole(vault, *state, *clause));
  Act act;
  act.file = file;
  act.kind = domain::Kind::kWaiver;
  act.body = std::move(waiver);
  act.acting = acting;
  return CommitAct(vault, act);
}

}  // namespace

absl::StatusOr<domain::Ref> WaiveClause(vault::Vault& vault, const FileId& file,
                                        std::string_view clause, std::string_view reason_code) {
  if (!IsCode(reason_code)) {
    return absl::InvalidArgumentError(
        "want a reason as a code: 1 to 64 letters, digits and _, and no words about anybody");
  }
  return Commit(vault, file, clause, {std::string(clause), std::string(reason_code), false});
}

absl::StatusOr<domain::Ref> EndWaiver(vault::Vault& vault, const FileId& file,
                                      std::string_view clause) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  if (!state->waivers().contains(std::string(clause))) {
    return absl::FailedPreconditionError("this clause is not waived in this file");
  }
  return Commit(vault, file, clause, {std::string(clause), "", true});
}

}  // namespace kapea::field
