// Messages on the socket between kapead and kapea-ca: a big-endian u32, then that many
// bytes.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"

namespace kapea::server {

// Unavailable when the other end is gone or `at_most` is over.
absl::Status WriteFrame(int fd, std::string_view message, Duration at_most, const Clock& clock);
// OutOfRange when the other end has closed between two messages; InvalidArgument for a
// length over 64 KiB. `at_most` zero: waits for the first byte as long as it takes.
absl::StatusOr<std::string> ReadFrame(int fd, Duration at_most, const Clock& clock);

}  // namespace kapea::server
