#include "common/domain/item_state.h"

#include <algorithm>
#include <map>
#include <string>
#include <variant>

namespace kapea::domain {
namespace {

ItemState::Answer AnswerOf(const FieldValue& value) {
  const auto* code = value.clear ? std::get_if<Code>(&*value.clear) : nullptr;
  if (code == nullptr) return ItemState::Answer::kNone;
  if (code->code == kItemDone) return ItemState::Answer::kDone;
  if (code->code == kItemNotDone) return ItemState::Answer::kNotDone;
  if (code->code == kItemNotApplicable) return ItemState::Answer::kNotApplicable;
  return ItemState::Answer::kNone;
}

// The two times of a person's ticks count as her earlier one.
std::vector<EventTime> SignaturesOf(const Register::Distinct& value) {
  std::map<PersonId, EventTime> by_person;
  for (const FieldValue* author : value.authors) {
    const auto [at, added] = by_person.emplace(author->person, author->time);
    if (!added) at->second = Earlier(at->second, author->time);
  }
  std::vector<EventTime> times;
  for (const auto& [person, time] : by_person) times.push_back(time);
  std::sort(times.begin(), times.end());
  return times;
}

// Whether the companion field has an answer; if so it counts for `since`.
bool TakeCompanion(const Record& record, const Field& item, std::string_view suffix,
                   EventTime& since) {
  const FieldValue* value = record.Shown(item.code + std::string(suffix));
  if (value == nullptr || value->cleared()) return false;
  since = Later(since, value->time);
  return true;
}

void CheckEvidence(const Record& record, const Field& item, ItemState& state) {
  switch (item.item->evidence) {
    case Evidence::kNone:
    case Evidence::kTime:
    case Evidence::kSignature:
    case Evidence::kDocumentOrTime:
    case Evidence::kSignatureOrTime:
      return;
    case Evidence::kPhoto:
    case Evidence::kDocument:
    case Evidence::kDocumentAndSignature:
      state.evidence_missing = !TakeCompanion(record, item, kEvidenceSuffix, state.since);
      return;
    case Evidence::kPhotoAndDocument: {
      const bool photo = TakeCompanion(record, item, kEvidenceSuffix, state.since);
      const bool document = TakeCompanion(record, item, kDocumentSuffix, state.since);
      state.evidence_missing = !photo || !document;
      return;
    }
    case Evidence::kTwoSignatures:
      state.signature_missing = state.signatures.size() < 2;
      if (!state.signature_missing) state.since = Later(state.since, state.signatures[1]);
      return;
  }
}

void CheckReason(const Record& record, const Field& item, ItemState& state) {
  EventTime text = state.since;
  EventTime code = state.since;
  const bool has_text = TakeCompanion(record, item, kReasonSuffix, text);
  const bool has_code = TakeCompanion(record, item, kReasonCodeSuffix, code);
  state.reason_missing = !has_text && !has_code;
  if (has_text && has_code) {
    state.since = Earlier(text, code);
  } else if (has_text || has_code) {
    state.since = has_text ? text : code;
  }
}

}  // namespace

ItemState ReadItem(const Record& record, const Field& item) {
  ItemState state;
  const Register* answers = record.Find(item.code);
  const FieldValue* shown = record.Shown(item.code);
  if (answers == nullptr || shown == nullptr || !item.item) return state;
  const auto values = answers->DistinctValues();
  state.conflicted = values.size() > 1;
  state.answer = AnswerOf(*shown);
  state.since = shown->time;
  if (state.answer == ItemState::Answer::kNone) return state;
  if (state.answer == ItemState::Answer::kDone) {
    for (const auto& value : values) {
      if (AnswerOf(*value.first) == state.answer) state.signatures = SignaturesOf(value);
    }
    CheckEvidence(record, item, state);
  } else {
    CheckReason(record, item, state);
  }
  state.complete = !state.evidence_missing && !state.signature_missing && !state.reason_missing;
  return state;
}

namespace {

TimeInterval Pick(const TimeInterval& a, const TimeInterval& b, bool later) {
  if (later) return {std::max(a.earliest, b.earliest), std::max(a.latest, b.latest)};
  return {std::min(a.earliest, b.earliest), std::min(a.latest, b.latest)};
}

}  // namespace

EventTime Later(const EventTime& a, const EventTime& b) {
  return {Pick(a.soft, b.soft, true), Pick(a.hard, b.hard, true),
          a.clock_doubted || b.clock_doubted};
}

EventTime Earlier(const EventTime& a, const EventTime& b) {
  return {Pick(a.soft, b.soft, false), Pick(a.hard, b.hard, false),
          a.clock_doubted || b.clock_doubted};
}

Time NextTurn(const EventTime& time, Time as_of) {
  Time next = Time::Max();
  for (const Time bound :
       {time.soft.earliest, time.soft.latest, time.hard.earliest, time.hard.latest}) {
    for (const Time turn : {bound, bound + Duration::Milliseconds(1)}) {
      if (turn > as_of) next = std::min(next, turn);
    }
  }
  return next;
}

}  // namespace kapea::domain
