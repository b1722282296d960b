// The status rules that clauses, items and required fields share.
#pragma once

#include <optional>
#include <string>

#include "common/domain/evaluate.h"
#include "common/standards/finding.h"

namespace kapea::standards {

// Everything that decides a status, gathered by the callers.
struct Grounds {
  domain::Outcome applies;   // a truth, or unknown
  std::string applies_text;  // for the explanation
  domain::Outcome met;       // a truth, or unknown
  bool timed = false;        // there is a deadline
  bool strict = false;       // reaching it exactly is too late
  bool counts_back = false;  // it may lie before the moment it is counted from
  std::string waits_for;     // its text, for the explanation
  domain::Outcome due;       // a moment, absent, or unknown
  // In force for this clause, by a person who may; nullptr: none.
  const domain::WaiverAt* waiver = nullptr;
};

// Takes a deadline in, evaluated where its names are; an empty one means no clock.
void TakeDeadline(const domain::Deadline& deadline, const domain::Scope& scope, Grounds& grounds);

// Sets status, certain, disputed, due, done and waived_by, and appends to `parts`.
void Decide(const Grounds& grounds, Time as_of, Finding& finding);

}  // namespace kapea::standards
