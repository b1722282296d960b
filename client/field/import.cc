#include "client/field/import.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/field/act.h"
#include "client/field/export.h"
#include "client/field/forms.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

using domain::ImportedRow;

// What this role could not write would be refused after the file was founded.
absl::Status CheckField(const domain::Field* field, const std::string& code, domain::Role role) {
  constexpr auto kPerson = domain::FileKind::kPerson;
  if (field == nullptr) {
    return absl::FailedPreconditionError("no form on this device has the field " + code);
  }
  const bool may = field->writers.empty() || std::find(field->writers.begin(), field->writers.end(),
                                                       role) != field->writers.end();
  if (may && (!field->sealed() || domain::MayHoldKey(role, field->key_class, kPerson))) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(absl::StrCat("your role may not write ", code,
                                                  ", so a colleague has to read this table; "
                                                  "nothing was written"));
}

absl::Status CheckRole(vault::Vault& vault, const ImportTable& table) {
  const domain::Role role = vault.identity().role;
  if (!domain::MayFound(role, domain::FileKind::kPerson)) {
    return absl::PermissionDeniedError(
        "your role may not found the file of a person; nothing was written");
  }
  std::set<std::pair<std::string, std::string>> seen;
  for (const ImportRow& row : table.rows) {
    for (const IntakePart& part : row.parts) {
      KAPEA_ASSIGN(const PackedForm form, FindForm(vault, part.form));
      for (const auto& [code, value] : part.values) {
        if (!seen.emplace(part.form, code).second) continue;
        KAPEA_TRY(CheckField(form.form->FindField(code), code, role));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckUnit(vault::Vault& vault, const std::optional<UnitId>& id) {
  if (!id) return absl::OkStatus();
  const domain::UnitEntry* unit = vault.directory()->FindUnit(*id);
  if (unit != nullptr && !unit->ended) return absl::OkStatus();
  return absl::PermissionDeniedError(
      "the unit is none of the directory any more; nothing was written");
}

// A key of a row, as it lies in the file that was made of it.
struct KeyAt {
  vault::Vault::Reading reading;
  const domain::FieldValue* value = nullptr;
  std::shared_ptr<const domain::FileState> state;  // owns the value
};

absl::StatusOr<std::vector<KeyAt>> FindKeys(vault::Vault& vault, const ImportedRow& row) {
  std::vector<KeyAt> keys;
  for (const vault::FileLine& line : vault.Files()) {
    if (line.kind != domain::FileKind::kPerson) continue;
    KAPEA_ASSIGN(const auto state, vault.File(line.file));
    if (state->erased_wholly()) continue;
    for (const domain::Record* record : state->RecordsOf(row.form)) {
      const domain::FieldValue* value = record->Shown(row.key_field);
      if (value == nullptr || value->cleared() || !value->sealed ||
          !MayHold(vault, *state, value->sealed->key_class)) {
        continue;
      }
      keys.push_back({{line.file, record->id, {row.key_field}}, value, state});
    }
  }
  return keys;
}

// Of the rows that are files here already. This device's own writing is opened without a notice.
absl::StatusOr<std::set<std::string>> KnownKeys(vault::Vault& vault, const ImportedRow& row) {
  std::set<std::string> known;
  KAPEA_ASSIGN(const std::vector<KeyAt> keys, FindKeys(vault, row));
  if (keys.empty()) return known;
  std::vector<vault::Vault::Reading> readings;
  for (const KeyAt& key : keys) readings.push_back(key.reading);
  KAPEA_ASSIGN(const auto notices, vault.NoticeReadings(std::move(readings)));
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto opened = vault.OpenSealed(notices[i], row.key_field, *keys[i].value);
    // No key here, or altered: it cannot be told, and the others are not kept back by it.
    if (absl::IsFailedPrecondition(opened.status()) || absl::IsDataLoss(opened.status())) continue;
    KAPEA_TRY(opened.status());
    const auto* text = std::get_if<domain::Text>(&*opened);
    if (text != nullptr) known.insert(text->text);
  }
  return known;
}

absl::StatusOr<FileId> Write(vault::Vault& vault, const ImportRequest& request,
                             const ImportedRow& what, const ImportRow& row) {
  NewIntake intake;
  intake.unit = request.unit;
  intake.parts = row.parts;
  IntakePart& from = intake.parts.emplace_back();
  from.form = what.form;
  from.values = {{what.key_field, domain::Text{row.key}}, {what.at_field, vault.clock().Now()}};
  for (const domain::FixedCode& fixed : what.fixed) {
    from.values.emplace_back(fixed.field, domain::Code{fixed.code});
  }
  KAPEA_ASSIGN(const Intake started, StartIntake(vault, intake));
  return started.file;
}

}  // namespace

absl::StatusOr<Imported> ImportFiles(vault::Vault& vault, const ImportRequest& request,
                                     const ImportProgress& progress) {
  KAPEA_ASSIGN(const domain::Export* what, FindExport(vault, request.id));
  Imported done;
  KAPEA_ASSIGN(done.table, ReadImportTable(vault, *what, request.csv));
  KAPEA_TRY(CheckUnit(vault, request.unit));
  KAPEA_TRY(CheckRole(vault, done.table));
  KAPEA_ASSIGN(const std::set<std::string> known, KnownKeys(vault, *what->imported));
  std::vector<const ImportRow*> rows;
  for (const ImportRow& row : done.table.rows) {
    if (!known.contains(row.key)) rows.push_back(&row);
  }
  done.known = done.table.rows.size() - rows.size();
  if (!request.write) return done;
  const auto tell = [&] {
    return progress ? progress(done.written.size(), rows.size()) : absl::OkStatus();
  };
  for (const ImportRow* row : rows) {
    const absl::Status said = tell();
    done.stopped = absl::IsCancelled(said);
    if (done.stopped) return done;
    KAPEA_TRY(said);
    const auto file = Write(vault, request, *what->imported, *row);
    if (!file.ok()) {
      return absl::Status(
          file.status().code(),
          absl::StrCat("row ", row->row, ": ", file.status().message(), "; ", done.written.size(),
                       " of ", rows.size(), " rows were imported before it"));
    }
    done.written.push_back(*file);
  }
  tell().IgnoreError();  // nothing is left to stop
  return done;
}

}  // namespace kapea::field
