// A store that passes every call on, for tests that change one of them.
#pragma once

#include <memory>
#include <string>

#include "common/kv/store.h"

namespace kapea::server {

// Threads: as the store behind it, which must live longer.
class PassingStore : public kv::Store {
 public:
  explicit PassingStore(kv::Store& store) : store_(store) {}
  absl::StatusOr<std::string> Get(const kv::Table& table, std::string_view key) const override {
    return store_.Get(table, key);
  }
  absl::Status Scan(const kv::Table& table, std::string_view from, std::string_view to,
                    const Visit& visit) const override {
    return store_.Scan(table, from, to, visit);
  }
  absl::Status ScanBack(const kv::Table& table, std::string_view from, std::string_view to,
                        const Visit& visit) const override {
    return store_.ScanBack(table, from, to, visit);
  }
  std::unique_ptr<kv::Snapshot> TakeSnapshot() const override { return store_.TakeSnapshot(); }
  absl::Status Commit(const kv::Batch& batch, kv::Durability durability) override {
    return store_.Commit(batch, durability);
  }
  absl::Status DestroyKey(const kv::DataKeyName& name) override { return store_.DestroyKey(name); }

 private:
  kv::Store& store_;
};

}  // namespace kapea::server
