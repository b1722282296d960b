// Threads that may wait for the disk, so that gRPC's never do.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "common/base/mutex.h"

namespace kapea::server {

// Threads: any; tasks run in the order of Submit, several at once.
// Limits: `queue_max` waiting tasks.
class WorkerPool {
 public:
  WorkerPool(size_t threads, size_t queue_max);
  ~WorkerPool();  // Stop
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when there is no room or the pool has stopped: the task was not taken.
  [[nodiscard]] bool Submit(std::function<void()> task);
  // Runs what was taken, then ends its threads. Idempotent.
  void Stop();
  size_t waiting() const;

 private:
  void Loop();

  const size_t queue_max_;
  mutable Mutex mutex_;
  CondVar work_;
  std::deque<std::function<void()>> tasks_ KAPEA_GUARDED_BY(mutex_);
  bool stopped_ KAPEA_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;  // the owner's thread only
};

}  // namespace kapea::server
