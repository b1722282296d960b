#include "common/base/clock.h"

#include <ctime>

#include <fstream>

namespace kapea {
namespace {

Duration ReadClock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return Duration::Milliseconds(static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000);
}

BootId ReadBootId() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string text;
  in >> text;
  std::erase(text, '-');
  const auto id = BootId::FromHexText(text);
  return id.ok() ? *id : BootId();  // none: elapsed times are then never compared
}

}  // namespace

SystemClock::SystemClock() : boot_(ReadBootId()) {}

ClockReading SystemClock::Read() const {
  return {Time() + ReadClock(CLOCK_REALTIME), ReadClock(CLOCK_BOOTTIME), boot_};
}

std::string ToIso8601(Time time) {
  const std::time_t seconds = static_cast<std::time_t>(time.unix_ms() / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace kapea
