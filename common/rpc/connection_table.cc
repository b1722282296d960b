#include "common/rpc/connection_table.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/bytes.h"
#include "common/base/macros.h"

namespace kapea::rpc {
namespace {

// States in which our side has shut the socket, or both have: gRPC is done with it.
// (From net/tcp_states.h, which user space does not get.)
constexpr uint8_t kFinWait1 = 4;
constexpr uint8_t kFinWait2 = 5;
constexpr uint8_t kTimeWait = 6;
constexpr uint8_t kClose = 7;
constexpr uint8_t kLastAck = 9;
constexpr uint8_t kClosing = 11;

struct SocketState {
  bool closed = true;
  uint64_t received = 0;
};

SocketState StateOf(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  const uint8_t state = info.tcpi_state;
  const bool closed = state == kFinWait1 || state == kFinWait2 || state == kTimeWait ||
                      state == kClose || state == kLastAck || state == kClosing;
  return {closed, info.tcpi_bytes_received};
}

}  // namespace

std::string NormalPeer(std::string_view peer) {
  std::string out;
  for (size_t i = 0; i < peer.size(); ++i) {
    if (peer[i] == '%' && i + 2 < peer.size()) {
      if (const auto byte = FromHex(peer.substr(i + 1, 2)); byte.ok()) {
        out += *byte;
        i += 2;
        continue;
      }
    }
    out.push_back(peer[i]);
  }
  return out;
}

ConnectionTable::~ConnectionTable() { CutAll(); }

absl::Status ConnectionTable::Adopt(const std::string& peer, const std::string& address, int fd,
                                    Duration now) {
  MutexLock lock(mutex_);
  // The same end again: what we had under this name is dead, the kernel says so.
  if (const auto old = table_.find(peer); old != table_.end()) Drop(old);
  if (const auto near = strangers_of_.find(address);
      near != strangers_of_.end() && near->second.size() >= limits_.strangers_per_address_max) {
    ++counts_.cut_crowded;
    DropStranger(*near->second.begin());
  }
  if (table_.size() >= limits_.connections_max) {
    if (strangers_.empty()) {
      ++counts_.refused_full;
      return absl::ResourceExhaustedError("want fewer connections than the table holds");
    }
    ++counts_.cut_crowded;
    DropStranger(strangers_.begin()->first);
  }
  Connection connection;
  connection.fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (connection.fd < 0 && !strangers_.empty()) {  // no descriptor left: a stranger gives its own
    ++counts_.cut_crowded;
    DropStranger(strangers_.begin()->first);
    connection.fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  }
  if (connection.fd < 0) return absl::ResourceExhaustedError("want a free descriptor");
  connection.number = next_number_++;
  connection.address = address;
  connection.accepted = now;
  connection.last_call = now;
  strangers_.emplace(connection.number, peer);
  strangers_of_[address].insert(connection.number);
  table_.emplace(peer, std::move(connection));
  ++counts_.accepted;
  return absl::OkStatus();
}

absl::Status ConnectionTable::Authorise(const Peer& peer, Duration now) {
  const std::string key = NormalPeer(peer.connection);
  MutexLock lock(mutex_);
  const auto it = table_.find(key);
  if (it == table_.end()) return absl::UnavailableError("the connection has been cut");
  Connection& connection = it->second;
  connection.last_call = now;
  connection.window_start = StateOf(connection.fd).received;
  if (connection.holder.has_value()) return absl::OkStatus();
  NoLongerStranger(connection);
  connection.holder = Holder{peer.name, peer.fingerprint, peer.not_after};
  KeepNewestOf(peer.name, key);
  return absl::OkStatus();
}

void ConnectionTable::Progress(const std::string& peer, Duration now) {
  const std::string key = NormalPeer(peer);
  MutexLock lock(mutex_);
  const auto it = table_.find(key);
  if (it == table_.end() || !it->second.holder.has_value()) return;
  it->second.last_call = now;
  it->second.window_start = StateOf(it->second.fd).received;
}

// `but` has just spoken; of the others the one that was silent longest goes.
void ConnectionTable::KeepNewestOf(const pki::PeerName& name, const std::string& but) {
  for (;;) {
    size_t count = 0;
    auto oldest = table_.end();
    for (auto it = table_.begin(); it != table_.end(); ++it) {
      if (!it->second.holder.has_value() || it->second.holder->name != name) continue;
      ++count;
      if (it->first != but &&
          (oldest == table_.end() || it->second.last_call < oldest->second.last_call)) {
        oldest = it;
      }
    }
    if (count <= limits_.per_device_max || oldest == table_.end()) return;
    ++counts_.cut_crowded;
    Drop(oldest);
  }
}

size_t ConnectionTable::Cut(const DeviceId& device) {
  MutexLock lock(mutex_);
  size_t count = 0;
  for (auto it = table_.begin(); it != table_.end();) {
    const auto* name = it->second.holder.has_value()
                           ? std::get_if<pki::DeviceName>(&it->second.holder->name)
                           : nullptr;
    if (name != nullptr && name->device == device) {
      ++counts_.cut_denied;
      ++count;
      it = Drop(it);
    } else {
      ++it;
    }
  }
  return count;
}

void ConnectionTable::CutAll() {
  MutexLock lock(mutex_);
  for (auto it = table_.begin(); it != table_.end();) it = Drop(it);
}

bool ConnectionTable::CutOldestStranger() {
  MutexLock lock(mutex_);
  if (strangers_.empty()) return false;
  ++counts_.cut_crowded;
  DropStranger(strangers_.begin()->first);
  return true;
}

void ConnectionTable::Sweep(const DenySet::Snapshot& denied, Time wall, Duration now) {
  MutexLock lock(mutex_);
  for (auto it = table_.begin(); it != table_.end();) {
    const SocketState state = StateOf(it->second.fd);
    uint64_t* const rule =
        state.closed ? nullptr : BrokenRule(it->second, state.received, denied, wall, now);
    if (rule != nullptr) ++*rule;
    if (state.closed) {
      it = Forget(it);
    } else {
      it = rule != nullptr ? Drop(it) : std::next(it);
    }
  }
}

uint64_t* ConnectionTable::BrokenRule(const Connection& connection, uint64_t received,
                                      const DenySet::Snapshot& denied, Time wall, Duration now) {
  if (received - connection.window_start > limits_.bytes_between_calls_max) {
    return &counts_.cut_bytes;
  }
  if (!connection.holder.has_value()) {
    return now - connection.accepted > limits_.authorise_within ? &counts_.cut_silent : nullptr;
  }
  const Holder& holder = *connection.holder;
  const auto* device = std::get_if<pki::DeviceName>(&holder.name);
  if (denied.ContainsFingerprint(holder.fingerprint) ||
      (device != nullptr && denied.Contains(device->device))) {
    return &counts_.cut_denied;
  }
  return wall > holder.not_after ? &counts_.cut_expired : nullptr;
}

ConnectionTable::Table::iterator ConnectionTable::Forget(Table::iterator it) {
  if (!it->second.holder.has_value()) NoLongerStranger(it->second);
  ::close(it->second.fd);
  return table_.erase(it);
}

ConnectionTable::Table::iterator ConnectionTable::Drop(Table::iterator it) {
  // Shutting reaches gRPC's descriptor of the same socket too; it reads the end and
  // closes the connection on its side. That close then resets the connection: whoever
  // still sends learns it at once, and the kernel keeps nothing of it.
  const linger reset{1, 0};
  ::setsockopt(it->second.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  ::shutdown(it->second.fd, SHUT_RDWR);
  return Forget(it);
}

void ConnectionTable::DropStranger(uint64_t number) {
  const auto it = table_.find(strangers_.at(number));
  KAPEA_CHECK(it != table_.end());
  Drop(it);
}

void ConnectionTable::NoLongerStranger(const Connection& connection) {
  strangers_.erase(connection.number);
  const auto near = strangers_of_.find(connection.address);
  KAPEA_CHECK(near != strangers_of_.end());
  near->second.erase(connection.number);
  if (near->second.empty()) strangers_of_.erase(near);
}

ConnectionCounts ConnectionTable::Counts() const {
  MutexLock lock(mutex_);
  ConnectionCounts counts = counts_;
  counts.open = table_.size();
  return counts;
}

}  // namespace kapea::rpc
