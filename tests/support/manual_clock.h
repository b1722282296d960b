// A clock that stands still until a test moves it; it can drift, jump and reboot.
#pragma once

#include "common/base/clock.h"

namespace kapea {

// Threads: one at a time.
class ManualClock : public Clock {
 public:
  explicit ManualClock(Time wall = Time::FromUnixMs(1'795'000'000'000)) {
    reading_.wall = wall;
    Reboot(1);
  }
  ClockReading Read() const override { return reading_; }

  // Time goes by on both clocks.
  void Advance(Duration by) {
    reading_.wall = reading_.wall + by;
    reading_.elapsed = reading_.elapsed + by;
  }
  // The wall clock is set; elapsed time does not notice.
  void SetWall(Time wall) { reading_.wall = wall; }
  void SetElapsed(Duration elapsed) { reading_.elapsed = elapsed; }
  void Reboot(uint8_t boot) {
    reading_.boot = BootId::FromPrefix(std::string(BootId::kBytes, static_cast<char>(boot)));
    reading_.elapsed = Duration::Minutes(1);
  }

 private:
  ClockReading reading_;
};

}  // namespace kapea
