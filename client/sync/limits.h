// The limits of sync, each with its why.
#pragma once

#include <cstddef>

#include "common/base/time.h"

namespace kapea::sync {

// Of parcels in one push: half the message limit, so that one push fits a slow minute.
inline constexpr size_t kPushBytesMax = 256 * 1024;
// Of chunks in one call; the message limit is 1 MiB.
inline constexpr size_t kChunksPerPut = 8;
inline constexpr size_t kChunksPerGet = 8;
inline constexpr size_t kChunksPerHave = 2048;

// Pulled again after this when nothing else happens.
inline constexpr Duration kIdlePoll = Duration::Seconds(60);
// After a failure: doubled each time, without end, for what users wrote has no retry limit.
inline constexpr Duration kBackOffMin = Duration::Seconds(1);
inline constexpr Duration kBackOffMax = Duration::Seconds(300);

}  // namespace kapea::sync
