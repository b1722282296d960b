// The data keys of a store as a thief of its disk sees them: rows of the table "keys", wrapped.
#pragma once

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kapea::testing {

using WrappedKeys = std::map<std::string, std::string>;

// Of a store that nobody has open.
inline WrappedKeys ReadWrappedKeys(const std::string& store) {
  std::vector<std::string> families;
  EXPECT_TRUE(rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), store, &families).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> opened;
  for (const std::string& name : families) {
    opened.emplace_back(name, rocksdb::ColumnFamilyOptions());
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  const auto status =
      rocksdb::DB::OpenForReadOnly(rocksdb::DBOptions(), store, opened, &handles, &raw);
  EXPECT_TRUE(status.ok()) << status.ToString();
  const std::unique_ptr<rocksdb::DB> db(raw);
  WrappedKeys keys;
  for (size_t i = 0; i < handles.size(); ++i) {
    if (families[i] == "keys") {
      const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator({}, handles[i]));
      for (at->SeekToFirst(); at->Valid(); at->Next()) {
        keys[at->key().ToString()] = at->value().ToString();
      }
    }
    db->DestroyColumnFamilyHandle(handles[i]);
  }
  EXPECT_FALSE(keys.empty());
  return keys;
}

}  // namespace kapea::testing
