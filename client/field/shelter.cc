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

// By the newest inspection: one that found the house wanting ends what an older one said.
std::optional<Time> InspectedUntil(const domain::FileState& file, const domain::Record& actor) {
  std::optional<Time> newest;
  bool in_order = false;
  for (const domain::Record* inspection : file.ChildrenOf(actor.id, kInspectionForm)) {
    const auto* at = inspection->ShownAs<Time>("inspected_at");
    if (at == nullptr || (newest && *at < *newest)) continue;
    const auto* result = inspection->ShownAs<domain::Code>("result");
    newest = *at;
    in_order = result != nullptr && (result->code == "good" || result->code == "conditions");
  }
  if (!newest || !in_order) return std::nullopt;
  return *newest + kInspectionHolds;
}

}  // namespace

std::optional<Time> CentreValidUntil(vault::Vault& vault, const UnitId& shelter) {
  std::optional<Time> until;
  for (const vault::FileLine& line : vault.Files()) {
    if (line.kind != domain::FileKind::kProgramme || line.drill) continue;
    const auto file = vault.File(line.file);
    if (!file.ok()) continue;
    for (const domain::Record* actor : (*file)->RecordsOf(kActorForm)) {
      if (!IsShelter(*actor, shelter)) continue;
      const auto* permit = actor->ShownAs<Time>("authorised_until");
      const auto inspected = InspectedUntil(**file, *actor);
      if (permit == nullptr || !inspected) return std::nullopt;
      until = std::min({until.value_or(Time::Max()), *permit, *inspected});
    }
  }
  return until;
}

}  // namespace kapea::field
