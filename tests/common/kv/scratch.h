// What the tests of the store share: a folder of their own, tables and keys.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/crypto/hash.h"
#include "common/crypto/secret.h"
#include "common/kv/open.h"
#include "common/kv/store.h"

namespace kapea::kv {

inline constexpr Table kFiles{"files"};
inline constexpr Table kIndex{"index"};

// A new empty folder, gone with the object.
class ScratchDir {
 public:
  explicit ScratchDir(const std::string& parent = testing::TempDir()) {
    std::string name = parent + "/kapea-kv-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~ScratchDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;

  std::string store() const { return path_ + "/store"; }
  std::string sub(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline crypto::SecretBytes MasterKey(char fill = 'm') {
  return crypto::SecretBytes::CopyOf(std::string(32, fill));
}

inline OpenOptions OptionsFor(const std::string& directory, const crypto::SecretBytes& master) {
  OpenOptions options;
  options.directory = directory;
  options.tables = {kFiles, kIndex};
  options.master_key = &master;
  options.create_if_missing = true;
  return options;
}

inline DataKeyName NameOf(char fill) {
  return DataKeyName::FromPrefix(std::string(DataKeyName::kBytes, fill));
}

inline absl::Status PutOne(Store& store, const Table& table, std::string_view key,
                           std::string value, const DataKeyName& name = kStoreKey) {
  Batch batch;
  batch.Put(table, key, std::move(value), name);
  return store.Commit(batch, Durability::kSynced);
}

}  // namespace kapea::kv
