#include "common/kv/store.h"

#include <utility>

#include "common/base/macros.h"

namespace kapea::kv {

DataKeyName AttachmentKeyOf(const FileId& file) {
  std::string name = file.str();
  for (char& byte : name) byte = static_cast<char>(~byte);
  return DataKeyName::FromPrefix(name);
}

void Batch::Put(const Table& table, std::string_view key, std::string value,
                const DataKeyName& data_key) {
  operations_.push_back({.kind = Operation::Kind::kPut,
                         .table = table.name,
                         .key = std::string(key),
                         .value = std::move(value),
                         .data_key = data_key});
}

void Batch::Delete(const Table& table, std::string_view key) {
  operations_.push_back({.kind = Operation::Kind::kDelete,
                         .table = table.name,
                         .key = std::string(key),
                         .value = {},
                         .data_key = {}});
}

void Batch::DeleteRange(const Table& table, std::string_view from, std::string_view to) {
  operations_.push_back({.kind = Operation::Kind::kDeleteRange,
                         .table = table.name,
                         .key = std::string(from),
                         .value = std::string(to),
                         .data_key = {}});
}

void Batch::Require(const Table& table, std::string_view key, std::optional<std::string> value) {
  const bool absent = !value.has_value();
  operations_.push_back({.kind = Operation::Kind::kRequire,
                         .table = table.name,
                         .key = std::string(key),
                         .value = std::move(value).value_or(std::string()),
                         .data_key = {},
                         .absent = absent});
}

void Batch::DestroyKey(const DataKeyName& name) {
  operations_.push_back(
      {.kind = Operation::Kind::kDestroyKey, .key = {}, .value = {}, .data_key = name});
}

void Batch::Append(const Batch& batch) {
  operations_.insert(operations_.end(), batch.operations_.begin(), batch.operations_.end());
}

absl::StatusOr<std::optional<std::string>> Snapshot::Find(const Table& table,
                                                          std::string_view key) const {
  absl::StatusOr<std::string> value = Get(table, key);
  if (absl::IsNotFound(value.status())) return std::optional<std::string>();
  if (!value.ok()) return std::move(value).status();
  return std::optional<std::string>(*std::move(value));
}

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty()) {
    const auto last = static_cast<unsigned char>(end.back());
    if (last != 0xff) {
      end.back() = static_cast<char>(last + 1);
      return end;
    }
    end.pop_back();  // 0xff has no successor: the byte before it decides
  }
  return end;
}

}  // namespace kapea::kv
