#include "server/core/match_access.h"

#include <algorithm>

#include "common/base/macros.h"
#include "common/codec/file_view.h"
#include "server/access/readable.h"
#include "server/core/file_cache.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

constexpr size_t kProgrammesMax = 64;

bool WorksAt(const domain::Directory& directory, const PersonId& person, const UnitId& unit) {
  const domain::PersonEntry* entry = directory.FindPerson(person);
  if (entry == nullptr || entry->ended) return false;
  return std::any_of(entry->roles.begin(), entry->roles.end(),
                     [&](const domain::RoleAt& at) { return at.unit == unit; });
}

}  // namespace

absl::StatusOr<KeyEpochId> MatchAccess::NewestEpoch(const kv::Snapshot& snapshot,
                                                    const FileId& programme, uint64_t number) {
  {
    MutexLock lock(mutex_);
    const auto known = known_.find(programme);
    if (known != known_.end() && known->second.number == number) return known->second.epoch;
  }
  const auto directory = published_.directory();
  const auto packs = published_.packs();
  KAPEA_ASSIGN(const auto state, FoldFile(snapshot, programme, {directory->directory, *packs}));
  const domain::KeyEpoch* newest = state->newest_key_epoch();
  const KeyEpochId epoch = newest == nullptr ? KeyEpochId() : newest->id;
  MutexLock lock(mutex_);
  if (known_.size() >= kProgrammesMax) known_.clear();
  known_[programme] = {state->number(), epoch};
  return epoch;
}

absl::StatusOr<MatchCaller> MatchAccess::Admit(const Principal& by, const FileId& programme,
                                               const KeyEpochId& epoch, const UnitId& unit) {
  const auto directory = published_.directory();
  const auto snapshot = store_.TakeSnapshot();
  KAPEA_ASSIGN(const bool may, MayReadFile(*snapshot, directory->directory, by.person, programme));
  KAPEA_ASSIGN(const auto row, snapshot->Find(kViews, programme.view()));
  if (!may || !row || !WorksAt(directory->directory, by.person, unit)) {
    return absl::PermissionDeniedError(
        "you are not on the roster of this programme for that unit; nothing was compared");
  }
  KAPEA_ASSIGN(const codec::FileViewHead head, codec::FileViewHead::Decode(*row));
  if (head.kind != domain::FileKind::kProgramme || head.drill) {
    return absl::FailedPreconditionError("want a programme file that is no drill");
  }
  MatchCaller caller;
  caller.units.insert(head.units.begin(), head.units.end());
  if (!caller.units.contains(unit)) {
    return absl::PermissionDeniedError(
        "your unit is not on the roster of this programme; nothing was compared");
  }
  KAPEA_ASSIGN(caller.epoch, NewestEpoch(*snapshot, programme, head.number));
  if (caller.epoch.is_zero() || caller.epoch != epoch) {
    return absl::FailedPreconditionError(
        "the programme's keys are new: sync, then what you have is compared under them");
  }
  KAPEA_ASSIGN(const auto files, FilesOfUnits(*snapshot, {unit}));
  caller.files_max = files.size();
  caller.number = head.number;
  caller.device = by.device;
  caller.programme = programme;
  caller.unit = unit;
  return caller;
}

}  // namespace kapea::server
