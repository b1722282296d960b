#include "client/field/mismatch.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/field/act.h"
#include "client/field/derive.h"
#include "client/vault/replica.h"
#include "common/base/macros.h"

namespace kapea::field {
namespace {

// A fact that stands in a Change beside its sealed source.
struct Claim {
  domain::Ref change;
  Time wall;                 // of the Change: what depends on the day is derived as of then
  std::optional<Hash> pack;  // whose forms it was written by
  const domain::FieldWrite* source = nullptr;
  const domain::FieldWrite* fact = nullptr;
  vault::SealedAt at;
};

std::vector<Claim> ClaimsOf(const domain::Change& change) {
  std::vector<Claim> claims;
  for (const domain::Write& write : change.writes) {
    const auto* fact = std::get_if<domain::FieldWrite>(&write.body);
    if (fact == nullptr || !fact->of || !fact->clear) continue;
    if (*fact->of >= change.writes.size()) continue;  // of a Change that has no effect
    const domain::Write& from = change.writes[*fact->of];
    const auto* source = std::get_if<domain::FieldWrite>(&from.body);
    if (source == nullptr || !source->sealed || source->clear) continue;
    claims.push_back({{change.id, change.hash},
                      change.header.clock.wall,
                      change.header.pack,
                      source,
                      fact,
                      {change.id, *fact->of, from.salt}});
  }
  return claims;
}

// How the form says that the fact follows; nullopt: it says nothing of the kind.
struct Rule {
  const domain::DerivedFact* fact;
  const domain::CodeList* list;
};
std::optional<Rule> RuleOf(vault::Vault& vault, const domain::FileState& file, const Claim& claim) {
  const domain::Record* record = file.FindRecord(claim.fact->record);
  if (record == nullptr || record->definition == nullptr || !claim.pack) return std::nullopt;
  // A record that was raised to a newer form since had another rule when this was written.
  const domain::Pack* pack = vault.packs().FindPack(*claim.pack, domain::Directory::kNow);
  if (pack == nullptr || pack->FindForm(record->form.form, record->form.version) == nullptr) {
    return std::nullopt;
  }
  const domain::Field* field = record->definition->FindField(claim.source->field);
  const domain::Field* target = record->definition->FindField(claim.fact->field);
  if (field == nullptr || target == nullptr) return std::nullopt;
  for (const domain::DerivedFact& fact : field->derived) {
    if (fact.code == claim.fact->field) return Rule{&fact, target->code_list};
  }
  return std::nullopt;
}

// Whether the claim still is what the file says and nobody has disputed it.
bool Stands(const domain::FileState& file, const Claim& claim) {
  const domain::Register* values = file.FindRecord(claim.fact->record)->Find(claim.fact->field);
  if (values == nullptr) return false;
  const auto value = values->current().find(claim.change.change);
  return value != values->current().end() && !value->second.disputed;
}

absl::Status CompareChange(vault::Vault& vault, const domain::FileState& file,
                           const domain::Change& change, std::vector<Claim>& differing,
                           FactCheck& check) {
  for (const Claim& claim : ClaimsOf(change)) {
    const auto rule = RuleOf(vault, file, claim);
    const domain::KeyClass key_class = claim.source->sealed->key_class;
    if (!rule || !Stands(file, claim) || !MayHold(vault, file, key_class)) continue;
    const auto holds = vault.FactHolds(
        file.id(), *claim.source, claim.at, *claim.fact->clear, [&](const domain::Value& source) {
          return DeriveFact(*rule->fact, rule->list, source, claim.wall);
        });
    // No key, a newer rule, or a value that its own rule cannot use: nothing to compare.
    if (absl::IsFailedPrecondition(holds.status()) || absl::IsInvalidArgument(holds.status())) {
      continue;
    }
    // A source that does not open is shown as such, beside what it replaced.
    if (absl::IsDataLoss(holds.status())) continue;
    KAPEA_TRY(holds.status());
    ++check.compared;
    if (!*holds) differing.push_back(claim);
  }
  return absl::OkStatus();
}

absl::Status CompareFile(vault::Vault& vault, const domain::FileState& state, uint64_t done,
                         FactCheck& check) {
  const FileId file = state.id();
  // Who came in by break-glass writes nothing.
  if (RolesIn(vault, state).empty()) return absl::OkStatus();
  absl::Status status;
  std::vector<Act> mismatches;
  KAPEA_TRY(vault.replica().Visit(file, done + 1, [&](const vault::Arrived& arrived) {
    const domain::Change& change = *arrived.change.change;
    if (change.header.device == vault.identity().device) return true;
    std::vector<Claim> differing;
    status = CompareChange(vault, state, change, differing, check);
    for (const Claim& claim : differing) {
      mismatches.push_back(
          {.file = file,
           .kind = domain::Kind::kMismatch,
           .body = domain::Decision{"differs", claim.fact->record.str(), claim.fact->field, 0, 0},
           .refs = {claim.change},
           .acting = std::nullopt});
    }
    return status.ok();
  }));
  KAPEA_TRY(status);
  for (const Act& mismatch : mismatches) {
    KAPEA_TRY(CommitAct(vault, mismatch).status());
    ++check.reported;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FactCheck> CompareFacts(vault::Vault& vault, const std::set<FileId>& files) {
  FactCheck check;
  std::map<FileId, uint64_t> compared;
  for (const FileId& file : files) {
    KAPEA_ASSIGN(const auto state, vault.File(file));
    if (state->kind() == domain::FileKind::kDirectory ||
        state->kind() == domain::FileKind::kStandards) {
      continue;
    }
    KAPEA_ASSIGN(const uint64_t done, vault.FactsCompared(file));
    if (state->number() <= done) continue;
    KAPEA_TRY(CompareFile(vault, *state, done, check));
    compared[file] = state->number();
  }
  KAPEA_TRY(vault.KeepFactsCompared(compared));
  return check;
}

}  // namespace kapea::field
