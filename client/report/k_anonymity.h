// How far the rows of a table tell people apart: k-anonymity over columns that somebody may
// know of a person (Sweeney 2002). For any CSV that is about to leave, ours or not.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kapea::report {

inline constexpr size_t kUsualK = 11;  // what the CTDC publishes with

// Rows that are alike in all of these columns.
struct AnonymityClass {
  std::vector<std::string> values;  // in the order of the columns
  std::vector<size_t> lines;        // of the file, from 1
};
struct Anonymity {
  size_t rows = 0;
  size_t classes = 0;
  size_t k = 0;                           // size of the smallest class; 0: there is no row
  std::vector<AnonymityClass> violating;  // smaller than the wanted k, smallest first
};

// The first line of `csv` names the columns. InvalidArgument for a table that is none (a row
// of another width names its line), a column that is not there or is named twice, no column,
// or a wanted k of 0. An empty cell is a value like another. Pure. Threads: any.
absl::StatusOr<Anonymity> MeasureAnonymity(std::string_view csv,
                                           const std::vector<std::string>& columns, size_t want_k);

}  // namespace kapea::report
