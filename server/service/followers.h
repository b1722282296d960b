// The open Pulls that wait for something to be committed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "common/base/id.h"
#include "common/base/mutex.h"
#include "server/core/published.h"

namespace kapea::server {

// One open Pull, as the registry sees it. Threads: any.
class Follower {
 public:
  virtual ~Follower() = default;
  // A commit can be read. Must not wait.
  virtual void OnCommitted(const Committed& committed) = 0;
  // The stream is to end with this status. Must not wait.
  virtual void End(const absl::Status& status) = 0;
};

// Who follows. A follower that is added before it reads for the first time misses
// nothing: whatever is committed later is told to it.
// Threads: any. Limits: `per_device_max` of one device; the oldest gives way, because a
// phone that comes back has often left a dead connection behind.
class Followers {
 public:
  explicit Followers(size_t per_device_max) : per_device_max_(per_device_max) {}

  // The number to Remove it by.
  uint64_t Add(const DeviceId& device, const std::shared_ptr<Follower>& follower);
  void Remove(uint64_t number);

  void OnCommitted(const Committed& committed);
  void OnDevicesRevoked(const std::vector<DeviceId>& devices);
  // For good: who is added later is ended at once.
  void EndAll(const absl::Status& status);
  size_t count() const;

 private:
  struct Following {
    DeviceId device;
    std::weak_ptr<Follower> follower;
  };

  const size_t per_device_max_;
  mutable Mutex mutex_;
  uint64_t next_ KAPEA_GUARDED_BY(mutex_) = 1;
  std::map<uint64_t, Following> following_ KAPEA_GUARDED_BY(mutex_);  // oldest first
  std::map<DeviceId, std::vector<uint64_t>> of_device_ KAPEA_GUARDED_BY(mutex_);
  absl::Status ended_ KAPEA_GUARDED_BY(mutex_);
};

}  // namespace kapea::server
