#include "client/field/calendar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>

#include "absl/strings/str_format.h"
#include "common/domain/condition.h"

namespace kapea::field {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int kYearMin = 1900;
constexpr int kYearMax = 2199;

struct Parts {
  Day day;
  int64_t ms = 0;  // within the day
};

Parts PartsOf(Time time) {
  const int64_t local = time.unix_ms() + kCambodia.milliseconds();
  int64_t days = local / kDayMs;
  int64_t ms = local % kDayMs;
  if (ms < 0) {
    ms += kDayMs;
    --days;
  }
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(days)}}};
  return {{static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
           static_cast<int>(static_cast<unsigned>(date.day()))},
          ms};
}

std::chrono::year_month_day DateFrom(const Day& day) {
  return {std::chrono::year{day.year}, std::chrono::month{static_cast<unsigned>(day.month)},
          std::chrono::day{static_cast<unsigned>(day.day)}};
}

int LastDayOf(int year, int month) {
  const std::chrono::year_month_day_last last{
      std::chrono::year{year},
      std::chrono::month_day_last{std::chrono::month{static_cast<unsigned>(month)}}};
  return static_cast<int>(static_cast<unsigned>(last.day()));
}

// Digits of exactly this many characters.
std::optional<int> Number(std::string_view text, size_t digits) {
  if (text.size() != digits) return std::nullopt;
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && text[0] != '-';
  return whole ? std::optional(number) : std::nullopt;
}

std::optional<Day> FullDay(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = Number(text.substr(0, 4), 4);
  const auto month = Number(text.substr(5, 2), 2);
  const auto day = Number(text.substr(8, 2), 2);
  if (!year || !month || !day || *year < kYearMin || *year > kYearMax) return std::nullopt;
  const Day full{*year, *month, *day};
  return DateFrom(full).ok() ? std::optional(full) : std::nullopt;
}

// "08:31" or "08:31:50" in ms.
std::optional<int64_t> ClockMs(std::string_view text) {
  const bool seconds = text.size() == 8 && text[5] == ':';
  if ((text.size() != 5 && !seconds) || text[2] != ':') return std::nullopt;
  const auto hour = Number(text.substr(0, 2), 2);
  const auto minute = Number(text.substr(3, 2), 2);
  const auto second = seconds ? Number(text.substr(6, 2), 2) : std::optional(0);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  return ((*hour * 60 + *minute) * 60 + *second) * int64_t{1000};
}

// "Z" or "+07:00" at the end; what is left is put back into `text`.
std::optional<Duration> TakeZone(std::string_view& text) {
  if (text.ends_with('Z') || text.ends_with('z')) {
    text.remove_suffix(1);
    return Duration();
  }
  if (text.size() <= 16) return std::nullopt;
  const std::string_view zone = text.substr(text.size() - 6);
  if ((zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return std::nullopt;
  const auto hours = Number(zone.substr(1, 2), 2);
  const auto minutes = Number(zone.substr(4, 2), 2);
  if (!hours || !minutes || *hours > 14 || *minutes > 59) return std::nullopt;
  text.remove_suffix(6);
  const Duration east = Duration::Minutes(*hours * 60 + *minutes);
  return zone[0] == '+' ? east : Duration() - east;
}

absl::Status WantTime(std::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrFormat("want a time such as now, -10m, 08:31, 2026-11-23 08:31 or "
                      "2026-11-23T01:31:00Z, got '%s'",
                      text));
}

}  // namespace

std::string ToLocalText(Time time) {
  const Parts parts = PartsOf(time);
  return absl::StrFormat("%04d-%02d-%02d %s", parts.day.year, parts.day.month, parts.day.day,
                         ToLocalClock(time));
}

std::string ToLocalIso(Time time) {
  const Parts parts = PartsOf(time);
  return absl::StrFormat("%04d-%02d-%02dT%s:%02d+07:00", parts.day.year, parts.day.month,
                         parts.day.day, ToLocalClock(time), parts.ms / 1000 % 60);
}

std::string ToLocalClock(Time time) {
  const int64_t minutes = PartsOf(time).ms / 60'000;
  return absl::StrFormat("%02d:%02d", minutes / 60, minutes % 60);
}

std::string ToText(Duration length) {
  const int64_t all = std::max<int64_t>(0, length.milliseconds()) / 60'000;
  const int64_t days = all / 1440;
  const int64_t hours = all / 60 % 24;
  const int64_t minutes = all % 60;
  if (days > 0) {
    return hours > 0 ? absl::StrFormat("%dd %dh", days, hours) : absl::StrFormat("%dd", days);
  }
  if (hours > 0) {
    return minutes > 0 ? absl::StrFormat("%dh %dm", hours, minutes) : absl::StrFormat("%dh", hours);
  }
  return absl::StrFormat("%dm", minutes);
}

namespace {

// "90s"; the condition language has no seconds, people have.
absl::StatusOr<Duration> Seconds(std::string_view text) {
  const std::string_view digits = text.substr(0, text.size() - 1);
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() ||
      seconds > int64_t{36'525} * 86'400) {
    return absl::InvalidArgumentError("want seconds such as 90s");
  }
  return Duration::Seconds(seconds);
}

}  // namespace

absl::StatusOr<Duration> ParseLength(std::string_view text) {
  Duration sum;
  size_t begin = 0;
  const auto wrong = [&] {
    return absl::InvalidArgumentError(
        absl::StrFormat("want a length of time such as 30m, 1h30m or 7d, got '%s'", text));
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] >= '0' && text[i] <= '9') continue;
    const std::string_view part_text = text.substr(begin, i + 1 - begin);
    // Longer than a century is a slip of the finger.
    const auto part = text[i] == 's' ? Seconds(part_text) : domain::ParseDuration(part_text);
    if (!part.ok() || *part > Duration::Days(36'525)) return wrong();
    sum = sum + *part;
    begin = i + 1;
  }
  if (begin == 0 || begin != text.size()) return wrong();
  return sum;
}

absl::StatusOr<Time> ParseTime(std::string_view text, Time now) {
  if (text == "now") return now;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    const auto length = ParseLength(text.substr(1));
    if (!length.ok()) return WantTime(text);
    return text[0] == '-' ? now - *length : now + *length;
  }
  if (const auto clock = ClockMs(text)) {
    Time at = StartOf(DayOf(now)) + Duration::Milliseconds(*clock);
    if (at > now) at = at - Duration::Days(1);
    return at;
  }
  std::string_view rest = text;
  const auto zone = TakeZone(rest);
  if (rest.size() < 16 || (rest[10] != 'T' && rest[10] != ' ' && rest[10] != 't')) {
    return WantTime(text);
  }
  const auto day = FullDay(rest.substr(0, 10));
  const auto clock = ClockMs(rest.substr(11));
  if (!day || !clock) return WantTime(text);
  return StartOf(*day) + Duration::Milliseconds(*clock) + kCambodia - zone.value_or(kCambodia);
}

absl::StatusOr<domain::Date> ParseDate(std::string_view text, Time now) {
  if (text == "today") return DateOf(now);
  const domain::Date date{std::string(text)};
  const auto days = DaysOf(date);
  if (!days.ok()) return days.status();
  return date;
}

domain::Date DateOf(Time time) {
  const Day day = DayOf(time);
  return {absl::StrFormat("%04d-%02d-%02d", day.year, day.month, day.day)};
}

Day DayOf(Time time) { return PartsOf(time).day; }

absl::StatusOr<Days> DaysOf(const domain::Date& date) {
  const std::string_view text = date.text;
  const auto year = Number(text.substr(0, std::min<size_t>(4, text.size())), 4);
  const bool year_fits = year && *year >= kYearMin && *year <= kYearMax;
  if (year_fits && text.size() == 4) return Days{{*year, 1, 1}, {*year, 12, 31}};
  if (year_fits && text.size() == 7 && text[4] == '-') {
    const auto month = Number(text.substr(5), 2);
    if (month && *month >= 1 && *month <= 12) {
      return Days{{*year, *month, 1}, {*year, *month, LastDayOf(*year, *month)}};
    }
  }
  if (const auto day = FullDay(text)) return Days{*day, *day};
  return absl::InvalidArgumentError(
      absl::StrFormat("want a date such as 2009-09-28, 2009-09, 2009 or today, got '%s'", text));
}

Time StartOf(const Day& day) {
  const auto days = std::chrono::sys_days{DateFrom(day)}.time_since_epoch().count();
  return Time::FromUnixMs(int64_t{days} * kDayMs) - kCambodia;
}

}  // namespace kapea::field
