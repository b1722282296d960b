// Time as people in Cambodia write it: UTC+7, no summer time.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/time.h"
#include "common/domain/value.h"

namespace kapea::field {

inline constexpr Duration kCambodia = Duration::Hours(7);

// "2026-11-23 08:31", and "2026-11-23T08:31:50+07:00" for programs.
std::string ToLocalText(Time time);
std::string ToLocalIso(Time time);
// "08:31".
std::string ToLocalClock(Time time);
// "2d 4h", "35m", "0m": the two largest parts that are not nothing.
std::string ToText(Duration length);

// "now", "-10m", "+2h30m", "08:31" (the last time that the clock showed it),
// "2026-11-23 08:31[:50]" or "...T..." local, with "Z" or "+07:00" as it says.
// InvalidArgument says what is wanted.
absl::StatusOr<Time> ParseTime(std::string_view text, Time now);
// "today", "2009", "2009-09", "2009-09-28": days that exist alone.
absl::StatusOr<domain::Date> ParseDate(std::string_view text, Time now);
// "90s", "90m", "1h30m", "7d".
absl::StatusOr<Duration> ParseLength(std::string_view text);
// The day in Cambodia.
domain::Date DateOf(Time time);

struct Day {
  int year = 0;
  int month = 0;
  int day = 0;
  friend auto operator<=>(const Day&, const Day&) = default;
};
Day DayOf(Time time);
// The first and the last day that a date stands for. InvalidArgument for no date.
struct Days {
  Day first, last;
};
absl::StatusOr<Days> DaysOf(const domain::Date& date);
// Midnight in Cambodia.
Time StartOf(const Day& day);

}  // namespace kapea::field
