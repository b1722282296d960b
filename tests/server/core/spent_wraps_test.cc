// Wraps that serve nobody but a thief any more leave the store; all else proves as before.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/codec/change_codec.h"
#include "common/codec/store_rows.h"
#include "common/codec/wrap_codec.h"
#include "common/rpc/tls_profile.h"
#include "server/core/group.h"
#include "server/core/rebuild.h"
#include "server/core/verify.h"
#include "server/store/tables.h"
#include "tests/support/test_deployment.h"

namespace kapea::server {
namespace {

class SpentWrapsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(rpc::InstallTlsProfile().ok()); }

  void SetUp() override {
    auto log_key = crypto::NoteSigningKey::FromSeed(world_.log_key.Seed());
    auto builder = GroupBuilder::Open(*world_.store, *world_.clock, *std::move(log_key));
    ASSERT_TRUE(builder.ok()) << builder.status();
    builder_ = *std::move(builder);
    NextKey(2, lost_);
    Commit(world_.lead, world_.Found(world_.lead, file_, {&world_.officer}));
    Grant(2, lost_, file_.key_epoch, file_.key);
  }
  void Commit(TestDevice& by, codec::EncodedChange change) {
    builder_->Begin();
    Submission submission;
    submission.parcels = {world_.Sign(by, {std::move(change)})};
    builder_->Add(submission, 0);
    const auto batch = builder_->Finish();
    ASSERT_TRUE(batch.ok()) << batch.status();
    ASSERT_TRUE(world_.store->Commit(*batch, kv::Durability::kSynced).ok());
    builder_->Keep();
    for (const SubmissionResult& result : builder_->TakeResults()) {
      ASSERT_TRUE(result.status.ok() && !result.refusal);
    }
  }
  // Two registrars enter the officer's next receive key.
  void NextKey(uint32_t generation, const crypto::ReceiveKey& key) {
    domain::PersonEntry entry = TestDeployment::PersonOf(world_.officer);
    entry.generation = generation;
    entry.receive_key = key.public_key();
    const auto proposal = world_.Propose(world_.registrar1, {entry});
    Commit(world_.registrar1, proposal);
    Commit(world_.registrar2, world_.Approve(world_.registrar2, proposal));
  }
  codec::WrapTarget To(uint32_t generation, const crypto::ReceiveKey& key,
                       const KeyEpochId& epoch) {
    codec::WrapTarget target;
    target.key_epoch = epoch;
    target.key_class = domain::KeyClass::kGeneral;
    target.recipient_kind = domain::RecipientKind::kPerson;
    target.recipient = ChangeId::FromPrefix(world_.officer.person.view());
    target.generation = generation;
    target.public_key = key.public_key();
    return target;
  }
  void Grant(uint32_t generation, const crypto::ReceiveKey& key, const KeyEpochId& epoch,
             const crypto::SecretBytes& secret) {
    codec::ChangeWriter writer(
        world_.HeaderFor(world_.lead, domain::Kind::kGrant, file_.file, file_.roster));
    auto wrap = codec::SealWrap({world_.deployment, file_.file, writer.id()},
                                To(generation, key, epoch), secret);
    ASSERT_TRUE(wrap.ok()) << wrap.status();
    writer.Add(*std::move(wrap));
    Commit(world_.lead, *std::move(writer).Finish());
  }
  // Another key epoch, for the officer by this key.
  void Rekey(uint32_t generation, const crypto::ReceiveKey& key) {
    codec::ChangeWriter writer(
        world_.HeaderFor(world_.lead, domain::Kind::kRoster, file_.file, file_.roster));
    const auto secret = crypto::SecretBytes::Random(crypto::kClassKeyBytes);
    writer.Add(domain::KeyOpening{domain::KeyClass::kGeneral,
                                  Hash::FromPrefix(crypto::ClassKeyCommitment(
                                      secret, world_.deployment, file_.file, writer.id(),
                                      static_cast<uint8_t>(domain::KeyClass::kGeneral))),
                                  {},
                                  {}});
    auto wrap = codec::SealWrap({world_.deployment, file_.file, writer.id()},
                                To(generation, key, writer.id()), secret);
    ASSERT_TRUE(wrap.ok()) << wrap.status();
    writer.Add(*std::move(wrap));
    codec::EncodedChange change = *std::move(writer).Finish();
    const Hash roster = change.change->hash;
    Commit(world_.lead, std::move(change));
    file_.roster = roster;
  }
  // How many of the wraps that the store has open with that key.
  int OpenWith(const crypto::ReceiveKey& key) const {
    int opened = 0;
    const absl::Status scanned = world_.store->Scan(
        kChanges, file_.file.view(), kv::PrefixEnd(file_.file.view()),
        [&](std::string_view, std::string_view value) {
          const auto row = codec::ChangeRow::Decode(value);
          const auto change = codec::DecodeChange(row->change);
          for (const domain::Write& write : change->change->writes) {
            const auto* wrap = std::get_if<domain::Wrap>(&write.body);
            if (wrap == nullptr) continue;
            const codec::WrapContext at{world_.deployment, file_.file, change->change->id};
            opened += codec::OpenWrap(at, *wrap, key).ok() ? 1 : 0;
          }
          return true;
        });
    EXPECT_TRUE(scanned.ok()) << scanned;
    return opened;
  }
  std::vector<std::string> Differences() const {
    const auto report = VerifyStore(*world_.store, world_.log_key.public_key(), [](int) {});
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->differences : std::vector<std::string>{"no report"};
  }

  TestDeployment world_;
  std::unique_ptr<GroupBuilder> builder_;
  TestFile file_;
  const crypto::ReceiveKey lost_ = crypto::ReceiveKey::Generate();
  const crypto::ReceiveKey next_ = crypto::ReceiveKey::Generate();
};

TEST_F(SpentWrapsTest, TheKeyOfALostPhoneOpensNoStoredWrap) {
  ASSERT_EQ(OpenWith(lost_), 1);
  const auto before = world_.store->TakeSnapshot();
  NextKey(3, next_);
  Rekey(3, next_);
  EXPECT_EQ(OpenWith(lost_), 1) << "her next key may want what this one had";
  Grant(3, next_, file_.key_epoch, file_.key);
  EXPECT_EQ(OpenWith(lost_), 0);
  EXPECT_EQ(OpenWith(next_), 2);
  // Nor does what lies in the disk's older blocks: it was sealed under a key that is gone.
  EXPECT_TRUE(absl::IsDataLoss(before->Get(kChanges, ChangeKey(file_.file, 2)).status()));
  EXPECT_EQ(Differences(), std::vector<std::string>());
}

TEST_F(SpentWrapsTest, TheRestIsJudgedAndViewedAsBefore) {
  NextKey(3, next_);
  Rekey(3, next_);
  Grant(3, next_, file_.key_epoch, file_.key);
  const auto view = world_.store->Get(kViews, file_.file.view());
  ASSERT_TRUE(view.ok());
  ASSERT_TRUE(RebuildViews(*world_.store, [](uint64_t, uint64_t) {}).ok());
  EXPECT_EQ(*world_.store->Get(kViews, file_.file.view()), *view);
  Commit(world_.officer, world_.Edit(world_.officer, file_, true));
  EXPECT_EQ(Differences(), std::vector<std::string>());
}

TEST_F(SpentWrapsTest, WhoLeftTheFileLeavesItsEarlierKeys) {
  domain::RosterWrite removal;
  removal.removed = {TestDeployment::Line(world_.officer)};
  Commit(world_.lead, world_.RosterChange(world_.lead, file_, removal));
  EXPECT_EQ(OpenWith(lost_), 1) << "of the newest keys: the file must go to others first";
  const crypto::ReceiveKey nobody = crypto::ReceiveKey::Generate();
  Rekey(2, nobody);
  EXPECT_EQ(OpenWith(lost_), 0);
  EXPECT_EQ(Differences(), std::vector<std::string>());
}

}  // namespace
}  // namespace kapea::server
