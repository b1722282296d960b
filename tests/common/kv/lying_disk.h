// A file system that fails on demand and forgets what was not synced, under the real
// RocksDB.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace kapea::kv {

// Counts what changes the disk: making, appending, syncing, renaming, deleting.
// Threads: any.
class LyingDisk {
 public:
  LyingDisk();
  ~LyingDisk();
  rocksdb::Env* env() const { return env_.get(); }

  // The n-th operation from now fails (the first is 0); all after it too if `for_good`.
  void FailAt(int64_t n, bool for_good);
  // Only so many bytes more fit on the disk. `told`: who asks hears so beforehand.
  void SetRoom(int64_t bytes, bool told);
  void Heal();
  bool has_failed() const { return has_failed_; }
  int64_t operations() const { return operations_; }

  // Cuts every file down to what was synced, as a power cut does. With nothing open.
  void CutPower();

  // For the files: the status of one more operation.
  rocksdb::IOStatus Operate();
  int64_t RoomToTell() const { return told_ ? room_.load() : INT64_MAX; }
  rocksdb::IOStatus Grow(const std::string& path, size_t bytes);
  void Synced(const std::string& path);
  void Made(const std::string& path);
  void Renamed(const std::string& from, const std::string& to);
  void Deleted(const std::string& path);

 private:
  struct Lengths {
    uint64_t written = 0;
    uint64_t synced = 0;
  };
  std::atomic<int64_t> operations_ = 0;
  std::atomic<int64_t> fail_at_ = -1;
  std::atomic<bool> for_good_ = false;
  std::atomic<int64_t> room_ = INT64_MAX;
  std::atomic<bool> told_ = true;
  std::atomic<bool> has_failed_ = false;
  std::mutex mutex_;
  std::map<std::string, Lengths> files_;  // guarded by mutex_
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace kapea::kv
