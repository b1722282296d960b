// What the engine says about one clause, item or required field of a file as of a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/domain/change.h"
#include "common/domain/vocabulary.h"

namespace kapea::standards {

// Why a Finding is what it is; a face turns each into a phrase of its language.
enum class Reason : uint8_t {
  kDone = 1,          // `time`: when
  kDue = 2,           // `time`: until when
  kDueBefore = 3,     // `time`: before when
  kAsOf = 4,          // `time`: the moment asked about
  kWaitsFor = 5,      // `text`: the moment that starts its clock has not come
  kDoesNotApply = 6,  // `text`: the condition under which it would
  kAnsweredNotDone = 7,
  kAnsweredNotApplicable = 8,
  kReasonMissing = 9,      // the answer needs one
  kEvidenceMissing = 10,   // the tick needs a photo or document
  kSignatureMissing = 11,  // of a second person
  kNotAtHand = 12,         // stands on a file or form that is not here
  kByDeviceClock = 13,     // another answer is possible within the proven times
  kDisputed = 14,          // stands on a value beside which a different one stands, or on a
                           // derived fact that a colleague's device finds to be another
  kWaived = 15,            // `text`: the reason given
  kNoAnswer = 16,          // "unknown" and "refused" are no answers to this field
};

struct Part {
  Reason reason = Reason::kDone;
  std::string text;
  std::optional<domain::EventTime> time;
};

struct Finding {
  std::string source;    // id of the standard or form
  uint32_t version = 0;  // of it
  std::string code;      // of the clause, item or field
  FileId file;
  std::optional<RecordId> record;  // where an item or field is answered; a clause has none
  domain::FindingStatus status = domain::FindingStatus::kNone;
  bool certain = true;  // the proven times alone give the same answer
  bool disputed = false;
  // Absent: no clock, or its moment has not come.
  std::optional<domain::EventTime> due;
  bool due_strict = false;  // reaching `due` exactly is too late
  std::optional<domain::EventTime> done;
  domain::Severity severity = domain::Severity::kNone;
  bool critical = false;  // an operation cannot be closed without it
  std::optional<PersonId> waived_by;
  std::vector<Part> parts;  // the explanation, in the order to say it

  bool open() const {
    return status == domain::FindingStatus::kPending || status == domain::FindingStatus::kOverdue;
  }
};

// One English sentence: "overdue: due 2026-11-23T01:31:50Z; waits for evidence". Holds
// no personal data: codes and times alone, and a waiver's reason is left out.
std::string Explain(const Finding& finding);

}  // namespace kapea::standards
