// Files against standards and checklists: pure functions, the same on phone and server.
#pragma once

#include <string>
#include <vector>

#include "common/base/time.h"
#include "common/domain/evaluate.h"
#include "common/domain/file_state.h"
#include "common/domain/form.h"
#include "common/standards/finding.h"

namespace kapea::standards {

// What every evaluation needs. The file has been folded up to `as_of` by the caller: a
// Change received later must not be in it.
struct Asked {
  const domain::FileState& file;
  Time as_of;
  const domain::LinkedFiles* linked = nullptr;  // nullptr: no linked file is at hand
  // If given, lowered to the first moment at which a finding may be another though nothing
  // is written to the file or to what it is linked with.
  Time* until = nullptr;
};

// One Finding for each clause, in the order of the standard. Threads: any, while nobody
// writes to the file.
std::vector<Finding> Evaluate(const Asked& asked, const domain::Standard& standard);

// One Finding for each item of each live record of the checklist, in the order of the
// form; of an item with `per` one for each live child record whose form has that `per`.
// A record that pins another version of the checklist is judged by the version it pins,
// where that is known here. An item can be waived by whoever MayWaive at all.
std::vector<Finding> EvaluateChecklist(const Asked& asked, const domain::Form& checklist);

// One Finding for each field that this record needs now (required, relevant, its `when`
// true), in the order of the form. Without a form known here: none.
std::vector<Finding> EvaluateNeeds(const Asked& asked, const domain::Record& record);
// Those that keep the record from being complete: not met, in time or late.
std::vector<Finding> Missing(std::vector<Finding> findings);

// What a file is judged by: of each standard of its kind in the pack the newest version,
// by id; and the forms of its live checklist records, one for each checklist, by id.
std::vector<const domain::Standard*> StandardsFor(const domain::Pack& pack, domain::FileKind kind);
std::vector<const domain::Form*> ChecklistsOf(const domain::FileState& file);
// All findings of a file by the pack that it stands on: of its standards, then of its
// checklists. None for a file without a pack.
std::vector<Finding> EvaluateFile(const Asked& asked);

// When findings that are pending become overdue, unless something is done: what the
// server keeps to wake up for.
struct DueAt {
  std::string source;
  std::string code;
  FileId file;
  std::optional<RecordId> record;
  domain::EventTime due;
  bool strict = false;
};
// Soonest first.
std::vector<DueAt> NextDue(const std::vector<Finding>& findings);

}  // namespace kapea::standards
