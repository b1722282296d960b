// What the sequencer has committed, for everybody else to read without waiting for it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/base/mutex.h"
#include "common/base/time.h"
#include "common/codec/erasure_list.h"
#include "common/codec/pack_registry.h"
#include "common/crypto/signature.h"
#include "common/domain/directory.h"

namespace kapea::server {

// The ledger as of one committed group. A value, constant once made.
struct LedgerTip {
  uint64_t size = 0;
  Hash root;
  Time received;           // of the last Entry
  std::string checkpoint;  // signed note with time
};

// The directory with its devices' keys parsed. Constant once made.
struct DirectoryView {
  domain::Directory directory;
  std::map<DeviceId, crypto::VerifyKey> keys;  // also of revoked devices: their past stands
};

// What a commit changed, for those who wait.
struct Committed {
  std::vector<FileId> files;
  // The directory or somebody's access to a file: people may read other files now.
  bool readers_changed = false;
  std::vector<codec::ListedErasure> erased;
};

// Threads: any. Readers get a pointer to something that never changes.
class Published {
 public:
  std::shared_ptr<const LedgerTip> tip() const {
    MutexLock lock(mutex_);
    return tip_;
  }
  std::shared_ptr<const DirectoryView> directory() const {
    MutexLock lock(mutex_);
    return directory_;
  }
  std::shared_ptr<const codec::PackRegistry> packs() const {
    MutexLock lock(mutex_);
    return packs_;
  }
  void Set(std::shared_ptr<const LedgerTip> tip, std::shared_ptr<const DirectoryView> directory,
           std::shared_ptr<const codec::PackRegistry> packs) {
    MutexLock lock(mutex_);
    tip_ = std::move(tip);
    directory_ = std::move(directory);
    packs_ = std::move(packs);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const LedgerTip> tip_ KAPEA_GUARDED_BY(mutex_);
  std::shared_ptr<const DirectoryView> directory_ KAPEA_GUARDED_BY(mutex_);
  std::shared_ptr<const codec::PackRegistry> packs_ KAPEA_GUARDED_BY(mutex_);
};

}  // namespace kapea::server
