// A table as the bytes of a file that other programs read. A cell is text and nothing else:
// none of it is a formula to the program that opens it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/field/export.h"

namespace kapea::report {

// Commas between cells, lines end in CRLF (RFC 4180), UTF-8 without a byte order mark. A cell
// that begins with = + - @ or a tab and is no number gets an apostrophe before it, as
// spreadsheets have it for text. Threads: any.
std::string ToCsv(const field::ExportTable& table);

// An Excel workbook of one sheet, every cell a string. It is put together in nameless files
// of `folder`, which must be as well kept as where the workbook will lie. Errors: as the
// system's; InvalidArgument for more rows than a sheet holds, or a cell that is too long.
// Threads: one at a time.
absl::StatusOr<std::string> ToXlsx(const field::ExportTable& table, const std::string& sheet,
                                   const std::string& folder);

}  // namespace kapea::report
