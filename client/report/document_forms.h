// A Document for a screen, for programs, and as one table for spreadsheets.
#pragma once

#include <string>

#include "client/field/export.h"
#include "client/report/document.h"
#include "nlohmann/json.hpp"

namespace kapea::report {

// Tables in columns, without charts. Ends in a newline. All: pure; threads: any.
std::string ToPlainText(const Document& document);
// docs/kapea.md describes the object. What is kept back is {"hidden": true}.
nlohmann::json ToJson(const Document& document);
// One row for each cell of each table but its first: section, table, row, column, value; a
// number as digits, what is kept back as "hidden".
field::ExportTable ToLongTable(const Document& document);

}  // namespace kapea::report
