// A table of persons that others wrote (CSV), checked as a whole before anything of it is written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/field/intake.h"
#include "client/vault/vault.h"
#include "common/domain/export.h"

namespace kapea::field {

inline constexpr size_t kImportBytesMax = 4 * 1024 * 1024;
inline constexpr size_t kImportRowsMax = 5000;

// Something about a cell, and never what stands in it.
struct ImportNote {
  size_t row = 0;      // the line that it begins on; 1 is that of the names
  std::string column;  // as the pack names it; "column 3" for one that it does not; empty: the row
  std::string what;
};

struct ImportRow {
  size_t row = 0;
  std::string key;  // a hash of what stands in it, and of how many such rows stand before it
  std::vector<IntakePart> parts;
};

struct ImportTable {
  std::vector<ImportRow> rows;
  std::vector<ImportNote> tolerated;  // known defects
  std::vector<ImportNote> left_out;   // values, or parts of them, that no form of ours has
  std::vector<std::string> unused;    // columns with values of which nothing is kept
};

// InvalidArgument names rows and columns of what is no such table: all mistakes, as far as they can
// be told. FailedPrecondition where the pack does not say how such tables are read. Threads: one
// at a time.
absl::StatusOr<ImportTable> ReadImportTable(vault::Vault& vault, const domain::Export& what,
                                            std::string_view csv);

}  // namespace kapea::field
