#include "client/field/derive.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "client/field/calendar.h"
#include "client/field/wording.h"
#include "common/base/macros.h"

namespace kapea::field {
namespace {

using domain::Answer;
using domain::Value;

constexpr std::string_view kUnknownBand = "A_UNKNOWN";
constexpr std::string_view kNoneCode = "none";

struct Band {
  int64_t from = 0;
  int64_t to = 0;  // inclusive
};

std::optional<int64_t> Whole(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole ? std::optional(number) : std::nullopt;
}

// "A_15_17", "A_30_PLUS"; nullopt for A_UNKNOWN and what is no band.
std::optional<Band> BandOf(std::string_view code) {
  if (!code.starts_with("A_")) return std::nullopt;
  const std::string_view rest = code.substr(2);
  const size_t line = rest.find('_');
  if (line == std::string_view::npos) return std::nullopt;
  const auto from = Whole(rest.substr(0, line));
  if (!from) return std::nullopt;
  if (rest.substr(line + 1) == "PLUS") return Band{*from, 1'000};
  const auto to = Whole(rest.substr(line + 1));
  return to ? std::optional(Band{*from, *to}) : std::nullopt;
}

// Full years from a birthday to a day; somebody born on 29 February is a year older on
// 1 March.
int64_t YearsBetween(const Day& birth, const Day& today) {
  const bool had = std::pair(today.month, today.day) >= std::pair(birth.month, birth.day);
  return today.year - birth.year - (had ? 0 : 1);
}

absl::StatusOr<Value> BandFor(int64_t years, const domain::CodeList& list) {
  for (const domain::CodeItem& item : list.codes) {
    const auto band = BandOf(item.code);
    if (band && years >= band->from && years <= band->to) return Value(domain::Code{item.code});
  }
  return absl::InvalidArgumentError("want an age that the code list has, got " +
                                    std::to_string(years));
}

absl::StatusOr<Value> AgeBand(const domain::CodeList* list, const Value& source, Time at) {
  if (list == nullptr) return absl::InvalidArgumentError("want a code list of age bands");
  if (std::holds_alternative<Answer>(source)) {
    if (list->Has(kUnknownBand)) return Value(domain::Code{std::string(kUnknownBand)});
    return source;
  }
  if (const auto* years = std::get_if<int64_t>(&source)) return BandFor(*years, *list);
  const auto* date = std::get_if<domain::Date>(&source);
  if (date == nullptr) return absl::InvalidArgumentError("want a date of birth or an age");
  KAPEA_ASSIGN(const Days birth, DaysOf(*date));
  const Day today = DayOf(at);
  if (birth.first > today) {
    return absl::InvalidArgumentError("want a date of birth that is past");
  }
  const int64_t youngest = birth.last > today ? 0 : YearsBetween(birth.last, today);
  return BandFor(youngest, *list);
}

// No code, or the one that says so.
bool SaysNone(const Value& source) {
  const auto* codes = std::get_if<domain::Codes>(&source);
  if (codes == nullptr) return false;
  return codes->codes.empty() || (codes->codes.size() == 1 && codes->codes[0] == kNoneCode);
}

absl::StatusOr<Value> Year(const Value& source) {
  if (std::holds_alternative<Answer>(source)) return source;
  if (const auto* time = std::get_if<Time>(&source)) return Value(int64_t{DayOf(*time).year});
  if (const auto* date = std::get_if<domain::Date>(&source)) {
    KAPEA_ASSIGN(const Days days, DaysOf(*date));
    return Value(int64_t{days.first.year});
  }
  return absl::InvalidArgumentError("want a date or time to take the year of");
}

absl::StatusOr<Value> CopyTime(const Value& source) {
  if (std::holds_alternative<Answer>(source) || std::holds_alternative<Time>(source)) {
    return source;
  }
  if (const auto* date = std::get_if<domain::Date>(&source)) {
    KAPEA_ASSIGN(const Days days, DaysOf(*date));
    return Value(StartOf(days.first));
  }
  return absl::InvalidArgumentError("want a time to copy");
}

absl::StatusOr<Value> Wording(const domain::CodeList* words, const Value& source) {
  if (words == nullptr) return absl::InvalidArgumentError("want a list of words to look for");
  if (std::holds_alternative<Answer>(source)) return Value(true);
  const auto* text = std::get_if<domain::Text>(&source);
  if (text == nullptr) return absl::InvalidArgumentError("want a text to look for words in");
  return Value(IsPlain(text->text, *words));
}

}  // namespace

absl::StatusOr<Value> DeriveFact(const domain::DerivedFact& fact, const domain::CodeList* list,
                                 const Value& source, Time at) {
  if (fact.rule == "present") {
    return Value(!std::holds_alternative<Answer>(source) && !SaysNone(source));
  }
  if (fact.rule == "answered") return Value(true);
  if (fact.rule == "year") return Year(source);
  if (fact.rule == "copy_time") return CopyTime(source);
  if (fact.rule == "wording") return Wording(list, source);
  if (fact.rule == "age_band") return AgeBand(list, source, at);
  return absl::FailedPreconditionError("a newer program is needed for the rule " + fact.rule);
}

}  // namespace kapea::field
