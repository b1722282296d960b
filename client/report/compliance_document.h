// The findings board as a Document: what was kept and what was not, clause by clause, and the
// same for each file by its code. Without identities, like the Report that it is made from.
#pragma once

#include "client/field/compliance.h"
#include "client/report/document.h"

namespace kapea::report {

struct BoardOptions {
  field::Language language = field::Language::kEnglish;
  bool all = false;  // also what does not apply
};

// Drills are counted nowhere; their files are listed as such. Pure. Threads: any.
Document ComplianceDocument(const field::Report& report, const BoardOptions& options);

}  // namespace kapea::report
