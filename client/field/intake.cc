#include "client/field/intake.h"

#include <algorithm>

#include "client/field/act.h"
#include "client/field/forms.h"
#include "client/field/links.h"
#include "client/field/names.h"
#include "client/field/operation.h"
#include "client/field/shelter.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

constexpr std::string_view kStatus = "record_status";
constexpr std::string_view kCompleteAt = "intake_complete_at";
constexpr std::string_view kVerifiedBy = "verified_by";
constexpr std::string_view kComplete = "complete";
constexpr std::string_view kVerified = "verified";
constexpr size_t kMissingShownMax = 40;

ChangeId AsId(std::string_view bytes) { return ChangeId::FromPrefix(bytes); }

std::vector<domain::Member> CarersOf(const UnitId& unit, const vault::Identity& me) {
  using domain::Role;
  std::vector<domain::Member> members{{me.person, me.unit, me.role, {}}};
  for (const Role role : {Role::kIntakeOfficer, Role::kCaseManager, Role::kSocialWorker,
                          Role::kHealthWorker, Role::kSupervisor}) {
    members.push_back({std::nullopt, unit, role, {}});
  }
  return members;
}

// The operation that the person was found in, and her number and first contact there.
void FillFromOperation(vault::Vault& vault, const domain::FileState& person,
                       const domain::Form& form, const RecordId& record, Draft& draft) {
  const auto set = [&](std::string_view code, domain::Value value) {
    if (form.FindField(code) != nullptr) draft.Set(record, code, std::move(value));
  };
  for (const domain::LinkAt& at : person.links()) {
    if (at.link.relation != "operation_person" || at.link.ended || !at.link.other_file) continue;
    set("operation_file", domain::Reference{AsId(at.link.other_file->view())});
    const auto operation = vault.File(*at.link.other_file);
    if (!operation.ok()) return;
    for (const auto& [id, known] : (*operation)->records()) {
      const auto* reference = known.ShownAs<domain::Reference>("person_file");
      if (reference == nullptr || reference->id != AsId(person.id().view())) continue;
      if (const auto number = NumberOf(known)) set("temp_number", *number);
      if (const auto* met = known.ShownAs<Time>("met_at")) set("first_contact_at", *met);
    }
    return;
  }
}

void FillWhatIsKnown(vault::Vault& vault, const domain::FileState& person, const domain::Form& form,
                     const UnitId& unit, const RecordId& record, Draft& draft) {
  const vault::Identity& me = vault.identity();
  const auto set = [&](std::string_view code, domain::Value value) {
    if (form.FindField(code) != nullptr) draft.Set(record, code, std::move(value));
  };
  set("case_code", domain::Text{CodeOf(person.id(), person.kind())});
  set("intake_officer", domain::Reference{AsId(me.person.view())});
  set("intake_unit", domain::Reference{AsId(unit.view())});
  set("form_language", domain::Code{"km"});
  set(kStatus, domain::Code{"draft"});
  if (const auto until = CentreValidUntil(vault, unit)) set("centre_valid_until", *until);
  FillFromOperation(vault, person, form, record, draft);
}

// A record of one of the forms that belong to an intake.
absl::StatusOr<std::pair<RecordId, const domain::Form*>> MakePart(vault::Vault& vault,
                                                                  const std::string& form,
                                                                  const RecordId& intake,
                                                                  Draft& draft) {
  KAPEA_ASSIGN(const PackedForm child, FindForm(vault, form));
  const bool below = child.form->parent == kIntakeForm;
  if (child.form->file_kind != domain::FileKind::kPerson ||
      (!below && !child.form->parent.empty())) {
    return absl::InvalidArgumentError("want a form of a person's file, got " + form);
  }
  return std::pair(below ? draft.Make(child, intake) : draft.Make(child), child.form);
}

const domain::Record* OldestIntake(const domain::FileState& file) {
  const auto records = file.RecordsOf(kIntakeForm);
  return records.empty() ? nullptr : records[0];
}

bool SetByCompleting(std::string_view code) {
  return code == kStatus || code == kCompleteAt || code == kVerifiedBy;
}

std::string Listed(const std::vector<MissingField>& missing) {
  std::string text = std::to_string(missing.size()) + " required answers are missing";
  for (size_t i = 0; i < missing.size() && i < kMissingShownMax; ++i) {
    text += "\n  " + missing[i].form + " " + missing[i].field->code;
    if (missing[i].no_key) text += " (for a colleague who has that key)";
  }
  if (missing.size() > kMissingShownMax) text += "\n  ...";
  return text;
}

}  // namespace

absl::StatusOr<Intake> FindIntake(vault::Vault& vault, const FileId& person) {
  KAPEA_ASSIGN(const auto state, vault.File(person));
  const domain::Record* record = OldestIntake(*state);
  if (record == nullptr) return absl::NotFoundError("this file has no intake record yet");
  return Intake{person, record->id};
}

absl::StatusOr<Intake> StartIntake(vault::Vault& vault, const NewIntake& intake) {
  KAPEA_ASSIGN(const PackedForm form, FindForm(vault, kIntakeForm));
  const UnitId unit = intake.unit.value_or(vault.identity().unit);
  FileId file;
  if (intake.person) {
    file = *intake.person;
  } else {
    vault::FoundRequest request;
    request.kind = domain::FileKind::kPerson;
    request.drill = intake.drill;
    request.members = CarersOf(unit, vault.identity());
    KAPEA_ASSIGN(const vault::Founded founded, vault.Found(request));
    file = founded.file;
  }
  KAPEA_ASSIGN(const auto state, vault.File(file));
  if (state->kind() != domain::FileKind::kPerson) {
    return absl::InvalidArgumentError("want a person's file, got another kind");
  }
  if (OldestIntake(*state) != nullptr) {
    return absl::AlreadyExistsError("this file has an intake record: fill that one");
  }
  Draft draft(file);
  const RecordId record = draft.Make(form);
  FillWhatIsKnown(vault, *state, *form.form, unit, record, draft);
  KAPEA_TRY(SetAll(vault, *state, *form.form, record, intake.entries, draft));
  for (const IntakePart& part : intake.parts) {
    RecordId into = record;
    if (part.form != kIntakeForm) {
      KAPEA_ASSIGN(const auto made, MakePart(vault, part.form, record, draft));
      into = made.first;
    }
    for (const auto& [field, value] : part.values) draft.Set(into, field, value);
  }
  KAPEA_TRY(draft.Commit(vault).status());
  return Intake{file, record};
}

absl::StatusOr<IntakeEdited> FillIntake(vault::Vault& vault, const FileId& person,
                                        const IntakeEdit& edit) {
  KAPEA_ASSIGN(const auto state, vault.File(person));
  KAPEA_ASSIGN(const Intake intake, FindIntake(vault, person));
  Draft draft(person);
  RecordId record = intake.record;
  const domain::Form* form = state->FormOf(*state->FindRecord(intake.record));
  if (edit.record) {
    const domain::Record* known = state->FindRecord(*edit.record);
    if (known == nullptr) return absl::NotFoundError("no such record in this file");
    record = known->id;
    form = state->FormOf(*known);
  } else if (!edit.form.empty() && edit.form != kIntakeForm) {
    KAPEA_ASSIGN(const auto made, MakePart(vault, edit.form, intake.record, draft));
    record = made.first;
    form = made.second;
  }
  if (form == nullptr) {
    return absl::FailedPreconditionError("the form of this record needs a newer program or pack");
  }
  KAPEA_TRY(SetAll(vault, *state, *form, record, edit.entries, draft));
  KAPEA_ASSIGN(const domain::Ref change, draft.Commit(vault));
  return IntakeEdited{record, change};
}

absl::StatusOr<std::vector<MissingField>> MissingIn(vault::Vault& vault, const FileId& person) {
  KAPEA_ASSIGN(const auto state, vault.File(person));
  KAPEA_ASSIGN(const Intake intake, FindIntake(vault, person));
  std::vector<const domain::Record*> records{state->FindRecord(intake.record)};
  for (const auto& [id, record] : state->records()) {
    if (record.parent == intake.record && !record.voided()) records.push_back(&record);
  }
  std::stable_sort(records.begin() + 1, records.end(),
                   [](const domain::Record* a, const domain::Record* b) {
                     return std::pair(a->form.form, a->id) < std::pair(b->form.form, b->id);
                   });
  const HeldLinks links(vault);
  const standards::Asked asked{*state, vault.clock().Now(), &links};
  std::vector<MissingField> all;
  for (const domain::Record* record : records) {
    const domain::Form* form = state->FormOf(*record);
    if (form == nullptr) continue;
    for (standards::Finding& finding :
         standards::Missing(standards::EvaluateNeeds(asked, *record))) {
      const domain::Field* field = form->FindField(finding.code);
      if (field == nullptr || (form->id == kIntakeForm && SetByCompleting(field->code))) continue;
      MissingField missing{record->id, form->id, field, std::move(finding)};
      missing.no_key = field->sealed() && (!MayHold(vault, *state, field->key_class) ||
                                           !vault.HoldsKey(person, field->key_class));
      all.push_back(std::move(missing));
    }
  }
  return all;
}

absl::StatusOr<domain::Ref> CompleteIntake(vault::Vault& vault, const FileId& person) {
  KAPEA_ASSIGN(const std::vector<MissingField> missing, MissingIn(vault, person));
  if (!missing.empty()) return absl::FailedPreconditionError(Listed(missing));
  KAPEA_ASSIGN(const Intake intake, FindIntake(vault, person));
  Draft draft(person);
  draft.Set(intake.record, kStatus, domain::Code{std::string(kComplete)});
  draft.Set(intake.record, kCompleteAt, vault.clock().Now());
  return draft.Commit(vault);
}

absl::StatusOr<domain::Ref> VerifyIntake(vault::Vault& vault, const FileId& person) {
  KAPEA_ASSIGN(const auto state, vault.File(person));
  KAPEA_ASSIGN(const Intake intake, FindIntake(vault, person));
  const domain::Record& record = *state->FindRecord(intake.record);
  if (record.made_by_person == vault.identity().person) {
    return absl::PermissionDeniedError("a second person verifies what you recorded");
  }
  const auto* code = record.ShownAs<domain::Code>(kStatus);
  if (code == nullptr || code->code != kComplete) {
    return absl::FailedPreconditionError("the intake must be complete before it is verified");
  }
  Draft draft(person);
  draft.Set(intake.record, kStatus, domain::Code{std::string(kVerified)});
  draft.Set(intake.record, kVerifiedBy, domain::Reference{AsId(vault.identity().person.view())});
  return draft.Commit(vault);
}

}  // namespace kapea::field
