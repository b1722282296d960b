// Views of another version: built anew from the ledger, whatever stood there, and
// whatever ended the rebuilding half-way.
#include "server/core/rebuild.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <string>
#include <vector>

#include "common/codec/store_rows.h"
#include "common/rpc/tls_profile.h"
#include "server/core/group.h"
#include "server/core/verify.h"
#include "server/store/tables.h"
#include "tests/server/core/passing_store.h"
#include "tests/support/test_deployment.h"

namespace kapea::server {
namespace {

constexpr uint32_t kOtherVersion = kViewsVersion + 7;
constexpr int kFiles = 12;
constexpr size_t kBatchRows = 10;  // so that there are several batches

// Fails at the commit after so many.
class FailingStore : public PassingStore {
 public:
  FailingStore(kv::Store& store, int commits) : PassingStore(store), commits_left_(commits) {}
  absl::Status Commit(const kv::Batch& batch, kv::Durability durability) override {
    EXPECT_EQ(durability, kv::Durability::kSynced) << "want one unsynced commit at most";
    if (commits_left_-- <= 0) return absl::UnavailableError("the disk failed, as it was told to");
    return PassingStore::Commit(batch, durability);
  }

 private:
  int commits_left_;
};

class RebuildTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(rpc::InstallTlsProfile().ok()); }

  // Some files with a few Changes each, and views that another program left.
  void SetUp() override {
    auto log_key = crypto::NoteSigningKey::FromSeed(world_.log_key.Seed());
    auto builder = GroupBuilder::Open(*world_.store, *world_.clock, *std::move(log_key));
    ASSERT_TRUE(builder.ok()) << builder.status();
    (*builder)->Begin();
    Submission submission;
    for (int i = 0; i < kFiles; ++i) {
      TestFile file;
      std::vector<codec::EncodedChange> changes = {
          world_.Found(world_.lead, file, {&world_.officer, &world_.supervisor})};
      for (int n = 0; n < i % 4; ++n) changes.push_back(world_.Edit(world_.lead, file));
      submission.parcels.push_back(world_.Sign(world_.lead, std::move(changes)));
      files_.push_back(file.file);
    }
    (*builder)->Add(submission, 0);
    const auto batch = (*builder)->Finish();
    ASSERT_TRUE(batch.ok()) << batch.status();
    ASSERT_TRUE(world_.store->Commit(*batch, kv::Durability::kSynced).ok());
    ASSERT_EQ(Differences(), 0u);
    LeaveGarbage();
    ASSERT_GT(Differences(), 3u);
  }

  codec::LedgerHead Head() const {
    return *codec::LedgerHead::Decode(*world_.store->Get(kMeta, "head"));
  }
  size_t Differences() const {
    const auto report = VerifyStore(*world_.store, world_.log_key.public_key(), [](int) {});
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->differences.size() : 999;
  }

  // Rows that say something else, rows too many, rows too few.
  void LeaveGarbage() {
    const auto nobody = crypto::RandomId<FileId>();
    kv::Batch batch;
    batch.Put(kViews, files_[0].view(), "a view as another program writes it");
    batch.Delete(kViews, files_[1].view());
    batch.Put(kViews, nobody.view(), "a view of a file that is none");
    batch.Put(kReaders, "a" + files_[2].str(), "");
    batch.Put(kReaders, "z" + nobody.str(), "");
    batch.Put(kDue, DueKey(Time::FromUnixMs(1'000'000), files_[3], 0), "");
    codec::LedgerHead head = Head();
    head.views = kOtherVersion;
    batch.Put(kMeta, "head", head.Encode());
    ASSERT_TRUE(world_.store->Commit(batch, kv::Durability::kSynced).ok());
  }

  TestDeployment world_;
  std::vector<FileId> files_;
};

TEST_F(RebuildTest, LeavesWhatTheLedgerSays) {
  ASSERT_TRUE(*NeedsRebuild(*world_.store));
  std::vector<uint64_t> folded;
  const auto note = [&](uint64_t done, uint64_t all) {
    EXPECT_EQ(all, Head().size);
    folded.push_back(done);
  };
  const absl::Status rebuilt = RebuildViews(*world_.store, note, kBatchRows);
  ASSERT_TRUE(rebuilt.ok()) << rebuilt;
  EXPECT_EQ(Differences(), 0u);
  EXPECT_FALSE(*NeedsRebuild(*world_.store));
  EXPECT_GT(folded.size(), 3u);
  EXPECT_TRUE(std::is_sorted(folded.begin(), folded.end()));
  EXPECT_EQ(folded.back(), Head().size);
}

TEST_F(RebuildTest, BeginsAgainWhereverItWasCutOff) {
  int commits = 0;
  for (;; ++commits) {
    SCOPED_TRACE(commits);
    LeaveGarbage();
    FailingStore failing(*world_.store, commits);
    const absl::Status cut = RebuildViews(
        failing, [](uint64_t, uint64_t) {}, kBatchRows);
    if (cut.ok()) break;
    ASSERT_EQ(cut.code(), absl::StatusCode::kUnavailable) << cut;
    EXPECT_TRUE(*NeedsRebuild(*world_.store)) << "half of it would be taken for the whole";
    EXPECT_TRUE(RebuildViews(
                    *world_.store, [](uint64_t, uint64_t) {}, kBatchRows)
                    .ok());
    EXPECT_EQ(Differences(), 0u);
  }
  EXPECT_GT(commits, 3);
}

TEST_F(RebuildTest, IsDoneBeforeAServerTakesACall) {
  world_.StartServer();
  EXPECT_EQ(Differences(), 0u);
  EXPECT_EQ(Head().views, kViewsVersion);
  world_.StopServer();
}

}  // namespace
}  // namespace kapea::server
