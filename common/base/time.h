// Time: milliseconds of UTC since 1970, the one unit of the wire, the ledger and
// the store. Duration: a length in milliseconds.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>

namespace kapea {

class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration Milliseconds(int64_t n) { return Duration(n); }
  static constexpr Duration Seconds(int64_t n) { return Duration(n * 1000); }
  static constexpr Duration Minutes(int64_t n) { return Duration(n * 60'000); }
  static constexpr Duration Hours(int64_t n) { return Duration(n * 3'600'000); }
  static constexpr Duration Days(int64_t n) { return Duration(n * 86'400'000); }

  constexpr int64_t milliseconds() const { return ms_; }
  friend constexpr auto operator<=>(const Duration&, const Duration&) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return Duration(a.ms_ + b.ms_); }
  friend constexpr Duration operator-(Duration a, Duration b) { return Duration(a.ms_ - b.ms_); }
  friend constexpr Duration operator*(Duration a, int64_t n) { return Duration(a.ms_ * n); }

 private:
  explicit constexpr Duration(int64_t ms) : ms_(ms) {}
  int64_t ms_ = 0;
};

class Time {
 public:
  constexpr Time() = default;  // 1970: "never said"
  static constexpr Time FromUnixMs(int64_t ms) { return Time(ms); }
  static constexpr Time Min() { return Time(std::numeric_limits<int64_t>::min() / 4); }
  static constexpr Time Max() { return Time(std::numeric_limits<int64_t>::max() / 4); }

  constexpr int64_t unix_ms() const { return ms_; }
  friend constexpr auto operator<=>(const Time&, const Time&) = default;
  friend constexpr Time operator+(Time t, Duration d) { return Time(t.ms_ + d.milliseconds()); }
  friend constexpr Time operator-(Time t, Duration d) { return Time(t.ms_ - d.milliseconds()); }
  friend constexpr Duration operator-(Time a, Time b) {
    return Duration::Milliseconds(a.ms_ - b.ms_);
  }

 private:
  explicit constexpr Time(int64_t ms) : ms_(ms) {}
  int64_t ms_ = 0;
};

// "2026-11-23T01:31:50Z" (milliseconds are dropped).
std::string ToIso8601(Time time);

}  // namespace kapea
