// The engine behind Evaluate, in three sources: operators, names and functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/domain/evaluate.h"
#include "common/domain/item_state.h"

namespace kapea::domain {

// Nodes looked at in one evaluation. The largest real clause over a file of 500
// records stays below a twentieth; past it the answer is unknown.
inline constexpr size_t kEvaluationStepsMax = 200'000;
// Facts and events that lead to one another; the compiler refuses circles.
inline constexpr size_t kEvaluationDepthMax = 24;

// Threads: one at a time.
class Evaluation {
 public:
  // A record with its form; both nullptr where no record is at hand.
  struct Frame {
    const Record* record = nullptr;
    const Form* form = nullptr;
  };

  explicit Evaluation(const Scope& scope) : scope_(scope) {}
  Frame RootFrame() const;

  Outcome Run(const Expression& node, const Frame& frame);
  Outcome RunTruth(const Expression& node, const Frame& frame);
  Outcome RunMoment(const Expression& node, const Frame& frame);

  Outcome AsTruth(Outcome outcome, const Frame& frame) const;
  Outcome AsMoment(Outcome outcome) const;

 private:
  struct FieldAt {
    enum class State : uint8_t { kFound, kNoRecord, kNoForm };
    State state = State::kNoRecord;
    const Record* record = nullptr;
    const Field* field = nullptr;  // nullptr where the form is not known here
    std::string_view code;         // into the expression, or as long as the caller keeps it
  };
  using Call = Outcome (Evaluation::*)(const Expression&, const Frame&);

  // Since when something is so that nothing was written about.
  EventTime Base(const Frame& frame) const;
  Outcome Truth(bool truth, const EventTime& since) const;
  Outcome Absent(const Frame& frame) const;
  Outcome Moment(const EventTime& time) const;
  bool HasCome(const Outcome& moment) const;
  void LastsUntil(Time moment) const;

  // Operators.
  Outcome RunJunction(const Expression& node, const Frame& frame);
  Outcome RunNot(const Expression& node, const Frame& frame);
  Outcome RunComparison(const Expression& node, const Frame& frame);
  Outcome RunIn(const Expression& node, const Frame& frame);
  Outcome Sum(const Expression& left, const Expression& right, bool minus, const Frame& frame);
  Outcome Ordered(const Outcome& a, const Outcome& b, bool strict) const;

  // Names.
  Frame FrameOf(const Record& record) const;
  std::optional<Frame> ParentOf(const Frame& frame) const;
  std::optional<Frame> FrameOfForm(std::string_view form, const Frame& frame) const;
  Outcome RunName(const Expression& node, const Frame& frame);
  std::optional<Outcome> RunDefinition(std::string_view name, const Frame& frame);
  Outcome Define(const Condition& condition, const Frame& frame, bool moment);
  Outcome RunFact(const NamedFact& fact, const Frame& frame);
  std::optional<Outcome> RunStandardEvent(std::string_view name, const Frame& frame);
  FieldAt FindField(std::string_view name, const Frame& frame) const;
  Outcome ValueOf(const FieldAt& at, const Frame& frame) const;

  // Functions.
  static Call FindCall(std::string_view name);
  std::vector<const Record*> RecordsFor(const Expression& call, const Frame& frame) const;
  Outcome CallPresence(const Expression& call, const Frame& frame);
  Outcome CallAnswer(const Expression& call, const Frame& frame);
  Outcome CallItem(const Expression& call, const Frame& frame);
  Outcome CallCount(const Expression& call, const Frame& frame);
  Outcome CallQuantifier(const Expression& call, const Frame& frame);
  Outcome CallExtreme(const Expression& call, const Frame& frame);
  Outcome CallHappened(const Expression& call, const Frame& frame);
  Outcome CallAt(const Expression& call, const Frame& frame);
  Outcome CallWithin(const Expression& call, const Frame& frame);
  Outcome CallBefore(const Expression& call, const Frame& frame);
  Outcome CallRenewed(const Expression& call, const Frame& frame);
  Outcome NowBefore(const Outcome& other, bool strict, const EventTime& since) const;
  Outcome CallFirstLast(const Expression& call, const Frame& frame);
  Outcome CallIf(const Expression& call, const Frame& frame);
  Outcome CallHour(const Expression& call, const Frame& frame);
  Outcome CallClock(const Expression& call, const Frame& frame);
  Outcome CallCustody(const Expression& call, const Frame& frame);
  Outcome CallConsent(const Expression& call, const Frame& frame);
  Outcome CallLinked(const Expression& call, const Frame& frame);
  Outcome CallAuthor(const Expression& call, const Frame& frame);

  const Scope& scope_;
  size_t steps_ = 0;
  size_t depth_ = 0;
  bool exhausted_ = false;  // a limit was met: what came out is not the whole truth
};

}  // namespace kapea::domain
