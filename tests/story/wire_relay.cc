#include "tests/story/wire_relay.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <vector>

#include "common/base/macros.h"

namespace kapea::story {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

const sockaddr* Plain(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

bool SendAll(int to, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(to, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

}  // namespace

WireRelay::WireRelay(int target_port) : target_port_(target_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  KAPEA_CHECK(::bind(listener_, Plain(address), size) == 0 && ::listen(listener_, 64) == 0);
  KAPEA_CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  KAPEA_CHECK(::pipe(stop_) == 0);
  thread_ = std::thread([this] { Loop(); });
}

WireRelay::~WireRelay() {
  Stop();
  ::close(listener_);
  ::close(stop_[0]);
  ::close(stop_[1]);
}

const std::string& WireRelay::Stop() {
  if (thread_.joinable()) {
    KAPEA_CHECK(::write(stop_[1], "x", 1) == 1);
    thread_.join();
  }
  return passed_;
}

void WireRelay::Loop() {
  std::map<int, int> other_end;  // each socket and the one that it is passed on to
  const auto hang_up = [&other_end](int end) {
    const int other = other_end[end];
    for (const int one : {end, other}) {
      ::close(one);
      other_end.erase(one);
    }
  };
  for (;;) {
    std::vector<pollfd> waits = {{stop_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& [end, other] : other_end) waits.push_back({end, POLLIN, 0});
    ::poll(waits.data(), waits.size(), -1);
    if (waits[0].revents != 0) break;
    if (waits[1].revents != 0) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in target = Loopback(target_port_);
      if (::connect(server, Plain(target), sizeof target) != 0) {
        ::close(client);
        ::close(server);
      } else {
        other_end[client] = server;
        other_end[server] = client;
      }
    }
    for (size_t i = 2; i < waits.size(); ++i) {
      if (waits[i].revents == 0 || !other_end.contains(waits[i].fd)) continue;
      char buffer[65536];
      const ssize_t got = ::read(waits[i].fd, buffer, sizeof buffer);
      if (got > 0) passed_.append(buffer, static_cast<size_t>(got));
      if (got <= 0 || !SendAll(other_end[waits[i].fd], buffer, static_cast<size_t>(got))) {
        hang_up(waits[i].fd);
      }
    }
  }
  while (!other_end.empty()) hang_up(other_end.begin()->first);
}

}  // namespace kapea::story
