// When something happened, as far as anybody can know: between two times.
#pragma once

#include <compare>

#include "common/base/time.h"

namespace kapea {

struct TimeInterval {
  Time earliest = Time::Min();
  Time latest = Time::Max();

  static constexpr TimeInterval At(Time time) { return {time, time}; }
  constexpr bool valid() const { return earliest <= latest; }
  constexpr bool Contains(const TimeInterval& other) const {
    return earliest <= other.earliest && other.latest <= latest;
  }
  friend constexpr auto operator<=>(const TimeInterval&, const TimeInterval&) = default;
};

}  // namespace kapea
