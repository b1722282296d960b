#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/macros.h"
#include "common/base/mutex.h"
#include "common/kv/engine.h"
#include "common/kv/open.h"
#include "common/kv/sealed_store.h"

namespace kapea::kv {
namespace {

using Rows = std::map<std::string, std::string, std::less<>>;
using Tables = std::vector<std::shared_ptr<const Rows>>;

std::pair<Rows::const_iterator, Rows::const_iterator> Within(const Rows& rows,
                                                             const KeyRange& range) {
  if (range.empty()) return {rows.end(), rows.end()};
  return {rows.lower_bound(range.from), range.to.empty() ? rows.end() : rows.lower_bound(range.to)};
}

std::optional<std::string> FindRow(const Rows& rows, std::string_view key) {
  const auto found = rows.find(key);
  if (found == rows.end()) return std::nullopt;
  return found->second;
}

void ScanRows(const Rows& rows, const KeyRange& range, Direction direction,
              const RawReader::Visit& visit) {
  const auto [begin, end] = Within(rows, range);
  if (direction == Direction::kUp) {
    for (auto row = begin; row != end; ++row) {
      if (!visit(row->first, row->second)) return;
    }
    return;
  }
  for (auto row = end; row != begin;) {
    --row;
    if (!visit(row->first, row->second)) return;
  }
}

class MemorySnapshot : public RawReader {
 public:
  explicit MemorySnapshot(Tables tables) : tables_(std::move(tables)) {}

  absl::StatusOr<std::optional<std::string>> Get(size_t table,
                                                 std::string_view key) const override {
    return FindRow(*tables_[table], key);
  }
  absl::Status Scan(size_t table, const KeyRange& range, Direction direction,
                    const Visit& visit) const override {
    ScanRows(*tables_[table], range, direction, visit);
    return absl::OkStatus();
  }

 private:
  const Tables tables_;
};

// A table that was handed to a reader is never changed again: the next writer copies
// it first. So a scan needs no lock, and may commit as it goes.
class MemoryEngine : public Engine {
 public:
  explicit MemoryEngine(size_t table_count) : tables_(table_count) {
    for (Shared& table : tables_) table.rows = std::make_shared<Rows>();
  }

  absl::StatusOr<std::optional<std::string>> Get(size_t table,
                                                 std::string_view key) const override {
    const MutexLock lock(mutex_);
    return FindRow(*tables_[table].rows, key);
  }
  absl::Status Scan(size_t table, const KeyRange& range, Direction direction,
                    const Visit& visit) const override {
    std::shared_ptr<const Rows> rows;
    {
      const MutexLock lock(mutex_);
      tables_[table].handed_out = true;
      rows = tables_[table].rows;
    }
    ScanRows(*rows, range, direction, visit);
    return absl::OkStatus();
  }
  std::unique_ptr<RawReader> TakeSnapshot() const override {
    Tables tables;
    const MutexLock lock(mutex_);
    for (Shared& table : tables_) {
      table.handed_out = true;
      tables.push_back(table.rows);
    }
    return std::make_unique<MemorySnapshot>(std::move(tables));
  }

  absl::Status Write(const std::vector<RawWrite>& writes, Durability) override {
    const MutexLock lock(mutex_);
    for (const RawWrite& write : writes) {
      Shared& table = tables_[write.table];
      if (table.handed_out) table.rows = std::make_shared<Rows>(*table.rows);
      table.handed_out = false;
      Rows& rows = *table.rows;
      switch (write.kind) {
        case RawWrite::Kind::kPut:
          rows.insert_or_assign(write.key, write.value);
          break;
        case RawWrite::Kind::kDelete:
          rows.erase(write.key);
          break;
        case RawWrite::Kind::kDeleteRange: {
          const auto [begin, end] = Within(rows, {write.key, write.value});
          rows.erase(begin, end);
          break;
        }
      }
    }
    return absl::OkStatus();
  }

  void Purge(size_t) override {}

 private:
  struct Shared {
    std::shared_ptr<Rows> rows;
    bool handed_out = false;
  };

  mutable Mutex mutex_;
  mutable std::vector<Shared> tables_ KAPEA_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenMemoryStore(const OpenOptions& options) {
  KAPEA_TRY(CheckOptions(options));
  OpenOptions fresh = options;
  fresh.create_if_missing = true;
  fresh.read_only = false;
  return OpenSealedStore(std::make_unique<MemoryEngine>(kFirstTable + options.tables.size()),
                         fresh);
}

}  // namespace kapea::kv
