// Spans of the calendar in Cambodia (UTC+7) for which figures are asked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/time.h"

namespace kapea::standards {

struct Period {
  Time from = Time::Min();
  Time to = Time::Max();  // the first moment after it

  bool Contains(Time time) const { return from <= time && time < to; }
  friend auto operator<=>(const Period&, const Period&) = default;
};

// "2026", "2026-H1", "2026-Q3", "2026-09", "2026-09-28", "FY2026" (October 2025 to September
// 2026, as American reports count), or two of these, "2026-09/2026-11": from the beginning of
// the one to the end of the other. InvalidArgument says what is wanted.
absl::StatusOr<Period> ParsePeriod(std::string_view text);

// "2026-09": the month in Cambodia.
std::string MonthOf(Time time);

}  // namespace kapea::standards
