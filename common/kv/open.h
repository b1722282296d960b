// The two stores there are. The RocksDB one is the only door to RocksDB.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/crypto/secret.h"
#include "common/kv/store.h"

namespace kapea::kv {

struct OpenOptions {
  std::string directory;
  std::vector<Table> tables;  // all that the caller will ever name; missing ones are made
  // 32 bytes; wraps the data keys. It never touches the disk here. Copied.
  const crypto::SecretBytes* master_key = nullptr;
  // Tried where the store does not open under master_key: its replacement may have been
  // cut off before or after the store took the new one. 32 bytes, or null: none. Copied.
  const crypto::SecretBytes* next_master_key = nullptr;
  bool create_if_missing = false;  // NotFound when absent and false
  // Takes no lock and writes nothing, not even a log: for a verifier on a store at
  // rest. Of a store that is in use it reads what was there at the opening.
  bool read_only = false;
  // Memory for rows not yet flushed, of all tables together. Commits stop when less
  // than twice this and 4 MiB is left on the disk.
  size_t write_buffer_bytes = 16u << 20;
  size_t block_cache_bytes = 16u << 20;
};

// Errors: FailedPrecondition "wrong key" when the master key is another one, or
// "written by a newer program"; NotFound; DataLoss when the store is damaged;
// AlreadyExists when it is open already, here or in another process;
// ResourceExhausted when the disk is full; InvalidArgument for options that cannot be.
absl::StatusOr<std::unique_ptr<Store>> OpenRocksStore(const OpenOptions& options);

// Of a store that nobody has open: wraps all data keys under next_master_key, as the next
// generation, in one synced commit, and rids the store's files of the old wraps. Ok too when
// an earlier run had done the commit, so that one that was killed is finished by another.
// Before the call the new key must be where it will be found after a crash; after it the old
// one opens nothing here, and what is left to do is to destroy it. Copies of the store that
// were made before still open under the old one.
// It holds some 400 bytes of memory a data key. Gives the generation. Errors as above.
absl::StatusOr<uint32_t> ReplaceMasterKey(const OpenOptions& options);

// For tests and scratch work; seals as the other does, keeps nothing.
absl::StatusOr<std::unique_ptr<Store>> OpenMemoryStore(const OpenOptions& options);

}  // namespace kapea::kv
