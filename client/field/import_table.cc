#include "client/field/import_table.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/field/import_cell.h"
#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "common/text/csv.h"

namespace kapea::field {
namespace {

using domain::ExportColumn;

constexpr size_t kMistakesShownMax = 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class Reading {
 public:
  Reading(vault::Vault& vault, const domain::Export& what) : vault_(vault), what_(what) {}

  absl::Status Read(std::string_view bytes);
  ImportTable& table() { return table_; }

 private:
  void Wrong(size_t row, std::string column, std::string mistake) {
    mistakes_.push_back({row, std::move(column), std::move(mistake)});
  }
  void Tolerate(size_t row, std::string column, std::string defect) {
    table_.tolerated.push_back({row, std::move(column), std::move(defect)});
  }
  void ReadHeader(const text::CsvRow& header);
  std::optional<size_t> ColumnNamed(const std::string& name, size_t row);
  // A nameless column of the file is known by its neighbours.
  std::optional<size_t> Nameless(size_t at) const;
  bool AreLabels(const text::CsvRow& row) const;
  void ReadRow(const text::CsvRow& row);
  void Keep(const CellTaken& taken, std::vector<IntakePart>& parts) const;
  std::string KeyOf(const std::vector<std::string>& canonical);
  absl::Status Summary() const;

  vault::Vault& vault_;
  const domain::Export& what_;
  std::vector<std::optional<size_t>> columns_;  // of the file: which of the pack
  std::map<std::string, uint32_t> alike_;       // rows by what stands in them
  std::set<size_t> unused_;
  std::vector<ImportNote> mistakes_;
  ImportTable table_;
};

std::optional<size_t> Reading::ColumnNamed(const std::string& name, size_t row) {
  if (name.empty()) return std::nullopt;
  for (size_t i = 0; i < what_.columns.size(); ++i) {
    const ExportColumn& column = what_.columns[i];
    if (column.name == name) return i;
    if (std::find(column.read_as.begin(), column.read_as.end(), name) == column.read_as.end()) {
      continue;
    }
    Tolerate(row, column.name, "another spelling of the column's name");
    return i;
  }
  return std::nullopt;
}

std::optional<size_t> Reading::Nameless(size_t at) const {
  for (size_t i = 0; i < what_.columns.size(); ++i) {
    const auto& names = what_.columns[i].read_as;
    if (std::find(names.begin(), names.end(), "") == names.end()) continue;
    const bool after = at > 0 && i > 0 && columns_[at - 1] == i - 1;
    const bool before = at + 1 < columns_.size() && columns_[at + 1] == i + 1;
    if (after || before) return i;
  }
  return std::nullopt;
}

void Reading::ReadHeader(const text::CsvRow& header) {
  for (const std::string& name : header.cells) columns_.push_back(ColumnNamed(name, header.line));
  std::set<size_t> seen;
  for (size_t i = 0; i < columns_.size(); ++i) {
    // A first row that is no heading may hold anything, so only its number is said.
    const std::string number = absl::StrCat("column ", i + 1);
    if (header.cells[i].empty()) {
      columns_[i] = Nameless(i);
      if (columns_[i]) {
        Tolerate(header.line, what_.columns[*columns_[i]].name, "the column has no name");
      }
    }
    if (!columns_[i]) {
      Wrong(header.line, number, "no column of " + what_.id);
    } else if (!seen.insert(*columns_[i]).second) {
      Wrong(header.line, what_.columns[*columns_[i]].name, "stands twice");
    }
  }
  for (size_t i = 0; i < what_.columns.size(); ++i) {
    const ExportColumn& column = what_.columns[i];
    if (column.always.empty() || seen.contains(i)) continue;
    Wrong(header.line, column.name, "is not there, and every row needs it");
  }
}

// The toolkit's sheet has labels for people below the names for programs.
bool Reading::AreLabels(const text::CsvRow& row) const {
  size_t filled = 0, labels = 0;
  for (size_t i = 0; i < row.cells.size() && i < columns_.size(); ++i) {
    if (row.cells[i].empty()) continue;
    ++filled;
    if (columns_[i] && what_.columns[*columns_[i]].label == row.cells[i]) ++labels;
  }
  return labels > 1 && 2 * labels >= filled;
}

void Reading::Keep(const CellTaken& taken, std::vector<IntakePart>& parts) const {
  auto part = std::find_if(parts.begin(), parts.end(),
                           [&](const auto& one) { return one.form == taken.source->form; });
  if (part == parts.end()) part = parts.insert(parts.end(), {taken.source->form, {}});
  part->values.emplace_back(taken.source->field, taken.value);
  for (const domain::FixedCode& fixed : taken.source->fixed) {
    part->values.emplace_back(fixed.field, domain::Code{fixed.code});
  }
}

std::string Reading::KeyOf(const std::vector<std::string>& canonical) {
  std::string row;
  for (size_t i = 0; i < canonical.size(); ++i) {
    if (canonical[i].empty()) continue;
    const std::string& name = what_.columns[i].name;
    absl::StrAppend(&row, name.size(), ":", name, canonical[i].size(), ":", canonical[i]);
  }
  // Two persons of whom the same is said are two: the second such row has another key.
  const std::string number = absl::StrCat(alike_[row]++);
  const Hash hash = crypto::Sha256({crypto::kImportRowDomain, what_.id, ":", number, ":", row});
  return ToHex(hash.view());
}

void Reading::ReadRow(const text::CsvRow& row) {
  // Spreadsheets leave rows of commas behind.
  if (std::all_of(row.cells.begin(), row.cells.end(), [](const auto& c) { return c.empty(); })) {
    return;
  }
  ImportRow made{row.line, "", {}};
  std::vector<std::string> canonical(what_.columns.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i]) continue;  // said of the column
    const ExportColumn& column = what_.columns[*columns_[i]];
    if (row.cells[i].empty()) {
      if (!column.always.empty()) Wrong(row.line, column.name, "is empty, and every row needs it");
      continue;
    }
    CellTaken taken = TakeCell(vault_, column, row.cells[i]);
    if (!taken.mistake.empty()) {
      Wrong(row.line, column.name, std::move(taken.mistake));
      continue;
    }
    canonical[*columns_[i]] = std::move(taken.canonical);
    for (std::string& defect : taken.tolerated) Tolerate(row.line, column.name, std::move(defect));
    if (!taken.left_out.empty()) {
      table_.left_out.push_back({row.line, column.name, std::move(taken.left_out)});
    }
    if (!IsRead(column) && column.always.empty()) unused_.insert(*columns_[i]);
    if (taken.source != nullptr) Keep(taken, made.parts);
  }
  if (made.parts.empty()) {
    Wrong(row.line, "", "nothing of it has a place in a person's file");
    return;
  }
  made.key = KeyOf(canonical);
  table_.rows.push_back(std::move(made));
}

absl::Status Reading::Summary() const {
  if (mistakes_.empty()) return absl::OkStatus();
  std::string text =
      absl::StrCat(mistakes_.size(), mistakes_.size() == 1 ? " mistake" : " mistakes",
                   ", so nothing was written");
  for (size_t i = 0; i < mistakes_.size(); ++i) {
    if (i == kMistakesShownMax) {
      absl::StrAppend(&text, "\n  ...");
      break;
    }
    const ImportNote& one = mistakes_[i];
    absl::StrAppend(&text, "\n  row ", one.row, one.column.empty() ? "" : ", ", one.column, ": ",
                    one.what);
  }
  return absl::InvalidArgumentError(text);
}

absl::Status Reading::Read(std::string_view bytes) {
  const text::Csv csv = text::ReadCsv(bytes);
  if (csv.rows.empty()) {
    return absl::InvalidArgumentError(
        "row 1: want a table whose first row names columns, got none; nothing was written");
  }
  if (csv.rows.size() > kImportRowsMax + 1) {
    return absl::InvalidArgumentError(absl::StrCat("want at most ", kImportRowsMax, " rows, got ",
                                                   csv.rows.size() - 1, "; nothing was written"));
  }
  if (bytes.starts_with(kByteOrderMark)) Tolerate(1, "", "a byte order mark before it");
  ReadHeader(csv.rows[0]);
  for (size_t i = 1; i < csv.rows.size(); ++i) {
    const text::CsvRow& row = csv.rows[i];
    std::string mistake = text::WidthMistake(csv.rows[0], row);
    if (!mistake.empty()) {
      Wrong(row.line, "", std::move(mistake));
    } else if (i == 1 && AreLabels(row)) {
      Tolerate(row.line, "", "labels below the names");
    } else {
      ReadRow(row);
    }
  }
  if (csv.broken) Wrong(*csv.broken, "", text::kBrokenMistake);
  if (table_.rows.empty() && mistakes_.empty()) Wrong(csv.rows[0].line, "", "no person follows");
  for (const size_t i : unused_) table_.unused.push_back(what_.columns[i].name);
  return Summary();
}

}  // namespace

absl::StatusOr<ImportTable> ReadImportTable(vault::Vault& vault, const domain::Export& what,
                                            std::string_view csv) {
  if (!what.imported) {
    return absl::FailedPreconditionError("the pack on this device does not say how tables of " +
                                         what.id + " are read: sync, or ask who publishes packs");
  }
  Reading reading(vault, what);
  KAPEA_TRY(reading.Read(csv));
  return std::move(reading.table());
}

}  // namespace kapea::field
