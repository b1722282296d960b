// A store that counts the rows that are read from it and written to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/kv/store.h"

namespace kapea::testing {

struct StoreCounts {
  uint64_t read = 0;     // rows that were found
  uint64_t written = 0;  // rows put or deleted
  uint64_t commits = 0;
};

// Threads: one at a time.
class CountingStore : public kv::Store {
 public:
  // Puts itself around the store in that pointer, and counts for as long as it lives.
  static StoreCounts& Wrap(std::unique_ptr<kv::Store>& store) {
    auto counting = std::make_unique<CountingStore>(std::move(store));
    StoreCounts& counts = counting->counts_;
    store = std::move(counting);
    return counts;
  }
  explicit CountingStore(std::unique_ptr<kv::Store> store) : store_(std::move(store)) {}

  absl::StatusOr<std::string> Get(const kv::Table& table, std::string_view key) const override {
    auto found = store_->Get(table, key);
    counts_.read += found.ok() ? 1 : 0;
    return found;
  }
  absl::Status Scan(const kv::Table& table, std::string_view from, std::string_view to,
                    const Visit& visit) const override {
    return store_->Scan(table, from, to, Counted(visit));
  }
  absl::Status ScanBack(const kv::Table& table, std::string_view from, std::string_view to,
                        const Visit& visit) const override {
    return store_->ScanBack(table, from, to, Counted(visit));
  }
  std::unique_ptr<kv::Snapshot> TakeSnapshot() const override { return store_->TakeSnapshot(); }
  absl::Status Commit(const kv::Batch& batch, kv::Durability durability) override {
    counts_.written += batch.operations().size();
    ++counts_.commits;
    return store_->Commit(batch, durability);
  }
  absl::Status DestroyKey(const kv::DataKeyName& name) override { return store_->DestroyKey(name); }

 private:
  Visit Counted(const Visit& visit) const {
    return [this, &visit](std::string_view key, std::string_view value) {
      ++counts_.read;
      return visit(key, value);
    };
  }

  const std::unique_ptr<kv::Store> store_;
  mutable StoreCounts counts_;
};

}  // namespace kapea::testing
