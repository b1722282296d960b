#include "server/service/followers.h"

#include <algorithm>

namespace kapea::server {

uint64_t Followers::Add(const DeviceId& device, const std::shared_ptr<Follower>& follower) {
  std::shared_ptr<Follower> oldest;
  absl::Status ended;
  uint64_t number = 0;
  {
    MutexLock lock(mutex_);
    number = next_++;
    ended = ended_;
    std::vector<uint64_t>& own = of_device_[device];
    // Those before it were told already and are on their way out.
    if (own.size() >= per_device_max_) {
      oldest = following_[own[own.size() - per_device_max_]].follower.lock();
    }
    following_[number] = {device, follower};
    own.push_back(number);
  }
  if (oldest) oldest->End(absl::AbortedError("a newer stream of this device took its place"));
  if (!ended.ok()) follower->End(ended);
  return number;
}

void Followers::Remove(uint64_t number) {
  MutexLock lock(mutex_);
  const auto found = following_.find(number);
  if (found == following_.end()) return;
  const auto own = of_device_.find(found->second.device);
  std::erase(own->second, number);
  if (own->second.empty()) of_device_.erase(own);
  following_.erase(found);
}

void Followers::OnCommitted(const Committed& committed) {
  std::vector<std::shared_ptr<Follower>> all;
  {
    MutexLock lock(mutex_);
    all.reserve(following_.size());
    for (const auto& [number, following] : following_) all.push_back(following.follower.lock());
  }
  for (const auto& follower : all) {
    if (follower) follower->OnCommitted(committed);
  }
}

void Followers::OnDevicesRevoked(const std::vector<DeviceId>& devices) {
  std::vector<std::shared_ptr<Follower>> revoked;
  {
    MutexLock lock(mutex_);
    for (const DeviceId& device : devices) {
      const auto own = of_device_.find(device);
      if (own == of_device_.end()) continue;
      for (const uint64_t number : own->second) {
        revoked.push_back(following_[number].follower.lock());
      }
    }
  }
  for (const auto& follower : revoked) {
    if (follower) follower->End(absl::UnauthenticatedError("this device was revoked"));
  }
}

void Followers::EndAll(const absl::Status& status) {
  std::vector<std::shared_ptr<Follower>> all;
  {
    MutexLock lock(mutex_);
    ended_ = status;
    for (const auto& [number, following] : following_) all.push_back(following.follower.lock());
  }
  for (const auto& follower : all) {
    if (follower) follower->End(status);
  }
}

size_t Followers::count() const {
  MutexLock lock(mutex_);
  return following_.size();
}

}  // namespace kapea::server
