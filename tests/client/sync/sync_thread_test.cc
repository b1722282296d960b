// The two threads of a client: one that syncs, and the person's, who goes on writing.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "common/crypto/hash.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"
#include "tests/support/rounds.h"

namespace kapea::testing {
namespace {

TEST(SyncThreadTest, WritingGoesOnWhileTheOtherThreadSyncs) {
  ManualClock clock;
  FakeServer server(clock);
  FakeDevice lead(server, "lead", clock);
  ASSERT_TRUE(lead.Sync().ok());
  const FileId file = *FoundOperation(server, lead, {"lead"});

  const int records = Rounds(60, 2000);
  std::atomic<bool> stop = false;
  std::atomic<int> rounds = 0;
  absl::Status synced;  // read when the thread has ended
  std::thread syncing([&] {
    while (!stop && synced.ok()) {
      synced = lead.engine().SyncNow(clock.Now()).status();
      ++rounds;
    }
    rounds = records;
  });
  absl::Status written;
  for (int i = 0; i < records && written.ok(); ++i) {
    {
      MutexLock lock(lead.vault().mutex());
      written = AddRecord(lead, file, crypto::RandomId<RecordId>(), i).status();
    }
    // Never all of them before the other thread has begun.
    while (written.ok() && rounds < i / 10) std::this_thread::yield();
  }
  stop = true;
  syncing.join();
  ASSERT_TRUE(written.ok()) << written;
  ASSERT_TRUE(synced.ok()) << synced;

  ASSERT_TRUE(lead.Sync().ok());
  EXPECT_EQ(lead.vault().outbox().waiting(), 0u);
  EXPECT_EQ(server.EntriesOf(file), static_cast<size_t>(records) + 1);  // and the founding
  EXPECT_EQ((*lead.vault().File(file))->records().size(), static_cast<size_t>(records));
}

}  // namespace
}  // namespace kapea::testing
