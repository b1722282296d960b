// What the answer to one checklist item amounts to, with its evidence and reason.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/id.h"
#include "common/domain/form.h"
#include "common/domain/record.h"

namespace kapea::domain {

// The fields that go with an item: "<ITEM>" + one of these.
inline constexpr std::string_view kReasonSuffix = ".reason";
inline constexpr std::string_view kReasonCodeSuffix = ".reason_code";
inline constexpr std::string_view kEvidenceSuffix = ".evidence";
inline constexpr std::string_view kDocumentSuffix = ".document";
// The tick box of a fact: this + its code.
inline constexpr std::string_view kFactPrefix = "fact.";

struct ItemState {
  enum class Answer : uint8_t { kNone, kDone, kNotDone, kNotApplicable };
  // As ticked; `complete` says whether it counts.
  Answer answer = Answer::kNone;
  // Done: with all evidence and signatures. Else: with a reason.
  bool complete = false;
  EventTime since;  // of the last thing that it needed; valid if complete
  bool evidence_missing = false;
  bool signature_missing = false;
  bool reason_missing = false;
  bool conflicted = false;  // different answers stand side by side
  // When each of the different persons ticked it done, earliest first.
  std::vector<EventTime> signatures;

  bool done() const { return complete && answer == Answer::kDone; }
};

// Reads an item in the record that answers it.
ItemState ReadItem(const Record& record, const Field& item);

// The later, the earlier of two, bound by bound.
EventTime Later(const EventTime& a, const EventTime& b);
EventTime Earlier(const EventTime& a, const EventTime& b);
// When the passing of time alone changes what a comparison with it says: after `as_of`, at
// one of its bounds or right after it. Time::Max(): never.
Time NextTurn(const EventTime& time, Time as_of);

}  // namespace kapea::domain
