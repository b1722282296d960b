#include "client/field/export.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/field/act.h"
#include "client/field/calendar.h"
#include "client/field/disclosure.h"
#include "client/field/links.h"
#include "client/field/membership.h"
#include "client/field/typed_value.h"
#include "common/base/macros.h"
#include "common/domain/consent.h"
#include "common/domain/evaluate.h"

namespace kapea::field {
namespace {

using domain::ExportColumn;
using domain::ExportKind;
using domain::ExportSource;

constexpr char kSamePerson[] = "same_person";
constexpr size_t kFullDateBytes = 10;  // "2026-11-23"

// An answer that has a place in a column.
struct Answered {
  size_t column = 0;
  const ExportSource* source = nullptr;
  const domain::Field* field = nullptr;
  RecordId record;
  const domain::FieldValue* value = nullptr;
};

bool IsIn(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::vector<std::string> CodesIn(const domain::Value& value) {
  if (const auto* code = std::get_if<domain::Code>(&value)) return {code->code};
  if (const auto* codes = std::get_if<domain::Codes>(&value)) return codes->codes;
  return {};
}

// In the order of the column's codes, each once; of a column of one code the first.
std::string Joined(const ExportColumn& column, std::vector<std::string> codes) {
  const auto place = [&](const std::string& code) {
    return std::find(column.codes.begin(), column.codes.end(), code) - column.codes.begin();
  };
  std::sort(codes.begin(), codes.end(), [&](const std::string& a, const std::string& b) {
    return std::pair(place(a), a) < std::pair(place(b), b);
  });
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  if (column.kind == ExportKind::kCode && codes.size() > 1) codes.resize(1);
  return absl::StrJoin(codes, ";");
}

std::string DayIn(const domain::Value& value) {
  if (const auto* time = std::get_if<Time>(&value)) return DateOf(*time).text;
  const auto* date = std::get_if<domain::Date>(&value);
  return date == nullptr ? "" : date->text;
}

// What a value that is no code says in a column.
std::string PlainText(vault::Vault& vault, ExportKind kind, const domain::Field& field,
                      const domain::Value& value) {
  switch (kind) {
    case ExportKind::kDate: {
      std::string day = DayIn(value);
      return day.size() == kFullDateBytes ? day : "";
    }
    case ExportKind::kYear:
      return DayIn(value).substr(0, 4);
    case ExportKind::kNumber: {
      const auto* number = std::get_if<int64_t>(&value);
      return number == nullptr ? "" : absl::StrCat(*number);
    }
    default:
      return ToText(vault, field, value, Language::kEnglish);
  }
}

// One file's row in the making.
class Row {
 public:
  Row(vault::Vault& vault, const ExportRequest& request, const domain::Export& what,
      const domain::FileState& file)
      : vault_(vault), request_(request), what_(what), file_(file) {}

  // Which answers will stand in it. Opens nothing.
  void Find();
  // A disclosure of those that are sealed is signed, or in force. False: not under her role.
  absl::StatusOr<bool> Disclose();
  absl::StatusOr<std::vector<std::string>> Read();

  size_t closed() const { return closed_; }
  bool sealed() const {
    return std::any_of(answers_.begin(), answers_.end(),
                       [](const Answered& one) { return one.value->sealed.has_value(); });
  }

 private:
  bool FindIn(size_t column, const ExportSource& source);
  bool MayOpen(domain::KeyClass key_class) const;
  bool Holds(const domain::Condition& when, const domain::Record& record,
             const domain::Form& form) const;
  bool InForce(const std::vector<domain::DisclosedField>& fields) const;
  // Of those that are sealed, all written down at once; in the order of the answers.
  absl::StatusOr<std::vector<vault::ReadNotice>> Notice();
  absl::StatusOr<std::optional<domain::Value>> Open(const Answered& one,
                                                    const vault::ReadNotice& notice);

  vault::Vault& vault_;
  const ExportRequest& request_;
  const domain::Export& what_;
  const domain::FileState& file_;
  std::vector<Answered> answers_;  // by column
  size_t closed_ = 0;
};

bool Row::MayOpen(domain::KeyClass key_class) const {
  const bool wanted =
      key_class == domain::KeyClass::kIdentity
          ? request_.identities
          : what_.anonymous || request_.to_unit.has_value() || !request_.to_body.empty();
  return wanted && MayHold(vault_, file_, key_class);
}

bool Row::Holds(const domain::Condition& when, const domain::Record& record,
                const domain::Form& form) const {
  return when.empty() ||
         domain::EvaluateTruth(
             when, {.file = file_, .as_of = vault_.clock().Now(), .record = &record, .form = &form})
             .holds();
}

// Whether there is an answer.
bool Row::FindIn(size_t column, const ExportSource& source) {
  const bool several = what_.columns[column].kind == ExportKind::kCodes;
  bool found = false;
  for (const domain::Record* record : file_.RecordsOf(source.form)) {
    const domain::Form* form = file_.FormOf(*record);
    const domain::Field* field = form == nullptr ? nullptr : form->FindField(source.field);
    if (field == nullptr || !Holds(source.when, *record, *form)) continue;
    const domain::FieldValue* value = record->Shown(source.field);
    if (value != nullptr && !value->cleared()) {
      if (value->sealed && !MayOpen(value->sealed->key_class)) {
        ++closed_;
      } else {
        answers_.push_back({column, &source, field, record->id, value});
        found = true;
      }
    }
    // One record speaks for all columns, so that a row never mixes two of them.
    if (!several) return found;
  }
  return found;
}

void Row::Find() {
  for (size_t i = 0; i < what_.columns.size(); ++i) {
    for (const ExportSource& source : what_.columns[i].sources) {
      if (FindIn(i, source)) break;
    }
  }
}

bool Row::InForce(const std::vector<domain::DisclosedField>& fields) const {
  const Time now = vault_.clock().Now();
  return std::any_of(
      file_.disclosures().begin(), file_.disclosures().end(), [&](const domain::DisclosureAt& act) {
        const domain::Disclosure& what = act.what;
        return what.to_unit == request_.to_unit && what.to_body == request_.to_body &&
               what.purpose == request_.purpose &&
               domain::StatusOf(file_, act, now) == domain::DisclosureStatus::kInForce &&
               std::includes(what.fields.begin(), what.fields.end(), fields.begin(), fields.end());
      });
}

absl::StatusOr<bool> Row::Disclose() {
  DisclosureRequest disclosure;
  for (const Answered& one : answers_) {
    if (one.value->sealed) disclosure.fields.push_back({one.record, one.source->field});
  }
  std::sort(disclosure.fields.begin(), disclosure.fields.end());
  if (InForce(disclosure.fields)) return true;
  disclosure.file = file_.id();
  disclosure.to_unit = request_.to_unit;
  disclosure.to_body = request_.to_body;
  disclosure.purpose = request_.purpose;
  disclosure.expires = vault_.clock().Now() + Duration::Days(kExportDays);
  const absl::Status signed_now = field::Disclose(vault_, disclosure).status();
  if (absl::IsPermissionDenied(signed_now)) return false;
  KAPEA_TRY(signed_now);
  return true;
}

absl::StatusOr<std::vector<vault::ReadNotice>> Row::Notice() {
  std::vector<vault::Vault::Reading> readings;
  for (const Answered& one : answers_) {
    if (one.value->sealed) readings.push_back({file_.id(), one.record, {one.source->field}});
  }
  if (readings.empty()) return std::vector<vault::ReadNotice>();
  return vault_.NoticeReadings(std::move(readings));
}

absl::StatusOr<std::optional<domain::Value>> Row::Open(const Answered& one,
                                                       const vault::ReadNotice& notice) {
  auto opened = vault_.OpenSealed(notice, one.source->field, *one.value);
  // No key here, or altered: nothing can stand there, and the others' rows do not wait for it.
  if (absl::IsFailedPrecondition(opened.status()) || absl::IsDataLoss(opened.status())) {
    ++closed_;
    return std::nullopt;
  }
  KAPEA_TRY(opened.status());
  return *std::move(opened);
}

absl::StatusOr<std::vector<std::string>> Row::Read() {
  std::vector<std::string> cells(what_.columns.size());
  std::vector<std::vector<std::string>> codes(what_.columns.size());
  KAPEA_ASSIGN(const std::vector<vault::ReadNotice> notices, Notice());
  auto notice = notices.begin();
  for (const Answered& one : answers_) {
    std::optional<domain::Value> value = one.value->clear;
    if (one.value->sealed) {
      KAPEA_ASSIGN(value, Open(one, *notice++));
    }
    if (!value) continue;
    const ExportColumn& column = what_.columns[one.column];
    if (column.kind != ExportKind::kCode && column.kind != ExportKind::kCodes) {
      cells[one.column] = PlainText(vault_, column.kind, *one.field, *value);
      continue;
    }
    for (const std::string& code : CodesIn(*value)) {
      std::string text = one.source->Of(code);
      if (!text.empty()) codes[one.column].push_back(std::move(text));
    }
  }
  for (size_t i = 0; i < cells.size(); ++i) {
    const ExportColumn& column = what_.columns[i];
    if (!codes[i].empty()) cells[i] = Joined(column, std::move(codes[i]));
    if (cells[i].empty()) cells[i] = column.always.empty() ? column.unknown : column.always;
  }
  return cells;
}

absl::Status CheckRequest(vault::Vault& vault, const ExportRequest& request,
                          const domain::Export& what) {
  if (!IsIn(what.purposes, request.purpose)) {
    return absl::InvalidArgumentError(absl::StrCat("want a purpose of ",
                                                   absl::StrJoin(what.purposes, ", "), ", got ",
                                                   request.purpose, "; nothing was written"));
  }
  const bool somebody = request.to_unit.has_value() || !request.to_body.empty();
  if (request.to_unit && !request.to_body.empty()) {
    return absl::InvalidArgumentError(
        "want one recipient: a unit, or a code for a body outside; nothing was written");
  }
  if (request.identities && (!somebody || !IsIn(what.identity_purposes, request.purpose))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "want a recipient, and one of the purposes ", absl::StrJoin(what.identity_purposes, ", "),
        ", for names, birth dates and documents to stand in it; nothing was written"));
  }
  if (!request.to_unit) return absl::OkStatus();
  const domain::UnitEntry* unit = vault.directory()->FindUnit(*request.to_unit);
  if (unit == nullptr || unit->ended) {
    return absl::PermissionDeniedError(
        "the recipient is no unit of the directory any more; nothing was written");
  }
  return absl::OkStatus();
}

// Whether one of `taken` is the same person, by links that this device holds.
bool StandsThere(const HeldLinks& links, const domain::FileState& file,
                 const std::set<FileId>& taken) {
  std::set<FileId> seen{file.id()};
  std::vector<const domain::FileState*> open{&file};
  while (!open.empty()) {
    const domain::FileState* from = open.back();
    open.pop_back();
    for (const FileId& id : domain::LinkedIds(*from, kSamePerson)) {
      if (taken.contains(id)) return true;
    }
    for (const domain::FileState* other : links.Find(*from, kSamePerson)) {
      if (other != nullptr && seen.insert(other->id()).second) open.push_back(other);
    }
  }
  return false;
}

// Counts whoever is left out.
bool Counts(vault::Vault& vault, const ExportRequest& request, const domain::Export& what,
            const domain::FileState& file, LeftOut& left_out) {
  const Time now = vault.clock().Now();
  const HeldLinks links(vault);
  size_t* reason = nullptr;
  if (file.drill()) {
    reason = &left_out.drills;
  } else if (!LedByMe(vault, file)) {
    reason = &left_out.role;
  } else if (!what.where.empty() &&
             !domain::EvaluateTruth(what.where, {.file = file, .as_of = now, .linked = &links})
                  .holds()) {
    reason = &left_out.not_counted;
  } else if (!domain::Consents(file, request.purpose, request.to_unit, now)) {
    reason = &left_out.no_consent;
  }
  if (reason == nullptr) return true;
  ++*reason;
  return false;
}

}  // namespace

absl::StatusOr<const domain::Export*> FindExport(vault::Vault& vault, const std::string& id) {
  const domain::Export* newest = nullptr;
  uint32_t version = 0;
  for (const domain::Pack* pack : vault.packs().All()) {
    const domain::Export* found = pack->FindExport(id);
    if (found == nullptr || (newest != nullptr && pack->version <= version)) continue;
    newest = found;
    version = pack->version;
  }
  if (newest != nullptr) return newest;
  return absl::FailedPreconditionError("no pack on this device describes the table " + id +
                                       ": sync, or ask who publishes packs; nothing was written");
}

absl::StatusOr<Exported> ReadExport(vault::Vault& vault, const ExportRequest& request) {
  Exported done;
  KAPEA_ASSIGN(done.what, FindExport(vault, request.id));
  KAPEA_TRY(CheckRequest(vault, request, *done.what));
  for (const ExportColumn& column : done.what->columns) done.table.columns.push_back(column.name);
  const HeldLinks links(vault);
  std::set<FileId> taken;
  for (const vault::FileLine& line : vault.Files()) {
    if (line.kind != domain::FileKind::kPerson) continue;
    KAPEA_ASSIGN(const auto state, vault.File(line.file));
    if (state->erased_wholly() || (request.unit && !IsOfUnit(*state, *request.unit))) continue;
    if (!Counts(vault, request, *done.what, *state, done.left_out)) continue;
    if (StandsThere(links, *state, taken)) {
      ++done.left_out.same_person;
      continue;
    }
    Row row(vault, request, *done.what, *state);
    row.Find();
    if (row.sealed() && !done.what->anonymous) {
      KAPEA_ASSIGN(const bool may, row.Disclose());
      if (!may) {
        ++done.left_out.role;
        continue;
      }
      ++done.disclosed;
    }
    KAPEA_ASSIGN(std::vector<std::string> cells, row.Read());
    done.closed += row.closed();
    done.table.rows.push_back(std::move(cells));
    taken.insert(line.file);
  }
  return done;
}

}  // namespace kapea::field
