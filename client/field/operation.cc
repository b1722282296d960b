// Opening an operation and finding one's way in its records.
#include "client/field/operation.h"

#include <algorithm>
#include <set>

#include "client/field/names.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

using domain::FieldType;

std::string FactBox(std::string_view fact) {
  return std::string(domain::kFactPrefix) + std::string(fact);
}

// The facts that hold from the start. InvalidArgument for one that the form lacks.
absl::StatusOr<std::set<std::string>> StartingFacts(const domain::Form& form,
                                                    const NewOperation& plan) {
  std::set<std::string> facts(plan.facts.begin(), plan.facts.end());
  if (!plan.variant.empty()) {
    const auto variant =
        std::find_if(form.variants.begin(), form.variants.end(),
                     [&](const domain::Variant& known) { return known.code == plan.variant; });
    if (variant == form.variants.end()) {
      std::string known;
      for (const domain::Variant& one : form.variants) {
        known += (known.empty() ? "" : ", ") + one.code;
      }
      return absl::InvalidArgumentError("want a variant of " + form.id + " (" + known + "), got '" +
                                        plan.variant + "'");
    }
    facts.insert(variant->facts.begin(), variant->facts.end());
  }
  for (const std::string& fact : facts) {
    if (form.FindField(FactBox(fact)) == nullptr) {
      return absl::InvalidArgumentError("want a fact of " + form.id + ", got '" + fact + "'");
    }
  }
  return facts;
}

// The author's own line, unless she stands among the members.
void AddAuthor(const vault::Identity& identity, std::vector<domain::Member>& members) {
  const bool there = std::any_of(members.begin(), members.end(), [&](const domain::Member& member) {
    return member.person == identity.person && member.unit == identity.unit &&
           member.role == identity.role;
  });
  if (there) return;
  domain::Member me{identity.person, identity.unit, identity.role, {}};
  if (identity.role == domain::Role::kSupervisor) {
    me.duties = {domain::Duty::kSup};
  } else {
    me.duties = {domain::Duty::kLead};
  }
  members.insert(members.begin(), std::move(me));
}

absl::StatusOr<RecordId> PinChecklist(vault::Vault& vault, const FileId& file,
                                      const PackedForm& form, const std::set<std::string>& facts) {
  Draft draft(file);
  const RecordId record = draft.Make(form);
  for (const std::string& fact : facts) draft.Set(record, FactBox(fact), true);
  KAPEA_TRY(draft.Commit(vault).status());
  return record;
}

}  // namespace

absl::StatusOr<OpenedOperation> OpenOperation(vault::Vault& vault, const NewOperation& plan) {
  KAPEA_ASSIGN(const PackedForm form, FindForm(vault, kOperationForm));
  KAPEA_ASSIGN(const std::set<std::string> facts, StartingFacts(*form.form, plan));
  vault::FoundRequest request;
  request.kind = domain::FileKind::kOperation;
  request.drill = plan.drill;
  request.members = plan.members;
  AddAuthor(vault.identity(), request.members);
  KAPEA_ASSIGN(const vault::Founded founded, vault.Found(request));
  OpenedOperation opened;
  opened.file = founded.file;
  opened.unkeyed = founded.unkeyed;
  KAPEA_ASSIGN(opened.checklist, PinChecklist(vault, founded.file, form, facts));
  return opened;
}

absl::StatusOr<Checklist> FindChecklist(vault::Vault& vault, const FileId& file) {
  Checklist checklist;
  KAPEA_ASSIGN(checklist.file, vault.File(file));
  if (checklist.file->kind() != domain::FileKind::kOperation) {
    return absl::InvalidArgumentError("want an operation, got another kind of file");
  }
  for (const auto& [id, record] : checklist.file->records()) {
    const domain::Form* form = checklist.file->FormOf(record);
    const bool is_one =
        form != nullptr && form->kind == domain::FormKind::kChecklist && !record.voided();
    if (!is_one) continue;
    const bool older = checklist.record == nullptr ||
                       std::pair(record.made.soft.latest, id) <
                           std::pair(checklist.record->made.soft.latest, checklist.record->id);
    if (older) {
      checklist.record = &record;
      checklist.form = form;
    }
  }
  if (checklist.record == nullptr) return absl::NotFoundError("the operation has no checklist");
  return checklist;
}

absl::StatusOr<Checklist> EnsureChecklist(vault::Vault& vault, const FileId& file) {
  auto found = FindChecklist(vault, file);
  if (!absl::IsNotFound(found.status())) return found;
  KAPEA_TRY(vault.File(file).status());
  KAPEA_ASSIGN(const PackedForm form, FindForm(vault, kOperationForm));
  KAPEA_TRY(PinChecklist(vault, file, form, {}).status());
  return FindChecklist(vault, file);
}

const domain::Field* NumberField(const domain::Form& form) {
  for (const domain::Field* field : FieldsOf(form)) {
    if (field->type == FieldType::kInteger && field->record_key) return field;
  }
  return nullptr;
}

std::optional<int64_t> NumberOf(const domain::Record& record) {
  const domain::Field* field =
      record.definition == nullptr ? nullptr : NumberField(*record.definition);
  const auto* number = field == nullptr ? nullptr : record.ShownAs<int64_t>(field->code);
  return number == nullptr ? std::nullopt : std::optional(*number);
}

absl::StatusOr<const domain::Record*> AnsweredIn(const Checklist& checklist,
                                                 const domain::Field& item,
                                                 std::optional<int64_t> number) {
  const bool of_file = !item.item || item.item->per == domain::Per::kFile;
  if (of_file) {
    if (number) {
      return absl::InvalidArgumentError(item.code +
                                        " is answered once for the operation: "
                                        "leave out for whom");
    }
    return checklist.record;
  }
  if (!number) {
    return absl::InvalidArgumentError(item.code +
                                      " is answered for each person, suspect, exhibit or "
                                      "vehicle: say for which number");
  }
  const domain::Record* found = nullptr;
  for (const auto& [id, record] : checklist.file->records()) {
    const bool fits = record.definition != nullptr && record.parent == checklist.record->id &&
                      record.definition->per == item.item->per && !record.voided() &&
                      NumberOf(record) == number;
    if (!fits) continue;
    if (found != nullptr) {
      return absl::FailedPreconditionError("number " + std::to_string(*number) +
                                           " was given twice: void one of them first");
    }
    found = &record;
  }
  if (found == nullptr) {
    return absl::NotFoundError("no number " + std::to_string(*number) + " in this operation");
  }
  return found;
}

absl::StatusOr<domain::Ref> SetFact(vault::Vault& vault, const FileId& file, std::string_view fact,
                                    bool is_so) {
  KAPEA_ASSIGN(const Checklist checklist, EnsureChecklist(vault, file));
  if (checklist.form->FindField(FactBox(fact)) == nullptr) {
    return absl::InvalidArgumentError("want a fact of " + checklist.form->id + ", got '" +
                                      std::string(fact) + "'");
  }
  Draft draft(file);
  draft.Set(checklist.record->id, FactBox(fact), is_so);
  return draft.Commit(vault);
}

namespace {

// Live records of the form below the checklist.
std::vector<const domain::Record*> Below(const Checklist& checklist, std::string_view form) {
  return checklist.file->ChildrenOf(checklist.record->id, form);
}

}  // namespace

absl::StatusOr<Edited> EditRecord(vault::Vault& vault, const FileId& file, const RecordEdit& edit) {
  KAPEA_ASSIGN(const Checklist checklist, EnsureChecklist(vault, file));
  KAPEA_ASSIGN(const PackedForm packed, FindForm(vault, edit.form));
  if (packed.form->parent != checklist.form->id) {
    return absl::InvalidArgumentError("want a form below " + checklist.form->id + ", got " +
                                      edit.form);
  }
  const domain::Field* number_field = NumberField(*packed.form);
  const auto records = Below(checklist, edit.form);
  const domain::Record* known = nullptr;
  int64_t highest = 0;
  for (const domain::Record* record : records) {
    const int64_t number = NumberOf(*record).value_or(0);
    highest = std::max(highest, number);
    if (edit.number && number == *edit.number) known = record;
  }
  if (edit.number && known == nullptr) {
    return absl::NotFoundError("no number " + std::to_string(*edit.number) + " of " + edit.form);
  }
  if (!edit.number && !edit.make_new && number_field == nullptr && !records.empty()) {
    known = records[0];
  }
  Draft draft(file);
  Edited edited;
  edited.record = known != nullptr ? known->id : draft.Make(packed, checklist.record->id);
  edited.number = edit.number;
  const bool given = std::any_of(edit.entries.begin(), edit.entries.end(), [&](const Entry& entry) {
    return number_field != nullptr && entry.code == number_field->code;
  });
  if (known == nullptr && number_field != nullptr && !given) {
    edited.number = highest + 1;
    draft.Set(edited.record, number_field->code, *edited.number);
  }
  const domain::Form* form = known != nullptr ? known->definition : packed.form;
  if (form == nullptr) {
    return absl::FailedPreconditionError("the form of this record needs a newer program or pack");
  }
  KAPEA_TRY(SetAll(vault, *checklist.file, *form, edited.record, edit.entries, draft));
  KAPEA_ASSIGN(edited.change, draft.Commit(vault));
  return edited;
}

}  // namespace kapea::field
