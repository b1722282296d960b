#include "common/domain/rekey.h"

#include <algorithm>
#include <map>
#include <tuple>

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

// Whether its recipient may have such a key at all, by whichever generation.
bool MayHave(const FileState& file, const Directory& directory, const Wrap& wrap) {
  return wrap.recipient_kind == RecipientKind::kUnit
             ? MayHave(file, directory, wrap, UnitId::FromPrefix(wrap.recipient.view()))
             : MayHave(file, directory, wrap, PersonId::FromPrefix(wrap.recipient.view()));
}

using OneKey = std::tuple<RecipientKind, ChangeId, KeyEpochId, KeyClass>;
OneKey OneKeyOf(const Wrap& wrap) {
  return {wrap.recipient_kind, wrap.recipient, wrap.key_epoch.value_or(KeyEpochId()),
          wrap.key_class};
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
  if (GlassEndsKeysAt(file) <= now) return true;
  const auto of_newest = [newest](const WrapAt& at) { return at.wrap.key_epoch == newest->id; };
  return std::any_of(file.astray().begin(), file.astray().end(), of_newest) ||
         std::any_of(file.wraps().begin(), file.wraps().end(), [&](const WrapAt& at) {
           return of_newest(at) && Outlived(file, directory, at.wrap);
         });
}

std::vector<WrapAt> SpentWraps(const FileState& file, const Directory& directory) {
  std::vector<WrapAt> spent;
  const KeyEpoch* newest = file.newest_key_epoch();
  if (newest == nullptr) return spent;
  // By the newest RekeyDue decides; halves and the recovery key are what verdicts rest on.
  const auto is_earlier = [newest](const WrapAt& at) {
    const Wrap& wrap = at.wrap;
    return at.loose && wrap.key_epoch && wrap.key_epoch != newest->id &&
           (wrap.recipient_kind == RecipientKind::kPerson ||
            wrap.recipient_kind == RecipientKind::kUnit);
  };
  std::map<OneKey, uint32_t> newest_generation;
  for (const WrapAt& at : file.wraps()) {
    uint32_t& generation = newest_generation[OneKeyOf(at.wrap)];
    // Nobody sees what a colleague has put into hers.
    if (at.by_lead) generation = std::max(generation, at.wrap.generation);
  }
  for (const WrapAt& at : file.astray()) {
    if (is_earlier(at)) spent.push_back(at);
  }
  for (const WrapAt& at : file.wraps()) {
    if (!is_earlier(at)) continue;
    const bool replaced = newest_generation.at(OneKeyOf(at.wrap)) > at.wrap.generation &&
                          Outlived(file, directory, at.wrap);
    if (replaced || !MayHave(file, directory, at.wrap)) spent.push_back(at);
  }
  return spent;
}

bool IsGrantsFollow(const Write& write) {
  const auto* decision = std::get_if<Decision>(&write.body);
  return decision != nullptr && decision->reason == kGrantsFollow && decision->subject.empty() &&
         decision->field.empty() && decision->from == 0 && decision->to == 0 && !decision->maker &&
         !decision->form && !decision->parent;
}

bool LacksWrapsAlone(const Change& change) {
  if (change.header.kind == Kind::kGrant) return true;
  if (change.header.kind != Kind::kRoster) return false;
  for (const Write& write : change.writes) {
    if (IsGrantsFollow(write)) return true;
    if (std::holds_alternative<Withheld>(write.body)) return false;
  }
  return true;
}

}  // namespace kapea::domain
