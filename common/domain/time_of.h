// When a Change happened.
#pragma once

#include "common/base/clock.h"
#include "common/base/time.h"
#include "common/domain/change.h"

namespace kapea::domain {

// When a placed Change happened (DESIGN "Time": intervals from the last ServerTime,
// the elapsed clock and the receive time).
EventTime TimeOf(const Header& header, const ClockReading& signing, Time received);
// The same for a Change that the server has not received: the hard interval stays open
// above, and the soft one ends `now`, by the device's own clocks.
EventTime LocalTimeOf(const Header& header, const ClockReading& now);

}  // namespace kapea::domain
