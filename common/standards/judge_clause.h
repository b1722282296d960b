// Private to this room: one clause at a time.
#pragma once

#include <string>

#include "common/standards/evaluate.h"
#include "common/standards/finding.h"
#include "common/standards/verdict.h"

namespace kapea::standards {

// A finding that says nothing yet.
Finding Begin(const Asked& asked, const std::string& source, uint32_t version,
              const std::string& code);
// In force for that clause or item; nullptr: none.
const domain::WaiverAt* WaiverOf(const Asked& asked, const std::string& code);

// Decides the finding, and lowers asked.until, where it is asked for, to its next turn.
void DecideAsked(const Asked& asked, const Grounds& grounds, Finding& finding);

// `events` serves one standard, file and moment.
Finding JudgeClause(const Asked& asked, const domain::Standard& standard,
                    const domain::Clause& clause, domain::EventOutcomes& events);

}  // namespace kapea::standards
