// Loaded before the shipped programs when a synthetic year is played: their wall clock is
// the machine's plus an offset that lies in a file (KAPEA_YEAR_CLOCK: int64, nanoseconds),
// mapped into each of them, so that a day passes for all at once. Clocks that count since
// boot are left alone. Waits until a moment of the wall clock are turned back by the offset:
// the kernel knows nothing of it.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>

namespace {

constexpr int64_t kSecond = 1'000'000'000;
// A moment below lies on a clock that counts since boot.
constexpr time_t kWallSecondsMin = 1'000'000'000;

const std::atomic<int64_t>* MapOffset() {
  static const std::atomic<int64_t> kNone = 0;
  const char* const path = std::getenv("KAPEA_YEAR_CLOCK");
  const int file = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return &kNone;
  void* const page = ::mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  return page == MAP_FAILED ? &kNone : static_cast<const std::atomic<int64_t>*>(page);
}

int64_t Offset() {
  static const std::atomic<int64_t>* const offset = MapOffset();
  return offset->load(std::memory_order_relaxed);
}

timespec Shifted(const timespec& at, int64_t by) {
  const int64_t nanoseconds = at.tv_nsec + by % kSecond;
  timespec shifted;
  shifted.tv_sec = at.tv_sec + by / kSecond + (nanoseconds < 0 ? -1 : nanoseconds / kSecond);
  shifted.tv_nsec = (nanoseconds + kSecond) % kSecond;
  return shifted;
}

// What the kernel has to wait for.
timespec Real(const timespec& until) {
  return until.tv_sec < kWallSecondsMin ? until : Shifted(until, -Offset());
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

timespec Now() {
  timespec now;
  ::syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  return Shifted(now, Offset());
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* at) noexcept {
  static auto* const next = Next<int(clockid_t, timespec*)>("clock_gettime");
  const int result = next(clock, at);
  const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (result == 0 && wall) *at = Shifted(*at, Offset());
  return result;
}

time_t time(time_t* at) noexcept {
  const time_t now = Now().tv_sec;
  if (at != nullptr) *at = now;
  return now;
}

int gettimeofday(timeval* at, void*) noexcept {
  const timespec now = Now();
  *at = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

int timespec_get(timespec* at, int base) noexcept {
  *at = Now();
  return base;
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  static auto* const next =
      Next<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)>("pthread_cond_timedwait");
  const timespec real = Real(*until);
  return next(condition, mutex, &real);
}

int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* until) noexcept {
  static auto* const next = Next<int(pthread_mutex_t*, const timespec*)>("pthread_mutex_timedlock");
  const timespec real = Real(*until);
  return next(mutex, &real);
}

int sem_timedwait(sem_t* semaphore, const timespec* until) {
  static auto* const next = Next<int(sem_t*, const timespec*)>("sem_timedwait");
  const timespec real = Real(*until);
  return next(semaphore, &real);
}

// Abseil waits on futexes of its own.
long syscall(long number, ...) noexcept {
  static auto* const next = Next<long(long, ...)>("syscall");
  long words[6];
  va_list rest;
  va_start(rest, number);
  for (long& word : words) word = va_arg(rest, long);
  va_end(rest);
  timespec real;
  if (number == SYS_futex && (words[1] & FUTEX_CLOCK_REALTIME) != 0 && words[3] != 0) {
    real = Real(*reinterpret_cast<const timespec*>(words[3]));
    words[3] = reinterpret_cast<long>(&real);
  }
  return next(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

}  // extern "C"
