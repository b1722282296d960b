// Health and metrics, for whoever is on this machine.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kapea::server {

// Answers GET of a few paths over HTTP/1.0, one connection after the other. It binds
// loopback addresses and Unix sockets and nothing else: what it says is for the machine's
// own operator, and it knows no TLS.
// Threads: one of its own; the handler is called on it.
class SideDoor {
 public:
  struct Reply {
    int code = 404;  // 200, 404 or 503
    std::string type = "text/plain; charset=utf-8";
    std::string body;
  };
  using Handler = std::function<Reply(const std::string& path)>;

  // "127.0.0.1:9400", "[::1]:9400" or "unix:/run/kapea/metrics.sock"; port 0 takes a free
  // one. InvalidArgument for any other address; Unavailable when it cannot be bound.
  static absl::StatusOr<std::unique_ptr<SideDoor>> Open(const std::string& address,
                                                        Handler handler);
  // Whether Open would take this address.
  static absl::Status CheckAddress(const std::string& address);
  ~SideDoor();

  const std::string& address() const { return address_; }  // with the real port

 private:
  SideDoor(int fd, int stop, std::string address, std::string path, Handler handler);
  void Loop();
  void Serve(int fd);

  const int fd_;
  const int stop_;
  const std::string address_;
  const std::string path_;  // of the Unix socket; empty: none
  const Handler handler_;
  std::thread thread_;
};

}  // namespace kapea::server
