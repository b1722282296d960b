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
  size_t rows_left_out = 0;  // rows that were too unlike the others
};

// At first all rows are alike, for they say nothing. Then column by column, the first one first,
// each class of at least k rows is split by what its rows say there, as finely as leaves k or
// more in each part; rows with a rarer answer say `unknown`. Where too few have such an answer
// to be a part, they are left out as long as all of them are at most one in kLeftOutShare; else
// the smallest part is put to them. So a class never has less than k rows, and the columns that
// stand first keep the most. FailedPrecondition for fewer than k rows, and for a table that is
// not anonymous by its pack; InvalidArgument for a k below 2. Pure. Threads: any.
inline constexpr size_t kLeftOutShare = 20;
absl::StatusOr<Anonymised> MakeAnonymous(const domain::Export& what, field::ExportTable table,
                                         size_t k);

}  // namespace kapea::report
