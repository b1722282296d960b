// OpenRocksStore and ReplaceMasterKey over a file system of the caller's choice, for tests
// that let the disk fail. Inside this room and its tests only.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/kv/open.h"
#include "common/kv/store.h"

namespace rocksdb {
class Env;
}

namespace kapea::kv {

// `env` must live longer than the store and its snapshots.
absl::StatusOr<std::unique_ptr<Store>> OpenRocksStoreOn(const OpenOptions& options,
                                                        rocksdb::Env* env);
absl::StatusOr<uint32_t> ReplaceMasterKeyOn(const OpenOptions& options, rocksdb::Env* env);

}  // namespace kapea::kv
