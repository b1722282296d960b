#include "client/report/table_file.h"

#include <stdlib.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/macros.h"

namespace kapea::report {
namespace {

constexpr size_t kXlsxBytesMax = 256u << 20;
constexpr std::string_view kFormulaStarts = "=+-@\t\r";
constexpr std::string_view kQuoted = ",\"\r\n";

// A sign and digits: "-99", a telephone number.
bool IsNumber(std::string_view cell) {
  if (cell.starts_with('-') || cell.starts_with('+')) cell.remove_prefix(1);
  return !cell.empty() && cell.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string CsvCell(const std::string& cell) {
  std::string text = cell;
  if (!text.empty() && kFormulaStarts.find(text[0]) != std::string_view::npos && !IsNumber(text)) {
    text.insert(0, 1, '\'');
  }
  const bool blank =
      !text.empty() && (absl::ascii_isspace(static_cast<unsigned char>(text.front())) ||
                        absl::ascii_isspace(static_cast<unsigned char>(text.back())));
  if (!blank && text.find_first_of(kQuoted) == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

void AddLine(const std::vector<std::string>& cells, std::string& csv) {
  for (size_t i = 0; i < cells.size(); ++i)
    absl::StrAppend(&csv, i == 0 ? "" : ",", CsvCell(cells[i]));
  csv += "\r\n";
}

// A folder of ours alone, gone with what is in it. The library wants a path to write to.
class Workplace {
 public:
  explicit Workplace(const std::string& folder) : path_(folder + "/.kapea-XXXXXX") {
    made_ = ::mkdtemp(path_.data()) != nullptr;
    error_ = errno;
  }
  ~Workplace() {
    if (!made_) return;
    ::unlink(book().c_str());
    ::rmdir(path_.c_str());
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  absl::Status status() const {
    return made_ ? absl::OkStatus() : absl::ErrnoToStatus(error_, "cannot make a folder beside it");
  }
  std::string& path() { return path_; }
  std::string book() const { return path_ + "/book.xlsx"; }

 private:
  std::string path_;
  bool made_ = false;
  int error_ = 0;
};

absl::Status ToStatus(lxw_error error, size_t row) {
  if (error == LXW_NO_ERROR) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "row ", row, " does not fit into a sheet: ", lxw_strerror(error), "; nothing was written"));
}

absl::Status WriteRow(lxw_worksheet* sheet, size_t row, const std::vector<std::string>& cells,
                      lxw_format* format) {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].empty()) continue;
    KAPEA_TRY(ToStatus(worksheet_write_string(sheet, static_cast<lxw_row_t>(row),
                                              static_cast<lxw_col_t>(i), cells[i].c_str(), format),
                       row + 1));
  }
  return absl::OkStatus();
}

absl::Status Fill(lxw_workbook* book, const field::ExportTable& table, const std::string& name) {
  lxw_worksheet* sheet = workbook_add_worksheet(book, name.c_str());
  if (sheet == nullptr) return absl::InternalError("no sheet could be made; nothing was written");
  lxw_format* bold = workbook_add_format(book);
  format_set_bold(bold);
  KAPEA_TRY(WriteRow(sheet, 0, table.columns, bold));
  for (size_t i = 0; i < table.rows.size(); ++i) {
    KAPEA_TRY(WriteRow(sheet, i + 1, table.rows[i], nullptr));
  }
  worksheet_freeze_panes(sheet, 1, 0);
  return absl::OkStatus();
}

}  // namespace

std::string ToCsv(const field::ExportTable& table) {
  std::string csv;
  AddLine(table.columns, csv);
  for (const std::vector<std::string>& row : table.rows) AddLine(row, csv);
  return csv;
}

absl::StatusOr<std::string> ToXlsx(const field::ExportTable& table, const std::string& sheet,
                                   const std::string& folder) {
  Workplace place(folder);
  KAPEA_TRY(place.status());
  lxw_workbook_options options{};
  options.tmpdir = place.path().data();
  lxw_workbook* book = workbook_new_opt(place.book().c_str(), &options);
  if (book == nullptr) return absl::ResourceExhaustedError("no workbook could be made");
  const absl::Status filled = Fill(book, table, sheet);
  const lxw_error closed = workbook_close(book);  // frees it, whatever comes of it
  KAPEA_TRY(filled);
  if (closed != LXW_NO_ERROR) {
    return absl::UnavailableError(absl::StrCat(
        "the workbook could not be put together: ", lxw_strerror(closed), "; nothing was written"));
  }
  return ReadFile(place.book(), kXlsxBytesMax);
}

}  // namespace kapea::report
