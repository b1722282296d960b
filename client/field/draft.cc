#include "client/field/draft.h"

#include <algorithm>

#include "client/field/act.h"
#include "client/field/derive.h"
#include "client/field/random_id.h"
#include "common/base/macros.h"
#include "common/domain/evaluate.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

using domain::Kind;
using domain::Verdict;

// Another program of this person cannot have the vault open; but a notice that is queued
// in between moves the chain on.
constexpr int kCommitTriesMax = 3;

bool IsAttachment(const domain::Field& field) {
  return field.type == domain::FieldType::kAttachment || field.type == domain::FieldType::kImage;
}

// Whether two or more persons' answers to this item are wanted side by side.
bool Signed(const domain::Field* field) { return field != nullptr && field->item.has_value(); }

absl::Status CheckConstraint(const domain::Field* field, const domain::Scope& scope) {
  if (field == nullptr || field->constraint.empty()) return absl::OkStatus();
  const domain::Outcome holds = domain::EvaluateTruth(field->constraint, scope);
  if (holds.unknown() || holds.holds()) return absl::OkStatus();
  const std::string& said = field->constraint_message.en;
  return absl::InvalidArgumentError(field->code + ": " +
                                    (said.empty() ? "want " + field->constraint.text() : said));
}

}  // namespace

struct Draft::Writing {
  vault::Vault& vault;
  std::shared_ptr<const domain::FileState> state;
  const domain::Pack* pack = nullptr;
  codec::ChangeWriter writer;
  std::vector<RecordId> pinned;  // new records whose form this Change has pinned already
};

RecordId Draft::Make(const PackedForm& form, std::optional<RecordId> parent) {
  const auto id = RandomId<RecordId>();
  Make(id, form, parent);
  return id;
}

void Draft::Make(const RecordId& id, const PackedForm& form, std::optional<RecordId> parent) {
  made_.push_back({id, form, parent});
}

void Draft::Put(Assignment assignment) {
  for (Assignment& known : assignments_) {
    if (known.record == assignment.record && known.field == assignment.field) {
      known = std::move(assignment);
      return;
    }
  }
  assignments_.push_back(std::move(assignment));
}

void Draft::Set(const RecordId& record, std::string_view field, domain::Value value) {
  Put({record, std::string(field), std::move(value), std::nullopt});
}

void Draft::SetAttachment(const RecordId& record, std::string_view field,
                          vault::NewAttachment attachment) {
  Put({record, std::string(field), std::nullopt, std::move(attachment)});
}

void Draft::Clear(const RecordId& record, std::string_view field) {
  Put({record, std::string(field), std::nullopt, std::nullopt});
}

absl::StatusOr<domain::Ref> Draft::Commit(vault::Vault& vault) const {
  absl::StatusOr<domain::Ref> ref;
  for (int i = 0; i < kCommitTriesMax; ++i) {
    KAPEA_ASSIGN(Writing writing, Prepare(vault));
    ref = vault.Commit(std::move(writing.writer));
    if (!absl::IsAborted(ref.status())) break;
  }
  return ref;
}

absl::Status Draft::Check(vault::Vault& vault) const { return Prepare(vault).status(); }

absl::StatusOr<Draft::Writing> Draft::Prepare(vault::Vault& vault) const {
  if (empty()) return absl::InvalidArgumentError("nothing to write");
  KAPEA_ASSIGN(const auto state, vault.File(file_));
  const domain::Pack* pack = PackOf(vault, *state);
  if (pack == nullptr) {
    return absl::FailedPreconditionError("no forms are on this device yet: sync once");
  }
  vault::Intent intent;
  intent.file = file_;
  intent.kind = kind_;
  intent.refs = refs_;
  intent.pack = pack->hash;
  // The duty depends on the role that the vault chooses, so it is asked for twice.
  KAPEA_ASSIGN(codec::ChangeWriter probe, vault.Begin(intent));
  Writing writing{vault, state, pack, std::move(probe), {}};
  KAPEA_ASSIGN(intent.duty, DutyFor(writing));
  if (intent.duty != domain::Duty::kNone) {
    KAPEA_ASSIGN(writing.writer, vault.Begin(intent));
  }
  KAPEA_TRY(WriteAll(writing));
  KAPEA_TRY(CheckEffect(writing));
  return writing;
}

const domain::Pack* Draft::PackOf(vault::Vault& vault, const domain::FileState& state) const {
  if (!made_.empty()) return made_[0].form.pack;
  for (const Assignment& assignment : assignments_) {
    const domain::Record* record = state.FindRecord(assignment.record);
    if (record == nullptr) continue;
    // Where the form is raised, the pack that has it as it will be.
    domain::FormPin pin = record->form;
    if (assignment.field == domain::kPinField && assignment.value) {
      const auto* version = std::get_if<int64_t>(&*assignment.value);
      if (version != nullptr) pin.version = static_cast<uint32_t>(*version);
    }
    return PackFor(vault, pin);
  }
  return vault.NewestPack();
}

absl::StatusOr<const domain::Form*> Draft::FormOf(const Writing& writing,
                                                  const RecordId& record) const {
  for (const Made& made : made_) {
    if (made.record == record) return made.form.form;
  }
  const domain::Record* known = writing.state->FindRecord(record);
  if (known == nullptr) return absl::NotFoundError("no such record in this file");
  const domain::Form* form = writing.state->FormOf(*known);
  if (form == nullptr) {
    return absl::FailedPreconditionError("the form of this record needs a newer program or pack");
  }
  return form;
}

absl::StatusOr<domain::Duty> Draft::DutyFor(const Writing& writing) const {
  if (duty_ != domain::Duty::kNone) return duty_;
  const domain::Header& header = writing.writer.header();
  const auto held = writing.state->DutiesOf(header.person, header.unit, header.role);
  for (const Assignment& assignment : assignments_) {
    KAPEA_ASSIGN(const domain::Form* form, FormOf(writing, assignment.record));
    const domain::Field* field = form->FindField(assignment.field);
    if (field == nullptr || !field->item || field->item->duties.empty()) continue;
    for (const domain::Duty duty : field->item->duties) {
      if (std::find(held.begin(), held.end(), duty) != held.end()) return duty;
    }
    return field->item->duties[0];  // refused below, in the words of the rule
  }
  return domain::Duty::kNone;
}

absl::Status Draft::WriteAll(Writing& writing) const {
  for (const Made& made : made_) {
    const bool has_field =
        std::any_of(assignments_.begin(), assignments_.end(),
                    [&](const Assignment& one) { return one.record == made.record; });
    if (has_field) continue;
    // "Not void" is the one thing that can be said of any record.
    KAPEA_TRY(Write(writing, {made.record, std::string(domain::kVoidField), {}, {}}));
  }
  for (const Assignment& assignment : assignments_) KAPEA_TRY(Write(writing, assignment));
  return absl::OkStatus();
}

absl::Status Draft::Write(Writing& writing, const Assignment& assignment) const {
  KAPEA_ASSIGN(const domain::Form* form, FormOf(writing, assignment.record));
  const bool act = assignment.field.starts_with('@');
  const domain::Field* field = form->FindField(assignment.field);
  if (field == nullptr && !act) {
    return absl::InvalidArgumentError("the form " + form->id + " has no field " + assignment.field);
  }
  if (field != nullptr && !field->derived_from.empty()) {
    return absl::InvalidArgumentError(assignment.field + " follows from " + field->derived_from +
                                      " and is not entered");
  }
  domain::FieldWrite write;
  write.record = assignment.record;
  write.field = assignment.field;
  for (const Made& made : made_) {
    if (made.record != assignment.record) continue;
    if (std::find(writing.pinned.begin(), writing.pinned.end(), made.record) !=
        writing.pinned.end()) {
      continue;
    }
    write.form = domain::FormPin{made.form.form->id, made.form.form->version};
    write.parent = made.parent;
    writing.pinned.push_back(made.record);
  }
  if (const domain::Record* record = writing.state->FindRecord(assignment.record)) {
    write.replaces = Replaced(*record, field, assignment.field, assignment.value,
                              writing.writer.header().person);
  }
  if (assignment.attachment) {
    if (field == nullptr || !IsAttachment(*field)) {
      return absl::InvalidArgumentError("want a value for " + assignment.field +
                                        ", got an attachment");
    }
    const domain::KeyClass key_class =
        field->sealed() ? field->key_class : domain::KeyClass::kGeneral;
    return writing.vault.attachments().Add(writing.writer, std::move(write), *assignment.attachment,
                                           key_class);
  }
  if (field != nullptr && field->sealed() && assignment.value) {
    return WriteSealed(writing, *field, std::move(write), assignment);
  }
  write.clear = assignment.value;
  writing.writer.Add(std::move(write));
  return absl::OkStatus();
}

absl::Status Draft::WriteSealed(Writing& writing, const domain::Field& field,
                                domain::FieldWrite write, const Assignment& assignment) const {
  const uint32_t index = writing.writer.writes();
  const bool may =
      domain::MayHoldKey(writing.writer.header().role, field.key_class, writing.state->kind());
  const absl::Status sealed = may ? writing.vault.AddSealed(writing.writer, std::move(write),
                                                            *assignment.value, field.key_class)
                                  : absl::FailedPreconditionError("not for this role");
  if (absl::IsFailedPrecondition(sealed)) {
    return absl::PermissionDeniedError(
        "your role has no " + std::string(domain::NameOf(field.key_class)) +
        " key of this file, so " + field.code + " is for a colleague who has one");
  }
  KAPEA_TRY(sealed);
  KAPEA_ASSIGN(const domain::Form* form, FormOf(writing, assignment.record));
  for (const domain::DerivedFact& fact : field.derived) {
    const domain::Field* target = form->FindField(fact.code);
    auto value = DeriveFact(fact, target == nullptr ? nullptr : target->code_list,
                            *assignment.value, writing.writer.header().clock.wall);
    if (!value.ok()) {
      return absl::Status(value.status().code(),
                          field.code + ": " + std::string(value.status().message()));
    }
    domain::FieldWrite derived;
    derived.record = assignment.record;
    derived.field = fact.code;
    derived.clear = *std::move(value);
    derived.of = index;
    writing.writer.Add(std::move(derived));
  }
  return absl::OkStatus();
}

absl::Status Draft::CheckEffect(const Writing& writing) const {
  codec::ChangeWriter copy = writing.writer;
  KAPEA_ASSIGN(const codec::EncodedChange encoded, std::move(copy).Finish());
  const domain::Surroundings around = writing.vault.around();
  KAPEA_TRY(Refusal(writing.state->Judge(*encoded.change, domain::Directory::kNow, around)));
  domain::FileState after = *writing.state;
  const ClockReading now = writing.vault.clock().Read();
  after.AppendLocal(encoded.change, now, around);
  for (const Assignment& assignment : assignments_) {
    const domain::Record* record = after.FindRecord(assignment.record);
    const domain::Form* form = record == nullptr ? nullptr : after.FormOf(*record);
    if (form == nullptr || record->voided()) continue;
    const domain::Scope scope{.file = after, .as_of = now.wall, .record = record, .form = form};
    if (assignment.field != domain::kVoidField) {
      KAPEA_TRY(CheckConstraint(form->FindField(assignment.field), scope));
      continue;
    }
    // A record that counts again is asked everything again.
    for (const auto& [code, field] : form->by_code) {
      if (record->Shown(code) != nullptr) KAPEA_TRY(CheckConstraint(field, scope));
    }
  }
  return absl::OkStatus();
}

absl::Status Refusal(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNone:
    case Verdict::kAccepted:
    case Verdict::kEarly:  // takes effect by itself
      return absl::OkStatus();
    case Verdict::kNotMember:
    case Verdict::kRole:
    case Verdict::kDuty:
    case Verdict::kRevoked:
      return absl::PermissionDeniedError("refused: " + domain::FileState::Explain(verdict));
    default:
      return absl::FailedPreconditionError("refused: " + domain::FileState::Explain(verdict));
  }
}

std::vector<ChangeId> Replaced(const domain::Record& record, const domain::Field* field,
                               std::string_view code, const std::optional<domain::Value>& value,
                               const PersonId& author) {
  const domain::Register* known = record.Find(code);
  if (known == nullptr) return {};
  if (!Signed(field) || !value) return known->CurrentIds();
  std::vector<ChangeId> ids;
  for (const auto& [id, current] : known->current()) {
    const bool cosigned = current.person != author && current.clear == value;
    if (!cosigned) ids.push_back(id);
  }
  return ids;
}

}  // namespace kapea::field
