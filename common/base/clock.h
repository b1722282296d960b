// The only door to the machine's clocks; tests put a clock of their own behind it.
#pragma once

#include "common/base/id.h"
#include "common/base/time.h"

namespace kapea {

// One reading of both clocks, as a Change and a Parcel carry it.
struct ClockReading {
  Time wall;         // what the device believes; may be years off
  Duration elapsed;  // since boot, counting suspend; meaningless across boots
  BootId boot;
};

// Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual ClockReading Read() const = 0;
  Time Now() const { return Read().wall; }
};

// CLOCK_REALTIME, CLOCK_BOOTTIME and the kernel's boot id. Threads: any.
class SystemClock : public Clock {
 public:
  SystemClock();
  ClockReading Read() const override;

 private:
  BootId boot_;  // constant after construction
};

}  // namespace kapea
