#include "client/report/k_anonymity.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "common/base/macros.h"
#include "common/text/csv.h"

namespace kapea::report {
namespace {

absl::StatusOr<std::vector<size_t>> FindColumns(const text::CsvRow& head,
                                                const std::vector<std::string>& columns) {
  if (columns.empty()) return absl::InvalidArgumentError("want at least one column to look at");
  std::vector<size_t> found;
  for (const std::string& column : columns) {
    const auto at = std::find(head.cells.begin(), head.cells.end(), column);
    if (at == head.cells.end()) {
      return absl::InvalidArgumentError("the table has no column '" + column + "'");
    }
    if (std::find(at + 1, head.cells.end(), column) != head.cells.end()) {
      return absl::InvalidArgumentError("the table has two columns '" + column + "'");
    }
    const auto index = static_cast<size_t>(at - head.cells.begin());
    if (std::find(found.begin(), found.end(), index) != found.end()) {
      return absl::InvalidArgumentError("want column '" + column + "' once");
    }
    found.push_back(index);
  }
  return found;
}

}  // namespace

absl::StatusOr<Anonymity> MeasureAnonymity(std::string_view csv,
                                           const std::vector<std::string>& columns, size_t want_k) {
  if (want_k == 0) return absl::InvalidArgumentError("want a k of at least 1");
  const text::Csv table = text::ReadCsv(csv);
  if (table.broken) {
    return absl::InvalidArgumentError("line " + std::to_string(*table.broken) + ": " +
                                      text::kBrokenMistake);
  }
  if (table.rows.empty()) {
    return absl::InvalidArgumentError("the table is empty: want a first line that names columns");
  }
  KAPEA_ASSIGN(const std::vector<size_t> at, FindColumns(table.rows.front(), columns));
  std::map<std::vector<std::string>, std::vector<size_t>> classes;
  for (size_t i = 1; i < table.rows.size(); ++i) {
    const text::CsvRow& row = table.rows[i];
    const std::string mistake = text::WidthMistake(table.rows.front(), row);
    if (!mistake.empty()) {
      return absl::InvalidArgumentError("line " + std::to_string(row.line) + ": " + mistake);
    }
    std::vector<std::string> values;
    for (const size_t index : at) values.push_back(row.cells[index]);
    classes[std::move(values)].push_back(row.line);
  }
  Anonymity found;
  found.rows = table.rows.size() - 1;
  found.classes = classes.size();
  for (auto& [values, lines] : classes) {
    found.k = found.k == 0 ? lines.size() : std::min(found.k, lines.size());
    if (lines.size() < want_k) found.violating.push_back({values, std::move(lines)});
  }
  std::stable_sort(found.violating.begin(), found.violating.end(),
                   [](const AnonymityClass& a, const AnonymityClass& b) {
                     return std::tuple(a.lines.size(), a.lines) <
                            std::tuple(b.lines.size(), b.lines);
                   });
  return found;
}

}  // namespace kapea::report
