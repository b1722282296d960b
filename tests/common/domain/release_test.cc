// The release of a plan: two leads or supervisors, and from then on its key goes to the team.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

class ReleaseTest : public ::testing::Test {
 protected:
  void SetUp() override { Found(file_, FileKind::kOperation); }
  void Found(FileState& file, FileKind kind) {
    const auto founding = world_.Found(
        file.id(), kind, world_.lead,
        {TestWorld::Line(world_.officer, {Duty::kJpo}),
         TestWorld::Line(world_.officer2, {Duty::kLead}), TestWorld::Line(world_.supervisor)});
    epoch_ = founding->id;
    ASSERT_EQ(world_.Append(file, founding), Verdict::kAccepted);
  }
  Verdict Append(const std::shared_ptr<const Change>& change) {
    return world_.Append(file_, change);
  }
  std::shared_ptr<const Change> Proposal(const Author& by) const {
    Decision decision;
    decision.reason = "t_minus";
    return world_.Edit(file_, by, Kind::kRelease).Write(decision).Build();
  }
  std::shared_ptr<const Change> Approval(const Author& by, const Change& proposal) const {
    return world_.Edit(file_, by, Kind::kApproval).Write(Decision{}).Naming(proposal).Build();
  }
  Verdict GrantPlan(const Author& to) {
    Wrap wrap;
    wrap.key_epoch = epoch_;
    wrap.key_class = KeyClass::kPlan;
    wrap.recipient_kind = RecipientKind::kPerson;
    wrap.recipient = ChangeId::FromPrefix(to.person.view());
    wrap.generation = 1;
    return Append(world_.Edit(file_, world_.lead, Kind::kGrant).Write(wrap).Build());
  }

  TestWorld world_;
  FileState file_{MakeId<FileId>(600)};
  KeyEpochId epoch_;
};

TEST_F(ReleaseTest, ThePlansKeyGoesToTheTeamAfterTwoHaveReleasedIt) {
  EXPECT_EQ(GrantPlan(world_.supervisor), Verdict::kAccepted);
  EXPECT_EQ(GrantPlan(world_.officer), Verdict::kRole);
  EXPECT_EQ(GrantPlan(world_.officer2), Verdict::kAccepted) << "he has the duty LEAD";
  const auto proposal = Proposal(world_.lead);
  EXPECT_EQ(Append(proposal), Verdict::kAccepted);
  EXPECT_EQ(GrantPlan(world_.officer), Verdict::kRole) << "one alone releases nothing";
  EXPECT_EQ(Append(Approval(world_.supervisor, *proposal)), Verdict::kAccepted);
  ASSERT_TRUE(file_.release());
  EXPECT_EQ(file_.release()->proposed_by, world_.lead.person);
  EXPECT_EQ(file_.release()->approved_by, world_.supervisor.person);
  EXPECT_EQ(GrantPlan(world_.officer), Verdict::kAccepted);
  EXPECT_EQ(GrantPlan(world_.intake), Verdict::kRole) << "who is not of the team";
  EXPECT_EQ(Append(Proposal(world_.lead)), Verdict::kRole) << "it is released";
}

TEST_F(ReleaseTest, TheSamePersonTwiceReleasesNothing) {
  const auto proposal = Proposal(world_.lead);
  ASSERT_EQ(Append(proposal), Verdict::kAccepted);
  EXPECT_EQ(Append(Approval(world_.lead, *proposal)), Verdict::kRole);
  Author other_phone = world_.lead;
  other_phone.device = world_.officer.device;
  EXPECT_EQ(Append(Approval(other_phone, *proposal)), Verdict::kRole);
  EXPECT_FALSE(file_.release());
  EXPECT_EQ(GrantPlan(world_.officer), Verdict::kRole);
}

TEST_F(ReleaseTest, TheTeamDecidesNothing) {
  EXPECT_EQ(Append(Proposal(world_.officer)), Verdict::kRole);
  const auto proposal = Proposal(world_.lead);
  ASSERT_EQ(Append(proposal), Verdict::kAccepted);
  EXPECT_EQ(Append(Approval(world_.officer, *proposal)), Verdict::kRole);
  EXPECT_EQ(Append(Approval(world_.supervisor2, *proposal)), Verdict::kNotMember);
  EXPECT_FALSE(file_.release());
}

TEST_F(ReleaseTest, AProposalLapsesAndIsTakenBack) {
  const auto late = Proposal(world_.lead);
  ASSERT_EQ(Append(late), Verdict::kAccepted);
  world_.now = world_.now + kProposalLapses + Duration::Milliseconds(1);
  EXPECT_EQ(Append(Approval(world_.supervisor, *late)), Verdict::kAccepted);
  EXPECT_FALSE(file_.release()) << "the fold counts time";
  const auto proposal = Proposal(world_.lead);
  ASSERT_EQ(Append(proposal), Verdict::kAccepted);
  ASSERT_EQ(Append(world_.Edit(file_, world_.lead, Kind::kWithdrawal)
                       .Write(Decision{})
                       .Naming(*proposal)
                       .Build()),
            Verdict::kAccepted);
  EXPECT_EQ(Append(Approval(world_.supervisor, *proposal)), Verdict::kRole);
  EXPECT_FALSE(file_.release());
}

TEST_F(ReleaseTest, OnlyOperationsHaveAPlan) {
  FileState person(MakeId<FileId>(601));
  Found(person, FileKind::kJustice);
  Decision decision;
  decision.reason = "t_minus";
  EXPECT_EQ(world_.Append(person,
                          world_.Edit(person, world_.lead, Kind::kRelease).Write(decision).Build()),
            Verdict::kMalformed);
}

// An Entry under other rules is taken at its word; keys do not follow from it.
TEST_F(ReleaseTest, AServersWordAloneReleasesNothing) {
  const auto proposal = Proposal(world_.lead);
  ASSERT_EQ(Append(proposal), Verdict::kAccepted);
  for (const Author& by : {world_.lead, world_.officer, world_.supervisor3}) {
    FileState copy = file_;
    const auto approval = Approval(by, *proposal);
    Placed placed{approval, world_.Place(*approval, copy.number() + 1), {}};
    placed.entry.rules = kRulesVersion + 1;
    placed.entry.verdict = Verdict::kAccepted;
    copy.Append(placed, world_.around());
    EXPECT_FALSE(copy.release());
  }
}

}  // namespace
}  // namespace kapea::domain
