#include "server/core/opened_files.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/codec/change_codec.h"
#include "common/codec/store_rows.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

constexpr int64_t kDayMs = 24 * 3600 * 1000;
constexpr size_t kDevicesHeldMax = 4096;  // their files are read anew when they are asked for

// Whose device founded the file; zeros: it has no first Change yet.
absl::StatusOr<DeviceId> FounderOf(const kv::Snapshot& store, const FileId& file) {
  KAPEA_ASSIGN(const auto bytes, store.Find(kChanges, ChangeKey(file, 1)));
  if (!bytes) return DeviceId();
  KAPEA_ASSIGN(const codec::ChangeRow row, codec::ChangeRow::Decode(*bytes));
  KAPEA_ASSIGN(const codec::EncodedChange change, codec::DecodeChange(row.change));
  return change.change->header.device;
}

}  // namespace

absl::StatusOr<OpenedFiles::Day*> OpenedFiles::DayOf(const DeviceId& device, uint32_t today) {
  auto found = days_.find(device);
  if (found == days_.end()) {
    Day day;
    uint32_t first = today;
    absl::Status failed;
    KAPEA_TRY(store_.Scan(kOpened, device.view(), kv::PrefixEnd(device.view()),
                          [&](std::string_view key, std::string_view value) {
                            if (value.size() != sizeof(uint32_t)) {
                              failed = absl::DataLossError("a day of opened files cannot be read");
                              return false;
                            }
                            const uint32_t on = ReadU32(value);
                            day.known.insert(FileId::FromPrefix(key.substr(DeviceId::kBytes)));
                            first = std::min(first, on);
                            day.opened += on == today ? 1 : 0;
                            return true;
                          }));
    KAPEA_TRY(failed);
    day.day = today;
    day.free = first == today;
    if (days_.size() >= kDevicesHeldMax) days_.clear();
    found = days_.emplace(device, std::move(day)).first;
  }
  Day& day = found->second;
  if (day.day != today) {
    day.free = day.known.empty();
    day.day = today;
    day.opened = 0;
    day.told = false;
  }
  return &day;
}

absl::StatusOr<std::set<FileId>> OpenedFiles::Admit(const DeviceId& device,
                                                    const std::set<FileId>& files) {
  std::vector<FileId> canaries;
  std::set<FileId> admitted;
  uint32_t over = 0;
  {
    MutexLock lock(mutex_);
    const auto today = static_cast<uint32_t>(clock_.Now().unix_ms() / kDayMs);
    KAPEA_ASSIGN(Day* const day, DayOf(device, today));
    kv::Batch batch;
    std::set<FileId> fresh;
    for (const FileId& file : files) {
      if (options_.canaries.contains(file)) canaries.push_back(file);
      if (day->known.contains(file)) {
        admitted.insert(file);
        continue;
      }
      KAPEA_ASSIGN(const DeviceId founder, FounderOf(store_, file));
      const bool counts = founder != device && options_.per_day != 0 && !day->free;
      if (counts && day->opened + fresh.size() >= options_.per_day) {
        if (!std::exchange(day->told, true)) over = day->opened;
        continue;
      }
      if (founder != device) fresh.insert(file);
      admitted.insert(file);
      std::string row;
      AppendU32(row, founder == device ? 0 : today);  // one's own are of no day
      std::string key = device.str();
      key.append(file.view());
      batch.Put(kOpened, key, std::move(row));
    }
    if (!batch.empty()) KAPEA_TRY(store_.Commit(batch, kv::Durability::kSynced));
    day->known.insert(admitted.begin(), admitted.end());
    day->opened += static_cast<uint32_t>(fresh.size());
  }
  for (const FileId& file : canaries) {
    if (alarms_.canary) alarms_.canary(device, file);
  }
  if (over != 0 && alarms_.limit) alarms_.limit(device, over);
  return admitted;
}

}  // namespace kapea::server
