#include "common/text/csv.h"

#include <csv.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/macros.h"

namespace kapea::text {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct Reading {
  Csv csv;
  CsvRow row;
  size_t line = 1;
};

void TakeCell(void* cell, size_t size, void* context) {
  auto& reading = *static_cast<Reading*>(context);
  if (reading.row.cells.empty()) reading.row.line = reading.line;
  // An empty cell may come as no pointer at all.
  reading.row.cells.emplace_back(size == 0 ? "" : static_cast<const char*>(cell), size);
}

void TakeRow(int, void* context) {
  auto& reading = *static_cast<Reading*>(context);
  reading.csv.rows.push_back(std::exchange(reading.row, {}));
}

}  // namespace

Csv ReadCsv(std::string_view bytes) {
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  csv_parser parser;
  KAPEA_CHECK(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) == 0);
  Reading reading;
  // A line at a time, for the library does not count them.
  for (size_t begin = 0; begin < bytes.size() && !reading.csv.broken; ++reading.line) {
    const size_t end = std::min(bytes.find('\n', begin), bytes.size() - 1) + 1;
    const size_t read =
        csv_parse(&parser, bytes.data() + begin, end - begin, TakeCell, TakeRow, &reading);
    if (read != end - begin) reading.csv.broken = reading.line;
    begin = end;
  }
  if (!reading.csv.broken) {
    --reading.line;  // what did not end stands on the last
    if (csv_fini(&parser, TakeCell, TakeRow, &reading) != 0) reading.csv.broken = reading.line;
  }
  csv_free(&parser);
  return std::move(reading.csv);
}

std::string WidthMistake(const CsvRow& first, const CsvRow& row) {
  if (row.cells.size() == first.cells.size()) return "";
  return absl::StrCat("want ", first.cells.size(), " columns, got ", row.cells.size());
}

}  // namespace kapea::text
