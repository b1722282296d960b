#include "tests/common/kv/lying_disk.h"

#include <rocksdb/system_clock.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace kapea::kv {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class LyingFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LyingFile(LyingDisk& disk, std::string path, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), path_(std::move(path)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    // A disk that is full or dies takes a part of what it was given.
    if (IOStatus failed = disk_.Grow(path_, data.size()); !failed.ok()) {
      target()->Append(Slice(data.data(), data.size() / 2), options, debug).PermitUncheckedError();
      return failed;
    }
    return target()->Append(data, options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    if (IOStatus failed = disk_.Operate(); !failed.ok()) return failed;
    IOStatus synced = target()->Sync(options, debug);
    if (synced.ok()) disk_.Synced(path_);
    return synced;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }

 private:
  LyingDisk& disk_;
  const std::string path_;
};

class LyingDirectory : public rocksdb::FSDirectoryWrapper {
 public:
  LyingDirectory(LyingDisk& disk, std::unique_ptr<rocksdb::FSDirectory>&& directory)
      : FSDirectoryWrapper(std::move(directory)), disk_(disk) {}
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    if (IOStatus failed = disk_.Operate(); !failed.ok()) return failed;
    return FSDirectoryWrapper::Fsync(options, debug);
  }

 private:
  LyingDisk& disk_;
};

class LyingFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit LyingFileSystem(LyingDisk& disk)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), disk_(disk) {}
  const char* Name() const override { return "LyingFileSystem"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext* debug) override {
    if (IOStatus failed = disk_.Operate(); !failed.ok()) return failed;
    IOStatus made = target()->NewWritableFile(path, options, result, debug);
    if (made.ok()) {
      disk_.Made(path);
      *result = std::make_unique<LyingFile>(disk_, path, std::move(*result));
    }
    return made;
  }
  IOStatus NewSequentialFile(const std::string& path, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             IODebugContext* debug) override {
    if (IOStatus failed = disk_.Operate(); !failed.ok()) return failed;
    return target()->NewSequentialFile(path, options, result, debug);
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext* debug) override {
    IOStatus made = target()->NewDirectory(path, options, result, debug);
    if (made.ok()) *result = std::make_unique<LyingDirectory>(disk_, std::move(*result));
    return made;
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    if (IOStatus failed = disk_.Operate(); !failed.ok()) return failed;
    IOStatus renamed = target()->RenameFile(from, to, options, debug);
    if (renamed.ok()) disk_.Renamed(from, to);
    return renamed;
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* debug) override {
    if (IOStatus failed = disk_.Operate(); !failed.ok()) return failed;
    IOStatus deleted = target()->DeleteFile(path, options, debug);
    if (deleted.ok()) disk_.Deleted(path);
    return deleted;
  }
  IOStatus GetFreeSpace(const std::string&, const IOOptions&, uint64_t* room,
                        IODebugContext*) override {
    *room = static_cast<uint64_t>(std::max<int64_t>(disk_.RoomToTell(), 0));
    return IOStatus::OK();
  }

 private:
  LyingDisk& disk_;
};

// RocksDB waits a second after each failed flush; hundreds of them are to fail here.
class HastyClock : public rocksdb::SystemClockWrapper {
 public:
  HastyClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "HastyClock"; }
  void SleepForMicroseconds(int micros) override {
    SystemClockWrapper::SleepForMicroseconds(micros / 1000);
  }
};

class LyingEnv : public rocksdb::EnvWrapper {
 public:
  explicit LyingEnv(LyingDisk& disk)
      : EnvWrapper(rocksdb::NewCompositeEnv(std::make_shared<LyingFileSystem>(disk))) {
    system_clock_ = std::make_shared<HastyClock>();
  }
};

}  // namespace

LyingDisk::LyingDisk() : env_(std::make_unique<LyingEnv>(*this)) {}
LyingDisk::~LyingDisk() = default;

void LyingDisk::FailAt(int64_t n, bool for_good) {
  has_failed_ = false;
  for_good_ = for_good;
  operations_ = 0;
  fail_at_ = n;
}

void LyingDisk::SetRoom(int64_t bytes, bool told) {
  told_ = told;
  room_ = bytes;
}

void LyingDisk::Heal() {
  fail_at_ = -1;
  room_ = INT64_MAX;
}

rocksdb::IOStatus LyingDisk::Operate() {
  const int64_t number = operations_++;
  const int64_t fail_at = fail_at_;
  if (fail_at < 0 || number < fail_at || (number > fail_at && !for_good_)) return IOStatus::OK();
  has_failed_ = true;
  return IOStatus::IOError("the disk fails, as it was told to");
}

rocksdb::IOStatus LyingDisk::Grow(const std::string& path, size_t bytes) {
  if (IOStatus failed = Operate(); !failed.ok()) return failed;
  if (room_.load() != INT64_MAX && (room_ -= static_cast<int64_t>(bytes)) < 0) {
    has_failed_ = true;
    return IOStatus::NoSpace("the disk is full, as it was told to be");
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  files_[path].written += bytes;
  return IOStatus::OK();
}

void LyingDisk::Synced(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  files_[path].synced = files_[path].written;
}

void LyingDisk::Made(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  files_[path] = {};
}

void LyingDisk::Renamed(const std::string& from, const std::string& to) {
  const std::lock_guard<std::mutex> lock(mutex_);
  files_[to] = files_[from];
  files_.erase(from);
}

void LyingDisk::Deleted(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  files_.erase(path);
}

void LyingDisk::CutPower() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [path, lengths] : files_) {
    std::error_code ignored;  // a log file that RocksDB moved away by itself
    if (std::filesystem::file_size(path, ignored) > lengths.synced && !ignored) {
      std::filesystem::resize_file(path, lengths.synced, ignored);
    }
  }
  files_.clear();
}

}  // namespace kapea::kv
