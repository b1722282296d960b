// The functions of the condition language.
#include <algorithm>
#include <map>
#include <tuple>
#include <variant>

#include "common/domain/consent.h"
#include "common/domain/evaluation.h"
#include "common/domain/roles.h"

namespace kapea::domain {

using Type = Outcome::Type;

Evaluation::Call Evaluation::FindCall(std::string_view name) {
  static const std::map<std::string_view, Call> kCalls = {
      {"exists", &Evaluation::CallPresence},
      {"known", &Evaluation::CallPresence},
      {"refused", &Evaluation::CallAnswer},
      {"unknown", &Evaluation::CallAnswer},
      {"done", &Evaluation::CallItem},
      {"answered", &Evaluation::CallItem},
      {"not_done", &Evaluation::CallItem},
      {"signatures", &Evaluation::CallItem},
      {"count", &Evaluation::CallCount},
      {"any", &Evaluation::CallQuantifier},
      {"all", &Evaluation::CallQuantifier},
      {"latest", &Evaluation::CallExtreme},
      {"earliest", &Evaluation::CallExtreme},
      {"happened", &Evaluation::CallHappened},
      {"at", &Evaluation::CallAt},
      {"value", &Evaluation::CallAt},
      {"within", &Evaluation::CallWithin},
      {"before", &Evaluation::CallBefore},
      {"first", &Evaluation::CallFirstLast},
      {"last", &Evaluation::CallFirstLast},
      {"if", &Evaluation::CallIf},
      {"hour", &Evaluation::CallHour},
      {"made", &Evaluation::CallClock},
      {"founded", &Evaluation::CallClock},
      {"now", &Evaluation::CallClock},
      {"custody_accepted", &Evaluation::CallCustody},
      {"custody_offered", &Evaluation::CallCustody},
      {"consent", &Evaluation::CallConsent},
      {"linked", &Evaluation::CallLinked},
      {"role_wrote", &Evaluation::CallAuthor},
      {"second_person", &Evaluation::CallAuthor},
  };
  const auto at = kCalls.find(name);
  return at == kCalls.end() ? nullptr : at->second;
}

namespace {

const FieldValue* ShownOf(const Record* record, std::string_view code) {
  const FieldValue* shown = record != nullptr ? record->Shown(code) : nullptr;
  return shown != nullptr && !shown->cleared() ? shown : nullptr;
}

bool IsNow(const Expression& node) {
  return node.op == Expression::Op::kCall && node.text == "now";
}

Outcome Exact(Outcome outcome, Time time) {
  outcome.time = {TimeInterval::At(time), TimeInterval::At(time), false};
  return outcome;
}

}  // namespace

// exists(f), known(f)
Outcome Evaluation::CallPresence(const Expression& call, const Frame& frame) {
  if (call.args.size() != 1) return Outcome();
  const FieldAt at = FindField(call.args[0].text, frame);
  if (at.state == FieldAt::State::kNoForm) return Outcome();
  const FieldValue* shown = ShownOf(at.record, at.code);
  if (shown == nullptr) return Truth(false, Base({at.record, nullptr}));
  // A corrected answer has been there since the first one.
  const EventTime since = at.record->Find(at.code)->AnsweredSince().value_or(shown->time);
  if (call.text == "exists") return Truth(true, since);
  if (!shown->clear) return Outcome();
  return Truth(!std::holds_alternative<Answer>(*shown->clear), since);
}

// refused(f), unknown(f)
Outcome Evaluation::CallAnswer(const Expression& call, const Frame& frame) {
  if (call.args.size() != 1) return Outcome();
  const FieldAt at = FindField(call.args[0].text, frame);
  if (at.state == FieldAt::State::kNoForm) return Outcome();
  const FieldValue* shown = ShownOf(at.record, at.code);
  if (shown == nullptr) return Truth(false, Base({at.record, nullptr}));
  if (!shown->clear) return Outcome();
  const auto* answer = std::get_if<Answer>(&*shown->clear);
  const Answer wanted = call.text == "refused" ? Answer::kRefused : Answer::kUnknown;
  return Truth(answer != nullptr && *answer == wanted, shown->time);
}

// done(ITEM), answered(ITEM), not_done(ITEM), signatures(ITEM)
Outcome Evaluation::CallItem(const Expression& call, const Frame& frame) {
  if (call.args.size() != 1) return Outcome();
  const FieldAt at = FindField(call.args[0].text, frame);
  if (at.state == FieldAt::State::kNoForm) return Outcome();
  if (at.state == FieldAt::State::kNoRecord) {
    Outcome none = Truth(false, Base(frame));
    if (call.text == "signatures") none.kind = Type::kNumber;
    return none;
  }
  if (at.field == nullptr) return Outcome();
  const ItemState item = ReadItem(*at.record, *at.field);
  Outcome outcome;
  if (call.text == "signatures") {
    outcome = Truth(false, Base({at.record, nullptr}));
    outcome.kind = Type::kNumber;
    outcome.number = static_cast<int64_t>(item.signatures.size());
    outcome.steps = item.signatures;
    for (const EventTime& time : item.signatures) outcome.time = Later(outcome.time, time);
  } else {
    bool truth = item.complete;
    if (call.text == "done") truth = item.done();
    if (call.text == "not_done") {
      truth = item.complete && item.answer == ItemState::Answer::kNotDone;
    }
    const bool answered = item.answer != ItemState::Answer::kNone;
    outcome = Truth(truth, answered ? item.since : Base({at.record, nullptr}));
  }
  outcome.disputed = item.conflicted;
  return outcome;
}

std::vector<const Record*> Evaluation::RecordsFor(const Expression& call,
                                                  const Frame& frame) const {
  if (call.args.empty()) return {};
  const std::string& form = call.args[0].text;
  if (frame.record != nullptr) {
    auto children = scope_.file.ChildrenOf(frame.record->id, form);
    if (!children.empty()) return children;
    const Pack* pack = scope_.file.pack();
    if (pack == nullptr) return scope_.file.RecordsOf(form);
    for (const auto& candidate : pack->forms) {
      if (candidate->id == form && candidate->parent == frame.record->form.form) return {};
    }
  }
  return scope_.file.RecordsOf(form);
}

// count(FORM), count(FORM, cond)
Outcome Evaluation::CallCount(const Expression& call, const Frame& frame) {
  Outcome count = Truth(false, Base(frame));
  count.kind = Type::kNumber;
  for (const Record* record : RecordsFor(call, frame)) {
    Outcome counts = Truth(true, record->made);
    if (call.args.size() > 1) counts = RunTruth(call.args[1], FrameOf(*record));
    if (counts.unknown()) return Outcome();
    count.certain = count.certain && counts.certain;
    count.disputed = count.disputed || counts.disputed;
    if (!counts.truth) continue;
    const EventTime since = Later(counts.time, record->made);
    count.steps.push_back(since);
    count.time = Later(count.time, since);
    ++count.number;
  }
  std::sort(count.steps.begin(), count.steps.end());
  return count;
}

// any(FORM, cond), all(FORM, cond): a junction over the records.
Outcome Evaluation::CallQuantifier(const Expression& call, const Frame& frame) {
  if (call.args.size() != 2) return Outcome();
  const bool deciding = call.text == "any";
  std::optional<Outcome> decided;
  Outcome agreed = Truth(!deciding, Base(frame));
  bool unknown = false;
  for (const Record* record : RecordsFor(call, frame)) {
    Outcome part = RunTruth(call.args[1], FrameOf(*record));
    if (part.unknown()) {
      unknown = true;
    } else if (part.truth == deciding) {
      if (decided) {
        part.time = Earlier(part.time, decided->time);
        part.certain = part.certain || decided->certain;
        part.disputed = part.disputed && decided->disputed;
      }
      decided = part;
    } else {
      agreed.time = Later(agreed.time, part.time);
      agreed.certain = agreed.certain && part.certain;
      agreed.disputed = agreed.disputed || part.disputed;
    }
  }
  if (decided) return *decided;
  return unknown ? Outcome() : agreed;
}

// latest(FORM, moment), earliest(FORM, moment)
Outcome Evaluation::CallExtreme(const Expression& call, const Frame& frame) {
  if (call.args.size() != 2) return Outcome();
  const bool latest = call.text == "latest";
  std::optional<Outcome> extreme;
  for (const Record* record : RecordsFor(call, frame)) {
    Outcome moment = RunMoment(call.args[1], FrameOf(*record));
    if (moment.unknown()) return moment;
    // Something to come is the earliest where nothing has come yet: a deadline to be seen.
    if (latest ? !HasCome(moment) : moment.kind != Type::kMoment) continue;
    if (extreme) {
      moment.time =
          latest ? Later(moment.time, extreme->time) : Earlier(moment.time, extreme->time);
      moment.disputed = moment.disputed || extreme->disputed;
      moment.certain = moment.certain && extreme->certain;
    }
    extreme = moment;
  }
  return extreme.value_or(Absent(frame));
}

// happened(EVENT)
Outcome Evaluation::CallHappened(const Expression& call, const Frame& frame) {
  if (call.args.size() != 1) return Outcome();
  return AsTruth(RunMoment(call.args[0], frame), frame);
}

// at(x), value(f)
Outcome Evaluation::CallAt(const Expression& call, const Frame& frame) {
  if (call.args.size() != 1) return Outcome();
  return RunMoment(call.args[0], frame);
}

// Whether the moment that is asked about comes before another. So as long as no bound of
// the other is passed: since `since`, or, where it is not so, since the other.
Outcome Evaluation::NowBefore(const Outcome& other, bool strict, const EventTime& since) const {
  const Outcome now = Exact(Moment({}), scope_.as_of);
  Outcome outcome = Ordered(now, other, strict);
  outcome.time = outcome.truth ? since : other.time;
  LastsUntil(NextTurn(other.time, scope_.as_of));
  return outcome;
}

// within(now(), b, d): b was renewed in time, and it is so since b.
Outcome Evaluation::CallRenewed(const Expression& call, const Frame& frame) {
  const Outcome until = Sum(call.args[1], call.args[2], false, frame);
  if (until.unknown()) return until;
  if (until.kind != Type::kMoment) return AsTruth(Absent(frame), frame);
  const Outcome renewed = RunMoment(call.args[1], frame);
  return NowBefore(until, false, HasCome(renewed) ? renewed.time : Base(frame));
}

// within(a, b, d)
Outcome Evaluation::CallWithin(const Expression& call, const Frame& frame) {
  if (call.args.size() != 3) return Outcome();
  if (IsNow(call.args[0])) return CallRenewed(call, frame);
  const Outcome a = RunMoment(call.args[0], frame);
  if (!a.unknown() && !HasCome(a)) return AsTruth(Absent(frame), frame);
  const Outcome b = Sum(call.args[1], call.args[2], false, frame);
  if (a.unknown() || b.unknown()) return Outcome();
  if (b.kind != Type::kMoment) return AsTruth(Absent(frame), frame);
  Outcome outcome = Ordered(a, b, false);
  outcome.time = a.time;
  return outcome;
}

// before(a, b)
Outcome Evaluation::CallBefore(const Expression& call, const Frame& frame) {
  if (call.args.size() != 2) return Outcome();
  if (IsNow(call.args[0])) {
    const Outcome end = RunMoment(call.args[1], frame);
    if (end.unknown()) return end;
    if (end.kind != Type::kMoment) return Truth(true, Base(frame));
    return NowBefore(end, true, Base(frame));
  }
  const Outcome a = RunMoment(call.args[0], frame);
  if (a.unknown()) return a;
  if (!HasCome(a)) return AsTruth(Absent(frame), frame);
  const Outcome b = RunMoment(call.args[1], frame);
  if (b.unknown()) return b;
  if (b.kind != Type::kMoment) return AsTruth(a, frame);
  Outcome outcome = Ordered(a, b, true);
  outcome.time = a.time;
  return outcome;
}

// first(a, b, ...), last(a, b, ...)
Outcome Evaluation::CallFirstLast(const Expression& call, const Frame& frame) {
  const bool last = call.text == "last";
  std::optional<Outcome> chosen;
  for (const Expression& arg : call.args) {
    Outcome moment = RunMoment(arg, frame);
    if (moment.unknown()) return moment;
    if (!HasCome(moment)) {
      if (last) return Absent(frame);
      continue;
    }
    if (chosen) {
      moment.time = last ? Later(moment.time, chosen->time) : Earlier(moment.time, chosen->time);
      moment.disputed = moment.disputed || chosen->disputed;
      moment.certain = moment.certain && chosen->certain;
    }
    chosen = moment;
  }
  return chosen.value_or(Absent(frame));
}

// if(cond, a, b)
Outcome Evaluation::CallIf(const Expression& call, const Frame& frame) {
  if (call.args.size() != 3) return Outcome();
  const Outcome condition = RunTruth(call.args[0], frame);
  if (condition.unknown()) return condition;
  Outcome chosen = Run(call.args[condition.truth ? 1 : 2], frame);
  chosen.certain = chosen.certain && condition.certain;
  chosen.disputed = chosen.disputed || condition.disputed;
  return chosen;
}

// hour(m)
Outcome Evaluation::CallHour(const Expression& call, const Frame& frame) {
  if (call.args.size() != 1) return Outcome();
  Outcome moment = RunMoment(call.args[0], frame);
  if (moment.kind != Type::kMoment) return moment;
  const auto hour = [](Time time) {
    constexpr int64_t kHour = 3'600'000;
    const int64_t hours = (time.unix_ms() + 7 * kHour) / kHour;  // UTC+7
    return ((hours % 24) + 24) % 24;
  };
  moment.kind = Type::kNumber;
  moment.number = hour(moment.time.soft.earliest);
  const Duration hard = moment.time.hard.latest - moment.time.hard.earliest;
  moment.certain = moment.certain && hard < Duration::Hours(1) &&
                   hour(moment.time.hard.earliest) == moment.number &&
                   hour(moment.time.hard.latest) == moment.number;
  return moment;
}

// made(), founded(), now()
Outcome Evaluation::CallClock(const Expression& call, const Frame& frame) {
  if (call.text == "now") {
    LastsUntil(scope_.as_of + Duration::Milliseconds(1));
    return Exact(Moment({}), scope_.as_of);
  }
  if (call.text == "founded") return Moment(scope_.file.founded_at());
  return frame.record != nullptr ? Moment(frame.record->made) : Absent(frame);
}

// custody_accepted(), custody_offered()
Outcome Evaluation::CallCustody(const Expression& call, const Frame& frame) {
  const CustodyState& custody = scope_.file.custody();
  std::optional<EventTime> since;
  const auto take = [&since](const EventTime& time) {
    since = since ? Earlier(*since, time) : time;
  };
  const bool accepted = call.text == "custody_accepted";
  for (const CustodyState::Step& step : custody.history) {
    if (!accepted) take(step.offered);
    if (accepted && step.answer.accepted) take(step.answered);
  }
  if (!accepted) {
    for (const auto& [id, offer] : custody.open) take(offer.time);
  }
  return since ? Truth(true, *since) : Truth(false, Base(frame));
}

// consent(purpose), consent(purpose, unit)
Outcome Evaluation::CallConsent(const Expression& call, const Frame& frame) {
  if (call.args.empty() || call.args.size() > 2) return Outcome();
  const Reference* unit = nullptr;
  if (call.args.size() == 2) {
    const FieldAt at = FindField(call.args[1].text, frame);
    if (at.state == FieldAt::State::kNoForm) return Outcome();
    unit = at.record == nullptr ? nullptr : at.record->ShownAs<Reference>(at.code);
    if (unit == nullptr) return Truth(false, Base(frame));
  }
  const Record* newest =
      NewestConsent(scope_.file, call.args[0].text,
                    unit == nullptr ? std::nullopt : std::optional<Reference>(*unit));
  if (newest == nullptr) return Truth(false, Base(frame));
  FieldAt at{FieldAt::State::kFound, newest, nullptr, "answer"};
  Outcome answer = ValueOf(at, frame);
  if (answer.unknown()) return answer;
  const bool yes = answer.codes == std::vector<std::string>{"yes"};
  Outcome outcome = Truth(yes, answer.time);
  outcome.disputed = answer.disputed;
  at.code = "ends_at";
  const Outcome end = ValueOf(at, frame);
  if (!yes || !HasCome(end)) return outcome;
  return Truth(false, end.time);
}

// linked(relation, expr)
Outcome Evaluation::CallLinked(const Expression& call, const Frame& frame) {
  if (call.args.size() != 2 || scope_.linked == nullptr) return Outcome();
  bool unknown = false;
  std::optional<Outcome> best;
  for (const FileState* file : scope_.linked->Find(scope_.file, call.args[0].text)) {
    Outcome part;
    if (file != nullptr) {
      // Links of the other file are not followed: an expression looks one file far.
      const Scope there{*file,   scope_.as_of, nullptr, nullptr,
                        nullptr, nullptr,      nullptr, scope_.until};
      Evaluation evaluation(there);
      evaluation.steps_ = steps_;
      part = evaluation.Run(call.args[1], {});
      steps_ = evaluation.steps_;
    }
    unknown = unknown || part.unknown();
    if (part.kind != Type::kMoment && !part.holds()) {
      if (!best && !part.unknown()) best = part;
      continue;
    }
    if (best && (best->holds() || best->kind == Type::kMoment)) {
      part.time = Earlier(part.time, best->time);
    }
    best = part;
  }
  // A moment might come earlier in the file that is missing; a truth stays true.
  if (unknown && (!best || !best->holds())) return Outcome();
  return best.value_or(Absent(frame));
}

// role_wrote(f, role), second_person(f)
Outcome Evaluation::CallAuthor(const Expression& call, const Frame& frame) {
  const bool by_role = call.text == "role_wrote";
  if (call.args.size() != (by_role ? 2U : 1U)) return Outcome();
  const FieldAt at = FindField(call.args[0].text, frame);
  if (at.state == FieldAt::State::kNoForm) return Outcome();
  const FieldValue* shown = ShownOf(at.record, at.code);
  if (shown == nullptr) return Truth(false, Base({at.record, nullptr}));
  const bool truth = by_role ? shown->role == RoleNamed(call.args[1].text)
                             : shown->person != at.record->made_by_person;
  return Truth(truth, shown->time);
}

}  // namespace kapea::domain
