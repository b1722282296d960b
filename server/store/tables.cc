#include "server/store/tables.h"

#include "common/base/bytes.h"

namespace kapea::server {

std::vector<kv::Table> AllTables() {
  return {kMeta,   kEntries,    kTiles,   kChanges, kIds,     kParcels, kChains,
          kViews,  kOpen,       kDue,     kReaders, kBlobs,   kErased,  kOpened,
          kAlarms, kEnrolments, kDevices, kMatches, kFigured, kFigures};
}

std::string EntryKey(uint64_t sequence) {
  std::string key;
  AppendU64(key, sequence);
  return key;
}

std::string TileKey(uint8_t level, uint64_t index) {
  std::string key;
  AppendU8(key, level);
  AppendU64(key, index);
  return key;
}

std::string ChangeKey(const FileId& file, uint64_t number) {
  std::string key = file.str();
  AppendU64(key, number);
  return key;
}

std::string DueKey(Time due, const FileId& file, uint32_t index) {
  std::string key;
  AppendU64(key, static_cast<uint64_t>(due.unix_ms()));  // due times are after 1970
  key.append(file.view());
  AppendU32(key, index);
  return key;
}

std::string BlobKey(const FileId& file, const Hash& chunk) {
  std::string key = file.str();
  key.append(chunk.view());
  return key;
}

}  // namespace kapea::server
