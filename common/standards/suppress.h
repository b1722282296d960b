// Disclosure control for tables of counts: small counts are hidden, and as much beside them as
// it takes that nobody works them out from the totals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace kapea::standards {

// A table with its margins; absent: hidden.
struct SuppressedTable {
  using Cell = std::optional<uint64_t>;
  std::vector<std::vector<Cell>> cells;
  std::vector<Cell> row_totals, column_totals;
  Cell total;
  size_t primary = 0;    // hidden because they are small
  size_t secondary = 0;  // hidden to keep the others hidden
};

inline constexpr size_t kSuppressedSideMax = 2048;  // rows or columns

// Rows and columns of counts.
using HiddenCells = std::vector<std::pair<size_t, size_t>>;

// Hides every count of 1 to k - 1, margins too (a zero says that there is nobody, and stays),
// those of `also`, whatever they are, and then other counts, small ones first and margins last,
// until each hidden one could be at least two numbers for whoever knows all that is shown, and that
// counts are never negative. Hiding is not minimal: that is a hard problem (NP), and cheap paths
// are good enough. InvalidArgument for a table without cells or of rows of different width, over
// kSuppressedSideMax, or whose counts do not fit into 64 bits together; for a k of 0, or what is
// not in the table. Pure.
absl::StatusOr<SuppressedTable> Suppress(const std::vector<std::vector<uint64_t>>& counts,
                                         uint64_t k, const HiddenCells& also = {});

// To the nearest multiple of `base`, halves upwards; base 0 or 1: as it is.
uint64_t Rounded(uint64_t count, uint64_t base);

}  // namespace kapea::standards
