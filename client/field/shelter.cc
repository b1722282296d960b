#include "client/field/shelter.h"

#include <algorithm>
#include <string_view>

#include "common/domain/file_state.h"

namespace kapea::field {
namespace {

constexpr std::string_view kActorForm = "KH-ACTOR";
constexpr std::string_view kInspectionForm = "KH-INSPECTION";
constexpr Duration kInspectionHolds = Duration::Days(366);  // as clause AC2 counts a year

bool IsShelter(const domain::Record& actor, const UnitId& unit) {
  const auto* kind = actor.ShownAs<domain::Code>("kind");
  const auto* of = actor.ShownAs<domain::Reference>("unit");
  return kind != nullptr && kind->code == "shelter" && of != nullptr &&
         of->id == ChangeId::FromPrefix(unit.view());
}

std::optional<Time> InspectedUntil(const domain::FileState& file, const domain::Record& actor) {
  std::optional<Time> until;
  for (const domain::Record* inspection : file.ChildrenOf(actor.id, kInspectionForm)) {
    const auto* at = inspection->ShownAs<Time>("inspected_at");
    const auto* result = inspection->ShownAs<domain::Code>("result");
    if (at == nullptr || result == nullptr) continue;
    if (result->code != "good" && result->code != "conditions") continue;
    until = std::max(until.value_or(Time::Min()), *at + kInspectionHolds);
  }
  return until;
}

}  // namespace

std::optional<Time> CentreValidUntil(vault::Vault& vault, const UnitId& shelter) {
  for (const vault::FileLine& line : vault.Files()) {
    if (line.kind != domain::FileKind::kProgramme || line.drill) continue;
    const auto file = vault.File(line.file);
    if (!file.ok()) continue;
    for (const domain::Record* actor : (*file)->RecordsOf(kActorForm)) {
      if (!IsShelter(*actor, shelter)) continue;
      const auto* permit = actor->ShownAs<Time>("authorised_until");
      const auto inspected = InspectedUntil(**file, *actor);
      if (permit != nullptr && inspected) return std::min(*permit, *inspected);
    }
  }
  return std::nullopt;
}

}  // namespace kapea::field
