// Tables of other programs: what is read is read the same when it is written with quotes
// around every cell.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/macros.h"
#include "common/text/csv.h"

namespace kapea::text {
namespace {

std::string Written(const Csv& csv) {
  std::string out;
  for (const CsvRow& row : csv.rows) {
    for (size_t i = 0; i < row.cells.size(); ++i) {
      out += i == 0 ? "\"" : ",\"";
      for (const char c : row.cells[i]) out += c == '"' ? std::string("\"\"") : std::string(1, c);
      out += '"';
    }
    out += '\n';
  }
  return out;
}

void Try(std::string_view bytes) {
  const Csv csv = ReadCsv(bytes);
  size_t line = 1;
  for (const CsvRow& row : csv.rows) {
    KAPEA_CHECK(!row.cells.empty() && row.line >= line);
    line = row.line;
  }
  KAPEA_CHECK(!csv.broken || *csv.broken >= line);
  const Csv again = ReadCsv(Written(csv));
  KAPEA_CHECK(!again.broken && again.rows.size() == csv.rows.size());
  for (size_t i = 0; i < csv.rows.size(); ++i) {
    KAPEA_CHECK(again.rows[i].cells == csv.rows[i].cells);
  }
}

}  // namespace
}  // namespace kapea::text

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kapea::text::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
