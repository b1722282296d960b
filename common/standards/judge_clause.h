// Private to this room: one clause at a time.
#pragma once

#include <string>

#include "common/standards/evaluate.h"
#include "common/standards/finding.h"

namespace kapea::standards {

// A finding that says nothing yet.
Finding Begin(const Asked& asked, const std::string& source, uint32_t version,
              const std::string& code);
// In force for that clause or item; nullptr: none.
const domain::WaiverAt* WaiverOf(const Asked& asked, const std::string& code);

// `events` serves one standard, file and moment. `until`, if given, is lowered to the first
// moment at which the finding may be another though nothing is written.
Finding JudgeClause(const Asked& asked, const domain::Standard& standard,
                    const domain::Clause& clause, domain::EventOutcomes& events, Time* until);

}  // namespace kapea::standards
