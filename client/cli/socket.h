// A Unix socket in the vault's directory, for this user alone.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kapea::cli {

// Owns: the descriptor. Threads: one at a time.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();
  bool open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

// Mode 0600. Takes the place of a socket that nobody listens at any more.
absl::StatusOr<Socket> ListenAt(const std::string& directory, std::string_view name);
void RemoveSocket(const std::string& directory, std::string_view name);
// Closed when nobody listens there.
Socket ConnectTo(const std::string& directory, std::string_view name);
// The next caller, if it is this user; else closed.
Socket Accept(const Socket& listening);

// One message: its length (u32, big-endian), then its bytes. DeadlineExceeded,
// ResourceExhausted over the limit, Unavailable when the other side is gone.
absl::Status Send(const Socket& socket, std::string_view message);
absl::StatusOr<std::string> Receive(const Socket& socket, int seconds_max);

}  // namespace kapea::cli
