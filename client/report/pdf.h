// A Document as PDF: A4, with letters shaped by Pango (Khmer needs it), fonts in it, numbered
// pages. Charts are drawn as bars.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/report/document.h"

namespace kapea::report {

// FailedPrecondition where no font of this machine has all its letters: a report with boxes in
// place of words is worse than none. Threads: one at a time.
absl::StatusOr<std::string> ToPdf(const Document& document);

}  // namespace kapea::report
