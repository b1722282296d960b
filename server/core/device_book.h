// What the server remembers of devices beside the directory: their certificates, what
// they enrolled with, and when they were last heard of.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/mutex.h"
#include "common/base/time.h"
#include "common/codec/store_rows.h"
#include "common/kv/store.h"

namespace kapea::server {

// Adds or replaces a device's row. For enrolments, and for a deployment's first devices,
// whose certificates are issued before there is a server.
void PutDevice(const codec::DeviceRow& row, kv::Batch& batch);

// All rows are held in memory, so that no call waits for the disk to learn whether a
// certificate is the enrolled one. A country has some thousands of devices.
// Threads: any.
class DeviceBook {
 public:
  // Reads all rows. DataLoss when one does not open.
  static absl::StatusOr<std::unique_ptr<DeviceBook>> Open(kv::Store& store);

  // Whether this leaf was issued to that device and may still be in use.
  bool HasCertificate(const DeviceId& device, const Hash& fingerprint) const;
  std::optional<codec::DeviceRow> Find(const DeviceId& device) const;
  std::vector<DeviceId> Devices() const;
  // Commits `batch` with this row in it, synced; then it is known here too.
  absl::Status Commit(const codec::DeviceRow& row, kv::Batch batch);

  // The device was heard of. Kept in memory until FlushSeen.
  void Seen(const DeviceId& device, Time now);
  // Writes what Seen collected, as one commit. It would not matter if a power cut lost it;
  // but the server leaves no commit unsynced, so that the store's log has one unsynced
  // commit at most, and a hole in it is known for what it is (common/kv/README.md).
  absl::Status FlushSeen();

 private:
  explicit DeviceBook(kv::Store& store) : store_(store) {}

  kv::Store& store_;  // constant after construction
  Mutex writing_;     // one writer of rows at a time; taken before mutex_
  mutable Mutex mutex_;
  std::map<DeviceId, codec::DeviceRow> rows_ KAPEA_GUARDED_BY(mutex_);
  std::set<DeviceId> seen_ KAPEA_GUARDED_BY(mutex_);  // rows with a newer last_seen
};

}  // namespace kapea::server
