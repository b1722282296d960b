// One cell of a table that others wrote, as a value of our forms: what a pack says of the column,
// read backwards.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/vault/vault.h"
#include "common/domain/export.h"
#include "common/domain/form.h"
#include "common/domain/value.h"

namespace kapea::field {

// None of the sentences has the text of the cell.
struct CellTaken {
  std::string mistake;                 // why it is refused; empty: it is not
  std::vector<std::string> tolerated;  // known defects
  std::string left_out;                // why it, or a part of it, is not kept; empty: it is
  std::string canonical;               // as one who follows the standard writes it
  // What it becomes; nullptr: nothing.
  const domain::ExportSource* source = nullptr;
  const domain::Field* field = nullptr;
  domain::Value value;
};

// Whether anything of such a column is kept.
bool IsRead(const domain::ExportColumn& column);

// Of a cell that is not empty. Threads: one at a time.
CellTaken TakeCell(vault::Vault& vault, const domain::ExportColumn& column, std::string_view text);

}  // namespace kapea::field
