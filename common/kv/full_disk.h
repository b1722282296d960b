// What RocksDB does not do well by itself when the disk is full.
#pragma once

#include <rocksdb/listener.h>

#include <set>
#include <string>

#include "common/base/mutex.h"

namespace kapea::kv {

// RocksDB looks every five seconds whether there is room again, and until then refuses to be
// told so. Where writing has stopped, the next commit tells it at once. A compaction
// without room stops nothing, and may wait.
//
// And a flush that it has handed to its thread, and that has not begun when a write finds
// no room, is given up without a word: Resume then waits for it for ever. So a commit
// that set off a flush waits until it has begun; and where that cannot be known, nothing
// is resumed, and the store must be opened anew.
// Threads: any.
class FullDiskListener : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status error,
                            bool* auto_recovery) override {
    if (error.severity() >= rocksdb::Status::Severity::kHardError) *auto_recovery = false;
  }
  void OnMemTableSealed(const rocksdb::MemTableInfo& table) override {
    MutexLock lock(mutex_);
    to_flush_.insert(table.cf_name);
  }
  void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo& flush) override {
    MutexLock lock(mutex_);
    to_flush_.erase(flush.cf_name);
    begun_.NotifyAll();
  }

  // Whether every flush that was set off has begun.
  bool AllBegun() {
    MutexLock lock(mutex_);
    return to_flush_.empty();
  }
  // Returns when they have, or after a moment: one may wait for another that runs.
  void AwaitBegun() {
    MutexLock lock(mutex_);
    if (!to_flush_.empty()) begun_.WaitFor(mutex_, kFlushBeginsWithin);
  }

 private:
  static constexpr Duration kFlushBeginsWithin = Duration::Milliseconds(50);

  Mutex mutex_;
  CondVar begun_;
  std::set<std::string> to_flush_ KAPEA_GUARDED_BY(mutex_);  // tables
};

}  // namespace kapea::kv
