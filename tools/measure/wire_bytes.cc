#include "tools/measure/wire_bytes.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>

namespace kapea::bench {
namespace {

constexpr int kTcpInfo = 11;  // TCP_INFO; <netinet/tcp.h> has an older struct

uint64_t BytesOf(int fd, uint16_t port) {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return 0;
  uint16_t at = 0;
  if (peer.ss_family == AF_INET) at = reinterpret_cast<sockaddr_in*>(&peer)->sin_port;
  if (peer.ss_family == AF_INET6) at = reinterpret_cast<sockaddr_in6*>(&peer)->sin6_port;
  if (ntohs(at) != port) return 0;
  tcp_info info{};
  size = sizeof(info);
  if (::getsockopt(fd, IPPROTO_TCP, kTcpInfo, &info, &size) != 0) return 0;
  return info.tcpi_bytes_sent + info.tcpi_bytes_received;
}

}  // namespace

uint64_t WireBytes(const std::string& server) {
  const auto port = static_cast<uint16_t>(std::atoi(server.substr(server.rfind(':') + 1).c_str()));
  uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    bytes += BytesOf(std::atoi(entry.path().filename().c_str()), port);
  }
  return bytes;
}

}  // namespace kapea::bench
