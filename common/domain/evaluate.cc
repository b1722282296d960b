#include "common/domain/evaluate.h"

#include <algorithm>
#include <utility>

#include "common/domain/evaluation.h"

namespace kapea::domain {

using Op = Expression::Op;
using Type = Outcome::Type;

namespace {

// Of two outcomes used together: both must be certain, either may be disputed.
Outcome Joined(Outcome result, const Outcome& a, const Outcome& b) {
  result.certain = result.certain && a.certain && b.certain;
  result.disputed = result.disputed || a.disputed || b.disputed;
  return result;
}

bool Holds(Op op, int64_t a, int64_t b) {
  switch (op) {
    case Op::kEqual:
      return a == b;
    case Op::kNotEqual:
      return a != b;
    case Op::kLess:
      return a < b;
    case Op::kLessEqual:
      return a <= b;
    case Op::kGreater:
      return a > b;
    default:
      return a >= b;
  }
}

// A count reached n with its n-th step; anything else is so since the last write.
EventTime SinceOf(Op op, const Outcome& a, const Outcome& b) {
  int64_t reached = 0;
  if (op == Op::kGreaterEqual) reached = b.number;
  if (op == Op::kGreater) reached = b.number + 1;
  if (reached > 0 && reached <= static_cast<int64_t>(a.steps.size()) && b.steps.empty()) {
    return a.steps[static_cast<size_t>(reached - 1)];
  }
  return Later(a.time, b.time);
}

// Duration fields and entered times hold whatever their authors wrote: every step
// stays within Time's own bounds, so that no sum of them overflows.
Time Bounded(Time time, int64_t by) {
  constexpr int64_t kBound = Time::Max().unix_ms();
  const int64_t from = std::clamp(time.unix_ms(), -kBound, kBound);
  return Time::FromUnixMs(std::clamp(from + std::clamp(by, -kBound, kBound), -kBound, kBound));
}

TimeInterval Shifted(const TimeInterval& interval, int64_t by) {
  return {Bounded(interval.earliest, by), Bounded(interval.latest, by)};
}

}  // namespace

Order Compare(const TimeInterval& a, const TimeInterval& b, bool strict) {
  if (strict ? a.latest < b.earliest : a.latest <= b.earliest) return Order::kBefore;
  if (strict ? a.earliest >= b.latest : a.earliest > b.latest) return Order::kAfter;
  return Order::kOverlap;
}

EventTime Evaluation::Base(const Frame& frame) const {
  return frame.record != nullptr ? frame.record->made : scope_.file.founded_at();
}

Outcome Evaluation::Truth(bool truth, const EventTime& since) const {
  Outcome outcome;
  outcome.kind = Type::kTruth;
  outcome.truth = truth;
  outcome.time = since;
  return outcome;
}

Outcome Evaluation::Absent(const Frame& frame) const {
  Outcome outcome;
  outcome.kind = Type::kAbsent;
  outcome.time = Base(frame);
  return outcome;
}

Outcome Evaluation::Moment(const EventTime& time) const {
  Outcome outcome;
  outcome.kind = Type::kMoment;
  outcome.time = time;
  return outcome;
}

bool Evaluation::HasCome(const Outcome& moment) const {
  if (moment.kind != Type::kMoment) return false;
  if (moment.time.soft.earliest <= scope_.as_of) return true;
  LastsUntil(moment.time.soft.earliest);
  return false;
}

void Evaluation::LastsUntil(Time moment) const {
  if (scope_.until != nullptr && moment < *scope_.until) *scope_.until = moment;
}

Outcome Evaluation::AsTruth(Outcome outcome, const Frame& frame) const {
  if (outcome.kind == Type::kTruth || outcome.kind == Type::kUnknown) return outcome;
  Outcome truth = HasCome(outcome) ? Truth(true, outcome.time) : Truth(false, Base(frame));
  truth.certain = outcome.certain;
  truth.disputed = outcome.disputed;
  return truth;
}

Outcome Evaluation::AsMoment(Outcome outcome) const {
  if (outcome.kind == Type::kMoment || outcome.kind == Type::kUnknown) return outcome;
  outcome.kind = outcome.holds() ? Type::kMoment : Type::kAbsent;
  return outcome;
}

Outcome Evaluation::RunTruth(const Expression& node, const Frame& frame) {
  return AsTruth(Run(node, frame), frame);
}

Outcome Evaluation::RunMoment(const Expression& node, const Frame& frame) {
  return AsMoment(Run(node, frame));
}

Outcome Evaluation::Run(const Expression& node, const Frame& frame) {
  if (++steps_ > kEvaluationStepsMax) {
    exhausted_ = true;
    return Outcome();
  }
  switch (node.op) {
    case Op::kOr:
    case Op::kAnd:
      return RunJunction(node, frame);
    case Op::kNot:
      return RunNot(node, frame);
    case Op::kIn:
      return RunIn(node, frame);
    case Op::kPlus:
    case Op::kMinus:
      return Sum(node.args[0], node.args[1], node.op == Op::kMinus, frame);
    case Op::kName:
      return RunName(node, frame);
    case Op::kCall: {
      const Call call = FindCall(node.text);
      return call == nullptr ? Outcome() : (this->*call)(node, frame);
    }
    case Op::kBoolean:
      return Truth(node.number != 0, scope_.file.founded_at());
    case Op::kNumber:
    case Op::kDuration:
    case Op::kCode: {
      Outcome literal;
      literal.kind = node.op == Op::kNumber     ? Type::kNumber
                     : node.op == Op::kDuration ? Type::kDuration
                                                : Type::kCodes;
      literal.number = node.number;
      literal.time = scope_.file.founded_at();
      if (node.op == Op::kCode) literal.codes = {node.text};
      return literal;
    }
    default:
      return RunComparison(node, frame);
  }
}

// `or` is decided by its first true part, `and` by its first false one; one such part
// that is certain makes the whole certain. Otherwise all parts must agree, and the
// whole is so since the last of them.
Outcome Evaluation::RunJunction(const Expression& node, const Frame& frame) {
  const bool deciding = node.op == Op::kOr;
  std::optional<Outcome> decided;
  std::optional<Outcome> agreed;
  bool unknown = false;
  for (const Expression& arg : node.args) {
    const Outcome part = RunTruth(arg, frame);
    if (part.unknown()) {
      unknown = true;
    } else if (part.truth == deciding) {
      if (!decided) {
        decided = part;
        continue;
      }
      decided->time = Earlier(decided->time, part.time);
      decided->certain = decided->certain || part.certain;
      decided->disputed = decided->disputed && part.disputed;
    } else if (!agreed) {
      agreed = part;
    } else {
      const EventTime since = Later(agreed->time, part.time);
      agreed = Joined(Truth(part.truth, since), *agreed, part);
    }
  }
  if (decided) return *decided;
  if (unknown || !agreed) return Outcome();
  return *agreed;
}

Outcome Evaluation::RunNot(const Expression& node, const Frame& frame) {
  Outcome outcome = RunTruth(node.args[0], frame);
  outcome.truth = !outcome.truth;
  return outcome;
}

// Whether moment a is before moment b; where the intervals overlap it is taken to be,
// without certainty.
Outcome Evaluation::Ordered(const Outcome& a, const Outcome& b, bool strict) const {
  const Order soft = Compare(a.time.soft, b.time.soft, strict);
  const Order hard = Compare(a.time.hard, b.time.hard, strict);
  Outcome outcome = Joined(Truth(soft != Order::kAfter, Later(a.time, b.time)), a, b);
  if (soft == Order::kOverlap || hard != soft) outcome.certain = false;
  return outcome;
}

Outcome Evaluation::RunComparison(const Expression& node, const Frame& frame) {
  Outcome a = Run(node.args[0], frame);
  Outcome b = Run(node.args[1], frame);
  if (a.unknown() || b.unknown()) return Outcome();
  if (a.kind == Type::kAbsent || b.kind == Type::kAbsent) {
    return Joined(Truth(false, Later(a.time, b.time)), a, b);
  }
  // A code may look like a number; the compiler has checked that it is one of the list.
  if (a.kind == Type::kCodes && b.kind == Type::kNumber) {
    b.kind = Type::kCodes;
    b.codes = {node.args[1].text};
  }
  if (a.kind != b.kind) return Outcome();
  const bool equality = node.op == Op::kEqual || node.op == Op::kNotEqual;
  if (a.kind == Type::kMoment) {
    if (equality) return Outcome();
    const bool swap = node.op == Op::kGreater || node.op == Op::kGreaterEqual;
    const bool strict = node.op == Op::kLess || node.op == Op::kGreater;
    Outcome outcome = swap ? Ordered(b, a, strict) : Ordered(a, b, strict);
    // So since the left one came: the other may lie in the future.
    if (outcome.truth) outcome.time = a.time;
    return outcome;
  }
  bool truth = false;
  if (a.kind == Type::kCodes || a.kind == Type::kTruth) {
    if (!equality) return Outcome();
    const bool same = a.kind == Type::kCodes ? a.codes == b.codes : a.truth == b.truth;
    truth = same == (node.op == Op::kEqual);
  } else {
    truth = Holds(node.op, a.number, b.number);
  }
  return Joined(Truth(truth, truth ? SinceOf(node.op, a, b) : Later(a.time, b.time)), a, b);
}

Outcome Evaluation::RunIn(const Expression& node, const Frame& frame) {
  const Outcome value = Run(node.args[0], frame);
  if (value.unknown()) return value;
  bool found = false;
  for (size_t i = 1; i < node.args.size(); ++i) {
    const auto& codes = value.codes;
    found = found || std::find(codes.begin(), codes.end(), node.args[i].text) != codes.end();
  }
  return Joined(Truth(found, value.time), value, value);
}

Outcome Evaluation::Sum(const Expression& left, const Expression& right, bool minus,
                        const Frame& frame) {
  const Outcome a = Run(left, frame);
  Outcome b = Run(right, frame);
  if (a.unknown() || b.unknown()) return Outcome();
  if (a.kind == Type::kAbsent || b.kind == Type::kAbsent) return Joined(Absent(frame), a, b);
  if (minus && __builtin_sub_overflow(int64_t{0}, b.number, &b.number)) return Outcome();
  Outcome sum = a;
  sum.steps.clear();
  if (AsMoment(a).kind == Type::kMoment && b.kind == Type::kDuration) {
    sum = Moment(
        {Shifted(a.time.soft, b.number), Shifted(a.time.hard, b.number), a.time.clock_doubted});
  } else if (minus && a.kind == Type::kMoment && b.kind == Type::kMoment) {
    sum.kind = Type::kDuration;
    sum.number = (a.time.soft.latest - b.time.soft.latest).milliseconds();
    // One that is still to come says nothing of since when.
    const bool planned = HasCome(a) != HasCome(b);
    sum.time = planned ? Earlier(a.time, b.time) : Later(a.time, b.time);
    // A difference of times that are not exact cannot be certain.
    const auto exact = [](const TimeInterval& i) { return i.earliest == i.latest; };
    sum.certain = exact(a.time.hard) && exact(b.time.hard);
  } else if (a.kind == b.kind && (a.kind == Type::kNumber || a.kind == Type::kDuration)) {
    if (__builtin_add_overflow(a.number, b.number, &sum.number)) return Outcome();
    sum.time = Later(a.time, b.time);
  } else {
    return Outcome();
  }
  return Joined(sum, a, b);
}

namespace {

Outcome Everywhere(const Scope& scope) {
  Outcome always;
  always.kind = Type::kTruth;
  always.truth = true;
  always.time = scope.record != nullptr ? scope.record->made : scope.file.founded_at();
  return always;
}

}  // namespace

std::set<FileId> LinkedIds(const FileState& from, std::string_view relation) {
  std::set<ChangeId> ended;  // also what came after its ending
  for (const auto& at : from.links()) {
    if (at.link.ended) ended.insert(at.link.link_id);
  }
  std::set<FileId> ids;
  for (const auto& at : from.links()) {
    const bool counts =
        at.link.relation == relation && at.link.other_file && !ended.contains(at.link.link_id);
    if (counts) ids.insert(*at.link.other_file);
  }
  return ids;
}

Outcome Evaluate(const Condition& condition, const Scope& scope) {
  if (condition.empty()) return Everywhere(scope);
  Evaluation evaluation(scope);
  return evaluation.Run(condition.root(), evaluation.RootFrame());
}

Outcome EvaluateTruth(const Condition& condition, const Scope& scope) {
  if (condition.empty()) return Everywhere(scope);
  Evaluation evaluation(scope);
  return evaluation.RunTruth(condition.root(), evaluation.RootFrame());
}

Outcome EvaluateMoment(const Condition& condition, const Scope& scope) {
  if (condition.empty()) return Evaluation(scope).AsMoment(Everywhere(scope));
  Evaluation evaluation(scope);
  return evaluation.RunMoment(condition.root(), evaluation.RootFrame());
}

}  // namespace kapea::domain
