#include "client/field/act.h"

#include <algorithm>

#include "client/field/draft.h"
#include "client/vault/break_glass.h"
#include "common/base/macros.h"
#include "common/domain/glass.h"
#include "common/domain/roster.h"

namespace kapea::field {

absl::Status CheckWouldCount(vault::Vault& vault, const codec::ChangeWriter& writer) {
  codec::ChangeWriter copy = writer;
  KAPEA_ASSIGN(const codec::EncodedChange encoded, std::move(copy).Finish());
  KAPEA_ASSIGN(const auto state, vault.File(encoded.change->header.file));
  return Refusal(state->Judge(*encoded.change, domain::Directory::kNow, vault.around()));
}

std::vector<domain::RoleAt> RolesIn(vault::Vault& vault, const domain::FileState& file) {
  const vault::Identity& me = vault.identity();
  const auto directory = vault.directory();
  std::vector<domain::RoleAt> roles{{me.role, me.unit}};
  if (const auto* entry = directory->FindPerson(me.person)) {
    roles.insert(roles.end(), entry->roles.begin(), entry->roles.end());
  }
  std::erase_if(roles, [&](const domain::RoleAt& at) {
    return !file.IsMember(me.person, at.unit, at.role, *directory);
  });
  return roles;
}

bool LedByMe(vault::Vault& vault, const domain::FileState& file) {
  const std::vector<domain::RoleAt> roles = RolesIn(vault, file);
  return std::any_of(roles.begin(), roles.end(), [&](const domain::RoleAt& at) {
    return file.MayLead(vault.identity().person, at.unit, at.role, *vault.directory());
  });
}

bool MayHold(vault::Vault& vault, const domain::FileState& file, domain::KeyClass key_class) {
  const PersonId& me = vault.identity().person;
  const auto directory = vault.directory();
  for (const domain::Member& line : file.roster()) {
    const bool mine =
        domain::Covers(line, me, line.unit, line.role, *directory, domain::Directory::kNow);
    if (mine && file.MayHaveKey(line, key_class, file.kind())) return true;
  }
  return std::any_of(file.glasses().begin(), file.glasses().end(), [&](const auto& glass) {
    const bool open =
        domain::StatusOf(glass, vault.break_glass().Now()) == domain::GlassStatus::kOpen;
    return open && glass.by == me && !glass.opened.empty() &&
           std::find(glass.classes.begin(), glass.classes.end(), key_class) != glass.classes.end();
  });
}

absl::StatusOr<domain::Ref> CommitAct(vault::Vault& vault, const Act& act) {
  vault::Intent intent;
  intent.file = act.file;
  intent.kind = act.kind;
  intent.refs = act.refs;
  intent.acting = act.acting;
  KAPEA_ASSIGN(codec::ChangeWriter writer, vault.Begin(intent));
  writer.Add(act.body);
  KAPEA_TRY(CheckWouldCount(vault, writer));
  return vault.Commit(std::move(writer));
}

}  // namespace kapea::field
