#include "common/standards/period.h"

#include <chrono>
#include <cstdio>
#include <optional>

#include "common/base/macros.h"
#include "common/domain/evaluate.h"

namespace kapea::standards {
namespace {

constexpr Duration kCambodia = Duration::Hours(7);
constexpr size_t kYearBytes = 4;

// Of the months [first, first + count) of that year; months count on past December.
std::optional<Period> MonthsFrom(std::string_view year, int first, int count) {
  const auto span = domain::SpanOf({std::string(year)});
  if (!span) return std::nullopt;
  using namespace std::chrono;
  const auto start = [&](int month) {
    const auto day =
        floor<days>(sys_time<milliseconds>(milliseconds((span->earliest + kCambodia).unix_ms())));
    const sys_days at{year_month_day{day} + months{month}};
    return Time::FromUnixMs(duration_cast<milliseconds>(at.time_since_epoch()).count()) - kCambodia;
  };
  return Period{start(first), start(first + count)};
}

std::optional<Period> ParseOne(std::string_view text) {
  if (text.starts_with("FY")) {
    return text.size() == 2 + kYearBytes ? MonthsFrom(text.substr(2), -3, 12) : std::nullopt;
  }
  const bool part = text.size() == kYearBytes + 3 && text[kYearBytes] == '-';
  const int number = part ? text.back() - '0' : 0;
  if (part && text[kYearBytes + 1] == 'H') {
    if (number != 1 && number != 2) return std::nullopt;
    return MonthsFrom(text.substr(0, kYearBytes), (number - 1) * 6, 6);
  }
  if (part && text[kYearBytes + 1] == 'Q') {
    if (number < 1 || number > 4) return std::nullopt;
    return MonthsFrom(text.substr(0, kYearBytes), (number - 1) * 3, 3);
  }
  const auto span = domain::SpanOf({std::string(text)});
  if (!span) return std::nullopt;
  return Period{span->earliest, span->latest + Duration::Milliseconds(1)};
}

}  // namespace

absl::StatusOr<Period> ParsePeriod(std::string_view text) {
  const size_t slash = text.find('/');
  auto period = ParseOne(text.substr(0, slash));
  if (period && slash != std::string_view::npos) {
    const auto end = ParseOne(text.substr(slash + 1));
    if (!end || end->to <= period->from) {
      period.reset();
    } else {
      period->to = end->to;
    }
  }
  if (period) return *period;
  return absl::InvalidArgumentError(
      "want a period such as 2026, 2026-H1, 2026-Q3, 2026-09, 2026-09-28, FY2026 or "
      "2026-09/2026-11");
}

std::string MonthOf(Time time) {
  using namespace std::chrono;
  const auto day = floor<days>(sys_time<milliseconds>(milliseconds((time + kCambodia).unix_ms())));
  const year_month_day date{day};
  char text[16];
  std::snprintf(text, sizeof(text), "%04d-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()));
  return text;
}

}  // namespace kapea::standards
