// Stands between clients and a server, passes everything on and keeps a copy.
#pragma once

#include <string>
#include <thread>

namespace kapea::story {

// Threads: one of its own, which ends with the object.
class WireRelay {
 public:
  // To a port of this machine.
  explicit WireRelay(int target_port);
  ~WireRelay();
  WireRelay(const WireRelay&) = delete;
  WireRelay& operator=(const WireRelay&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // Closes all connections, and gives what passed, both ways, in the order of its passing.
  const std::string& Stop();

 private:
  void Loop();

  const int target_port_;
  int listener_ = -1;
  int stop_[2] = {-1, -1};  // a pipe
  int port_ = 0;
  std::string passed_;  // of the thread, until it has ended
  std::thread thread_;
};

}  // namespace kapea::story
