// A table about people in which nobody can be told from fewer than k: made so by saying less.
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "client/field/export.h"
#include "common/domain/export.h"

namespace kapea::report {

struct Anonymised {
  field::ExportTable table;  // its rows sorted, so that their order says nothing
  size_t k = 0;              // of all columns, measured again on the finished table
  size_t coarser = 0;        // values that say less than they did
  size_t suppressed = 0;     // values of which nothing is left
  size_t rows_left_out = 0;  // rows that were unlike the others even so
};

// Rows that are alike in all columns in less than k places say less, column by column from the
// last to the first, first by the column's coarser values, then by its `unknown`; those that
// have become alike stay as they are. The rest is left out. So every row says as much as the
// order of the columns allows, and its class never falls apart again.
// FailedPrecondition where no row would be left, and for a table that is not anonymous by its
// pack; InvalidArgument for a k below 2. Pure. Threads: any.
absl::StatusOr<Anonymised> MakeAnonymous(const domain::Export& what, field::ExportTable table,
                                         size_t k);

}  // namespace kapea::report
