// What an erasure does to a store: what is covered is gone, its key too, everything else
// proves as before, and a store that was restored does it again.
#include "server/core/erasing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/codec/change_codec.h"
#include "common/codec/store_rows.h"
#include "common/rpc/tls_profile.h"
#include "server/core/group.h"
#include "server/core/rebuild.h"
#include "server/core/receive.h"
#include "server/core/verify.h"
#include "server/store/tables.h"
#include "tests/support/test_deployment.h"

namespace kapea::server {
namespace {

class ErasingTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(rpc::InstallTlsProfile().ok()); }

  void SetUp() override {
    Open();
    std::vector<codec::EncodedChange> changes = {
        world_.Found(world_.lead, file_, {&world_.officer, &world_.supervisor}),
        world_.Found(world_.lead, other_, {&world_.supervisor})};
    for (int i = 0; i < 3; ++i) changes.push_back(world_.Edit(world_.lead, file_, true));
    changes.push_back(world_.Edit(world_.lead, other_, true));
    Commit({world_.Sign(world_.lead, std::move(changes))});
    kv::Batch chunks;
    chunks.Put(kBlobs, BlobKey(file_.file, Hash()), "a sealed photo",
               kv::AttachmentKeyOf(file_.file));
    ASSERT_TRUE(world_.store->Commit(chunks, kv::Durability::kSynced).ok());
  }
  void Open() {
    auto log_key = crypto::NoteSigningKey::FromSeed(world_.log_key.Seed());
    auto builder = GroupBuilder::Open(*world_.store, *world_.clock, *std::move(log_key));
    ASSERT_TRUE(builder.ok()) << builder.status();
    builder_ = *std::move(builder);
  }
  kv::Batch Build(std::vector<codec::Parcel> parcels) {
    builder_->Begin();
    Submission submission;
    submission.parcels = std::move(parcels);
    builder_->Add(submission, 0);
    auto batch = builder_->Finish();
    EXPECT_TRUE(batch.ok()) << batch.status();
    return batch.ok() ? *std::move(batch) : kv::Batch();
  }
  void Commit(std::vector<codec::Parcel> parcels) {
    const kv::Batch batch = Build(std::move(parcels));
    ASSERT_TRUE(world_.store->Commit(batch, kv::Durability::kSynced).ok());
    builder_->Keep();
    for (const SubmissionResult& result : builder_->TakeResults()) {
      ASSERT_TRUE(result.status.ok() && !result.refusal);
    }
  }
  codec::EncodedChange Act(TestDevice& by, domain::Kind kind, std::vector<domain::Ref> refs) {
    domain::Header header = world_.HeaderFor(by, kind, file_.file, file_.roster);
    header.refs = std::move(refs);
    codec::ChangeWriter writer(header);
    domain::Decision decision;
    decision.reason = "consent_withdrawn";
    writer.Add(decision);
    return *std::move(writer).Finish();
  }
  void Erase() {
    const auto proposal = Act(world_.lead, domain::Kind::kErase, {});
    const auto approval = Act(world_.supervisor, domain::Kind::kApproval,
                              {{proposal.change->id, proposal.change->hash}});
    approval_ = approval.change->id;
    Commit({world_.Sign(world_.lead, {proposal})});
    Commit({world_.Sign(world_.supervisor, {approval})});
  }
  std::vector<std::string> Differences() const {
    const auto report = VerifyStore(*world_.store, world_.log_key.public_key(), [](int) {});
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->differences : std::vector<std::string>{"no report"};
  }
  // Writes of the file's Changes that are there, and that are not.
  std::pair<int, int> Writes(const FileId& file) const {
    std::pair<int, int> count;
    EXPECT_TRUE(world_.store
                    ->Scan(kChanges, file.view(), kv::PrefixEnd(file.view()),
                           [&count](std::string_view, std::string_view value) {
                             const auto row = codec::ChangeRow::Decode(value);
                             const auto change = codec::DecodeChange(row->change);
                             for (const auto& write : change->change->writes) {
                               const bool gone =
                                   std::holds_alternative<domain::Withheld>(write.body);
                               ++(gone ? count.second : count.first);
                             }
                             return true;
                           })
                    .ok());
    return count;
  }

  TestDeployment world_;
  std::unique_ptr<GroupBuilder> builder_;
  TestFile file_, other_;
  ChangeId approval_;
};

TEST_F(ErasingTest, DropsTheBytesAndTheKeyAndProvesTheRest) {
  ASSERT_EQ(Differences(), std::vector<std::string>());
  const auto [before, none] = Writes(file_.file);
  EXPECT_EQ(none, 0);
  const auto others = Writes(other_.file);
  const auto snapshot = world_.store->TakeSnapshot();
  const std::string row = ChangeKey(file_.file, 3);
  ASSERT_TRUE(snapshot->Get(kChanges, row).ok());
  Erase();
  EXPECT_EQ(Differences(), std::vector<std::string>());
  const auto [left, gone] = Writes(file_.file);
  EXPECT_EQ(left + gone, before + 2);
  EXPECT_EQ(left, 4) << "founding, roster lines, proposal and approval";
  EXPECT_EQ(Writes(other_.file), others);
  EXPECT_TRUE(absl::IsDataLoss(snapshot->Get(kChanges, row).status())) << "its key is gone";
  EXPECT_TRUE(absl::IsNotFound(world_.store->Get(kBlobs, BlobKey(file_.file, Hash())).status()));
  EXPECT_TRUE(absl::IsDataLoss(snapshot->Get(kBlobs, BlobKey(file_.file, Hash())).status()));
  ASSERT_EQ(builder_->erased().size(), 1u);
  EXPECT_EQ(builder_->erased()[0].file, file_.file);
  EXPECT_EQ(builder_->erased()[0].approval, approval_);
}

TEST_F(ErasingTest, IsTheSameAfterARebuildAndARestart) {
  Erase();
  const auto view = world_.store->Get(kViews, file_.file.view());
  ASSERT_TRUE(view.ok());
  ASSERT_TRUE(RebuildViews(*world_.store, [](uint64_t, uint64_t) {}).ok());
  EXPECT_EQ(*world_.store->Get(kViews, file_.file.view()), *view);
  Open();
  // What comes late is kept as its hashes alone, and judged `erased`.
  Commit({world_.Sign(world_.officer, {world_.Edit(world_.officer, file_, true)})});
  const auto [left, gone] = Writes(file_.file);
  EXPECT_EQ(left, 4);
  EXPECT_GT(gone, 3);
  EXPECT_EQ(Differences(), std::vector<std::string>());
}

TEST_F(ErasingTest, WorksWithinOneGroup) {
  const auto edit = world_.Edit(world_.lead, file_, true);
  const auto proposal = Act(world_.lead, domain::Kind::kErase, {});
  const auto approval = Act(world_.supervisor, domain::Kind::kApproval,
                            {{proposal.change->id, proposal.change->hash}});
  Commit({world_.Sign(world_.lead, {edit, proposal}), world_.Sign(world_.supervisor, {approval}),
          world_.Sign(world_.officer, {world_.Edit(world_.officer, file_, true)})});
  EXPECT_EQ(Differences(), std::vector<std::string>());
  EXPECT_EQ(Writes(file_.file).first, 4);
}

TEST_F(ErasingTest, LeavesEverythingWhenTheCommitFails) {
  const auto before = Writes(file_.file);
  const auto proposal = Act(world_.lead, domain::Kind::kErase, {});
  Commit({world_.Sign(world_.lead, {proposal})});
  const auto approval = Act(world_.supervisor, domain::Kind::kApproval,
                            {{proposal.change->id, proposal.change->hash}});
  const codec::Parcel parcel = world_.Sign(world_.supervisor, {approval});
  Build({parcel});  // and the disk fails
  ASSERT_TRUE(builder_->Discard().ok());
  EXPECT_EQ(Writes(file_.file).second, before.second);
  EXPECT_EQ(Differences(), std::vector<std::string>());
  Commit({parcel});
  EXPECT_EQ(Writes(file_.file).first, 4);
  EXPECT_EQ(Differences(), std::vector<std::string>());
}

TEST_F(ErasingTest, IsDoneAgainOnAStoreThatWasRestored) {
  // A copy of before the erasure is one that does not know of it.
  codec::ErasureList list;
  list.erasures.push_back(
      {file_.file, crypto::RandomId<ChangeId>(), world_.clock->Now(), {domain::ErasureTarget()}});
  auto dropped = ReconcileErasures(*world_.store, list);
  ASSERT_TRUE(dropped.ok()) << dropped.status();
  EXPECT_EQ(*dropped, 1u);
  EXPECT_EQ(Writes(file_.file).first, 2) << "founding and roster lines";
  ASSERT_TRUE(*NeedsRebuild(*world_.store));
  ASSERT_TRUE(RebuildViews(*world_.store, [](uint64_t, uint64_t) {}).ok());
  EXPECT_EQ(Differences(), std::vector<std::string>());
  dropped = ReconcileErasures(*world_.store, list);
  ASSERT_TRUE(dropped.ok()) << dropped.status();
  EXPECT_EQ(*dropped, 0u) << "once is enough";
  EXPECT_EQ(list.erasures.size(), 1u);
}

TEST_F(ErasingTest, FillsTheListFromTheStore) {
  Erase();
  codec::ErasureList list;
  const auto dropped = ReconcileErasures(*world_.store, list);
  ASSERT_TRUE(dropped.ok()) << dropped.status();
  EXPECT_EQ(*dropped, 0u);
  ASSERT_EQ(list.erasures.size(), 1u);
  EXPECT_EQ(list.erasures[0].approval, approval_);
  const auto read = codec::ErasureList::Decode(list.Encode());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->Encode(), list.Encode());
  EXPECT_EQ(read->erasures[0].targets, list.erasures[0].targets);
  EXPECT_EQ(read->RotationAfter(read->erasures[0]), nullptr);
}

TEST_F(ErasingTest, RefusesAChangeThatComesInPart) {
  const auto edit = world_.Edit(world_.lead, file_, true);
  auto part = codec::Withhold(edit, {domain::ErasureTarget()});
  ASSERT_TRUE(part.ok());
  EXPECT_EQ(part->change->hash, edit.change->hash);
  const Submission submission =
      Receive({world_.Sign(world_.lead, {*part})}, *builder_->directory());
  ASSERT_TRUE(submission.refused_after.has_value());
  EXPECT_EQ(submission.refused_after->reason, RefusalReason::kMalformed);
}

}  // namespace
}  // namespace kapea::server
