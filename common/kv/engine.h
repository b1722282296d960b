// What the two stores differ in: an ordered map of raw bytes with snapshots and
// atomic writes. It knows nothing of keys and seals. Inside this room only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/kv/open.h"
#include "common/kv/store.h"

namespace kapea::kv {

// Tables by number: the two of the store itself, then the caller's in his order.
inline constexpr size_t kHeadTable = 0;  // lies in RocksDB's own family, "default"
inline constexpr size_t kKeysTable = 1;
inline constexpr size_t kFirstTable = 2;
inline constexpr const char* kHeadTableName = "head";
inline constexpr const char* kKeysTableName = "keys";

// Names by number. InvalidArgument for a name that is reserved, malformed or twice there.
absl::StatusOr<std::vector<std::string>> TableNames(const std::vector<Table>& tables);

struct RawWrite {
  enum class Kind { kPut, kDelete, kDeleteRange } kind;
  size_t table;
  std::string key;
  std::string value;  // delete range: the end, empty for none
};

// Keys in [from, to); empty `to`: to the end.
struct KeyRange {
  std::string_view from;
  std::string_view to;
  bool empty() const { return !to.empty() && from >= to; }
};

enum class Direction { kUp, kDown };

// Threads: any.
class RawReader {
 public:
  virtual ~RawReader() = default;
  virtual absl::StatusOr<std::optional<std::string>> Get(size_t table,
                                                         std::string_view key) const = 0;
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  virtual absl::Status Scan(size_t table, const KeyRange& range, Direction direction,
                            const Visit& visit) const = 0;
};

// Threads: any. Snapshots die before their engine.
class Engine : public RawReader {
 public:
  virtual std::unique_ptr<RawReader> TakeSnapshot() const = 0;
  // All or nothing, in order. Errors as Store::Commit.
  virtual absl::Status Write(const std::vector<RawWrite>& writes, Durability durability) = 0;
  // Rids the disk of what was overwritten or deleted in `table`, as far as it can now.
  virtual void Purge(size_t table) = 0;
};

}  // namespace kapea::kv
