#include "server/service/side_door.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "common/base/macros.h"

namespace kapea::server {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr size_t kRequestBytesMax = 4096;
constexpr int kPatienceMs = 2000;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  std::string path;    // of a Unix socket
  std::string prefix;  // of the others: what stands before the port
};

absl::Status Bad(const std::string& address) {
  return absl::InvalidArgumentError(
      "want a metrics address that only this machine reaches: 127.0.0.1:port, [::1]:port or "
      "unix:/path, got " +
      address);
}

absl::StatusOr<uint16_t> PortOf(const std::string& digits, const std::string& address) {
  uint32_t port = 0;
  if (digits.empty() || digits.size() > 5) return Bad(address);
  for (const char c : digits) {
    if (c < '0' || c > '9') return Bad(address);
    port = port * 10 + static_cast<uint32_t>(c - '0');
  }
  if (port > 65535) return Bad(address);
  return static_cast<uint16_t>(port);
}

absl::StatusOr<Address> Parse(const std::string& address) {
  Address out;
  if (address.starts_with(kUnix)) {
    auto* local = reinterpret_cast<sockaddr_un*>(&out.storage);
    out.path = address.substr(kUnix.size());
    if (!out.path.starts_with('/') || out.path.size() >= sizeof(local->sun_path)) {
      return Bad(address);
    }
    local->sun_family = AF_UNIX;
    std::memcpy(local->sun_path, out.path.c_str(), out.path.size() + 1);
    out.size = sizeof(*local);
    return out;
  }
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return Bad(address);
  out.prefix = address.substr(0, colon + 1);
  KAPEA_ASSIGN(const uint16_t port, PortOf(address.substr(colon + 1), address));
  if (out.prefix == "127.0.0.1:") {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    out.size = sizeof(*v4);
  } else if (out.prefix == "[::1]:") {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    v6->sin6_addr = in6addr_loopback;
    out.size = sizeof(*v6);
  } else {
    return Bad(address);
  }
  return out;
}

// The address as it was bound.
std::string BoundAs(int fd, const Address& wanted) {
  if (!wanted.path.empty()) return std::string(kUnix) + wanted.path;
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  const uint16_t port = storage.ss_family == AF_INET
                            ? reinterpret_cast<sockaddr_in*>(&storage)->sin_port
                            : reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port;
  return wanted.prefix + std::to_string(ntohs(port));
}

std::string Encode(const SideDoor::Reply& reply) {
  const char* phrase = reply.code == 200 ? "OK" : reply.code == 503 ? "Unavailable" : "Not Found";
  return "HTTP/1.0 " + std::to_string(reply.code) + " " + phrase +
         "\r\nContent-Type: " + reply.type +
         "\r\nContent-Length: " + std::to_string(reply.body.size()) +
         "\r\nConnection: close\r\n\r\n" + reply.body;
}

}  // namespace

absl::Status SideDoor::CheckAddress(const std::string& address) { return Parse(address).status(); }

absl::StatusOr<std::unique_ptr<SideDoor>> SideDoor::Open(const std::string& address,
                                                         Handler handler) {
  KAPEA_ASSIGN(const Address wanted, Parse(address));
  const int fd = ::socket(wanted.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  if (!wanted.path.empty()) {
    ::unlink(wanted.path.c_str());  // of a process that is gone
  } else {
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  }
  const int stop = ::eventfd(0, EFD_CLOEXEC);
  if (fd < 0 || stop < 0 ||
      ::bind(fd, reinterpret_cast<const sockaddr*>(&wanted.storage), wanted.size) != 0 ||
      ::listen(fd, 16) != 0) {
    const std::string why = std::strerror(errno);
    if (fd >= 0) ::close(fd);
    if (stop >= 0) ::close(stop);
    return absl::UnavailableError("cannot listen on " + address + ": " + why);
  }
  if (!wanted.path.empty()) ::chmod(wanted.path.c_str(), 0660);
  return std::unique_ptr<SideDoor>(
      new SideDoor(fd, stop, BoundAs(fd, wanted), wanted.path, std::move(handler)));
}

SideDoor::SideDoor(int fd, int stop, std::string address, std::string path, Handler handler)
    : fd_(fd),
      stop_(stop),
      address_(std::move(address)),
      path_(std::move(path)),
      handler_(std::move(handler)),
      thread_([this] { Loop(); }) {}

SideDoor::~SideDoor() {
  const uint64_t one = 1;
  KAPEA_CHECK(::write(stop_, &one, sizeof(one)) == static_cast<ssize_t>(sizeof(one)));
  thread_.join();
  ::close(fd_);
  ::close(stop_);
  if (!path_.empty()) ::unlink(path_.c_str());
}

void SideDoor::Loop() {
  for (;;) {
    pollfd waited[2] = {{stop_, POLLIN, 0}, {fd_, POLLIN, 0}};
    if (::poll(waited, 2, -1) < 0) continue;
    if (waited[0].revents != 0) return;
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) continue;
    Serve(fd);
    ::close(fd);
  }
}

void SideDoor::Serve(int fd) {
  std::string request;
  while (request.find("\r\n\r\n") == std::string::npos) {
    pollfd waited{fd, POLLIN, 0};
    char bytes[1024];
    if (request.size() > kRequestBytesMax || ::poll(&waited, 1, kPatienceMs) <= 0) return;
    const ssize_t got = ::recv(fd, bytes, sizeof(bytes), 0);
    if (got <= 0) return;
    request.append(bytes, static_cast<size_t>(got));
  }
  Reply reply;
  if (request.starts_with("GET ")) {
    reply = handler_(request.substr(4, request.find_first_of(" \r", 4) - 4));
  }
  const std::string bytes = Encode(reply);
  for (size_t sent = 0; sent < bytes.size();) {
    pollfd waited{fd, POLLOUT, 0};
    if (::poll(&waited, 1, kPatienceMs) <= 0) return;
    const ssize_t n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += static_cast<size_t>(n);
  }
}

}  // namespace kapea::server
