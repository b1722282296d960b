// Bytes on the two local sockets of the server: frames between kapead and kapea-ca, and
// requests for metrics.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/macros.h"
#include "common/codec/ca_messages.h"
#include "server/service/ca_frames.h"
#include "server/service/side_door.h"

namespace kapea::server {
namespace {

constexpr size_t kInputBytesMax = 64 * 1024;  // fits into a socket's buffer

// Everything that stands in one stream: each frame is read whole, then the end is seen.
void TryFrames(std::string_view bytes) {
  static const SystemClock clock;
  int ends[2];
  KAPEA_CHECK(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  KAPEA_CHECK(::send(ends[0], bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
              static_cast<ssize_t>(bytes.size()));
  ::close(ends[0]);
  size_t left = bytes.size();
  for (;;) {
    const auto frame = ReadFrame(ends[1], Duration::Seconds(5), clock);
    if (!frame.ok()) {
      KAPEA_CHECK(left > 0 || absl::IsOutOfRange(frame.status()));
      break;
    }
    KAPEA_CHECK(frame->size() <= codec::kCaMessageBytesMax && frame->size() + 4 <= left);
    left -= frame->size() + 4;
    if (const auto request = codec::CaRequest::Decode(*frame); request.ok()) {
      KAPEA_CHECK(codec::CaRequest::Decode(request->Encode()).ok());
    }
  }
  ::close(ends[1]);
}

// One connection; the end of what it sends ends its request.
void TryDoor(std::string_view bytes) {
  static const std::string path = "/dev/shm/kapea-fuzz-door-" + std::to_string(::getpid());
  static const auto* door =
      new std::unique_ptr<SideDoor>(*SideDoor::Open("unix:" + path, [](const std::string& asked) {
        KAPEA_CHECK(asked.find('\r') == std::string::npos && asked.find(' ') == std::string::npos);
        SideDoor::Reply reply;
        if (asked == "/metrics") reply = {200, "text/plain", "up 1\n"};
        return reply;
      }));
  KAPEA_CHECK(*door != nullptr);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  KAPEA_CHECK(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  (void)::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(fd, SHUT_WR);
  std::string answer;
  char got[1024];
  for (ssize_t n = 0; (n = ::recv(fd, got, sizeof(got), 0)) > 0;) {
    answer.append(got, static_cast<size_t>(n));
  }
  KAPEA_CHECK(answer.empty() || answer.starts_with("HTTP/1.0 "));
  KAPEA_CHECK(answer.find("\r\n\r\nup 1\n") == std::string::npos ||
              bytes.starts_with("GET /metrics"));
  ::close(fd);
}

}  // namespace
}  // namespace kapea::server

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > kapea::server::kInputBytesMax) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  kapea::server::TryFrames(bytes);
  kapea::server::TryDoor(bytes);
  return 0;
}
