#include "server/service/ca_frames.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/codec/ca_messages.h"

namespace kapea::server {
namespace {

absl::Status Gone() { return absl::UnavailableError("the other end of the socket is gone"); }

absl::Status WaitFor(int fd, short events, Duration until, bool for_ever, const Clock& clock) {
  for (;;) {
    int wait = -1;
    if (!for_ever) {
      const Duration left = until - clock.Read().elapsed;
      if (left <= Duration()) return absl::UnavailableError("no answer in time");
      wait = static_cast<int>(left.milliseconds()) + 1;
    }
    pollfd waited{fd, events, 0};
    const int ready = ::poll(&waited, 1, wait);
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno != EINTR) return Gone();
  }
}

// Exactly `size` bytes.
absl::StatusOr<std::string> ReadBytes(int fd, size_t size, Duration until, bool for_ever,
                                      const Clock& clock) {
  std::string bytes(size, '\0');
  size_t have = 0;
  while (have < size) {
    KAPEA_TRY(WaitFor(fd, POLLIN, until, for_ever, clock));
    const ssize_t got = ::recv(fd, bytes.data() + have, size - have, 0);
    if (got == 0 && have == 0) return absl::OutOfRangeError("the other end has closed");
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Gone();
    have += static_cast<size_t>(got);
  }
  return bytes;
}

}  // namespace

absl::Status WriteFrame(int fd, std::string_view message, Duration at_most, const Clock& clock) {
  KAPEA_CHECK(message.size() <= codec::kCaMessageBytesMax);
  const Duration until = clock.Read().elapsed + at_most;
  std::string bytes;
  AppendU32(bytes, static_cast<uint32_t>(message.size()));
  bytes += message;
  for (size_t sent = 0; sent < bytes.size();) {
    KAPEA_TRY(WaitFor(fd, POLLOUT, until, false, clock));
    const ssize_t n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Gone();
    sent += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFrame(int fd, Duration at_most, const Clock& clock) {
  const bool for_ever = at_most == Duration();
  const Duration until = clock.Read().elapsed + at_most;
  KAPEA_ASSIGN(const std::string length, ReadBytes(fd, 4, until, for_ever, clock));
  const uint32_t size = ReadU32(length);
  if (size > codec::kCaMessageBytesMax) {
    return absl::InvalidArgumentError("want a message of at most 64 KiB, got " +
                                      std::to_string(size));
  }
  if (size == 0) return std::string();
  return ReadBytes(fd, size, until, for_ever, clock);
}

}  // namespace kapea::server
