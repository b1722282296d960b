#include "client/field/data_set.h"

#include <algorithm>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/field/casework.h"
#include "client/field/draft.h"
#include "client/field/random_id.h"
#include "common/base/macros.h"
#include "common/text/csv.h"

namespace kapea::field {
namespace {

// How many rows are tried as one Change; halved until they fit.
constexpr size_t kRowsTogether = 64;

struct Row {
  size_t line = 0;
  RecordId record;
  std::vector<std::pair<std::string, domain::Value>> values;  // by field
};

class Reading {
 public:
  Reading(vault::Vault& vault, const DataSet& data, const PackedForm& form)
      : vault_(vault), data_(data), form_(form) {}

  absl::Status Read();
  std::vector<Mistake>& mistakes() { return mistakes_; }
  std::vector<Row>& rows() { return rows_; }
  const std::optional<RecordId>& parent() const { return parent_; }
  // Judges each row alone.
  absl::Status Judge();
  absl::Status Write(std::span<const Row> rows, const Progress& progress);

 private:
  void Wrong(size_t line, std::string field, std::string what) {
    mistakes_.push_back({line, std::move(field), std::move(what)});
  }
  void WrongOf(size_t line, const std::string& field, const absl::Status& status);
  void ReadHeader(const text::CsvRow& header);
  void ReadRow(const text::CsvRow& row);
  Draft DraftOf(std::span<const Row> rows) const;

  vault::Vault& vault_;
  const DataSet& data_;
  const PackedForm form_;
  std::shared_ptr<const domain::FileState> state_;
  std::optional<RecordId> parent_;
  std::vector<std::string> columns_;
  std::vector<Row> rows_;
  std::vector<Mistake> mistakes_;
};

// Messages begin with the field's code where they are about one.
void Reading::WrongOf(size_t line, const std::string& field, const absl::Status& status) {
  std::string_view what(status.message().data(), status.message().size());
  if (what.starts_with(field + ": ")) what.remove_prefix(field.size() + 2);
  Wrong(line, field, std::string(what));
}

void Reading::ReadHeader(const text::CsvRow& header) {
  for (const std::string& code : header.cells) {
    const domain::Field* field = form_.form->FindField(code);
    if (field == nullptr) {
      // Its number, for where the first row is no heading its cells may be anything.
      Wrong(header.line, absl::StrCat("column ", columns_.size() + 1),
            absl::StrCat("no field of the form ", data_.form, "; kapea form ", data_.form,
                         " names them"));
    } else if (!field->derived_from.empty()) {
      Wrong(header.line, code, absl::StrCat("follows from ", field->derived_from));
    } else if (field->type == domain::FieldType::kAttachment ||
               field->type == domain::FieldType::kImage) {
      Wrong(header.line, code, "an attachment cannot stand in a table");
    } else if (std::find(columns_.begin(), columns_.end(), code) != columns_.end()) {
      Wrong(header.line, code, "stands twice");
    }
    columns_.push_back(code);
  }
}

void Reading::ReadRow(const text::CsvRow& row) {
  Row read{row.line, RandomId<RecordId>(), {}};
  bool empty = true;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (row.cells[i].empty()) continue;
    const domain::Field* field = form_.form->FindField(columns_[i]);
    if (field == nullptr) continue;  // said of the column
    empty = false;
    auto value = ParseValue(vault_, *state_, *field, row.cells[i]);
    if (value.ok()) {
      read.values.emplace_back(columns_[i], *std::move(value));
    } else {
      WrongOf(row.line, columns_[i], value.status());
    }
  }
  // Spreadsheets leave rows of commas behind.
  if (!empty) rows_.push_back(std::move(read));
}

absl::Status Reading::Read() {
  KAPEA_ASSIGN(state_, vault_.File(data_.file));
  KAPEA_ASSIGN(parent_, ParentFor(*state_, *form_.form, data_.parent));
  const text::Csv csv = text::ReadCsv(data_.csv);
  if (csv.rows.empty()) {
    return absl::InvalidArgumentError("want a table whose first row names fields, got none");
  }
  if (csv.rows.size() > kDataSetRowsMax + 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("want at most ", kDataSetRowsMax, " rows, got ", csv.rows.size() - 1));
  }
  ReadHeader(csv.rows[0]);
  for (size_t i = 1; i < csv.rows.size(); ++i) {
    std::string mistake = text::WidthMistake(csv.rows[0], csv.rows[i]);
    if (mistake.empty()) {
      ReadRow(csv.rows[i]);
    } else {
      Wrong(csv.rows[i].line, "", std::move(mistake));
    }
  }
  if (csv.broken) Wrong(*csv.broken, "", text::kBrokenMistake);
  if (rows_.empty() && mistakes_.empty()) Wrong(csv.rows[0].line, "", "no row follows");
  return absl::OkStatus();
}

Draft Reading::DraftOf(std::span<const Row> rows) const {
  Draft draft(data_.file);
  for (const Row& row : rows) {
    draft.Make(row.record, form_, parent_);
    for (const auto& [field, value] : row.values) draft.Set(row.record, field, value);
  }
  return draft;
}

absl::Status Reading::Judge() {
  for (const Row& row : rows_) {
    const absl::Status status = DraftOf({&row, 1}).Check(vault_);
    if (status.ok()) continue;
    // A broken constraint is the row's; that her role may not write this is everybody's.
    if (!absl::IsInvalidArgument(status)) return status;
    const std::string message(status.message());
    const std::string field = message.substr(0, message.find(": "));
    const bool names = std::find(columns_.begin(), columns_.end(), field) != columns_.end();
    WrongOf(row.line, names ? field : "", status);
  }
  return absl::OkStatus();
}

absl::Status Reading::Write(std::span<const Row> rows, const Progress& progress) {
  for (size_t written = 0; written < rows.size();) {
    size_t count = std::min(rows.size() - written, kRowsTogether);
    for (;;) {
      const auto change = DraftOf(rows.subspan(written, count)).Commit(vault_);
      if (change.ok()) break;
      if (!absl::IsResourceExhausted(change.status()) || count == 1) return change.status();
      count /= 2;
    }
    written += count;
    if (progress) {
      KAPEA_TRY(progress(written, rows.size()));
    }
  }
  return absl::OkStatus();
}

// Where these bytes were written into this place before, the rows get the ids of then; else
// theirs are kept. The name of a setting is kept as a keyed hash.
absl::Status GiveIds(vault::Vault& vault, const DataSet& data,
                     const std::optional<RecordId>& parent, std::vector<Row>& rows) {
  const std::string name =
      absl::StrCat("data set ", data.file.hex(), " ", data.form, " ", parent ? parent->hex() : "-",
                   " ", absl::string_view(data.csv.data(), data.csv.size()));
  KAPEA_ASSIGN(auto ids, vault.FindSetting(name));
  if (!ids || ids->size() != rows.size() * RecordId::kBytes) {
    ids.emplace();
    for (const Row& row : rows) *ids += row.record.view();
    return vault.PutSetting(name, *ids);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].record = RecordId::FromPrefix(std::string_view(*ids).substr(i * RecordId::kBytes));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DataSetWritten> WriteDataSet(vault::Vault& vault, const DataSet& data, bool write,
                                            const Progress& progress) {
  KAPEA_ASSIGN(const PackedForm form, FindForm(vault, data.form));
  Reading reading(vault, data, form);
  KAPEA_TRY(reading.Read());
  std::vector<Row>& rows = reading.rows();
  if (reading.mistakes().empty()) KAPEA_TRY(reading.Judge());
  DataSetWritten done;
  done.rows = rows.size();
  done.mistakes = std::move(reading.mistakes());
  if (!done.mistakes.empty() || !write) return done;
  KAPEA_TRY(GiveIds(vault, data, reading.parent(), rows));
  KAPEA_ASSIGN(const auto state, vault.File(data.file));
  std::erase_if(rows, [&](const Row& row) { return state->FindRecord(row.record) != nullptr; });
  done.known = done.rows - rows.size();
  KAPEA_TRY(reading.Write(rows, progress));
  for (const Row& row : rows) done.written.push_back(row.record);
  return done;
}

}  // namespace kapea::field
