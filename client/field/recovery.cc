#include "client/field/recovery.h"

#include <algorithm>

#include "client/field/act.h"
#include "common/base/macros.h"

namespace kapea::field {

absl::StatusOr<std::vector<domain::RecoveryAt>> ListRecoveries(vault::Vault& vault,
                                                               const FileId& file) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  if (!LedByMe(vault, *state)) {
    return absl::PermissionDeniedError(
        "only a lead or supervisor of the file sees who recovered its keys");
  }
  const auto& all = state->recoveries();
  return std::vector<domain::RecoveryAt>(all.rbegin(), all.rend());
}

std::vector<domain::RecoveryAt> RecoveriesToTell(vault::Vault& vault,
                                                 const domain::FileState& file) {
  std::vector<domain::RecoveryAt> told;
  if (file.recoveries().empty() || !LedByMe(vault, file)) return told;
  const Time now = vault.clock().Now();
  for (const domain::RecoveryAt& one : file.recoveries()) {
    const bool fresh = now <= one.time.soft.latest + kRecoveryTold;
    if (fresh && one.by != vault.identity().person) told.push_back(one);
  }
  return told;
}

RecoveryReach ReachOfRecovery(const domain::FileState& file, const domain::Directory& directory) {
  RecoveryReach reach;
  const domain::UnitEntry* key = directory.RecoveryKey();
  if (key != nullptr) reach.generation = key->generation;
  for (const auto& [epoch, opened] : file.key_epochs()) {
    for (const auto& [key_class, opening] : opened.classes) {
      ++reach.all;
      const KeyEpochId& id = epoch;
      const domain::KeyClass of = key_class;
      const bool given =
          std::any_of(file.wraps().begin(), file.wraps().end(), [&](const domain::WrapAt& at) {
            return at.wrap.recipient_kind == domain::RecipientKind::kRecovery &&
                   at.wrap.key_epoch == id && at.wrap.key_class == of &&
                   at.wrap.generation == reach.generation;
          });
      if (given) ++reach.given;
    }
  }
  return reach;
}

}  // namespace kapea::field
