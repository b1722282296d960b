#include "server/store/overlay.h"

namespace kapea::server {

Overlay::Overlay(const kv::Snapshot& store, const kv::Batch& batch) : store_(store) {
  for (const auto& operation : batch.operations()) {
    using Kind = kv::Batch::Operation::Kind;
    if (operation.kind == Kind::kPut) {
      tables_[operation.table][operation.key] = operation.value;
    } else if (operation.kind == Kind::kDelete) {
      tables_[operation.table][operation.key] = std::nullopt;
    }
  }
}

absl::StatusOr<std::string> Overlay::Get(const kv::Table& table, std::string_view key) const {
  const auto rows = tables_.find(std::string_view(table.name));
  if (rows != tables_.end()) {
    const auto row = rows->second.find(key);
    if (row != rows->second.end()) {
      if (row->second) return *row->second;
      return absl::NotFoundError("no such key");
    }
  }
  return store_.Get(table, key);
}

Overlay::Rows Overlay::Merged(const kv::Table& table, std::string_view from, std::string_view to,
                              absl::Status& status) const {
  Rows merged;
  status = store_.Scan(table, from, to, [&merged](std::string_view key, std::string_view value) {
    merged.emplace(key, value);
    return true;
  });
  const auto rows = tables_.find(std::string_view(table.name));
  if (rows == tables_.end()) return merged;
  for (auto row = rows->second.lower_bound(from);
       row != rows->second.end() && (to.empty() || row->first < to); ++row) {
    merged.insert_or_assign(row->first, row->second);
  }
  return merged;
}

absl::Status Overlay::Scan(const kv::Table& table, std::string_view from, std::string_view to,
                           const Visit& visit) const {
  absl::Status status;
  const Rows merged = Merged(table, from, to, status);
  if (!status.ok()) return status;
  for (const auto& [key, value] : merged) {
    if (value && !visit(key, *value)) break;
  }
  return absl::OkStatus();
}

absl::Status Overlay::ScanBack(const kv::Table& table, std::string_view from, std::string_view to,
                               const Visit& visit) const {
  absl::Status status;
  const Rows merged = Merged(table, from, to, status);
  if (!status.ok()) return status;
  for (auto row = merged.rbegin(); row != merged.rend(); ++row) {
    if (row->second && !visit(row->first, *row->second)) break;
  }
  return absl::OkStatus();
}

}  // namespace kapea::server
