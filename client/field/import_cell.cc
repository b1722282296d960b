#include "client/field/import_cell.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/field/calendar.h"
#include "client/field/derive.h"
#include "client/field/forms.h"
#include "client/field/typed_value.h"
#include "common/text/normalise.h"

namespace kapea::field {
namespace {

using domain::ExportColumn;
using domain::ExportKind;
using domain::ExportSource;
using domain::Field;
using domain::FieldType;
using domain::Value;

constexpr size_t kFullDateBytes = 10;  // "2026-11-23"
constexpr size_t kYearBytes = 4;
constexpr std::string_view kFormulaStarts = "=+-@\t\r";  // as report/table_file.h guards them
constexpr char kOneCodeAlone[] = "the form keeps one code, so the first alone counts";
constexpr char kNoCounterpart[] = "a code has no counterpart in our forms";

bool IsIn(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// In UTF-8 the letters of the Khmer block begin with these two bytes, and no others do.
bool HasKhmer(std::string_view text) {
  return text.find("\xE1\x9E") != std::string_view::npos ||
         text.find("\xE1\x9F") != std::string_view::npos;
}

class Cell {
 public:
  Cell(vault::Vault& vault, const ExportColumn& column, std::string_view text)
      : vault_(vault), column_(column), text_(text) {}

  CellTaken Take();

 private:
  void Refuse(std::string mistake) { taken_.mistake = std::move(mistake); }
  // The field of the newest form; nullptr: there is none any more.
  const Field* FieldOf(const ExportSource& source) const;
  void Keep(const ExportSource& source, const Field& field, Value value);
  // The first source that is read at all.
  const ExportSource* First() const;

  void TakeCodes();
  bool ReadCodes(std::vector<std::string>& codes);
  bool ReadPart(const std::string& part, std::vector<std::string>& codes);
  void KeepCodes(const std::vector<std::string>& codes);
  // False: the source has nothing to say of any of them.
  bool KeepIn(const ExportSource& source, const Field& field,
              const std::vector<std::string>& codes);
  void TakeDate();
  void TakeYear();
  void TakeNumber();
  void TakeText();
  void KeepLabel(const ExportSource& source, const Field& field);

  vault::Vault& vault_;
  const ExportColumn& column_;
  std::string text_;
  CellTaken taken_;
};

const Field* Cell::FieldOf(const ExportSource& source) const {
  const auto form = FindForm(vault_, source.form);
  return form.ok() ? form->form->FindField(source.field) : nullptr;
}

const ExportSource* Cell::First() const {
  for (const ExportSource& source : column_.sources) {
    if (!source.not_read) return &source;
  }
  return nullptr;
}

void Cell::Keep(const ExportSource& source, const Field& field, Value value) {
  const auto form = FindForm(vault_, source.form);
  // What the form makes of it without asking must be possible before anything is written.
  for (const domain::DerivedFact& fact : field.derived) {
    const Field* target = form.ok() ? form->form->FindField(fact.code) : nullptr;
    const domain::CodeList* list = target == nullptr ? nullptr : target->code_list;
    if (DeriveFact(fact, list, value, vault_.clock().Now()).ok()) continue;
    return Refuse("want a value from which " + fact.code + " can follow: no day to come");
  }
  taken_.source = &source;
  taken_.field = &field;
  taken_.value = std::move(value);
}

// --- Codes ---

bool Cell::ReadPart(const std::string& part, std::vector<std::string>& codes) {
  if (part.empty()) {
    Refuse("want a code on both sides of a \";\"");
    return false;
  }
  if (column_.codes.empty() || IsIn(column_.codes, part)) {
    codes.push_back(part);
    return true;
  }
  if (const auto line = column_.read_codes.find(part); line != column_.read_codes.end()) {
    codes.push_back(line->second);
    taken_.tolerated.push_back("another spelling of a code, or a code that HTCDS does not list");
    return true;
  }
  // The survey form has blanks between codes; one of its codes ends in one.
  std::vector<std::string> several = absl::StrSplit(part, ' ', absl::SkipEmpty());
  const bool known = std::all_of(several.begin(), several.end(),
                                 [&](const auto& one) { return IsIn(column_.codes, one); });
  if (column_.kind == ExportKind::kCode && !column_.read_several) several.clear();
  if (several.empty() || !known) {
    Refuse("want one of the codes that HTCDS has for " + column_.name);
    return false;
  }
  codes.insert(codes.end(), several.begin(), several.end());
  taken_.tolerated.push_back("blanks between codes, in place of \";\"");
  return true;
}

bool Cell::ReadCodes(std::vector<std::string>& codes) {
  // Some labels have a ";" within.
  const bool whole = column_.read_codes.contains(text_);
  const std::vector<std::string> parts =
      whole ? std::vector{text_} : std::vector<std::string>(absl::StrSplit(text_, ';'));
  for (const std::string& part : parts) {
    if (!ReadPart(part, codes)) return false;
  }
  std::vector<std::string> once;
  for (std::string& code : codes) {
    if (!IsIn(once, code)) once.push_back(std::move(code));
  }
  codes = std::move(once);
  return true;
}

bool Cell::KeepIn(const ExportSource& source, const Field& field,
                  const std::vector<std::string>& codes) {
  std::vector<std::string> ours;
  for (const std::string& code : codes) {
    std::string back = source.Back(code);
    if (back.empty()) continue;
    if (field.code_list == nullptr || !field.code_list->Has(back)) {
      Refuse("want one of the codes of " + (field.code_list ? field.code_list->id : field.code));
      return true;
    }
    ours.push_back(std::move(back));
  }
  if (ours.empty()) return false;
  if (ours.size() < codes.size()) taken_.left_out = kNoCounterpart;
  if (field.type == FieldType::kCode) {
    if (ours.size() > 1) taken_.left_out = kOneCodeAlone;
    Keep(source, field, domain::Code{ours[0]});
    return true;
  }
  std::sort(ours.begin(), ours.end());
  ours.erase(std::unique(ours.begin(), ours.end()), ours.end());
  Keep(source, field, domain::Codes{std::move(ours)});
  return true;
}

void Cell::KeepCodes(const std::vector<std::string>& codes) {
  for (const ExportSource& source : column_.sources) {
    const Field* field = source.not_read ? nullptr : FieldOf(source);
    if (field != nullptr && KeepIn(source, *field, codes)) return;
  }
  if (IsRead(column_)) taken_.left_out = kNoCounterpart;
}

void Cell::TakeCodes() {
  std::vector<std::string> codes;
  if (!ReadCodes(codes)) {
    if (!column_.read_text) return;
    taken_ = CellTaken();
    taken_.canonical = text_;
    taken_.tolerated.push_back("words in place of a code; they are left out");
    return;
  }
  if (column_.kind == ExportKind::kCode && codes.size() > 1) {
    if (!column_.read_several) return Refuse("want one code alone");
    taken_.tolerated.push_back("several codes where one stands; the first counts");
    codes.resize(1);
  }
  taken_.canonical = absl::StrJoin(codes, ";");
  if (!column_.always.empty()) {
    if (taken_.canonical != column_.always) {
      Refuse("want " + column_.always + ", for nobody is taken in without it");
    }
    return;
  }
  KeepCodes(codes);
}

// --- Days, numbers, texts ---

void Cell::TakeDate() {
  const bool whole = text_.size() == kFullDateBytes;
  const auto day = ParseDate(text_, vault_.clock().Now());
  if (!whole || !day.ok()) return Refuse("want a day as 2026-11-23");
  const ExportSource* source = First();
  const Field* field = source == nullptr ? nullptr : FieldOf(*source);
  if (field == nullptr) return;
  if (field->type == FieldType::kDate) return Keep(*source, *field, *day);
  const auto midnight =
      ParseValue(vault_, domain::FileState(FileId()), *field, absl::StrCat(text_, " 00:00"));
  if (!midnight.ok()) return Refuse("want a day as 2026-11-23");
  Keep(*source, *field, *midnight);
}

void Cell::TakeYear() {
  if (text_.size() != kYearBytes || text_.find_first_not_of("0123456789") != std::string::npos) {
    return Refuse("want a year as 2026");
  }
  const ExportSource* source = First();
  const Field* field = source == nullptr ? nullptr : FieldOf(*source);
  if (field == nullptr) return;
  if (field->type == FieldType::kDate) return Keep(*source, *field, domain::Date{text_});
  taken_.left_out = "a year alone is no time";
}

void Cell::TakeNumber() {
  const ExportSource* source = First();
  const Field* field = source == nullptr ? nullptr : FieldOf(*source);
  if (field == nullptr) return;
  const auto number = ParseValue(vault_, domain::FileState(FileId()), *field, text_);
  if (number.ok() && std::holds_alternative<int64_t>(*number)) {
    return Keep(*source, *field, *number);
  }
  Refuse(absl::StrCat("want a whole number",
                      field->min ? absl::StrCat(" from ", *field->min) : std::string(),
                      field->max ? absl::StrCat(" to ", *field->max) : std::string()));
}

// A code that left as its label.
void Cell::KeepLabel(const ExportSource& source, const Field& field) {
  if (field.code_list == nullptr) return;
  for (const domain::CodeItem& item : field.code_list->codes) {
    if (item.retired || (item.label.en != text_ && item.label.km != text_)) continue;
    return Keep(source, field, domain::Code{item.code});
  }
  taken_.left_out = "no label of " + field.code_list->id;
}

void Cell::TakeText() {
  const bool guarded = text_.size() > 1 && text_[0] == '\'' &&
                       kFormulaStarts.find(text_[1]) != std::string_view::npos;
  auto normal = text::Normalise(guarded ? text_.substr(1) : text_);
  if (!normal.ok()) return Refuse("want a text in UTF-8 that is not too long");
  if (normal->empty()) return;
  text_ = *std::move(normal);
  taken_.canonical = text_;
  const bool khmer = HasKhmer(text_);
  const bool apart = std::any_of(column_.sources.begin(), column_.sources.end(),
                                 [](const auto& source) { return source.khmer; });
  for (const ExportSource& source : column_.sources) {
    if (source.not_read || (apart && source.khmer != khmer)) continue;
    const Field* field = FieldOf(source);
    if (field == nullptr) continue;
    if (field->type == FieldType::kCode) return KeepLabel(source, *field);
    return Keep(source, *field, domain::Text{text_});
  }
}

CellTaken Cell::Take() {
  taken_.canonical = text_;
  if (!text::IsUtf8(text_)) {
    Refuse("want a text in UTF-8");
    return std::move(taken_);
  }
  switch (column_.kind) {
    case ExportKind::kCode:
    case ExportKind::kCodes:
      TakeCodes();
      break;
    case ExportKind::kDate:
      TakeDate();
      break;
    case ExportKind::kYear:
      TakeYear();
      break;
    case ExportKind::kNumber:
      TakeNumber();
      break;
    case ExportKind::kText:
    case ExportKind::kNone:
      TakeText();
      break;
  }
  const bool dropped = taken_.source == nullptr && taken_.mistake.empty() &&
                       taken_.tolerated.empty() && taken_.left_out.empty();
  if (dropped && IsRead(column_) && column_.always.empty()) {
    taken_.left_out = "no form on this device has a place for it";
  }
  return std::move(taken_);
}

}  // namespace

bool IsRead(const ExportColumn& column) {
  return std::any_of(column.sources.begin(), column.sources.end(),
                     [](const ExportSource& source) { return !source.not_read; });
}

CellTaken TakeCell(vault::Vault& vault, const ExportColumn& column, std::string_view text) {
  return Cell(vault, column, text).Take();
}

}  // namespace kapea::field
