#include "common/standards/suppress.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <string>
#include <utility>

#include "common/base/macros.h"

namespace kapea::standards {
namespace {

// The table with its margins as one more row and column. In each of its rows and columns the
// last is the sum of the others, so it is a graph: a line of the table is a node, a hidden
// count an edge between its row and its column. A hidden count can be another number just if
// its edge lies on a circle of hidden ones: around it, counts go up and down by one in turn,
// which needs that none of them is zero.
class Suppressor {
 public:
  Suppressor(std::vector<std::vector<uint64_t>> counts, uint64_t k, const HiddenCells& also)
      : rows_(counts.size() + 1), columns_(counts[0].size() + 1), k_(k) {
    values_ = WithMargins(counts);
    hidden_.assign(rows_, std::vector<bool>(columns_));
    for (const auto& [i, j] : also) {
      if (!hidden_[i][j]) ++primary_;
      hidden_[i][j] = true;
      // Nobody who sees it hidden takes it for a zero.
      counts[i][j] = std::max<uint64_t>(counts[i][j], 1);
    }
    taken_for_ = WithMargins(counts);
  }

  SuppressedTable Run() {
    HidePrimary();
    // Each round puts at least one edge on a circle, and takes none off.
    for (auto open = FindOpen(); open; open = FindOpen()) HideAround(open->first, open->second);
    return Table();
  }

 private:
  using Cell = std::pair<size_t, size_t>;

  using Counts = std::vector<std::vector<uint64_t>>;

  Counts WithMargins(const Counts& counts) const {
    Counts all(rows_, std::vector<uint64_t>(columns_));
    for (size_t i = 0; i + 1 < rows_; ++i) {
      for (size_t j = 0; j + 1 < columns_; ++j) {
        all[i][j] = counts[i][j];
        all[i][columns_ - 1] += counts[i][j];
        all[rows_ - 1][j] += counts[i][j];
        all[rows_ - 1][columns_ - 1] += counts[i][j];
      }
    }
    return all;
  }

  void HidePrimary() {
    for (size_t i = 0; i < rows_; ++i) {
      for (size_t j = 0; j < columns_; ++j) {
        if (hidden_[i][j] || values_[i][j] == 0 || values_[i][j] >= k_) continue;
        hidden_[i][j] = true;
        ++primary_;
      }
    }
  }

  // A hidden count that is on no circle: whose row and column hang together by it alone.
  std::optional<Cell> FindOpen() const {
    for (size_t i = 0; i < rows_; ++i) {
      for (size_t j = 0; j < columns_; ++j) {
        if (hidden_[i][j] && !Path(i, j, true)) return Cell(i, j);
      }
    }
    return std::nullopt;
  }

  void HideAround(size_t row, size_t column) {
    // There is always one: the two margins of the cell and the total are no less than it.
    for (const auto& [i, j] : Path(row, column, false).value_or(std::vector<Cell>())) {
      if (hidden_[i][j]) continue;
      hidden_[i][j] = true;
      ++secondary_;
    }
  }

  uint64_t CostOf(size_t i, size_t j) const {
    if (hidden_[i][j]) return 0;
    // What is large is what people look for; a margin costs more than all counts below it.
    const bool margin = i + 1 == rows_ || j + 1 == columns_;
    const uint64_t value = std::min<uint64_t>(taken_for_[i][j], uint64_t{1} << 40);
    return 1 + value + (margin ? uint64_t{1} << 42 : 0);
  }

  // The cheapest way from the row to the column that does not use their own cell, through
  // counts that are not zero; over hidden ones alone if `hidden_only`.
  std::optional<std::vector<Cell>> Path(size_t row, size_t column, bool hidden_only) const {
    constexpr uint64_t kFar = std::numeric_limits<uint64_t>::max();
    const size_t nodes = rows_ + columns_;
    std::vector<uint64_t> cost(nodes, kFar);
    std::vector<size_t> from(nodes, nodes);
    using Entry = std::pair<uint64_t, size_t>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    cost[row] = 0;
    queue.push({0, row});
    while (!queue.empty()) {
      const auto [so_far, node] = queue.top();
      queue.pop();
      if (so_far != cost[node]) continue;
      if (node == rows_ + column) break;
      const bool is_row = node < rows_;
      for (size_t other = 0; other < (is_row ? columns_ : rows_); ++other) {
        const size_t i = is_row ? node : other;
        const size_t j = is_row ? other : node - rows_;
        if (taken_for_[i][j] == 0 || (i == row && j == column)) continue;
        if (hidden_only && !hidden_[i][j]) continue;
        const size_t next = is_row ? rows_ + other : other;
        const uint64_t sum = so_far + CostOf(i, j);
        if (sum >= cost[next]) continue;
        cost[next] = sum;
        from[next] = node;
        queue.push({sum, next});
      }
    }
    if (cost[rows_ + column] == kFar) return std::nullopt;
    std::vector<Cell> path;
    for (size_t node = rows_ + column; node != row; node = from[node]) {
      const size_t before = from[node];
      path.push_back(node < rows_ ? Cell(node, before - rows_) : Cell(before, node - rows_));
    }
    return path;
  }

  SuppressedTable Table() const {
    SuppressedTable table;
    const auto cell = [this](size_t i, size_t j) {
      return hidden_[i][j] ? SuppressedTable::Cell() : SuppressedTable::Cell(values_[i][j]);
    };
    for (size_t i = 0; i + 1 < rows_; ++i) {
      std::vector<SuppressedTable::Cell>& line = table.cells.emplace_back();
      for (size_t j = 0; j + 1 < columns_; ++j) line.push_back(cell(i, j));
      table.row_totals.push_back(cell(i, columns_ - 1));
    }
    for (size_t j = 0; j + 1 < columns_; ++j) table.column_totals.push_back(cell(rows_ - 1, j));
    table.total = cell(rows_ - 1, columns_ - 1);
    table.primary = primary_;
    table.secondary = secondary_;
    return table;
  }

  const size_t rows_, columns_;  // with the margins
  const uint64_t k_;
  Counts values_;     // with the margins
  Counts taken_for_;  // the same to who reads what is shown
  std::vector<std::vector<bool>> hidden_;
  size_t primary_ = 0, secondary_ = 0;
};

absl::Status Check(const std::vector<std::vector<uint64_t>>& counts, uint64_t k) {
  if (k == 0) return absl::InvalidArgumentError("want a k of at least 1");
  if (counts.empty() || counts[0].empty()) {
    return absl::InvalidArgumentError("want a table with at least one count");
  }
  if (counts.size() > kSuppressedSideMax || counts[0].size() > kSuppressedSideMax) {
    return absl::InvalidArgumentError("want at most 2,048 rows and columns");
  }
  uint64_t sum = 0;
  for (const auto& row : counts) {
    if (row.size() != counts[0].size()) {
      return absl::InvalidArgumentError("want rows of one width");
    }
    for (const uint64_t count : row) {
      if (count > std::numeric_limits<uint64_t>::max() - sum) {
        return absl::InvalidArgumentError("want counts that fit into 64 bits together");
      }
      sum += count;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SuppressedTable> Suppress(const std::vector<std::vector<uint64_t>>& counts,
                                         uint64_t k, const HiddenCells& also) {
  KAPEA_TRY(Check(counts, k));
  for (const auto& [i, j] : also) {
    if (i < counts.size() && j < counts[i].size()) continue;
    return absl::InvalidArgumentError("want to hide what is in the table");
  }
  return Suppressor(counts, k, also).Run();
}

uint64_t Rounded(uint64_t count, uint64_t base) {
  if (base <= 1) return count;
  const uint64_t rest = count % base;
  return rest * 2 >= base ? count - rest + base : count - rest;
}

}  // namespace kapea::standards
