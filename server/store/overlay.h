// A store as it will be once a batch is committed: for what has to be worked out of both
// before that.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/kv/store.h"

namespace kapea::server {

// Looks at puts and deletes alone: ranges that the batch deletes and values whose key it
// destroys, if it does not put them anew, are still there. Threads: one. Errors: as those of
// `store`.
class Overlay : public kv::Snapshot {
 public:
  // Takes a copy of what the batch says of these tables; `store` must live longer.
  Overlay(const kv::Snapshot& store, const kv::Batch& batch);

  absl::StatusOr<std::string> Get(const kv::Table& table, std::string_view key) const override;
  absl::Status Scan(const kv::Table& table, std::string_view from, std::string_view to,
                    const Visit& visit) const override;
  absl::Status ScanBack(const kv::Table& table, std::string_view from, std::string_view to,
                        const Visit& visit) const override;

 private:
  using Rows = std::map<std::string, std::optional<std::string>, std::less<>>;
  Rows Merged(const kv::Table& table, std::string_view from, std::string_view to,
              absl::Status& status) const;

  const kv::Snapshot& store_;
  std::map<std::string, Rows, std::less<>> tables_;
};

}  // namespace kapea::server
