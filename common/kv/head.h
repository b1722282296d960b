// The first row of a store: whose it is, in which format, under which master key.
// Inside this room only.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/crypto/secret.h"
#include "common/kv/engine.h"

namespace kapea::kv {

struct Head {
  std::string store_id;     // 16 random bytes
  uint32_t generation = 1;  // of the master key
};

// FailedPrecondition for another key or a newer format; NotFound when the engine is
// quite empty; DataLoss when there is no head but there are rows.
absl::StatusOr<Head> ReadHead(const Engine& engine, size_t table_count,
                              const crypto::SecretBytes& master_key);

// The row that a new store starts with.
RawWrite HeadRow(const Head& head, const crypto::SecretBytes& master_key);

}  // namespace kapea::kv
