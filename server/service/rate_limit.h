// How much one device may ask of the server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/mutex.h"
#include "common/base/time.h"

namespace kapea::server {

struct RateLimits {
  uint32_t calls_per_second = 20;
  uint32_t calls_burst = 40;
  uint32_t bytes_per_second = 2'000'000;  // of messages
  uint32_t bytes_burst = 8u << 20;
};

// A token bucket for calls and one for bytes, for each caller. `now` is a time since
// boot. Threads: any. Limits: callers that have been quiet long enough to have full
// buckets are forgotten when there are many.
class RateLimiter {
 public:
  explicit RateLimiter(const RateLimits& limits) : limits_(limits) {}

  // Zero: take it. Else: how long to wait; nothing was used up.
  Duration Take(std::string_view caller, uint64_t bytes, Duration now);

 private:
  struct Bucket {
    double calls = 0, bytes = 0;
    Duration filled;
  };
  void Forget(Duration now) KAPEA_REQUIRES(mutex_);

  const RateLimits limits_;
  Mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_ KAPEA_GUARDED_BY(mutex_);
};

}  // namespace kapea::server
