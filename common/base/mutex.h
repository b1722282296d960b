// std::mutex with the annotations that clang's -Wthread-safety checks. Not
// absl::Mutex: Debian's is not instrumented, so the thread sanitizer cannot see it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "common/base/time.h"

#if defined(__clang__)
#define KAPEA_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define KAPEA_THREAD_ANNOTATION(x)
#endif
#define KAPEA_GUARDED_BY(x) KAPEA_THREAD_ANNOTATION(guarded_by(x))
#define KAPEA_REQUIRES(...) KAPEA_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define KAPEA_EXCLUDES(...) KAPEA_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace kapea {

class KAPEA_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void Lock() KAPEA_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void Unlock() KAPEA_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class KAPEA_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) KAPEA_THREAD_ANNOTATION(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() KAPEA_THREAD_ANNOTATION(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Every wait has a deadline, here as elsewhere.
class CondVar {
 public:
  // Waits until notified or until `at_most` is over; may wake early: check again.
  void WaitFor(Mutex& mutex, Duration at_most) KAPEA_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait_for(lock, std::chrono::milliseconds(at_most.milliseconds()));
    lock.release();
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace kapea
