// A Store over any Engine: everything about sealing, keys, conditions and the order of
// commits, once for both stores. Inside this room only.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/kv/engine.h"
#include "common/kv/open.h"
#include "common/kv/store.h"

namespace kapea::kv {

// Makes the head of an empty engine when `options` allow it, and checks it otherwise.
// `options` must have passed CheckOptions, and the engine have their tables.
absl::StatusOr<std::unique_ptr<Store>> OpenSealedStore(std::unique_ptr<Engine> engine,
                                                       const OpenOptions& options);

// What ReplaceMasterKey does to an engine.
absl::StatusOr<uint32_t> WrapAnew(Engine& engine, const OpenOptions& options);

// InvalidArgument unless the master keys have 32 bytes and the tables are well named.
absl::Status CheckOptions(const OpenOptions& options);

}  // namespace kapea::kv
