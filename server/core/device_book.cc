#include "server/core/device_book.h"

#include <algorithm>

#include "common/base/macros.h"
#include "server/store/tables.h"

namespace kapea::server {

void PutDevice(const codec::DeviceRow& row, kv::Batch& batch) {
  batch.Put(kDevices, row.device.device.view(), row.Encode());
}

absl::StatusOr<std::unique_ptr<DeviceBook>> DeviceBook::Open(kv::Store& store) {
  std::map<DeviceId, codec::DeviceRow> rows;
  absl::Status failed;
  KAPEA_TRY(store.Scan(kDevices, "", "", [&](std::string_view key, std::string_view bytes) {
    auto row = codec::DeviceRow::Decode(bytes);
    failed = row.status();
    if (row.ok()) rows.emplace(DeviceId::FromPrefix(key), *std::move(row));
    return failed.ok();
  }));
  KAPEA_TRY(failed);
  std::unique_ptr<DeviceBook> book(new DeviceBook(store));
  MutexLock lock(book->mutex_);
  book->rows_ = std::move(rows);
  return book;
}

bool DeviceBook::HasCertificate(const DeviceId& device, const Hash& fingerprint) const {
  MutexLock lock(mutex_);
  const auto found = rows_.find(device);
  if (found == rows_.end()) return false;
  const std::vector<Hash>& known = found->second.certificates;
  return std::find(known.begin(), known.end(), fingerprint) != known.end();
}

std::optional<codec::DeviceRow> DeviceBook::Find(const DeviceId& device) const {
  MutexLock lock(mutex_);
  const auto found = rows_.find(device);
  if (found == rows_.end()) return std::nullopt;
  return found->second;
}

std::vector<DeviceId> DeviceBook::Devices() const {
  MutexLock lock(mutex_);
  std::vector<DeviceId> devices;
  devices.reserve(rows_.size());
  for (const auto& [device, row] : rows_) devices.push_back(device);
  return devices;
}

absl::Status DeviceBook::Commit(const codec::DeviceRow& row, kv::Batch batch) {
  MutexLock writing(writing_);
  PutDevice(row, batch);
  KAPEA_TRY(store_.Commit(batch, kv::Durability::kSynced));
  MutexLock lock(mutex_);
  codec::DeviceRow& held = rows_[row.device.device];
  const Time seen = held.last_seen;
  held = row;
  held.last_seen = std::max(seen, row.last_seen);
  return absl::OkStatus();
}

void DeviceBook::Seen(const DeviceId& device, Time now) {
  MutexLock lock(mutex_);
  const auto found = rows_.find(device);
  if (found == rows_.end() || found->second.last_seen >= now) return;
  found->second.last_seen = now;
  seen_.insert(device);
}

absl::Status DeviceBook::FlushSeen() {
  MutexLock writing(writing_);
  kv::Batch batch;
  std::set<DeviceId> written;
  {
    MutexLock lock(mutex_);
    written.swap(seen_);
    for (const DeviceId& device : written) {
      const auto found = rows_.find(device);
      if (found != rows_.end()) PutDevice(found->second, batch);
    }
  }
  if (batch.empty()) return absl::OkStatus();
  const absl::Status status = store_.Commit(batch, kv::Durability::kSynced);
  if (!status.ok()) {
    MutexLock lock(mutex_);
    seen_.merge(written);
  }
  return status;
}

}  // namespace kapea::server
