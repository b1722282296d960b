#include "server/core/device_book.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/crypto/hash.h"
#include "common/crypto/secret.h"
#include "common/kv/open.h"
#include "server/store/tables.h"
#include "tests/server/core/passing_store.h"

namespace kapea::server {
namespace {

// Remembers how durable each commit was to be.
class ListeningStore : public PassingStore {
 public:
  using PassingStore::PassingStore;
  absl::Status Commit(const kv::Batch& batch, kv::Durability durability) override {
    durabilities.push_back(durability);
    return PassingStore::Commit(batch, durability);
  }
  std::vector<kv::Durability> durabilities;
};

// A crash test once met a store that did not open: power had failed while a commit was
// written, the note of last-seen times before it was not synced either, and of the two the
// first had not reached the disk.
TEST(DeviceBookTest, LeavesNoCommitUnsynced) {
  const crypto::SecretBytes master_key = crypto::SecretBytes::Random(32);
  kv::OpenOptions options;
  options.tables = AllTables();
  options.master_key = &master_key;
  options.create_if_missing = true;
  const auto store = kv::OpenMemoryStore(options);
  ASSERT_TRUE(store.ok()) << store.status();
  ListeningStore listening(**store);
  auto book = DeviceBook::Open(listening);
  ASSERT_TRUE(book.ok()) << book.status();
  codec::DeviceRow row;
  row.device.device = crypto::RandomId<DeviceId>();
  ASSERT_TRUE((*book)->Commit(row, {}).ok());
  (*book)->Seen(row.device.device, Time::FromUnixMs(1'795'000'000'000));
  ASSERT_TRUE((*book)->FlushSeen().ok());
  ASSERT_TRUE((*book)->FlushSeen().ok()) << "want it to have nothing to write any more";
  EXPECT_EQ(listening.durabilities, std::vector(2, kv::Durability::kSynced));
}

}  // namespace
}  // namespace kapea::server
