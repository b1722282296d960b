#include "common/rpc/acceptor.h"

#include <arpa/inet.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/base/macros.h"

namespace kapea::rpc {
namespace {

constexpr int kBacklog = 1024;
constexpr Duration kRetryAfterCut = Duration::Milliseconds(2);  // gRPC lets go of its part
constexpr Duration kRetryAfterError = Duration::Milliseconds(50);
constexpr Duration kLongest = Duration::Seconds(60);

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

absl::Status BadAddress(const std::string& address) {
  return absl::InvalidArgumentError("want an address such as 192.0.2.1:8443 or [::]:8443, got " +
                                    address);
}

absl::StatusOr<Endpoint> ParseAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return BadAddress(address);
  std::string host = address.substr(0, colon);
  const std::string digits = address.substr(colon + 1);
  uint32_t port = 0;
  if (digits.empty() || digits.size() > 5) return BadAddress(address);
  for (const char c : digits) {
    if (c < '0' || c > '9') return BadAddress(address);
    port = port * 10 + static_cast<uint32_t>(c - '0');
  }
  if (port > 65535) return BadAddress(address);
  const uint16_t network_port = htons(static_cast<uint16_t>(port));
  Endpoint out;
  if (host.front() == '[' && host.back() == ']') {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    out.size = sizeof(*v6);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = network_port;
    host = host.substr(1, host.size() - 2);
    if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) != 1) return BadAddress(address);
  } else {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    out.size = sizeof(*v4);
    v4->sin_family = AF_INET;
    v4->sin_port = network_port;
    if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) != 1) return BadAddress(address);
  }
  return out;
}

struct Printed {
  std::string host;  // an IPv6 address in brackets
  uint16_t port = 0;
  const char* scheme = "ipv4:";
};

Printed Print(const Endpoint& endpoint) {
  char text[INET6_ADDRSTRLEN] = "";
  if (endpoint.storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&endpoint.storage);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    return {text, ntohs(v4->sin_port), "ipv4:"};
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&endpoint.storage);
  if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {  // gRPC prints these as IPv4 too
    inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, text, sizeof(text));
    return {text, ntohs(v6->sin6_port), "ipv4:"};
  }
  inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
  std::string host = "[";
  host += text;
  host += "]";
  return {std::move(host), ntohs(v6->sin6_port), "ipv6:"};
}

// A listening socket, or the reason why there is none.
absl::StatusOr<int> Listen(Endpoint endpoint, const std::string& address) {
  const int fd =
      ::socket(endpoint.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::ErrnoToStatus(errno, "cannot make a socket");
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(fd, endpoint.get(), endpoint.size) == 0 && ::listen(fd, kBacklog) == 0) return fd;
  const std::string why = std::strerror(errno);
  ::close(fd);
  return absl::UnavailableError("cannot listen on " + address + ": " + why);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Bind(const std::string& address,
                                                         const ListenerOptions& options,
                                                         std::shared_ptr<const DenySet> deny,
                                                         std::shared_ptr<const Clock> clock) {
  KAPEA_CHECK(deny != nullptr && clock != nullptr);
  KAPEA_ASSIGN(const Endpoint wanted, ParseAddress(address));
  KAPEA_ASSIGN(const int fd, Listen(wanted, address));
  Endpoint bound;
  bound.size = sizeof(bound.storage);
  const int stop_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop_fd < 0 || ::getsockname(fd, bound.get(), &bound.size) != 0) {
    const int error = errno;
    ::close(fd);
    if (stop_fd >= 0) ::close(stop_fd);
    return absl::ErrnoToStatus(error, "cannot listen on " + address);
  }
  const Printed printed = Print(bound);
  return std::unique_ptr<Listener>(
      new Listener(fd, stop_fd, printed.host + ":" + std::to_string(printed.port), printed.port,
                   options, std::move(deny), std::move(clock)));
}

Listener::Listener(int listen_fd, int stop_fd, std::string address, uint16_t port,
                   const ListenerOptions& options, std::shared_ptr<const DenySet> deny,
                   std::shared_ptr<const Clock> clock)
    : listen_fd_(listen_fd),
      stop_fd_(stop_fd),
      address_(std::move(address)),
      port_(port),
      janitor_period_(options.janitor_period),
      deny_(std::move(deny)),
      clock_(std::move(clock)),
      table_(options.limits) {}

Listener::~Listener() {
  StopAccepting();
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  stopped_.NotifyAll();
  if (janitor_thread_.joinable()) janitor_thread_.join();
  ::close(listen_fd_);
  ::close(stop_fd_);
}

void Listener::Attach(grpc::ServerBuilder& builder,
                      std::shared_ptr<grpc::ServerCredentials> credentials) {
  acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      std::move(credentials));
}

void Listener::Start() {
  KAPEA_CHECK(acceptor_ != nullptr && !accept_thread_.joinable());
  accept_thread_ = std::thread([this] { AcceptLoop(); });
  janitor_thread_ = std::thread([this] { JanitorLoop(); });
}

void Listener::StopAccepting() {
  const uint64_t one = 1;
  KAPEA_CHECK(::write(stop_fd_, &one, sizeof(one)) == static_cast<ssize_t>(sizeof(one)));
  if (accept_thread_.joinable()) accept_thread_.join();
  // Whoever connects now is told so, instead of waiting in the backlog.
  ::shutdown(listen_fd_, SHUT_RDWR);
}

bool Listener::WaitForConnection(Duration at_most, bool listen) {
  pollfd waited[2] = {{stop_fd_, POLLIN, 0}, {listen ? listen_fd_ : -1, POLLIN, 0}};
  ::poll(waited, 2, static_cast<int>(at_most.milliseconds()));
  return waited[0].revents == 0;
}

void Listener::AcceptLoop() {
  for (;;) {
    Endpoint from;
    from.size = sizeof(from.storage);
    const int fd = ::accept4(listen_fd_, from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    const int error = errno;
    if (fd >= 0) {
      const Printed printed = Print(from);
      AcceptOne(fd, printed.scheme + printed.host + ":" + std::to_string(printed.port),
                printed.host);
      if (!WaitForConnection(Duration(), false)) return;
    } else if (error == EAGAIN || error == EWOULDBLOCK) {
      if (!WaitForConnection(kLongest, true)) return;
    } else if (error != EINTR && error != ECONNABORTED) {
      // Mostly EMFILE: no descriptor is left. A stranger makes room, and we try again;
      // polling the socket would spin, since the connection still waits there.
      const Duration pause = table_.CutOldestStranger() ? kRetryAfterCut : kRetryAfterError;
      if (!WaitForConnection(pause, false)) return;
    }
  }
}

void Listener::AcceptOne(int fd, const std::string& peer, const std::string& from) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (!table_.Adopt(peer, from, fd, clock_->Read().elapsed).ok()) {
    ::close(fd);
    return;
  }
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
  parameters.listener_fd = listen_fd_;
  parameters.fd = fd;
  acceptor_->HandleNewConnection(&parameters);
}

void Listener::JanitorLoop() {
  for (;;) {
    {
      MutexLock lock(mutex_);
      if (!stopping_) stopped_.WaitFor(mutex_, janitor_period_);
      if (stopping_) return;
    }
    const ClockReading now = clock_->Read();
    table_.Sweep(*deny_->Current(), now.wall, now.elapsed);
  }
}

absl::Status Listener::CheckDenied(const Peer& peer) const {
  const auto denied = deny_->Current();
  const auto device = peer.device();
  if (denied->ContainsFingerprint(peer.fingerprint) ||
      (device.has_value() && denied->Contains(*device))) {
    return absl::UnauthenticatedError("the device is revoked");
  }
  return absl::OkStatus();
}

absl::Status Listener::Authorise(const Peer& peer) {
  KAPEA_TRY(CheckDenied(peer));
  const ClockReading now = clock_->Read();
  if (now.wall > peer.not_after) return absl::UnauthenticatedError("the certificate has expired");
  return table_.Authorise(peer, now.elapsed);
}

absl::Status Listener::Progress(const Peer& peer) {
  KAPEA_TRY(CheckDenied(peer));
  table_.Progress(peer.connection, clock_->Read().elapsed);
  return absl::OkStatus();
}

size_t Listener::Cut(const DeviceId& device) { return table_.Cut(device); }

}  // namespace kapea::rpc
