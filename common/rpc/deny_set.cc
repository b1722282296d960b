#include "common/rpc/deny_set.h"

namespace kapea::rpc {

void DenySet::Add(const std::vector<DeviceId>& devices, const std::vector<Hash>& fingerprints) {
  MutexLock lock(mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot_);
  next->devices.insert(devices.begin(), devices.end());
  next->fingerprints.insert(fingerprints.begin(), fingerprints.end());
  snapshot_ = std::move(next);
}

std::shared_ptr<const DenySet::Snapshot> DenySet::Current() const {
  MutexLock lock(mutex_);
  return snapshot_;
}

}  // namespace kapea::rpc
