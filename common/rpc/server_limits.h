// What one connection may cost the server.
#pragma once

#include "common/base/time.h"

namespace grpc {
class ServerBuilder;
}

namespace kapea::rpc {

inline constexpr int kMessageBytesMax = 1 << 20;
inline constexpr int kHeaderBytesMax = 8 << 10;
inline constexpr int kStreamsPerConnectionMax = 16;

struct ServerLimits {
  Duration handshake = Duration::Seconds(5);
  // After this a connection takes no new calls; those that run may end. gRPC spreads it
  // by a tenth, so that a restarted server's clients do not all come back at once.
  Duration connection_age = Duration::Minutes(30);
  Duration connection_idle = Duration::Minutes(10);
  // A client that pings more often than this is told to go away.
  Duration ping_interval_min = Duration::Seconds(20);
  // Ends that died without a word are found after this and the ping's timeout.
  Duration keepalive = Duration::Minutes(2);
  Duration keepalive_timeout = Duration::Seconds(20);
  // Of all connections together.
  int64_t memory_bytes_max = int64_t{512} << 20;
};

// Messages of 1 MiB, headers of 8 KiB, 16 streams, no compression (no decompression
// bombs, nothing learned from sizes), and the times above.
void ApplyServerLimits(grpc::ServerBuilder& builder, const ServerLimits& limits = {});

}  // namespace kapea::rpc
