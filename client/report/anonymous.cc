#include "client/report/anonymous.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
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
using Rows = std::vector<size_t>;  // by their place in the table

// A way to split a class by one column.
struct Split {
  std::map<std::string, Rows> parts;  // by what they say, each of k rows or more
  Rows unknown;                       // k rows or more, or none
  Rows left_out;
  size_t lost = 0;  // answers that nothing is left of
};

class Coarsening {
 public:
  Coarsening(const domain::Export& what, size_t k, Anonymised& made)
      : what_(what), k_(k), made_(made), may_leave_out_(made.table.rows.size() / kLeftOutShare) {}

  void Run() {
    classes_.emplace_back(made_.table.rows.size());
    std::iota(classes_.front().begin(), classes_.front().end(), size_t{0});
    for (size_t at = 0; at < what_.columns.size(); ++at) {
      if (!what_.columns[at].always.empty()) continue;
      std::vector<Rows> classes;
      for (const Rows& rows : std::exchange(classes_, {})) Take(BestOf(rows, at), at, classes);
      classes_ = std::move(classes);
    }
    std::vector<Cells> kept;
    for (const Rows& rows : classes_) {
      for (const size_t row : rows) kept.push_back(std::move(made_.table.rows[row]));
    }
    made_.table.rows = std::move(kept);
  }

 private:
  // What a cell says after that many of the column's levels.
  std::string Said(size_t row, size_t at, size_t levels) const {
    const domain::ExportColumn& column = what_.columns[at];
    std::string cell = made_.table.rows[row][at];
    for (size_t i = 0; i < levels; ++i) {
      const auto line = column.coarser[i].find(cell);
      if (line != column.coarser[i].end()) cell = line->second;
    }
    return cell;
  }

  Split SplitBy(const Rows& rows, size_t at, size_t levels) const {
    Split split;
    for (const size_t row : rows) split.parts[Said(row, at, levels)].push_back(row);
    const auto move_to = [&](Rows& rest, std::map<std::string, Rows>::iterator part) {
      rest.insert(rest.end(), part->second.begin(), part->second.end());
      if (part->first != what_.columns[at].unknown) split.lost += part->second.size();
      return split.parts.erase(part);
    };
    for (auto part = split.parts.begin(); part != split.parts.end();) {
      const bool fits = part->second.size() >= k_ && part->first != what_.columns[at].unknown;
      part = fits ? std::next(part) : move_to(split.unknown, part);
    }
    if (split.unknown.empty() || split.unknown.size() >= k_) return split;
    if (made_.rows_left_out + split.unknown.size() <= may_leave_out_) {
      split.left_out = std::exchange(split.unknown, {});
      return split;
    }
    move_to(split.unknown, std::min_element(split.parts.begin(), split.parts.end(),
                                            [](const auto& a, const auto& b) {
                                              return a.second.size() < b.second.size();
                                            }));
    return split;
  }

  // That which loses the fewest answers; of equals the finest.
  Split BestOf(const Rows& rows, size_t at) const {
    Split best = SplitBy(rows, at, 0);
    for (size_t levels = 1; levels <= what_.columns[at].coarser.size(); ++levels) {
      Split other = SplitBy(rows, at, levels);
      if (other.lost < best.lost) best = std::move(other);
    }
    return best;
  }

  void Take(Split split, size_t at, std::vector<Rows>& classes) {
    for (auto& [said, rows] : split.parts) {
      for (const size_t row : rows) {
        std::string& cell = made_.table.rows[row][at];
        made_.coarser += cell != said;
        cell = said;
      }
      classes.push_back(std::move(rows));
    }
    for (const size_t row : split.unknown) {
      std::string& cell = made_.table.rows[row][at];
      made_.suppressed += cell != what_.columns[at].unknown;
      cell = what_.columns[at].unknown;
    }
    if (!split.unknown.empty()) classes.push_back(std::move(split.unknown));
    made_.rows_left_out += split.left_out.size();
  }

  const domain::Export& what_;
  const size_t k_;
  Anonymised& made_;
  const size_t may_leave_out_;
  std::vector<Rows> classes_;
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
  if (rows < k) return CannotBe(k, rows);
  Anonymised made;
  made.table = std::move(table);
  Coarsening(what, k, made).Run();
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
