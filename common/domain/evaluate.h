// What an expression of the condition language says about a file as of a moment.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.h"
#include "common/domain/change.h"
#include "common/domain/condition.h"
#include "common/domain/file_state.h"
#include "common/domain/form.h"
#include "common/domain/record.h"

namespace kapea::domain {

// A value with the time since when it is so.
struct Outcome {
  enum class Type : uint8_t {
    kUnknown,  // lies in a file or form that is not at hand
    kAbsent,   // there is no value: not answered, not happened
    kTruth,
    kNumber,
    kDuration,
    kMoment,
    kCodes,
  };
  Type kind = Type::kUnknown;
  bool truth = false;
  int64_t number = 0;              // kNumber; kDuration in ms
  EventTime time;                  // kMoment: it; else since when; kUnknown: meaningless
  std::vector<std::string> codes;  // kCodes
  std::vector<EventTime> steps;    // a count: when it rose, earliest first
  bool certain = true;             // false: only by the word of a device's clock
  bool disputed = false;           // a value used stands beside a different one

  bool unknown() const { return kind == Type::kUnknown; }
  bool holds() const { return kind == Type::kTruth && truth; }
};

// The ids of the files at the other end of the links of that relation that have not ended.
std::set<FileId> LinkedIds(const FileState& from, std::string_view relation);

// The files at the other end of links, as far as this device or server holds them.
// Threads: as the implementation says.
class LinkedFiles {
 public:
  virtual ~LinkedFiles() = default;
  // One entry for each of LinkedIds, in their order; nullptr for a file that is not at
  // hand.
  virtual std::vector<const FileState*> Find(const FileState& from,
                                             std::string_view relation) const = 0;
};

// What the events of one standard say of one file as of one moment, as far as known.
struct EventOutcome {
  Outcome outcome;
  Time until = Time::Max();  // as Scope::until
  size_t steps = 0;          // that working it out took; they count for whoever asks
};
using EventOutcomes = std::map<const NamedMoment*, EventOutcome>;

// Where names are looked up. The FileState has been folded up to `as_of` by the caller.
struct Scope {
  const FileState& file;
  Time as_of;
  const LinkedFiles* linked = nullptr;  // nullptr: no linked file is at hand
  const Standard* standard = nullptr;   // whose events are names
  const Record* record = nullptr;       // the record at hand
  const Form* form = nullptr;           // its form; nullptr: as the file says
  // Filled and read while clauses of `standard` are evaluated one after the other; nullptr:
  // each works its events out for itself. Of this file, moment and standard alone.
  EventOutcomes* events = nullptr;
  // Lowered to the first moment after `as_of` at which the outcome may be another though
  // nothing is written; nullptr: nobody asks.
  Time* until = nullptr;
};

// Pure; ends after a bounded number of steps, then unknown. An empty condition is
// true since the record at hand was made, else since the file was founded.
// Threads: any, while nobody writes to the file.
Outcome Evaluate(const Condition& condition, const Scope& scope);

// As Evaluate, seen as a truth: a moment is true once it has come, what is absent is
// false. The answer is of kind kTruth or kUnknown.
Outcome EvaluateTruth(const Condition& condition, const Scope& scope);

// As Evaluate, seen as a moment: a truth that holds is the moment since when. The
// answer is of kind kMoment (also one still to come), kAbsent or kUnknown.
Outcome EvaluateMoment(const Condition& condition, const Scope& scope);

// When something certainly (or possibly) is no later than something else.
enum class Order : uint8_t { kBefore, kAfter, kOverlap };
// `strict`: being equal counts as after.
Order Compare(const TimeInterval& a, const TimeInterval& b, bool strict);

// A date in Cambodia as the interval it spans; nullopt for a text that is no date.
std::optional<TimeInterval> SpanOf(const Date& date);

}  // namespace kapea::domain
