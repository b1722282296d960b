#include "client/field/waive.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/field/act.h"
#include "common/base/macros.h"

namespace kapea::field {
namespace {

// Reasons are clear to the server, so they are codes and never sentences.
bool IsCode(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
  });
}

const domain::Clause* FindById(vault::Vault& vault, domain::FileKind kind, std::string_view id) {
  for (const domain::Pack* pack : vault.packs().All()) {
    for (const auto& standard : pack->standards) {
      if (standard->file_kind != kind) continue;
      for (const domain::Clause& known : standard->clauses) {
        if (known.id == id) return &known;
      }
    }
  }
  return nullptr;
}

// Our ids of the clauses that the official text calls `number`.
std::set<std::string> IdsOf(vault::Vault& vault, domain::FileKind kind, std::string_view number) {
  std::set<std::string> ids;
  for (const domain::Pack* pack : vault.packs().All()) {
    const domain::Pack* newest = vault.NewestPack(pack->id);
    if (newest == nullptr) continue;
    for (const auto& standard : newest->standards) {
      if (standard->file_kind != kind) continue;
      for (const domain::Clause& known : standard->clauses) {
        if (newest->OfficialNumber(standard->id, known.id) == number) ids.insert(known.id);
      }
    }
  }
  return ids;
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

absl::StatusOr<domain::Ref> Commit(vault::Vault& vault, const domain::FileState& state,
                                   const domain::Clause& clause, std::string_view reason,
                                   bool ended) {
  KAPEA_ASSIGN(const domain::RoleAt acting, WaivingRole(vault, state, clause));
  Act act;
  act.file = state.id();
  act.kind = domain::Kind::kWaiver;
  act.body = domain::Waiver{clause.id, std::string(reason), ended};
  act.acting = acting;
  return CommitAct(vault, act);
}

}  // namespace

absl::StatusOr<const domain::Clause*> FindClause(vault::Vault& vault, domain::FileKind kind,
                                                 std::string_view named) {
  if (const domain::Clause* clause = FindById(vault, kind, named)) return clause;
  const std::set<std::string> ids = IdsOf(vault, kind, named);
  if (ids.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("several clauses have the number ", std::string(named), ": name one of ",
                     absl::StrJoin(ids, ", "), "; nothing was waived"));
  }
  const domain::Clause* clause = ids.empty() ? nullptr : FindById(vault, kind, *ids.begin());
  if (clause != nullptr) return clause;
  return absl::NotFoundError("no clause " + std::string(named) + " for such files");
}

absl::StatusOr<domain::Ref> WaiveClause(vault::Vault& vault, const FileId& file,
                                        std::string_view clause, std::string_view reason_code) {
  if (!IsCode(reason_code)) {
    return absl::InvalidArgumentError(
        "want a reason as a code: 1 to 64 letters, digits and _, and no words about anybody");
  }
  KAPEA_ASSIGN(const auto state, vault.File(file));
  KAPEA_ASSIGN(const domain::Clause* known, FindClause(vault, state->kind(), clause));
  return Commit(vault, *state, *known, reason_code, false);
}

absl::StatusOr<domain::Ref> EndWaiver(vault::Vault& vault, const FileId& file,
                                      std::string_view clause) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  KAPEA_ASSIGN(const domain::Clause* known, FindClause(vault, state->kind(), clause));
  if (!state->waivers().contains(known->id)) {
    return absl::FailedPreconditionError("this clause is not waived in this file");
  }
  return Commit(vault, *state, *known, "", true);
}

}  // namespace kapea::field
