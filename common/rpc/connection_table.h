// The sockets that the Listener accepted, and who may go on using them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "common/base/id.h"
#include "common/base/mutex.h"
#include "common/base/time.h"
#include "common/rpc/deny_set.h"
#include "common/rpc/peer.h"

namespace kapea::rpc {

struct ConnectionLimits {
  // From accepting to the first authorised call.
  Duration authorise_within = Duration::Seconds(8);
  // What may arrive between two calls, or two messages of a stream: the largest message
  // and the start of another beside it. A flood of headers never becomes a call.
  uint64_t bytes_between_calls_max = (2u << 20) + (64u << 10);
  size_t connections_max = 4096;
  size_t per_device_max = 2;
  // Connections of one address that nobody has authorised yet. Not more: the phones of
  // a province may share one address.
  size_t strangers_per_address_max = 64;
};

// How often each thing happened since the start; for metrics.
struct ConnectionCounts {
  uint64_t accepted = 0;
  uint64_t refused_full = 0;  // the table was full of authorised connections
  uint64_t cut_denied = 0;
  uint64_t cut_silent = 0;   // no authorised call in time
  uint64_t cut_bytes = 0;    // too much between two calls
  uint64_t cut_expired = 0;  // the certificate's end came
  uint64_t cut_crowded = 0;  // the oldest, for a newer one: of an address, a device, or in all
  uint64_t open = 0;         // now
};

// gRPC 1.51 offers no way to close an inbound connection, so the table keeps a duplicate
// of each descriptor and shuts the socket under it. Where there are too many, the
// oldest goes, not the newest: idle connections must not lock out a phone that moved
// from one mast to another. A connection that authorised nothing is a stranger.
// Threads: any. Owns: the duplicates. `now` is a time since boot.
class ConnectionTable {
 public:
  explicit ConnectionTable(const ConnectionLimits& limits) : limits_(limits) {}
  ~ConnectionTable();
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  // Keeps a duplicate of `fd` under `peer`, how gRPC prints the other end; `address`
  // is that without the port. ResourceExhausted when there is no room or no descriptor.
  absl::Status Adopt(const std::string& peer, const std::string& address, int fd, Duration now);
  // A call was authorised. Unavailable when the connection has been cut.
  absl::Status Authorise(const Peer& peer, Duration now);
  // A stream's message arrived.
  void Progress(const std::string& peer, Duration now);
  size_t Cut(const DeviceId& device);
  void CutAll();
  // Makes room when the process has no descriptors left; false: there is no stranger.
  bool CutOldestStranger();
  // One round of the janitor: cuts what breaks a rule and forgets what has closed.
  void Sweep(const DenySet::Snapshot& denied, Time wall, Duration now);

  ConnectionCounts Counts() const;

 private:
  struct Holder {  // who authorised it
    pki::PeerName name;
    Hash fingerprint;
    Time not_after;
  };
  struct Connection {
    int fd = -1;
    uint64_t number = 0;  // counts up: the order of accepting
    std::string address;
    Duration accepted;
    Duration last_call;
    uint64_t window_start = 0;  // bytes received when the last call began
    std::optional<Holder> holder;
  };
  using Table = std::map<std::string, Connection>;

  // Closes the duplicate of a connection that gRPC is done with.
  Table::iterator Forget(Table::iterator it) KAPEA_REQUIRES(mutex_);
  // Shuts the socket, then forgets it.
  Table::iterator Drop(Table::iterator it) KAPEA_REQUIRES(mutex_);
  void DropStranger(uint64_t number) KAPEA_REQUIRES(mutex_);
  void NoLongerStranger(const Connection& connection) KAPEA_REQUIRES(mutex_);
  void KeepNewestOf(const pki::PeerName& name, const std::string& but) KAPEA_REQUIRES(mutex_);
  // The counter of the rule that it breaks, or null.
  uint64_t* BrokenRule(const Connection& connection, uint64_t received,
                       const DenySet::Snapshot& denied, Time wall, Duration now)
      KAPEA_REQUIRES(mutex_);

  const ConnectionLimits limits_;
  mutable Mutex mutex_;
  Table table_ KAPEA_GUARDED_BY(mutex_);
  std::map<uint64_t, std::string> strangers_ KAPEA_GUARDED_BY(mutex_);  // by age
  std::map<std::string, std::set<uint64_t>> strangers_of_ KAPEA_GUARDED_BY(mutex_);
  uint64_t next_number_ KAPEA_GUARDED_BY(mutex_) = 1;
  ConnectionCounts counts_ KAPEA_GUARDED_BY(mutex_);
};

// How gRPC prints an end of a connection, with %5B and its like spelled out: one key
// for what accept4 and what ServerContext::peer() say.
std::string NormalPeer(std::string_view peer);

}  // namespace kapea::rpc
