// Comma-separated tables that other programs wrote, as RFC 4180 has them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kapea::text {

struct CsvRow {
  size_t line = 0;  // of its first cell, from 1
  std::vector<std::string> cells;
};
struct Csv {
  std::vector<CsvRow> rows;  // without empty lines
  // The line where a quote stands wrong: what follows it cannot be told apart, and is not here.
  std::optional<size_t> broken;
};

// Cells keep their bytes, without the blanks around them; a byte order mark before the
// first is no part of it. Lines end in LF or CRLF. Threads: any.
Csv ReadCsv(std::string_view bytes);

// What is said of a row that is not as wide as the first; empty: it is.
std::string WidthMistake(const CsvRow& first, const CsvRow& row);
// What is said of the line that is broken.
inline constexpr char kBrokenMistake[] = "a quote stands wrong; nothing behind it was read";

}  // namespace kapea::text
