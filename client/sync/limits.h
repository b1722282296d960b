// The limits of sync, each with its why.
#pragma once

#include <cstddef>

#include "common/base/time.h"

namespace kapea::sync {

// Of parcels in one push. It begins so that a slow line is through in a minute, doubles
// with each answer, and is halved by each try that failed. The most leaves room for the
// rest of a message of 1 MiB.
inline constexpr size_t kPushBytesFirst = 256 * 1024;
inline constexpr size_t kPushBytesMin = 64 * 1024;
inline constexpr size_t kPushBytesMax = 1000 * 1024;
inline constexpr size_t kParcelsPerPushMax = 64;  // a server takes no more
// Parcels, and signing keys, that a pull has checked already and remembers.
inline constexpr size_t kParcelsRememberedMax = 1024;
// Checkpoints that were proven to be of the one tree, and are remembered.
inline constexpr size_t kCheckpointsRememberedMax = 4096;
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
