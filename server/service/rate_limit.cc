#include "server/service/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace kapea::server {
namespace {

constexpr size_t kCallersMax = 16384;

double Filled(double held, uint32_t per_second, uint32_t burst, Duration since) {
  const double more = static_cast<double>(since.milliseconds()) * per_second / 1000.0;
  return std::min(held + more, static_cast<double>(burst));
}

Duration Until(double wanted, double held, uint32_t per_second) {
  if (held >= wanted) return Duration();
  return Duration::Milliseconds(
      static_cast<int64_t>(std::ceil((wanted - held) * 1000.0 / per_second)));
}

}  // namespace

Duration RateLimiter::Take(std::string_view caller, uint64_t bytes, Duration now) {
  MutexLock lock(mutex_);
  if (buckets_.size() >= kCallersMax) Forget(now);
  const auto [found, is_new] = buckets_.try_emplace(std::string(caller));
  Bucket& bucket = found->second;
  if (is_new) {
    bucket = {static_cast<double>(limits_.calls_burst), static_cast<double>(limits_.bytes_burst),
              now};
  }
  const Duration since = std::max(now - bucket.filled, Duration());
  bucket.calls = Filled(bucket.calls, limits_.calls_per_second, limits_.calls_burst, since);
  bucket.bytes = Filled(bucket.bytes, limits_.bytes_per_second, limits_.bytes_burst, since);
  bucket.filled = now;
  // A message larger than the burst waits for a full bucket, not for ever.
  const double size =
      std::min(static_cast<double>(bytes), static_cast<double>(limits_.bytes_burst));
  const Duration wait = std::max(Until(1, bucket.calls, limits_.calls_per_second),
                                 Until(size, bucket.bytes, limits_.bytes_per_second));
  if (wait > Duration()) return wait;
  bucket.calls -= 1;
  bucket.bytes -= size;
  return Duration();
}

void RateLimiter::Forget(Duration now) {
  const double to_full =
      std::max(static_cast<double>(limits_.calls_burst) / limits_.calls_per_second,
               static_cast<double>(limits_.bytes_burst) / limits_.bytes_per_second);
  const Duration full = Duration::Seconds(static_cast<int64_t>(std::ceil(to_full)));
  std::erase_if(buckets_, [&](const auto& entry) { return now - entry.second.filled >= full; });
}

}  // namespace kapea::server
