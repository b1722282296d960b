// The one port of the server.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/rpc/connection_table.h"
#include "common/rpc/deny_set.h"
#include "common/rpc/peer.h"

namespace grpc {
class ServerBuilder;
class ServerCredentials;
namespace experimental {
class ExternalConnectionAcceptor;
}
}  // namespace grpc

namespace kapea::rpc {

struct ListenerOptions {
  ConnectionLimits limits;
  Duration janitor_period = Duration::Milliseconds(100);
};

// Accepts connections itself and hands them to gRPC, which of its own would be stopped
// for good by a flood of connections (CVE-2023-4785), burned by a flood of headers
// (CVE-2023-33953), and could not cut a revoked device's open connection. A janitor
// walks all connections ten times a second (ConnectionTable has its rules).
// Life: Bind; Attach; ServerBuilder::BuildAndStart; Start; serve; StopAccepting;
// grpc::Server::Shutdown; destroy. It must outlive the services that call it.
// Threads: two of its own; Authorise, Progress, Cut, Counts: any; the rest: the owner's.
class Listener {
 public:
  // `address`: "192.0.2.1:8443", "[::]:8443"; port 0 takes a free one. InvalidArgument
  // for anything else (no names: a server must not start differently when DNS does);
  // Unavailable when the address is taken or not ours.
  static absl::StatusOr<std::unique_ptr<Listener>> Bind(const std::string& address,
                                                        const ListenerOptions& options,
                                                        std::shared_ptr<const DenySet> deny,
                                                        std::shared_ptr<const Clock> clock);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void Attach(grpc::ServerBuilder& builder, std::shared_ptr<grpc::ServerCredentials> credentials);
  void Start();
  // Open connections stay, and stay watched.
  void StopAccepting();

  // What was bound, with the real port.
  const std::string& address() const { return address_; }
  uint16_t port() const { return port_; }

  // A service calls it at each call, when it knows that the peer may make it: the
  // connection is no stranger's any more, and a new window of bytes begins.
  // Unauthenticated when the device or certificate is denied or has expired; Unavailable
  // when the connection has been cut meanwhile.
  absl::Status Authorise(const Peer& peer);
  // At each further message of a stream from the client; fails as Authorise does.
  absl::Status Progress(const Peer& peer);
  // Cuts the device's connections at once; how many. Deny it first, or it comes back.
  size_t Cut(const DeviceId& device);
  ConnectionCounts Counts() const { return table_.Counts(); }

 private:
  Listener(int listen_fd, int stop_fd, std::string address, uint16_t port,
           const ListenerOptions& options, std::shared_ptr<const DenySet> deny,
           std::shared_ptr<const Clock> clock);
  void AcceptLoop();
  void AcceptOne(int fd, const std::string& peer, const std::string& from);
  // Waits for a connection, or only until `at_most` is over; false: stop.
  bool WaitForConnection(Duration at_most, bool listen);
  void JanitorLoop();
  absl::Status CheckDenied(const Peer& peer) const;

  // Constant after construction (the acceptor: after Attach).
  const int listen_fd_;
  const int stop_fd_;
  const std::string address_;
  const uint16_t port_;
  const Duration janitor_period_;
  const std::shared_ptr<const DenySet> deny_;
  const std::shared_ptr<const Clock> clock_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;

  ConnectionTable table_;  // locks itself

  Mutex mutex_;
  CondVar stopped_;
  bool stopping_ KAPEA_GUARDED_BY(mutex_) = false;

  // The owner's thread only.
  std::thread accept_thread_;
  std::thread janitor_thread_;
};

}  // namespace kapea::rpc
