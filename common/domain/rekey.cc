#include "common/domain/rekey.h"

#include <algorithm>

#include "common/domain/roles.h"
#include "common/domain/roster.h"

namespace kapea::domain {
namespace {

bool MayHave(const FileState& file, const Directory& directory, const Wrap& wrap,
             const PersonId& person) {
  return std::any_of(file.roster().begin(), file.roster().end(), [&](const Member& line) {
    return file.MayHaveKey(line, wrap.key_class, file.kind()) &&
           Covers(line, person, line.unit, line.role, directory, Directory::kNow);
  });
}

bool MayHave(const FileState& file, const Directory& directory, const Wrap& wrap,
             const UnitId& unit) {
  const UnitEntry* entry = directory.FindUnit(unit);
  if (entry == nullptr || !UnitKeyMayHold(entry->kind, wrap.key_class, file.kind())) return false;
  return std::any_of(file.roster().begin(), file.roster().end(), [&](const Member& line) {
    return !line.person && line.unit == unit && file.MayHaveKey(line, wrap.key_class, file.kind());
  });
}

bool Outlived(const FileState& file, const Directory& directory, const Wrap& wrap) {
  const PersonId person = PersonId::FromPrefix(wrap.recipient.view());
  const UnitId unit = UnitId::FromPrefix(wrap.recipient.view());
  switch (wrap.recipient_kind) {
    case RecipientKind::kPerson:
      return directory.KeyEnded(person, wrap.generation) || !MayHave(file, directory, wrap, person);
    case RecipientKind::kUnit:
      return directory.KeyEnded(unit, wrap.generation) || !MayHave(file, directory, wrap, unit);
    case RecipientKind::kHalf:
      return directory.KeyEnded(person, wrap.generation) || !IsSupervisor(directory, person);
    case RecipientKind::kRecovery:
      return directory.RecoveryKeyEnded(wrap.generation);
    default:
      return false;
  }
}

}  // namespace

bool RekeyDue(const FileState& file, const Directory& directory, Time now) {
  const KeyEpoch* newest = file.newest_key_epoch();
  if (newest == nullptr) return false;
  if (newest->astray) return true;
  if (GlassEndsKeysAt(file) <= now) return true;
  return std::any_of(file.wraps().begin(), file.wraps().end(), [&](const WrapAt& at) {
    return at.wrap.key_epoch == newest->id && Outlived(file, directory, at.wrap);
  });
}

}  // namespace kapea::domain
