#include "client/field/casework.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "client/field/draft.h"
#include "client/field/names.h"
#include "client/field/random_id.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

constexpr domain::Role kStaff[] = {domain::Role::kUnitLead,       domain::Role::kOfficer,
                                   domain::Role::kSocialWorker,   domain::Role::kIntakeOfficer,
                                   domain::Role::kCaseManager,    domain::Role::kHealthWorker,
                                   domain::Role::kLawyer,         domain::Role::kCourtClerk,
                                   domain::Role::kCommuneOfficer, domain::Role::kSupervisor};

std::vector<domain::Member> MembersFor(const vault::Identity& me, const NewFile& file) {
  std::vector<domain::Member> members{{me.person, me.unit, me.role, {}}};
  if (!file.members.empty()) {
    members.insert(members.end(), file.members.begin(), file.members.end());
    return members;
  }
  for (const domain::Role role : kStaff) {
    // Who cares for a person's health founds no file, and needs it all the same.
    const bool works_on_it = domain::MayFound(role, file.kind) ||
                             domain::MayHoldKey(role, domain::KeyClass::kHealth, file.kind);
    if (works_on_it) members.push_back({std::nullopt, me.unit, role, {}});
  }
  return members;
}

absl::Status CheckTopForm(const domain::Form& form, domain::FileKind kind) {
  if (form.file_kind == kind && form.parent.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("want a form that a file of this kind begins with, got " +
                                    form.id);
}

// Reads the entries as they will be read, into nothing.
absl::Status CheckEntries(vault::Vault& vault, const domain::Form& form,
                          const std::vector<Entry>& entries) {
  const domain::FileState nothing{FileId()};
  Draft draft{FileId()};
  return SetAll(vault, nothing, form, RecordId(), entries, draft);
}

absl::StatusOr<RecordId> OnlyRecord(const domain::FileState& file, const std::string& form) {
  const auto records = file.RecordsOf(form);
  if (records.size() == 1) return records[0]->id;
  if (records.empty()) {
    return absl::FailedPreconditionError("this stands below a record of " + form +
                                         ", and the file has none: write that first");
  }
  return absl::FailedPreconditionError("the file has more than one record of " + form +
                                       ": say below which");
}

absl::StatusOr<Written> Write(vault::Vault& vault, const FileId& file, const RecordWrite& write) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  Draft draft(file);
  RecordId record;
  const domain::Form* form = nullptr;
  if (write.record) {
    const domain::Record* known = state->FindRecord(*write.record);
    if (known == nullptr) return absl::NotFoundError("no such record in this file");
    record = known->id;
    form = state->FormOf(*known);
  } else {
    KAPEA_ASSIGN(const PackedForm packed, FindForm(vault, write.form));
    form = packed.form;
    KAPEA_ASSIGN(const auto parent, ParentFor(*state, *form, write.parent));
    record = RandomId<RecordId>();
    draft.Make(record, packed, parent);
  }
  if (form == nullptr) {
    return absl::FailedPreconditionError("the form of this record needs a newer program or pack");
  }
  KAPEA_TRY(SetAll(vault, *state, *form, record, write.entries, draft));
  KAPEA_ASSIGN(const domain::Ref change, draft.Commit(vault));
  return Written{file, record, change};
}

absl::StatusOr<Written> SetVoid(vault::Vault& vault, const FileId& file, const RecordId& record,
                                const std::optional<domain::Value>& why) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  if (state->FindRecord(record) == nullptr) {
    return absl::NotFoundError("no such record in this file");
  }
  Draft draft(file);
  if (why) {
    draft.Set(record, domain::kVoidField, *why);
  } else {
    draft.Clear(record, domain::kVoidField);
  }
  KAPEA_ASSIGN(const domain::Ref change, draft.Commit(vault));
  return Written{file, record, change};
}

}  // namespace

absl::StatusOr<std::optional<RecordId>> ParentFor(const domain::FileState& file,
                                                  const domain::Form& form,
                                                  const std::optional<RecordId>& named) {
  if (form.file_kind != file.kind()) {
    return absl::InvalidArgumentError("want a form of this kind of file, got " + form.id);
  }
  if (form.parent.empty()) {
    if (!named) return std::optional<RecordId>();
    return absl::InvalidArgumentError(form.id + " stands below no other record");
  }
  if (!named) {
    KAPEA_ASSIGN(const RecordId only, OnlyRecord(file, form.parent));
    return std::optional(only);
  }
  const domain::Record* parent = file.FindRecord(*named);
  if (parent == nullptr) return absl::NotFoundError("no such record in this file");
  if (parent->form.form != form.parent) {
    return absl::InvalidArgumentError(form.id + " stands below a record of " + form.parent +
                                      ", got one of " + parent->form.form);
  }
  return named;
}

absl::StatusOr<Written> OpenFile(vault::Vault& vault, const NewFile& file) {
  KAPEA_ASSIGN(const PackedForm form, FindForm(vault, file.form));
  KAPEA_TRY(CheckTopForm(*form.form, file.kind));
  KAPEA_TRY(CheckEntries(vault, *form.form, file.entries));
  vault::FoundRequest request;
  request.kind = file.kind;
  request.drill = file.drill;
  request.members = MembersFor(vault.identity(), file);
  KAPEA_ASSIGN(const vault::Founded founded, vault.Found(request));
  auto written = Write(vault, founded.file, {{}, file.form, {}, file.entries});
  if (written.ok()) return written;
  return absl::Status(written.status().code(), std::string(written.status().message()) +
                                                   " (the file " + CodeOf(founded.file, file.kind) +
                                                   " was opened, without this record)");
}

absl::StatusOr<Written> WriteRecord(vault::Vault& vault, const FileId& file,
                                    const RecordWrite& write) {
  if (write.entries.empty()) {
    return absl::InvalidArgumentError("nothing to write: want --set CODE=VALUE");
  }
  return Write(vault, file, write);
}

absl::StatusOr<Written> VoidRecord(vault::Vault& vault, const FileId& file, const RecordId& record,
                                   std::string_view reason_code) {
  if (reason_code.empty()) return absl::InvalidArgumentError("want a reason, as a code");
  return SetVoid(vault, file, record, domain::Code{std::string(reason_code)});
}

absl::StatusOr<Written> RestoreRecord(vault::Vault& vault, const FileId& file,
                                      const RecordId& record) {
  return SetVoid(vault, file, record, std::nullopt);
}

absl::StatusOr<Written> RaiseForm(vault::Vault& vault, const FileId& file, const RecordId& record) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  const domain::Record* known = state->FindRecord(record);
  if (known == nullptr) return absl::NotFoundError("no such record in this file");
  KAPEA_ASSIGN(const PackedForm newest, FindForm(vault, known->form.form));
  if (newest.form->version <= known->form.version) {
    return absl::FailedPreconditionError("this record has the newest version of its form");
  }
  Draft draft(file);
  draft.Set(record, domain::kPinField, int64_t{newest.form->version});
  KAPEA_ASSIGN(const domain::Ref change, draft.Commit(vault));
  return Written{file, record, change};
}

std::vector<const domain::Form*> FormsFor(vault::Vault& vault, domain::FileKind kind) {
  std::vector<const domain::Form*> forms;
  for (const domain::Pack* pack : vault.packs().All()) {
    for (const auto& form : pack->forms) {
      if (form->file_kind != kind) continue;
      const auto known =
          std::find_if(forms.begin(), forms.end(),
                       [&form](const domain::Form* other) { return other->id == form->id; });
      if (known == forms.end()) {
        forms.push_back(form.get());
      } else if ((*known)->version < form->version) {
        *known = form.get();
      }
    }
  }
  return forms;
}

std::vector<RecordLine> RecordsIn(const domain::FileState& file) {
  std::map<std::optional<RecordId>, std::vector<const domain::Record*>> below;
  for (const auto& [id, record] : file.records()) {
    if (!record.voided()) below[record.parent].push_back(&record);
  }
  for (auto& [parent, records] : below) {
    std::sort(records.begin(), records.end(), [](const domain::Record* a, const domain::Record* b) {
      return std::tuple(a->form.form, a->made.soft.latest, a->id) <
             std::tuple(b->form.form, b->made.soft.latest, b->id);
    });
  }
  std::vector<RecordLine> lines;
  // What lies below a void record goes with it; records nest as deep as their forms do.
  const auto add = [&](const auto& self, const std::optional<RecordId>& parent,
                       size_t depth) -> void {
    const auto found = below.find(parent);
    if (found == below.end()) return;
    for (const domain::Record* record : found->second) {
      lines.push_back(
          {record->id, file.FormOf(*record), record->form.form, depth, record->made.soft.latest});
      self(self, record->id, depth + 1);
    }
  };
  add(add, std::nullopt, 0);
  return lines;
}

}  // namespace kapea::field
