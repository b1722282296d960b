// The devices and certificates that may no longer speak to the server.
#pragma once

#include <memory>
#include <unordered_set>
#include <vector>

#include "common/base/id.h"
#include "common/base/mutex.h"

namespace kapea::rpc {

// It is filled from the store at start and grows with every revocation. Four places
// consult it: the handshake, each call, each message of a stream, and the janitor of
// the Listener, which cuts what is already open. Nothing is ever taken back: a device
// that is to work again is enrolled as a new one.
// Threads: any. Reading costs a lock of a few nanoseconds; adding copies the set.
class DenySet {
 public:
  struct Snapshot {
    std::unordered_set<DeviceId> devices;
    std::unordered_set<Hash> fingerprints;

    bool Contains(const DeviceId& device) const { return devices.contains(device); }
    bool ContainsFingerprint(const Hash& hash) const { return fingerprints.contains(hash); }
  };

  DenySet() : snapshot_(std::make_shared<const Snapshot>()) {}

  void Deny(const DeviceId& device) { Add({device}, {}); }
  void DenyFingerprint(const Hash& fingerprint) { Add({}, {fingerprint}); }
  void Add(const std::vector<DeviceId>& devices, const std::vector<Hash>& fingerprints);

  // What is denied now; it does not change any more.
  std::shared_ptr<const Snapshot> Current() const;
  bool Contains(const DeviceId& device) const { return Current()->Contains(device); }
  bool ContainsFingerprint(const Hash& hash) const { return Current()->ContainsFingerprint(hash); }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Snapshot> snapshot_ KAPEA_GUARDED_BY(mutex_);
};

}  // namespace kapea::rpc
