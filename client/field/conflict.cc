#include "client/field/conflict.h"

#include "client/field/draft.h"
#include "client/field/typed_value.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

std::string Words(vault::Vault& vault, const domain::Field& field, const domain::FieldValue& value,
                  Language language) {
  if (value.cleared()) return "(cleared)";
  if (value.clear) return ToText(vault, field, *value.clear, language);
  return "(sealed: " + std::string(domain::NameOf(field.key_class)) + ")";
}

}  // namespace

absl::StatusOr<std::vector<ConflictView>> ListConflicts(vault::Vault& vault,
                                                        std::optional<FileId> file,
                                                        Language language) {
  std::vector<ConflictView> views;
  for (const vault::FileLine& line : vault.Files()) {
    const bool has_records =
        line.kind != domain::FileKind::kDirectory && line.kind != domain::FileKind::kStandards;
    if (!has_records || (file && line.file != *file)) continue;
    KAPEA_ASSIGN(const auto state, vault.File(line.file));
    for (const auto& conflict : state->Conflicts()) {
      const domain::Record* record = state->FindRecord(conflict.record);
      const domain::Form* form = record == nullptr ? nullptr : state->FormOf(*record);
      const domain::Field* field = form == nullptr ? nullptr : form->FindField(conflict.field);
      // A derived fact follows its source, which stands in the list itself.
      if (field == nullptr || !field->derived_from.empty()) continue;
      ConflictView view{line.file, record->id, form->id, field->code, field->label, {}};
      for (const auto& distinct : record->Find(field->code)->DistinctValues()) {
        const domain::FieldValue& value = *distinct.first;
        view.values.push_back({value.change, Words(vault, *field, value, language),
                               value.sealed.has_value(), value.person, value.role, value.time});
      }
      views.push_back(std::move(view));
    }
  }
  return views;
}

absl::StatusOr<domain::Ref> ResolveConflict(vault::Vault& vault, const Resolution& resolution) {
  KAPEA_ASSIGN(const auto state, vault.File(resolution.file));
  const domain::Record* record = state->FindRecord(resolution.record);
  const domain::Register* values = record == nullptr ? nullptr : record->Find(resolution.field);
  if (values == nullptr || !values->conflicted()) {
    return absl::NotFoundError("nothing stands against anything there: the conflict is over");
  }
  const auto distinct = values->DistinctValues();
  if (resolution.choice == 0 || resolution.choice > distinct.size()) {
    return absl::InvalidArgumentError("want one of the values 1 to " +
                                      std::to_string(distinct.size()) + ", got " +
                                      std::to_string(resolution.choice));
  }
  const domain::FieldValue& chosen = *distinct[resolution.choice - 1].first;
  Draft draft(resolution.file, domain::Kind::kResolution);
  if (chosen.cleared()) {
    draft.Clear(resolution.record, resolution.field);
  } else if (chosen.sealed && chosen.clear) {
    return absl::FailedPreconditionError(
        "an attachment is chosen by attaching it again, which replaces all of them");
  } else if (chosen.sealed) {
    KAPEA_ASSIGN(const vault::ReadNotice notice,
                 vault.NoticeReading(resolution.file, resolution.record, {resolution.field}));
    KAPEA_ASSIGN(domain::Value value, vault.OpenSealed(notice, resolution.field, chosen));
    draft.Set(resolution.record, resolution.field, std::move(value));
  } else {
    draft.Set(resolution.record, resolution.field, *chosen.clear);
  }
  return draft.Commit(vault);
}

}  // namespace kapea::field
