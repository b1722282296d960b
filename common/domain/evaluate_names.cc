// What a name means: fields of the record at hand, facts, events, other forms.
#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "common/domain/evaluation.h"

namespace kapea::domain {

using Type = Outcome::Type;

namespace {

constexpr int64_t kCambodiaMs = 7 * 3'600'000;  // UTC+7 all year

std::optional<int> Digits(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

Time StartOf(std::chrono::sys_days day) {
  const auto days = day.time_since_epoch().count();
  return Time::FromUnixMs(int64_t{days} * 86'400'000 - kCambodiaMs);
}

template <typename T>
const T* FindCode(const std::vector<T>& named, std::string_view code) {
  for (const T& entry : named) {
    if (entry.code == code) return &entry;
  }
  return nullptr;
}

EventTime Exactly(TimeInterval interval) {
  const Time low = Time::Min();
  const Time high = Time::Max();
  interval.earliest = std::clamp(interval.earliest, low, high);
  interval.latest = std::clamp(interval.latest, low, high);
  return {interval, interval, false};
}

}  // namespace

std::optional<TimeInterval> SpanOf(const Date& date) {
  const std::string_view text = date.text;
  const bool shape = (text.size() == 4 || (text.size() == 7 && text[4] == '-') ||
                      (text.size() == 10 && text[4] == '-' && text[7] == '-'));
  if (!shape) return std::nullopt;
  const auto year = Digits(text.substr(0, 4));
  const auto month = Digits(text.size() >= 7 ? text.substr(5, 2) : "1");
  const auto day = Digits(text.size() == 10 ? text.substr(8, 2) : "1");
  if (!year || !month || !day) return std::nullopt;
  using namespace std::chrono;
  const year_month_day first{std::chrono::year{*year},
                             std::chrono::month{static_cast<unsigned>(*month)},
                             std::chrono::day{static_cast<unsigned>(*day)}};
  if (!first.ok()) return std::nullopt;
  sys_days end = sys_days{first} + days{1};
  if (text.size() == 4) end = sys_days{first + years{1}};
  if (text.size() == 7) end = sys_days{first + months{1}};
  return TimeInterval{StartOf(sys_days{first}), StartOf(end) - Duration::Milliseconds(1)};
}

Evaluation::Frame Evaluation::FrameOf(const Record& record) const {
  return {&record, scope_.file.FormOf(record)};
}

Evaluation::Frame Evaluation::RootFrame() const {
  if (scope_.record == nullptr) return {nullptr, scope_.form};
  if (scope_.form != nullptr) return {scope_.record, scope_.form};
  return FrameOf(*scope_.record);
}

std::optional<Evaluation::Frame> Evaluation::ParentOf(const Frame& frame) const {
  if (frame.record == nullptr || !frame.record->parent) return std::nullopt;
  const Record* parent = scope_.file.FindRecord(*frame.record->parent);
  if (parent == nullptr) return std::nullopt;
  return FrameOf(*parent);
}

std::optional<Evaluation::Frame> Evaluation::FrameOfForm(std::string_view form,
                                                         const Frame& frame) const {
  // Records cannot be their own ancestors by making, but a bound costs nothing.
  std::optional<Frame> ancestor = frame;
  for (size_t i = 0; i < kEvaluationDepthMax && ancestor; ++i) {
    if (ancestor->record != nullptr && ancestor->record->form.form == form) return ancestor;
    ancestor = ParentOf(*ancestor);
  }
  const Record* first = scope_.file.FirstOf(form);
  if (first == nullptr) return std::nullopt;
  return FrameOf(*first);
}

Outcome Evaluation::Define(const Condition& condition, const Frame& frame, bool moment) {
  if (condition.empty()) return Outcome();
  if (depth_ >= kEvaluationDepthMax) {
    exhausted_ = true;
    return Outcome();
  }
  ++depth_;
  Outcome outcome = moment ? RunMoment(condition.root(), frame) : RunTruth(condition.root(), frame);
  --depth_;
  return outcome;
}

// True by its tick box or by its condition, whichever was first.
Outcome Evaluation::RunFact(const NamedFact& fact, const Frame& frame) {
  FieldAt box;
  box.record = frame.record;
  box.state = frame.record != nullptr ? FieldAt::State::kFound : FieldAt::State::kNoRecord;
  const std::string code = std::string(kFactPrefix) + fact.code;
  box.code = code;
  if (frame.form != nullptr) box.field = frame.form->FindField(box.code);
  const Outcome ticked = AsTruth(ValueOf(box, frame), frame);
  if (fact.when.empty()) return ticked;
  Outcome computed = Define(fact.when, frame, false);
  if (!ticked.holds()) return computed;
  if (!computed.holds()) return ticked;
  computed.time = Earlier(computed.time, ticked.time);
  return computed;
}

std::optional<Outcome> Evaluation::RunDefinition(std::string_view name, const Frame& frame) {
  if (frame.form == nullptr) return std::nullopt;
  if (const auto* fact = FindCode(frame.form->facts, name)) return RunFact(*fact, frame);
  if (const auto* event = FindCode(frame.form->events, name)) {
    return Define(event->at, frame, true);
  }
  return std::nullopt;
}

// What an event says without a record at hand is the same for every clause of the
// standard: it is worked out once, unless a limit was met on the way.
std::optional<Outcome> Evaluation::RunStandardEvent(std::string_view name, const Frame& frame) {
  if (scope_.standard == nullptr) return std::nullopt;
  const NamedMoment* event = FindCode(scope_.standard->events, name);
  if (event == nullptr) return std::nullopt;
  const bool shared = scope_.events != nullptr && frame.record == nullptr && frame.form == nullptr;
  if (!shared) return Define(event->at, frame, true);
  auto known = scope_.events->find(event);
  if (known == scope_.events->end()) {
    Time outer = Time::Max();
    if (scope_.until != nullptr) std::swap(outer, *scope_.until);
    const size_t before = steps_;
    EventOutcome found{Define(event->at, frame, true)};
    found.steps = steps_ - before;
    if (scope_.until != nullptr) {
      found.until = *scope_.until;
      *scope_.until = std::min(outer, found.until);
    }
    if (exhausted_) return std::move(found.outcome);
    known = scope_.events->emplace(event, std::move(found)).first;
  } else if ((steps_ += known->second.steps) > kEvaluationStepsMax) {
    exhausted_ = true;
    return Outcome();
  }
  LastsUntil(known->second.until);
  return known->second.outcome;
}

Outcome Evaluation::RunName(const Expression& node, const Frame& frame) {
  const std::string_view name = node.text;
  // The record's own field, then facts and events up the line of parents.
  const FieldAt own = FindField(name, frame);
  if (own.state == FieldAt::State::kFound) return ValueOf(own, frame);
  bool form_missing = own.state == FieldAt::State::kNoForm;
  std::optional<Frame> at = frame;
  for (size_t i = 0; i < kEvaluationDepthMax && at; ++i) {
    if (auto outcome = RunDefinition(name, *at)) return *outcome;
    form_missing = form_missing || (at->record != nullptr && at->form == nullptr);
    at = ParentOf(*at);
  }
  if (auto outcome = RunStandardEvent(name, frame)) return *std::move(outcome);
  const size_t dot = name.find('.');
  if (dot != std::string_view::npos) {
    const auto other = FrameOfForm(name.substr(0, dot), frame);
    if (!other) return Absent(frame);
    if (other->form == nullptr) return Outcome();
    return RunDefinition(name.substr(dot + 1), *other).value_or(Absent(*other));
  }
  if (form_missing) return Outcome();
  Outcome literal;
  literal.kind = Type::kCodes;
  literal.codes = {node.text};
  literal.time = scope_.file.founded_at();
  return literal;
}

// A whole name that is a field of the form at hand comes before FORM.field.
Evaluation::FieldAt Evaluation::FindField(std::string_view name, const Frame& frame) const {
  FieldAt at;
  const auto look = [&at](const Frame& where, std::string_view code) {
    at.record = where.record;
    at.code = code;
    at.field = where.form != nullptr ? where.form->FindField(code) : nullptr;
    const bool written = where.record != nullptr && where.record->Find(code) != nullptr;
    if (at.field != nullptr || (where.form == nullptr && written)) {
      at.state = where.record != nullptr ? FieldAt::State::kFound : FieldAt::State::kNoRecord;
      return true;
    }
    if (where.record != nullptr && where.form == nullptr) at.state = FieldAt::State::kNoForm;
    return false;
  };
  if (look(frame, name)) return at;
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return at;
  const auto other = FrameOfForm(name.substr(0, dot), frame);
  if (!other) return at;
  look(*other, name.substr(dot + 1));
  return at;
}

Outcome Evaluation::ValueOf(const FieldAt& at, const Frame& frame) const {
  const Frame own{at.record != nullptr ? at.record : frame.record, nullptr};
  const Register* answers = at.record != nullptr ? at.record->Find(at.code) : nullptr;
  const FieldValue* shown = answers != nullptr ? answers->Shown() : nullptr;
  if (shown == nullptr || shown->cleared()) return Absent(own);
  if (!shown->clear) return Outcome();  // sealed: nobody but its readers can say
  Outcome outcome = Absent(own);
  outcome.time = shown->time;
  outcome.disputed = answers->disputed();
  const Value& value = *shown->clear;
  if (const auto* boolean = std::get_if<bool>(&value)) {
    outcome.kind = Type::kTruth;
    outcome.truth = *boolean;
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    const bool duration = at.field != nullptr && at.field->type == FieldType::kDuration;
    outcome.kind = duration ? Type::kDuration : Type::kNumber;
    outcome.number = *number;
  } else if (const auto* code = std::get_if<Code>(&value)) {
    outcome.kind = Type::kCodes;
    outcome.codes = {code->code};
  } else if (const auto* codes = std::get_if<Codes>(&value)) {
    outcome.kind = Type::kCodes;
    outcome.codes = codes->codes;
  } else if (const auto* time = std::get_if<Time>(&value)) {
    outcome.kind = Type::kMoment;
    outcome.time = Exactly(TimeInterval::At(*time));
  } else if (const auto* date = std::get_if<Date>(&value)) {
    if (const auto span = SpanOf(*date)) {
      outcome.kind = Type::kMoment;
      outcome.time = Exactly(*span);
    }
  }
  return outcome;
}

}  // namespace kapea::domain
