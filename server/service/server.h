// The server put together: everything between the socket and the core.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/crypto/signature.h"
#include "common/kv/store.h"
#include "common/rpc/acceptor.h"
#include "common/rpc/server_credentials.h"
#include "common/rpc/server_limits.h"
#include "server/core/issuer.h"
#include "server/core/opened_files.h"
#include "server/core/published.h"
#include "server/core/sequencer.h"
#include "server/service/log.h"
#include "server/service/metrics.h"
#include "server/service/rate_limit.h"
#include "server/watch/sweeper.h"

namespace kapea::server {

struct ServerOptions {
  std::string listen = "127.0.0.1:0";
  std::string root_pem;
  std::string device_authorities_pem;
  rpc::ServerIdentity identity;

  RateLimits rates;
  rpc::ListenerOptions listener;
  rpc::ServerLimits limits;
  Sequencer::Options sequencer;
  Sweeper::Options sweeper;
  size_t parcels_per_push = 64;
  size_t follows_per_device = 4;
  size_t workers = 4;
  size_t workers_queue = 8192;
  uint64_t blob_bytes_per_file = uint64_t{4} << 30;
  OpenedFilesOptions opened;
  std::string erasure_list;  // path (codec/erasure_list.h); empty: none is kept
  Duration delivery_interval = Duration::Seconds(60);
  Duration seen_interval = Duration::Seconds(60);
  Duration drain = Duration::Seconds(10);
};

// What a server needs from outside. All but the keys outlive it.
struct ServerGround {
  kv::Store& store;  // with a genesis
  Issuer& issuer;
  const Log& log;
  Metrics& metrics;
  std::shared_ptr<const Clock> clock;
  crypto::NoteSigningKey log_key;
  crypto::SigningKey device_key;  // of the server's own device
};

// InstallTlsProfile must have run. Threads: Start, Drain: the owner's; the rest: any.
class Server {
 public:
  // Serves from when it returns. Errors: those of Sequencer::Open, of the credentials,
  // and Unavailable when the address is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options, ServerGround ground);
  ~Server();  // Drain

  // Takes no new connections or calls, lets calls end, ends streams, writes down what
  // was delivered and seen, commits what waits. Idempotent.
  void Drain();

  const std::string& address() const;
  const Published& published() const;
  Sequencer::Counters counters() const;
  // For the side door; false while draining or when the disk failed.
  bool Healthy() const;
  std::map<std::string, double> Gauges() const;
  // Writes what was delivered; waits for it. For tests, and before a backup.
  absl::Status FlushDeliveries();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);

  const std::unique_ptr<State> state_;
};

}  // namespace kapea::server
