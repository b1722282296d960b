#include "common/kv/rocks_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/macros.h"
#include "common/base/mutex.h"
#include "common/kv/engine.h"
#include "common/kv/full_disk.h"
#include "common/kv/sealed_store.h"
#include "common/kv/store_directory.h"
#include "common/kv/wal_tail.h"

namespace kapea::kv {
namespace {

constexpr size_t kOpenFilesMax = 256;
constexpr size_t kProbeBytes = 256u << 10;
constexpr size_t kLogFileBytesMax = 1u << 20;
constexpr size_t kLogFilesKept = 2;
constexpr uint64_t kReserveBytes = 4u << 20;  // for RocksDB's small files, beside its tables
// RocksDB's default is 1 MB for each table ever written to, much for thirty small ones.
constexpr size_t kArenaBlockBytes = 64u << 10;

// An empty view may have no address, which RocksDB's assertions forbid; Debian's
// library has them on.
rocksdb::Slice ToSlice(std::string_view bytes) {
  return bytes.empty() ? rocksdb::Slice() : rocksdb::Slice(bytes.data(), bytes.size());
}
std::string_view FromSlice(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// A write that waited for a flush which found the disk full ends as "incomplete".
bool IsNoSpace(const rocksdb::Status& status) {
  return status.IsNoSpace() ||
         (status.IsIncomplete() && status.ToString().find("No space left") != std::string::npos);
}

// The one place where RocksDB's errors become ours.
absl::Status FromRocks(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = status.ToString();
  if (IsNoSpace(status)) return absl::ResourceExhaustedError("the disk is full: " + text);
  if (status.IsCorruption()) return absl::DataLossError("the store is damaged: " + text);
  if (status.IsIOError() && (text.find("While lock file") != std::string::npos ||
                             text.find("lock hold by current process") != std::string::npos)) {
    return absl::AlreadyExistsError("the store is open already: " + text);
  }
  if (status.IsIOError() || status.IsBusy() || status.IsTryAgain() || status.IsTimedOut() ||
      status.IsShutdownInProgress() || status.IsIncomplete()) {
    return absl::UnavailableError("the disk failed: " + text);
  }
  return absl::InternalError("rocksdb: " + text);
}

// RocksDB writes its log even where it may only read.
class SilentLogger : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

using Handles = std::vector<rocksdb::ColumnFamilyHandle*>;

absl::StatusOr<std::optional<std::string>> GetRow(rocksdb::DB& db, const Handles& handles,
                                                  size_t table, std::string_view key,
                                                  const rocksdb::Snapshot* as_of) {
  if (handles[table] == nullptr) return std::optional<std::string>();
  rocksdb::ReadOptions options;
  options.snapshot = as_of;
  std::string value;
  const rocksdb::Status status = db.Get(options, handles[table], ToSlice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  KAPEA_TRY(FromRocks(status));
  return std::optional<std::string>(std::move(value));
}

absl::Status ScanRows(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* table, const KeyRange& range,
                      Direction direction, const rocksdb::Snapshot* as_of,
                      const RawReader::Visit& visit) {
  if (table == nullptr) return absl::OkStatus();
  const rocksdb::Slice from = ToSlice(range.from);
  const rocksdb::Slice to = ToSlice(range.to);
  rocksdb::ReadOptions options;
  options.snapshot = as_of;
  if (!range.from.empty()) options.iterate_lower_bound = &from;
  if (!range.to.empty()) options.iterate_upper_bound = &to;
  const std::unique_ptr<rocksdb::Iterator> row(db.NewIterator(options, table));
  if (direction == Direction::kUp) {
    for (row->SeekToFirst(); row->Valid(); row->Next()) {
      if (!visit(FromSlice(row->key()), FromSlice(row->value()))) return absl::OkStatus();
    }
  } else {
    for (row->SeekToLast(); row->Valid(); row->Prev()) {
      if (!visit(FromSlice(row->key()), FromSlice(row->value()))) return absl::OkStatus();
    }
  }
  return FromRocks(row->status());
}

class RocksSnapshot : public RawReader {
 public:
  RocksSnapshot(rocksdb::DB& db, const Handles& handles)
      : db_(db), handles_(handles), as_of_(db.GetSnapshot()) {}
  ~RocksSnapshot() override { db_.ReleaseSnapshot(as_of_); }

  absl::StatusOr<std::optional<std::string>> Get(size_t table,
                                                 std::string_view key) const override {
    return GetRow(db_, handles_, table, key, as_of_);
  }
  absl::Status Scan(size_t table, const KeyRange& range, Direction direction,
                    const Visit& visit) const override {
    return ScanRows(db_, handles_[table], range, direction, as_of_, visit);
  }

 private:
  rocksdb::DB& db_;
  const Handles& handles_;
  const rocksdb::Snapshot* const as_of_;
};

class RocksEngine : public Engine {
 public:
  // Owns `db` and all handles; `tables` are those of them that have a number. `listener`
  // is the one that `db` tells.
  RocksEngine(std::shared_ptr<FullDiskListener> listener, std::unique_ptr<rocksdb::DB> db,
              Handles all, Handles tables, uint64_t reserve_bytes)
      : listener_(std::move(listener)),
        db_(std::move(db)),
        all_(std::move(all)),
        tables_(std::move(tables)),
        reserve_bytes_(reserve_bytes) {}
  ~RocksEngine() override {
    for (rocksdb::ColumnFamilyHandle* handle : all_) {
      db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    }
    db_->Close().PermitUncheckedError();  // every promise was kept at its commit
  }

  absl::StatusOr<std::optional<std::string>> Get(size_t table,
                                                 std::string_view key) const override {
    return GetRow(*db_, tables_, table, key, nullptr);
  }
  absl::Status Scan(size_t table, const KeyRange& range, Direction direction,
                    const Visit& visit) const override {
    return ScanRows(*db_, tables_[table], range, direction, nullptr, visit);
  }
  std::unique_ptr<RawReader> TakeSnapshot() const override {
    return std::make_unique<RocksSnapshot>(*db_, tables_);
  }

  absl::Status Write(const std::vector<RawWrite>& writes, Durability durability) override {
    // Greater than every key there can be: RocksDB has no range without an end.
    static const std::string kBeyond(kKeyBytesMax + 1, '\xff');
    rocksdb::WriteBatch batch;
    for (const RawWrite& write : writes) {
      rocksdb::ColumnFamilyHandle* const table = tables_[write.table];
      rocksdb::Status added;
      switch (write.kind) {
        case RawWrite::Kind::kPut:
          added = batch.Put(table, write.key, write.value);
          break;
        case RawWrite::Kind::kDelete:
          added = batch.Delete(table, write.key);
          break;
        case RawWrite::Kind::kDeleteRange:
          added = batch.DeleteRange(table, write.key, write.value.empty() ? kBeyond : write.value);
          break;
      }
      KAPEA_TRY(FromRocks(added));
    }
    KAPEA_TRY(CheckRoom(batch.GetDataSize()));
    if (!Recover(recoveries_, rocksdb::Status())) return StillFull();
    rocksdb::WriteOptions options;
    options.sync = durability == Durability::kSynced;
    for (bool again = false;; again = true) {
      const uint64_t recoveries = recoveries_;
      KeepRowInMemory();
      const rocksdb::Status status = db_->Write(options, &batch);
      if (!IsNoSpace(status)) return FromRocks(status);
      if (!listener_->AllBegun()) gave_up_ = true;
      if (!Recover(recoveries, status) || again) return gave_up_ ? StillFull() : FromRocks(status);
    }
  }

  void Purge(size_t table) override {
    // Flushing every table lets go of the log that still has the deleted rows, and
    // compacting writes the table's files anew without them. The rows are deleted
    // already, so a failure here only leaves their old copies for a later purge.
    if (!db_->Flush(rocksdb::FlushOptions(), all_).ok()) return;
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    db_->CompactRange(options, tables_[table], nullptr, nullptr).PermitUncheckedError();
  }

 private:
  // RocksDB stops where it finds no room, so commits stop a little earlier, while what
  // is in memory can still be flushed.
  absl::Status CheckRoom(size_t bytes) const {
    uint64_t room = 0;
    const rocksdb::Status known = db_->GetEnv()->GetFreeSpace(db_->GetName(), &room);
    if (!known.ok() || room >= reserve_bytes_ + 2 * bytes) return absl::OkStatus();
    return absl::ResourceExhaustedError("the disk is full: too little room is left for a commit");
  }

  absl::Status StillFull() const {
    return absl::ResourceExhaustedError(
        gave_up_ ? "the disk was full: free some room and start the program again"
                 : "the disk was full, and the log is not usable yet");
  }

  // Whether what lies in memory finds room, by trying: a quota is no free space that
  // anybody tells.
  bool HasRoomToFlush() const {
    const std::string path = db_->GetName() + "/room";
    std::unique_ptr<rocksdb::WritableFile> file;
    bool room = db_->GetEnv()->NewWritableFile(path, &file, rocksdb::EnvOptions()).ok();
    const std::string block(kProbeBytes, '\xff');
    for (uint64_t done = 0; room && done < reserve_bytes_; done += block.size()) {
      room = file->Append(block).ok();
    }
    room = room && file->Sync().ok();
    file.reset();
    db_->GetEnv()->DeleteFile(path).PermitUncheckedError();
    return room;
  }

  // After a write that failed with `failure` for want of room, or before one: brings
  // RocksDB to write again. False when it must not be written to now.
  //
  // A log file that could not be written holds a part of a record, and RocksDB aborts
  // the process (Debian's has its assertions on) when it is written again. Resume goes
  // on to a new log file, but only when some table has rows in memory to be flushed.
  // `recoveries` is their count before the write: of writes that failed together only
  // the first has the failed log before it.
  bool Recover(uint64_t recoveries, const rocksdb::Status& failure) {
    if (failure.ok() && failed_log_ == 0) return true;  // nearly always
    const MutexLock lock(recovery_mutex_);
    if (recoveries != recoveries_) return failed_log_ == 0;
    // RocksDB gives the first error a severity only when it remembers it.
    const bool in_log = !failure.ok() && failure.severity() == rocksdb::Status::kNoError;
    if (in_log) failed_log_ = CurrentLog();
    if (failed_log_ != 0 && CurrentLog() != failed_log_) failed_log_ = 0;
    if (gave_up_ || (failed_log_ != 0 && !ResumeChangesLog()) || !HasRoomToFlush()) return false;
    const rocksdb::Status resumed = db_->Resume();
    // A Resume that failed leaves flushes behind that it has lost count of.
    if (!resumed.ok() && !resumed.IsBusy()) gave_up_ = true;
    if (failed_log_ != 0 && CurrentLog() != failed_log_) failed_log_ = 0;
    if (!resumed.ok() || failed_log_ != 0) return false;
    ++recoveries_;
    return true;
  }

  // So that Recover finds a row to be flushed when it needs one. It costs some 6 us.
  // It is done each time, because RocksDB empties a table's memory as a write begins:
  // this one then takes that upon itself, and its row comes after. The first row may be
  // what fills the memory, so that only the second begins with emptying it. The rows mean
  // nothing and are not worth a place in the log.
  void KeepRowInMemory() {
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    for (int i = 0; i < 2; ++i) {
      db_->Put(options, tables_[kHeadTable], "row", "").PermitUncheckedError();
      if (!listener_->AllBegun() && RunningFlushes() == 0) listener_->AwaitBegun();
    }
  }

  uint64_t RunningFlushes() const {
    return Property(tables_[kHeadTable], rocksdb::DB::Properties::kNumRunningFlushes);
  }

  uint64_t CurrentLog() const {
    std::unique_ptr<rocksdb::LogFile> log;
    // A number that no log has: it will differ from that of the next log.
    if (!db_->GetCurrentWalFile(&log).ok()) return UINT64_MAX;
    return log->LogNumber();
  }

  // Rows that a flush has taken out of the active table count too, but not those of a
  // flush that is still running: they may be gone when Resume looks for them.
  bool ResumeChangesLog() const {
    using Properties = rocksdb::DB::Properties;
    const bool at_rest = RunningFlushes() == 0;
    return std::any_of(all_.begin(), all_.end(), [&](rocksdb::ColumnFamilyHandle* table) {
      return Property(table, Properties::kNumEntriesActiveMemTable) > 0 ||
             (at_rest && Property(table, Properties::kNumImmutableMemTable) > 0);
    });
  }

  uint64_t Property(rocksdb::ColumnFamilyHandle* table, const std::string& name) const {
    uint64_t value = 0;
    db_->GetIntProperty(table, name, &value);
    return value;
  }

  // Constant after construction.
  const std::shared_ptr<FullDiskListener> listener_;
  const std::unique_ptr<rocksdb::DB> db_;
  const Handles all_;
  const Handles tables_;  // by number; null: not there, in a store open read-only
  const uint64_t reserve_bytes_;

  Mutex recovery_mutex_;
  // Changed under recovery_mutex_, read without it.
  std::atomic<uint64_t> failed_log_ = 0;  // the number of one that must not be written
  std::atomic<uint64_t> recoveries_ = 0;
  std::atomic<bool> gave_up_ = false;  // nothing is written until the store is opened anew
};

rocksdb::Options ToRocks(const OpenOptions& options, rocksdb::Env* env) {
  rocksdb::Options rocks;
  rocks.env = env;
  rocks.create_if_missing = options.create_if_missing && !options.read_only;
  rocks.create_missing_column_families = !options.read_only;
  rocks.paranoid_checks = true;
  // A value is ciphertext: compressing it costs time and gains nothing.
  rocks.compression = rocksdb::kNoCompression;
  rocks.bottommost_compression = rocksdb::kNoCompression;

  // Memory and start-up time are bounded by these, for all tables together.
  rocks.write_buffer_size = options.write_buffer_bytes;
  rocks.db_write_buffer_size = options.write_buffer_bytes;
  rocks.max_total_wal_size = 2 * options.write_buffer_bytes;
  rocks.arena_block_size = kArenaBlockBytes;
  rocks.max_open_files = kOpenFilesMax;
  rocks.max_file_opening_threads = 1;
  rocks.max_background_jobs = 2;
  rocks.skip_stats_update_on_db_open = true;
  rocks.avoid_flush_during_shutdown = true;  // the log has all there is
  rocks.stats_dump_period_sec = 0;
  rocks.stats_persist_period_sec = 0;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  table.cache_index_and_filter_blocks = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  rocks.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

  rocks.info_log_level = rocksdb::WARN_LEVEL;
  rocks.max_log_file_size = kLogFileBytesMax;
  rocks.keep_log_file_num = kLogFilesKept;
  if (options.read_only) rocks.info_log = std::make_shared<SilentLogger>();
  return rocks;
}

absl::StatusOr<std::unique_ptr<Engine>> OpenEngine(const OpenOptions& options,
                                                   rocksdb::Options rocks) {
  const auto listener = std::make_shared<FullDiskListener>();
  rocks.listeners = {listener};
  KAPEA_ASSIGN(std::vector<std::string> names, TableNames(options.tables));
  names[kHeadTable] = rocksdb::kDefaultColumnFamilyName;
  std::vector<std::string> opened;
  if (rocks.env->FileExists(options.directory + "/CURRENT").ok()) {
    KAPEA_TRY(FromRocks(rocksdb::DB::ListColumnFamilies(rocks, options.directory, &opened)));
  }
  // RocksDB wants all there are, also those that this program does not know.
  for (const std::string& name : names) {
    const bool there = std::find(opened.begin(), opened.end(), name) != opened.end();
    if (!there && !options.read_only) opened.push_back(name);
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : opened) families.emplace_back(name, rocks);

  Handles all;
  rocksdb::DB* raw = nullptr;
  KAPEA_TRY(
      FromRocks(options.read_only
                    ? rocksdb::DB::OpenForReadOnly(rocks, options.directory, families, &all, &raw)
                    : rocksdb::DB::Open(rocks, options.directory, families, &all, &raw)));
  std::unique_ptr<rocksdb::DB> db(raw);
  Handles tables;
  for (const std::string& name : names) {
    const auto place = std::find(opened.begin(), opened.end(), name);
    tables.push_back(place == opened.end() ? nullptr
                                           : all[static_cast<size_t>(place - opened.begin())]);
  }
  return std::make_unique<RocksEngine>(listener, std::move(db), std::move(all), std::move(tables),
                                       2 * options.write_buffer_bytes + kReserveBytes);
}

// As far as it is the same for a store that is used and one whose key is replaced.
absl::StatusOr<std::unique_ptr<Engine>> OpenDirectory(const OpenOptions& options,
                                                      rocksdb::Env* env) {
  KAPEA_TRY(CheckOptions(options));
  KAPEA_TRY(PrepareDirectory(options));
  rocksdb::Options rocks = ToRocks(options, env);
  // The log after a crash. kAbsoluteConsistency would refuse the torn end that every
  // kill -9 may leave. kPointInTimeRecovery drops all that follows the first damage,
  // synced commits too, and says nothing. This one takes an end that is cut short and
  // refuses everything else, also the hole that a power cut can leave in the last,
  // unsynced commit (pages reach the disk in any order). For that one alone the log
  // is read up to the hole, once it is certain that no commit begins after it.
  rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  absl::StatusOr<std::unique_ptr<Engine>> engine = OpenEngine(options, rocks);
  if (absl::IsDataLoss(engine.status())) {
    KAPEA_ASSIGN(const bool torn, OnlyTailIsTorn(options.directory));
    if (torn) {
      rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
      engine = OpenEngine(options, rocks);
    }
  }
  return engine;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenRocksStoreOn(const OpenOptions& options,
                                                        rocksdb::Env* env) {
  KAPEA_ASSIGN(std::unique_ptr<Engine> engine, OpenDirectory(options, env));
  return OpenSealedStore(std::move(engine), options);
}

absl::StatusOr<uint32_t> ReplaceMasterKeyOn(const OpenOptions& options, rocksdb::Env* env) {
  if (options.read_only || options.create_if_missing || options.next_master_key == nullptr) {
    return absl::InvalidArgumentError("want a store that is there and another master key for it");
  }
  KAPEA_ASSIGN(const std::unique_ptr<Engine> engine, OpenDirectory(options, env));
  return WrapAnew(*engine, options);
}

absl::StatusOr<uint32_t> ReplaceMasterKey(const OpenOptions& options) {
  return ReplaceMasterKeyOn(options, rocksdb::Env::Default());
}

absl::StatusOr<std::unique_ptr<Store>> OpenRocksStore(const OpenOptions& options) {
  return OpenRocksStoreOn(options, rocksdb::Env::Default());
}

}  // namespace kapea::kv
