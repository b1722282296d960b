#include "common/standards/verdict.h"

#include "common/domain/item_state.h"

namespace kapea::standards {
namespace {

using domain::Compare;
using domain::FindingStatus;
using domain::Order;
using domain::Outcome;

// What one of the two kinds of interval says.
struct Said {
  FindingStatus status = FindingStatus::kPending;
  bool clear = true;  // no other status is possible within the intervals
};

Said WhenMet(const TimeInterval& done, const TimeInterval& due, bool strict) {
  switch (Compare(done, due, strict)) {
    case Order::kBefore:
      return {FindingStatus::kMet, true};
    case Order::kAfter:
      return {FindingStatus::kMetLate, true};
    case Order::kOverlap:
      break;
  }
  // In doubt for the person who did it, and said to be in doubt.
  return {FindingStatus::kMet, false};
}

Said WhenOpen(Time as_of, const TimeInterval& due, bool strict) {
  const TimeInterval now = TimeInterval::At(as_of);
  switch (Compare(now, due, strict)) {
    case Order::kBefore:
      return {FindingStatus::kPending, true};
    case Order::kAfter:
      return {FindingStatus::kOverdue, true};
    case Order::kOverlap:
      break;
  }
  return {FindingStatus::kPending, false};
}

void Settle(const Said& soft, const Said& hard, Finding& finding) {
  finding.status = soft.status;
  if (!soft.clear || !hard.clear || hard.status != soft.status) finding.certain = false;
}

// A deadline that lies before its event ("T0 - 24h") can still make late what is met
// while the event has not happened.
bool CountsBack(const domain::Expression& at) {
  if (at.op == domain::Expression::Op::kMinus) return true;
  for (const domain::Expression& arg : at.args) {
    if (CountsBack(arg)) return true;
  }
  return false;
}

void Note(const Outcome& used, Finding& finding) {
  finding.certain = finding.certain && used.certain;
  finding.disputed = finding.disputed || used.disputed;
}

void DecideMet(const Grounds& grounds, Finding& finding) {
  const domain::EventTime& done = *finding.done;
  if (finding.due) {
    Settle(WhenMet(done.soft, finding.due->soft, finding.due_strict),
           WhenMet(done.hard, finding.due->hard, finding.due_strict), finding);
    return;
  }
  finding.status = FindingStatus::kMet;
  if (grounds.counts_back) finding.certain = false;
}

void DecideOpen(const Grounds& grounds, Time as_of, Finding& finding) {
  if (finding.due) {
    Settle(WhenOpen(as_of, finding.due->soft, finding.due_strict),
           WhenOpen(as_of, finding.due->hard, finding.due_strict), finding);
  } else {
    finding.status = FindingStatus::kPending;
  }
  if (grounds.waiver == nullptr) return;
  finding.status = FindingStatus::kWaived;
  finding.certain = true;
  finding.waived_by = grounds.waiver->by;
  finding.parts.push_back({Reason::kWaived, grounds.waiver->waiver.reason, grounds.waiver->time});
}

void Undecided(Finding& finding) {
  finding.status = FindingStatus::kPending;
  finding.certain = false;
  finding.parts.push_back({Reason::kNotAtHand, "", std::nullopt});
}

}  // namespace

void TakeDeadline(const domain::Deadline& deadline, const domain::Scope& scope, Grounds& grounds) {
  if (deadline.empty()) return;
  grounds.timed = true;
  grounds.strict = deadline.strict();
  grounds.counts_back = CountsBack(deadline.at().root());
  grounds.waits_for = deadline.at().text();
  grounds.due = EvaluateMoment(deadline.at(), scope);
}

void Decide(const Grounds& grounds, Time as_of, Finding& finding) {
  if (grounds.applies.unknown()) return Undecided(finding);
  Note(grounds.applies, finding);
  if (!grounds.applies.truth) {
    finding.status = FindingStatus::kNotApplicable;
    finding.parts.push_back({Reason::kDoesNotApply, grounds.applies_text, std::nullopt});
    return;
  }
  if (grounds.met.unknown()) return Undecided(finding);
  Note(grounds.met, finding);
  if (grounds.met.truth) {
    finding.done = grounds.met.time;
    finding.parts.push_back({Reason::kDone, "", finding.done});
  }
  if (grounds.timed) {
    finding.due_strict = grounds.strict;
    if (grounds.due.unknown()) return Undecided(finding);
    if (grounds.due.kind == Outcome::Type::kMoment) {
      Note(grounds.due, finding);
      finding.due = grounds.due.time;
      finding.parts.push_back(
          {finding.due_strict ? Reason::kDueBefore : Reason::kDue, "", finding.due});
    } else {
      finding.parts.push_back({Reason::kWaitsFor, grounds.waits_for, std::nullopt});
    }
  }
  if (grounds.met.truth) {
    DecideMet(grounds, finding);
  } else {
    DecideOpen(grounds, as_of, finding);
  }
  if (!finding.certain) finding.parts.push_back({Reason::kByDeviceClock, "", std::nullopt});
  if (finding.disputed) finding.parts.push_back({Reason::kDisputed, "", std::nullopt});
}

}  // namespace kapea::standards
