// Derived clear facts: what a form lets the server know of a sealed answer.
#pragma once

#include "absl/status/statusor.h"
#include "common/base/time.h"
#include "common/domain/form.h"
#include "common/domain/value.h"

namespace kapea::field {

// The fact of `source`'s new value by its rule, as of `at` (the Change's own wall time,
// so that every device that recomputes it finds the same):
//   present    whether there is a value that is neither "unknown" nor "refused", nor of
//              codes the single "none"
//   answered   true
//   wording    whether a text has none of the words of `list`
//   year       of a date or time; "unknown" and "refused" stay what they are
//   copy_time  the time itself; of a date its first midnight
//   age_band   the code A_<from>_<to>, A_<from>_PLUS or A_UNKNOWN of the list: of a date of
//              birth, or of an age in years. Where the date leaves two bands open it is the
//              younger one: doubt is for the child's benefit.
// InvalidArgument for a value that the rule cannot use, such as a date to come.
// Threads: any; pure.
absl::StatusOr<domain::Value> DeriveFact(const domain::DerivedFact& fact,
                                         const domain::CodeList* list, const domain::Value& source,
                                         Time at);

}  // namespace kapea::field
