// Programs that run beside this one.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/time.h"

namespace kapea::bench {

// One child. Threads: one at a time. Owns: the process; asks it to end (SIGTERM) and waits
// when it is destroyed.
class Process {
 public:
  // Standard output of the child goes to `out_fd` (-1: nowhere).
  static absl::StatusOr<std::unique_ptr<Process>> Start(const std::vector<std::string>& command,
                                                        int out_fd = -1);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  bool running();
  void Stop();
  // Waits for it to end by itself; its exit code, or -1.
  int Wait();
  pid_t pid() const { return pid_; }
  // Resident memory now, and its peak since the start, in MB (10^6).
  double ResidentMb() const { return StatusMb("VmRSS:"); }
  double PeakMb() const { return StatusMb("VmHWM:"); }

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  double StatusMb(const char* line) const;

  pid_t pid_;
};

// A port of 127.0.0.1 that nobody has now.
absl::StatusOr<int> FreePort();

// Of a monotonic clock, in microseconds: for measuring alone.
double NowMicros();

}  // namespace kapea::bench
