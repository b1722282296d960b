// When a Change happened, from what its header claims and what the server saw.
#include <algorithm>

#include "common/domain/file_state.h"

namespace kapea::domain {
namespace {

// Elapsed times say something about each other within one boot alone.
bool SameBoot(const BootId& a, const BootId& b) { return a == b && !a.is_zero(); }

EventTime Doubted(const TimeInterval& hard) { return {hard, hard, true}; }

}  // namespace

EventTime TimeOf(const Header& header, const ClockReading& signing, Time received) {
  TimeInterval hard{Time::Min(), received};
  bool doubted = false;
  if (header.server_time) {
    hard.earliest = header.server_time->time;
    // The server's time cannot have been seen before it was given.
    if (hard.earliest > received) {
      hard.earliest = received;
      doubted = true;
    }
  }
  TimeInterval soft = hard;
  if (header.server_time && SameBoot(header.server_time->boot, header.clock.boot)) {
    const Duration since = header.clock.elapsed - header.server_time->elapsed;
    if (since < Duration()) doubted = true;
    soft.earliest = header.server_time->time + since;
  }
  if (SameBoot(signing.boot, header.clock.boot)) {
    const Duration waited = signing.elapsed - header.clock.elapsed;
    if (waited < Duration()) doubted = true;
    soft.latest = received - waited;
  }
  if (doubted || !soft.valid() || !hard.Contains(soft)) return Doubted(hard);
  return {soft, hard, false};
}

EventTime LocalTimeOf(const Header& header, const ClockReading& now) {
  // The server will receive it later than now. What now is by the server's clock, the
  // device knows at least from the last time it was told.
  Time received = now.wall;
  if (header.server_time) {
    Time told = header.server_time->time;
    if (SameBoot(header.server_time->boot, now.boot)) {
      told = told + std::max(Duration(), now.elapsed - header.server_time->elapsed);
    }
    received = std::max(received, told);
  }
  EventTime time = TimeOf(header, now, received);
  time.hard.latest = Time::Max();
  if (time.clock_doubted) time.soft = time.hard;
  return time;
}

}  // namespace kapea::domain
