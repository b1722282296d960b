// The data keys of one store: found by name for sealing and by number for opening.
// Inside this room only.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/crypto/seal.h"
#include "common/crypto/secret.h"
#include "common/kv/engine.h"

namespace kapea::kv {

// A key ready for use. Its bytes are wiped when the last holder lets go.
struct DataKey {
  uint32_t id = 0;
  DataKeyName name;
  std::shared_ptr<const crypto::ValueSealer> sealer;
};

// Keys lie in the store, wrapped under the master key, and are unwrapped when first
// asked for. Nothing here writes: the rows go into the batch of the first value that
// needs them, so a key is never without its value nor a value without its key.
// Threads: any.
// Limits: kKeysHeldMax unwrapped keys, the least recently used one goes first.
class KeyRing {
 public:
  // The engine must live longer.
  KeyRing(const Engine& engine, std::string store_id, const crypto::SecretBytes& master_key,
          uint32_t generation, size_t keys_held_max = kKeysHeldMax);

  // 4,096 keys are under 1 MB; a server's day touches fewer files.
  static constexpr size_t kKeysHeldMax = 4096;

  // Call once, before the rest.
  absl::Status LoadCounter();

  // DataLoss when there is no such key (any more) or its row does not open.
  absl::StatusOr<DataKey> ById(uint32_t id);
  // nullopt when none has this name. DataLoss as above.
  absl::StatusOr<std::optional<DataKey>> ByName(const DataKeyName& name);

  // Keys to be made and destroyed by one commit.
  struct Changes {
    std::vector<DataKey> made;
    std::vector<DataKey> destroyed;
    std::vector<RawWrite> rows;
    bool empty() const { return rows.empty(); }
  };
  // A new key of random bytes, its rows added to `changes`.
  // ResourceExhausted when all 2^32 numbers are used up.
  absl::StatusOr<DataKey> Make(const DataKeyName& name, Changes& changes) const;
  void Destroy(const DataKey& key, Changes& changes) const;

  // All rows, wrapped under another master key. The ring itself is of no use once they are
  // written. DataLoss when one does not open.
  absl::StatusOr<std::vector<RawWrite>> WrapAnew(const crypto::SecretBytes& master_key,
                                                 uint32_t generation) const;

  // Counts the commits that made or destroyed keys: what was looked up at another
  // revision has to be looked up again. The caller keeps it still while it commits.
  uint64_t revision() const;
  // After the commit, whether it went well or not: a number once tried is never used
  // again, for a commit that failed may still show after a crash.
  void Finish(const Changes& changes, bool committed);

 private:
  struct Held {
    DataKey key;
    std::list<uint32_t>::iterator use;
  };
  absl::StatusOr<DataKey> Load(uint32_t id) const;
  absl::StatusOr<std::optional<uint32_t>> LoadId(const DataKeyName& name) const;
  std::string Wrap(std::string_view row_key, std::string_view content) const;
  absl::StatusOr<std::optional<crypto::SecretBytes>> Unwrap(std::string_view row_key) const;
  absl::StatusOr<crypto::SecretBytes> UnwrapRow(std::string_view row_key,
                                                std::string_view row) const;
  void Hold(const DataKey& key) KAPEA_REQUIRES(mutex_);
  void Drop(const DataKey& key) KAPEA_REQUIRES(mutex_);

  // Constant after construction.
  const Engine& engine_;
  const std::string store_id_;
  const crypto::ValueSealer master_;
  const uint32_t generation_;
  const size_t keys_held_max_;

  mutable Mutex mutex_;
  std::unordered_map<uint32_t, Held> held_ KAPEA_GUARDED_BY(mutex_);
  std::unordered_map<DataKeyName, uint32_t> names_ KAPEA_GUARDED_BY(mutex_);
  std::list<uint32_t> use_ KAPEA_GUARDED_BY(mutex_);  // the most recent one first
  uint32_t next_id_ KAPEA_GUARDED_BY(mutex_) = 1;
  uint64_t revision_ KAPEA_GUARDED_BY(mutex_) = 0;
};

}  // namespace kapea::kv
