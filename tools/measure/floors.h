// What the machine gives without Kapea: the figures that Kapea's own are compared with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/measure/process.h"

namespace grpc {
class Channel;
}

namespace kapea::bench {

inline constexpr size_t kFloorBytes = 2048;

// The child behind the floors: gRPC with mutual TLS and nothing else. Push echoes; Put
// seals each chunk (AES-256-GCM), and one thread commits what waits in one synced batch.
// Serves until it is asked to end. The program's main calls it for --floor-server.
int ServeFloors(const std::string& folder);

// Threads: one at a time. Owns: the child, and certificates of its own.
class Floors {
 public:
  // `program`: this program.
  static absl::StatusOr<std::unique_ptr<Floors>> Start(const std::string& program,
                                                       const std::string& folder, size_t clients);
  absl::StatusOr<double> Echo64();     // per second
  absl::StatusOr<double> Echo1();      // median, microseconds
  absl::StatusOr<double> Composite();  // per second
  // 64 threads and RocksDB alone, per second.
  absl::StatusOr<double> RocksSync64() const;

 private:
  explicit Floors(std::string folder) : folder_(std::move(folder)) {}
  const std::string folder_;
  std::unique_ptr<Process> server_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
};

}  // namespace kapea::bench
