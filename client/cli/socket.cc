#include "client/cli/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "client/cli/agent.h"
#include "common/base/bytes.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

constexpr size_t kLengthBytes = 4;
constexpr int kCallersWaitingMax = 8;
constexpr int kSendSecondsMax = 60;

// A socket's path has 107 bytes at most, a vault's may have more: the way there goes over
// an open descriptor of the directory.
class DirectoryPath {
 public:
  DirectoryPath(const std::string& directory, std::string_view name)
      : fd_(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    address_.sun_family = AF_UNIX;
    const std::string path = "/proc/self/fd/" + std::to_string(fd_) + "/" + std::string(name);
    path.copy(address_.sun_path, sizeof(address_.sun_path) - 1);
  }
  ~DirectoryPath() {
    if (fd_ >= 0) ::close(fd_);
  }
  DirectoryPath(const DirectoryPath&) = delete;
  DirectoryPath& operator=(const DirectoryPath&) = delete;
  bool open() const { return fd_ >= 0; }
  const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&address_); }
  const char* path() const { return address_.sun_path; }

 private:
  int fd_;
  sockaddr_un address_{};
};

Socket NewSocket() { return Socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

void SetTimeout(const Socket& socket, int option, int seconds) {
  const timeval limit{seconds, 0};
  ::setsockopt(socket.fd(), SOL_SOCKET, option, &limit, sizeof(limit));
}

absl::Status Failed() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    return absl::DeadlineExceededError("the other side takes too long");
  }
  return absl::UnavailableError("the other side is gone");
}

absl::StatusOr<std::string> ReceiveBytes(const Socket& socket, size_t size) {
  std::string bytes(size, '\0');
  for (size_t have = 0; have < size;) {
    const ssize_t got = ::recv(socket.fd(), bytes.data() + have, size - have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed();
    if (got == 0) return absl::UnavailableError("the other side is gone");
    have += static_cast<size_t>(got);
  }
  return bytes;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

absl::StatusOr<Socket> ListenAt(const std::string& directory, std::string_view name) {
  const DirectoryPath at(directory, name);
  Socket socket = NewSocket();
  if (!at.open() || !socket.open()) return absl::InternalError("no socket in the vault");
  ::unlink(at.path());
  // From the first moment on for nobody else.
  const mode_t before = ::umask(0177);
  const int bound = ::bind(socket.fd(), at.address(), sizeof(sockaddr_un));
  ::umask(before);
  if (bound != 0 || ::listen(socket.fd(), kCallersWaitingMax) != 0) {
    return absl::InternalError("the agent cannot listen in the vault's directory");
  }
  return socket;
}

void RemoveSocket(const std::string& directory, std::string_view name) {
  const DirectoryPath at(directory, name);
  if (at.open()) ::unlink(at.path());
}

Socket ConnectTo(const std::string& directory, std::string_view name) {
  const DirectoryPath at(directory, name);
  Socket socket = NewSocket();
  if (!at.open() || !socket.open()) return Socket();
  if (::connect(socket.fd(), at.address(), sizeof(sockaddr_un)) != 0) return Socket();
  return socket;
}

Socket Accept(const Socket& listening) {
  Socket socket(::accept4(listening.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket.open()) return socket;
  ucred peer{};
  socklen_t size = sizeof(peer);
  const bool known = ::getsockopt(socket.fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  return known && peer.uid == ::getuid() ? std::move(socket) : Socket();
}

absl::Status Send(const Socket& socket, std::string_view message) {
  if (message.size() > kAgentMessageBytesMax) {
    return absl::ResourceExhaustedError("want a message of at most 64 MiB");
  }
  SetTimeout(socket, SO_SNDTIMEO, kSendSecondsMax);
  std::string bytes;
  AppendU32(bytes, static_cast<uint32_t>(message.size()));
  bytes += message;
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t put = ::send(socket.fd(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Failed();
    sent += static_cast<size_t>(put);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Receive(const Socket& socket, int seconds_max) {
  SetTimeout(socket, SO_RCVTIMEO, seconds_max);
  KAPEA_ASSIGN(const std::string head, ReceiveBytes(socket, kLengthBytes));
  const uint32_t size = ReadU32(head);
  if (size > kAgentMessageBytesMax) {
    return absl::ResourceExhaustedError("want a message of at most 64 MiB");
  }
  return ReceiveBytes(socket, size);
}

}  // namespace kapea::cli
