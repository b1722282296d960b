#include "common/kv/head.h"

#include <optional>
#include <string_view>

#include "absl/strings/str_format.h"
#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/crypto/seal.h"

namespace kapea::kv {
namespace {

constexpr std::string_view kMagic = "kapea-kv";
constexpr uint16_t kFormatVersion = 1;
constexpr std::string_view kHeadKey = "head";
constexpr size_t kStoreIdBytes = 16;
constexpr size_t kVersionOffset = 8;
constexpr size_t kGenerationOffset = 10;
constexpr size_t kStoreIdOffset = 14;
constexpr size_t kClearBytes = kStoreIdOffset + kStoreIdBytes;

crypto::ValueContext ContextOf(std::string_view store_id) {
  return {.key_id = 0, .store_id = store_id, .table = kHeadTableName, .key = kHeadKey};
}

absl::Status NothingThere(const Engine& engine, size_t table_count) {
  bool empty = true;
  for (size_t table = 0; table < table_count && empty; ++table) {
    KAPEA_TRY(engine.Scan(table, {}, Direction::kUp, [&](std::string_view, std::string_view) {
      empty = false;
      return false;
    }));
  }
  if (!empty) return absl::DataLossError("the store has rows but no head");
  return absl::NotFoundError("there is no store here");
}

}  // namespace

absl::StatusOr<Head> ReadHead(const Engine& engine, size_t table_count,
                              const crypto::SecretBytes& master_key) {
  KAPEA_ASSIGN(const std::optional<std::string> row, engine.Get(kHeadTable, kHeadKey));
  if (!row.has_value()) return NothingThere(engine, table_count);
  const std::string_view bytes = *row;
  if (bytes.size() < kGenerationOffset || bytes.substr(0, kMagic.size()) != kMagic) {
    return absl::DataLossError("the head of the store is not one");
  }
  if (const uint16_t version = ReadU16(bytes, kVersionOffset); version != kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "written by a newer program: want format %u, got %u", kFormatVersion, version));
  }
  if (bytes.size() < kClearBytes) return absl::DataLossError("the head of the store is cut short");
  Head head;
  head.generation = ReadU32(bytes, kGenerationOffset);
  head.store_id = std::string(bytes.substr(kStoreIdOffset, kStoreIdBytes));
  const crypto::ValueSealer master(master_key);
  const absl::StatusOr<std::string> check =
      master.Open(ContextOf(head.store_id), bytes.substr(kClearBytes));
  // Another key and a damaged check value look alike here. RocksDB's checksums find
  // decay, so the key is what to look at first.
  if (!check.ok() || *check != bytes.substr(0, kClearBytes)) {
    return absl::FailedPreconditionError("wrong key: the head of the store does not open under it");
  }
  return head;
}

RawWrite HeadRow(const Head& head, const crypto::SecretBytes& master_key) {
  KAPEA_CHECK(head.store_id.size() == kStoreIdBytes);
  std::string row(kMagic);
  AppendU16(row, kFormatVersion);
  AppendU32(row, head.generation);
  row += head.store_id;
  const crypto::ValueSealer master(master_key);
  row += master.Seal(ContextOf(head.store_id), row);
  return {RawWrite::Kind::kPut, kHeadTable, std::string(kHeadKey), std::move(row)};
}

}  // namespace kapea::kv
