#include "client/report/anonymous.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/report/k_anonymity.h"
#include "client/report/table_file.h"
#include "common/base/macros.h"

namespace kapea::report {
namespace {

using Cells = std::vector<std::string>;

// The rows that are alike in fewer than k places.
std::vector<Cells*> TooFew(std::vector<Cells>& rows, size_t k) {
  std::map<Cells, size_t> classes;
  for (const Cells& row : rows) ++classes[row];
  std::vector<Cells*> few;
  for (Cells& row : rows) {
    if (classes.at(row) < k) few.push_back(&row);
  }
  return few;
}

class Coarsening {
 public:
  Coarsening(const domain::Export& what, size_t k, Anonymised& made)
      : what_(what), k_(k), made_(made) {}

  void Run() {
    for (size_t at = what_.columns.size(); at-- > 0;) {
      const domain::ExportColumn& column = what_.columns[at];
      for (const domain::ExportCodeMap& level : column.coarser) {
        for (Cells* row : TooFew(made_.table.rows, k_)) SayLess(level, (*row)[at]);
      }
      for (Cells* row : TooFew(made_.table.rows, k_)) Suppress(column, (*row)[at]);
    }
    const std::vector<Cells*> few = TooFew(made_.table.rows, k_);
    made_.rows_left_out = few.size();
    // Only rows without any answer can be left: they are all alike, so all of them go.
    if (!few.empty()) std::erase(made_.table.rows, Cells(*few.front()));
  }

 private:
  void SayLess(const domain::ExportCodeMap& level, std::string& cell) {
    const auto line = level.find(cell);
    if (line == level.end()) return;
    cell = line->second;
    ++made_.coarser;
  }
  void Suppress(const domain::ExportColumn& column, std::string& cell) {
    const std::string& nothing = column.always.empty() ? column.unknown : column.always;
    if (cell == nothing) return;
    cell = nothing;
    ++made_.suppressed;
  }

  const domain::Export& what_;
  const size_t k_;
  Anonymised& made_;
};

absl::Status CannotBe(size_t k, size_t rows) {
  return absl::FailedPreconditionError(
      absl::StrCat("want at least ", k, " persons who can be made alike, got ", rows,
                   " in all: nobody would be left in the table, and nothing was written"));
}

}  // namespace

absl::StatusOr<Anonymised> MakeAnonymous(const domain::Export& what, field::ExportTable table,
                                         size_t k) {
  if (k < 2) return absl::InvalidArgumentError("want a k of at least 2; nothing was written");
  if (!what.anonymous) {
    return absl::FailedPreconditionError("the pack does not describe " + what.id +
                                         " as an anonymous table; nothing was written");
  }
  const size_t rows = table.rows.size();
  Anonymised made;
  made.table = std::move(table);
  Coarsening(what, k, made).Run();
  if (made.table.rows.empty()) return CannotBe(k, rows);
  std::sort(made.table.rows.begin(), made.table.rows.end());
  // What leaves is measured as any other table would be: the bytes, not the intention.
  KAPEA_ASSIGN(const Anonymity found, MeasureAnonymity(ToCsv(made.table), made.table.columns, k));
  if (!found.violating.empty() || found.rows != made.table.rows.size()) {
    return absl::InternalError("the finished table tells people apart; nothing was written");
  }
  made.k = found.k;
  return made;
}

}  // namespace kapea::report
