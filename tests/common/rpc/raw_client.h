// A client without gRPC, which may misbehave below it: bare TCP, and TLS by OpenSSL.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tests/common/rpc/rpc_fixture.h"

namespace kapea::rpc {

// A TCP socket, closed with the object.
class RawSocket {
 public:
  RawSocket();  // not yet connected
  explicit RawSocket(uint16_t port) : RawSocket() { Connect(port); }
  ~RawSocket();
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  int fd() const { return fd_; }
  void Connect(uint16_t port);  // to 127.0.0.1
  // Whether the other end closes within `at_most`; what it sends is thrown away.
  bool ClosesWithin(Duration at_most);

 private:
  int fd_ = -1;
};

// TLS over a RawSocket, reading and writing with a time limit of 3 seconds.
class RawTls {
 public:
  struct Wish {
    int version = 0x0304;  // the only one offered
    bool session_tickets = true;
    std::string suites;  // empty: OpenSSL's own three
  };
  // `identity` may be null.
  RawTls(uint16_t port, const Identity* identity, const Wish& wish);
  ~RawTls();

  bool Handshake();  // false: refused
  bool Write(std::string_view bytes);
  std::string ReadSome();  // empty: the end, or nothing in time
  int tickets() const { return tickets_; }

 private:
  struct State;
  RawSocket socket_;
  std::unique_ptr<State> state_;
  int tickets_ = 0;
};

}  // namespace kapea::rpc
