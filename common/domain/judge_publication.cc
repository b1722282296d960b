// Publications: what they must say, who may publish, and what becomes of them.
#include <algorithm>
#include <set>

#include "common/domain/judge.h"
#include "common/domain/publication.h"

namespace kapea::domain {
namespace {

// Whether she may count all files of that scope: at each of its units she is supervisor or
// analyst. Registries have no files.
bool Oversees(const Directory& directory, const PersonId& person, const PublishedScope& scope,
              uint64_t at) {
  bool any = false;
  for (const UnitEntry* unit : directory.Units(at)) {
    if (scope.unit && unit->unit != *scope.unit) continue;
    if (!scope.province.empty() && unit->province != scope.province) continue;
    const bool counted = scope.unit || (!unit->ended && unit->kind != UnitKind::kRegistry);
    if (!counted) continue;
    if (!directory.HoldsRole(person, Role::kSupervisor, unit->unit, at) &&
        !directory.HoldsRole(person, Role::kAnalyst, unit->unit, at)) {
      return false;
    }
    any = true;
  }
  return any;
}

}  // namespace

Verdict Judgement::CheckPublication() {
  const auto* what = std::get_if<Publication>(&change_.writes[0].body);
  if (what == nullptr) return Verdict::kErased;
  if (pack_ == nullptr) return Verdict::kForm;
  if (!Oversees(around_.directory, header_.person, what->scope, at_)) return Verdict::kRole;
  if (what->ledger_size > at_) return Verdict::kType;  // counted by what is still to come
  const auto objection = ObjectionTo(state_.publications_, *what, *pack_);
  if (!objection) return Verdict::kAccepted;
  switch (objection->why) {
    case Objection::Why::kMeasure:
      return Verdict::kForm;
    case Objection::Why::kSmall:
    case Objection::Why::kContradicts:
      return Verdict::kType;
    default:
      return Verdict::kPublished;
  }
}

void FileState::ApplyPublication(const Waiting& change) {
  const Change& made = *change.placed.change;
  const auto* what = std::get_if<Publication>(&made.writes[0].body);
  if (what == nullptr) return;
  const Ref self{made.id, made.hash};
  for (PublicationAt& other : publications_) {
    if (what->revises == other.self.change && !other.revised_by) other.revised_by = self;
  }
  const Header& header = made.header;
  publications_.push_back(
      {*what, self, header.person, header.unit, header.role, change.time, std::nullopt});
}

}  // namespace kapea::domain
