// Break-glass: two supervisors with two halves, within the hour, and nobody else.
#include "common/domain/glass.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/domain/rekey.h"
#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class GlassTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto founding = world_.Found(file_.id(), FileKind::kOperation, world_.lead,
                                       {TestWorld::Line(world_.officer)});
    ASSERT_EQ(Append(founding), Verdict::kAccepted);
    epoch_ = MakeId<KeyEpochId>(kOpening);
    ASSERT_EQ(Append(Opening(file_, kOpening)
                         .Write(Half(world_.supervisor, 1))
                         .Write(Half(world_.supervisor2, 2))
                         .Write(Half(world_.supervisor3, 1))
                         .Build()),
              Verdict::kAccepted);
  }
  // A key epoch of the identity class, by the lead; its halves are to follow.
  static constexpr uint32_t kOpening = 9001;
  ChangeBuilder Opening(const FileState& file, uint32_t id) const {
    KeyOpening opening;
    opening.key_class = KeyClass::kIdentity;
    return world_.Edit(file, world_.lead, Kind::kRoster).Id(id).Write(opening);
  }
  Verdict Append(const std::shared_ptr<const Change>& change) {
    return world_.Append(file_, change);
  }
  ChangeBuilder Grant() const { return world_.Edit(file_, world_.lead, Kind::kGrant); }
  Wrap WrapOf(const Author& to, uint32_t half, RecipientKind kind) const {
    Wrap wrap;
    wrap.key_epoch = epoch_;
    wrap.key_class = KeyClass::kIdentity;
    wrap.half = half;
    wrap.recipient_kind = kind;
    wrap.recipient = ChangeId::FromPrefix(to.person.view());
    wrap.generation = 1;
    return wrap;
  }
  Wrap Half(const Author& to, uint32_t half) const {
    return WrapOf(to, half, RecipientKind::kHalf);
  }
  static Decision Says(std::string reason, uint64_t key_class = 0, uint64_t generation = 0) {
    Decision decision;
    decision.reason = std::move(reason);
    decision.from = key_class;
    decision.to = generation;
    return decision;
  }
  ChangeBuilder Glass(const Author& by) const { return world_.Edit(file_, by, Kind::kBreakGlass); }
  static constexpr uint64_t kIdentity = static_cast<uint64_t>(KeyClass::kIdentity);
  std::shared_ptr<const Change> Request(const Author& by) const {
    return Glass(by).Write(Says("lead_unreachable", kIdentity, 1)).Build();
  }
  std::shared_ptr<const Change> Approval(const Author& by, const Change& request, uint32_t half,
                                         const Author& to) const {
    return Glass(by)
        .Naming(request)
        .Write(Says(std::string(kGlassApproved)))
        .Write(WrapOf(to, half, RecipientKind::kPerson))
        .Build();
  }
  Verdict Approve(const Author& by, const Change& request, uint32_t half) {
    return Append(Approval(by, request, half, world_.supervisor));
  }
  std::shared_ptr<const Change> Asked() {
    const auto request = Request(world_.supervisor);
    EXPECT_EQ(Append(request), Verdict::kAccepted);
    return request;
  }
  Sight SightOf(const Author& who, Time now) const {
    return domain::SightOf(file_, who.person, world_.directory, now);
  }

  TestWorld world_;
  FileState file_{MakeId<FileId>(600)};
  KeyEpochId epoch_;
};

TEST_F(GlassTest, TwoSupervisorsOpenAFileTogether) {
  const auto request = Asked();
  ASSERT_THAT(file_.glasses(), SizeIs(1));
  EXPECT_EQ(StatusOf(file_.glasses()[0], world_.now), GlassStatus::kWaiting);
  EXPECT_EQ(SightOf(world_.supervisor, world_.now), Sight::kKeys);
  EXPECT_EQ(Approve(world_.supervisor2, *request, 2), Verdict::kAccepted);
  const GlassAt& glass = file_.glasses()[0];
  EXPECT_EQ(StatusOf(glass, world_.now), GlassStatus::kOpen);
  EXPECT_EQ(glass.approved_by, world_.supervisor2.person);
  EXPECT_THAT(glass.halves, SizeIs(1));
  EXPECT_EQ(glass.reason, "lead_unreachable");
  // She who asked sees the file, he who agreed does not.
  EXPECT_EQ(SightOf(world_.supervisor, world_.now), Sight::kAll);
  EXPECT_EQ(SightOf(world_.supervisor2, world_.now), Sight::kKeys);
  EXPECT_EQ(SightOf(world_.intake, world_.now), Sight::kNone);
  // And says that she joined the halves; nobody else can.
  const auto opened = [&](const Author& by) {
    return Append(Glass(by).Naming(*request).Write(Says(std::string(kGlassOpened))).Build());
  };
  EXPECT_EQ(opened(world_.supervisor2), Verdict::kRole);
  EXPECT_EQ(opened(world_.supervisor), Verdict::kAccepted);
  EXPECT_THAT(file_.glasses()[0].opened, SizeIs(1));
}

TEST_F(GlassTest, OneAloneOpensNothing) {
  const auto request = Asked();
  EXPECT_EQ(Approve(world_.supervisor, *request, 2), Verdict::kRole) << "who asked";
  EXPECT_EQ(Approve(world_.supervisor, *request, 1), Verdict::kRole);
  Author other_phone = world_.supervisor;
  other_phone.device = world_.supervisor2.device;
  EXPECT_EQ(Approve(other_phone, *request, 2), Verdict::kRole) << "his phone in her hands";
  EXPECT_FALSE(file_.glasses()[0].approval);
  EXPECT_EQ(SightOf(world_.supervisor, world_.now), Sight::kKeys);
}

TEST_F(GlassTest, TwoEqualHalvesMakeNoKey) {
  const auto request = Asked();
  EXPECT_EQ(Approve(world_.supervisor3, *request, 1), Verdict::kRole) << "she has half 1 herself";
  EXPECT_EQ(Approve(world_.supervisor3, *request, 2), Verdict::kRole) << "not his to give";
  EXPECT_EQ(Approve(world_.supervisor2, *request, 1), Verdict::kRole);
  EXPECT_EQ(Approve(world_.supervisor2, *request, 2), Verdict::kAccepted);
}

TEST_F(GlassTest, OnlyWhoHasAHalfMayAskAndOnlyAsASupervisor) {
  EXPECT_EQ(Append(Request(world_.lead)), Verdict::kRole);
  EXPECT_EQ(Append(Request(world_.intake)), Verdict::kRole);
  // A supervisor with a half of one class asks for that class alone.
  EXPECT_EQ(Append(Glass(world_.supervisor).Write(Says("why", 1, 1)).Build()), Verdict::kRole);
  EXPECT_EQ(Append(Glass(world_.supervisor)
                       .Write(Says("why", kIdentity, 1))
                       .Write(Says("why", 1, 1))
                       .Build()),
            Verdict::kRole);
  EXPECT_THAT(file_.glasses(), IsEmpty());
}

TEST_F(GlassTest, NobodyIsGivenBothHalves) {
  // Halves come with the key that they are of, and not later.
  EXPECT_EQ(Append(Grant().Write(Half(world_.supervisor, 2)).Build()), Verdict::kMalformed);
  FileState other(MakeId<FileId>(601));
  const auto founding = world_.Found(other.id(), FileKind::kOperation, world_.lead);
  ASSERT_EQ(world_.Append(other, founding), Verdict::kAccepted);
  Wrap first = Half(world_.supervisor, 1);
  Wrap second = Half(world_.supervisor, 2);
  first.key_epoch = second.key_epoch = MakeId<KeyEpochId>(9002);
  EXPECT_EQ(world_.Append(other, Opening(other, 9002).Write(first).Write(second).Build()),
            Verdict::kAccepted);
  EXPECT_FALSE(HoldsHalf(other, world_.supervisor.person, KeyClass::kIdentity));
  EXPECT_THAT(other.astray(), SizeIs(2));
}

// She joins the halves all the same, with another program: then the keys must change.
TEST_F(GlassTest, WhatWasHandedOverTooLateMakesTheFileDue) {
  const auto request = Asked();
  world_.now = world_.now + kGlassLapses + Duration::Milliseconds(1);
  EXPECT_FALSE(RekeyDue(file_, world_.directory, world_.now));
  EXPECT_EQ(Approve(world_.supervisor2, *request, 2), Verdict::kAccepted);
  ASSERT_THAT(file_.glasses(), SizeIs(1));
  EXPECT_FALSE(file_.glasses()[0].approval);
  EXPECT_TRUE(file_.glasses()[0].too_late);
  EXPECT_TRUE(RekeyDue(file_, world_.directory, world_.now));
}

TEST_F(GlassTest, AnInventedHandOverMakesNothingDue) {
  const auto request = Asked();
  // He has no half; she has it already.
  EXPECT_EQ(Append(Approval(world_.supervisor3, *request, 2, world_.supervisor)), Verdict::kRole);
  EXPECT_FALSE(RekeyDue(file_, world_.directory, world_.now));
}

// With its wraps erased, an approval is known to have given them.
TEST_F(GlassTest, WhoOpenedAFileIsKnownAfterItWasErased) {
  const auto request = Asked();
  Change approval = *Approval(world_.supervisor2, *request, 2, world_.supervisor);
  approval.writes.back().body = Withheld{};
  Placed placed{
      std::make_shared<const Change>(approval), world_.Place(approval, file_.number() + 1), {}};
  placed.entry.rules = kRulesVersion;
  placed.entry.verdict = Verdict::kAccepted;
  file_.Append(placed, world_.around());
  ASSERT_THAT(file_.glasses(), SizeIs(1));
  EXPECT_EQ(file_.glasses()[0].approved_by, world_.supervisor2.person);
}

TEST_F(GlassTest, ARequestLapsesAfterAnHour) {
  const auto request = Asked();
  world_.now = world_.now + kGlassLapses + Duration::Milliseconds(1);
  EXPECT_EQ(StatusOf(file_.glasses()[0], world_.now), GlassStatus::kLapsed);
  EXPECT_EQ(Approve(world_.supervisor2, *request, 2), Verdict::kAccepted) << "the fold counts time";
  EXPECT_FALSE(file_.glasses()[0].approval);
  EXPECT_EQ(SightOf(world_.supervisor, world_.now), Sight::kKeys);
  // In time it counts to the last moment.
  const auto again = Asked();
  world_.now = world_.now + kGlassLapses;
  EXPECT_EQ(Approve(world_.supervisor2, *again, 2), Verdict::kAccepted);
  EXPECT_TRUE(file_.glasses()[1].approval);
}

TEST_F(GlassTest, ItEndsAfterADayAndTheKeysWithIt) {
  const auto request = Asked();
  ASSERT_EQ(Approve(world_.supervisor2, *request, 2), Verdict::kAccepted);
  EXPECT_FALSE(RekeyDue(file_, world_.directory, world_.now));
  const Time end = world_.now + kGlassStaysOpen;
  EXPECT_EQ(SightOf(world_.supervisor, end - Duration::Milliseconds(1)), Sight::kAll);
  EXPECT_EQ(SightOf(world_.supervisor, end), Sight::kKeys);
  EXPECT_EQ(StatusOf(file_.glasses()[0], end), GlassStatus::kExpired);
  EXPECT_TRUE(RekeyDue(file_, world_.directory, end));
  KeyOpening opening;
  opening.key_class = KeyClass::kIdentity;
  ASSERT_EQ(Append(world_.Edit(file_, world_.lead, Kind::kRoster).Write(opening).Build()),
            Verdict::kAccepted);
  EXPECT_FALSE(RekeyDue(file_, world_.directory, end)) << "the new keys were not opened";
}

TEST_F(GlassTest, WhoCameInTellsWhatSheReadAndWritesNothingElse) {
  const auto notice = [this] {
    ReadNotice read;
    read.record = MakeId<RecordId>(700);
    read.fields = {"name"};
    read.times = 1;
    return world_.Edit(file_, world_.supervisor, Kind::kReadNotice).Write(read).Build();
  };
  EXPECT_EQ(Append(notice()), Verdict::kNotMember);
  const auto request = Asked();
  EXPECT_EQ(Append(notice()), Verdict::kNotMember);
  ASSERT_EQ(Approve(world_.supervisor2, *request, 2), Verdict::kAccepted);
  EXPECT_EQ(Append(notice()), Verdict::kAccepted);
  world_.now = world_.now + kGlassStaysOpen * 2;
  EXPECT_EQ(Append(notice()), Verdict::kAccepted) << "told late is told";
  EXPECT_EQ(Append(world_.Edit(file_, world_.supervisor)
                       .Set(MakeId<RecordId>(701), "count", int64_t{7})
                       .Pin("OP", 1)
                       .Build()),
            Verdict::kNotMember);
  EXPECT_EQ(Append(world_.Edit(file_, world_.supervisor, Kind::kGrant)
                       .Write(WrapOf(world_.supervisor, 0, RecipientKind::kPerson))
                       .Build()),
            Verdict::kNotMember);
}

TEST_F(GlassTest, ChangesThatSayTooMuchOrTooLittleAreMalformed) {
  const auto request = Asked();
  const Wrap half = WrapOf(world_.supervisor, 2, RecipientKind::kPerson);
  const Decision approved = Says(std::string(kGlassApproved));
  const std::vector<std::shared_ptr<const Change>> wrong = {
      Glass(world_.supervisor).Write(Says("", kIdentity, 1)).Build(),
      Glass(world_.supervisor).Write(Says("why", kIdentity, 0)).Build(),
      Glass(world_.supervisor).Write(Says("why", 9, 1)).Build(),
      Glass(world_.supervisor)
          .Write(Says("why", kIdentity, 1))
          .Write(Says("why", kIdentity, 1))
          .Build(),
      Glass(world_.supervisor).Write(Says("why", kIdentity, 1)).Write(half).Build(),
      Glass(world_.supervisor2).Naming(*request).Write(approved).Build(),
      Glass(world_.supervisor2).Naming(*request).Write(half).Build(),
      Glass(world_.supervisor2).Naming(*request).Write(Says("why")).Write(half).Build(),
      Glass(world_.supervisor2)
          .Naming(*request)
          .Write(approved)
          .Write(WrapOf(world_.supervisor, 0, RecipientKind::kPerson))
          .Build(),
      Glass(world_.supervisor).Naming(*request).Write(Says("opened")).Write(half).Build()};
  for (size_t i = 0; i < wrong.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(Append(wrong[i]), Verdict::kMalformed);
  }
  EXPECT_FALSE(file_.glasses()[0].approval);
}

// An Entry under other rules is taken at its word; what it lets in opens nothing for all that.
TEST_F(GlassTest, AServersWordAloneOpensNothing) {
  const auto request = Asked();
  const auto take = [this](const std::shared_ptr<const Change>& change) {
    Placed placed{change, world_.Place(*change, file_.number() + 1), {}};
    placed.entry.rules = kRulesVersion + 1;
    placed.entry.verdict = Verdict::kAccepted;
    file_.Append(placed, world_.around());
  };
  // Both halves to one person, who agrees with herself; and his agreement from her phone.
  take(Opening(file_, 9003).Write(Half(world_.supervisor, 2)).Build());
  EXPECT_FALSE(HoldsHalf(file_, world_.supervisor.person, epoch_, KeyClass::kIdentity, 2));
  take(Approval(world_.supervisor, *request, 2, world_.supervisor));
  Author from_her_phone = world_.supervisor2;
  from_her_phone.device = world_.supervisor.device;
  take(Approval(from_her_phone, *request, 2, world_.supervisor));
  take(Approval(world_.supervisor3, *request, 1, world_.supervisor));
  take(Approval(world_.lead, *request, 2, world_.supervisor));
  take(Glass(world_.supervisor2).Naming(*request).Write(Says("approved")).Build());
  take(Glass(world_.supervisor2).Naming(*request).Build());
  take(Glass(world_.supervisor).Build());
  EXPECT_FALSE(file_.glasses()[0].approval);
  EXPECT_THAT(file_.glasses(), SizeIs(1));
}

TEST_F(GlassTest, HalvesGoToSupervisorsOfTheOrganisationByTurns) {
  const std::vector<Member> roster = {TestWorld::Line(world_.supervisor)};
  const auto holders = HalfHolders(world_.directory, world_.lead.unit, roster);
  ASSERT_THAT(holders, SizeIs(3));
  EXPECT_EQ(holders[2].person, world_.supervisor.person) << "who is on the roster comes last";
  EXPECT_EQ(holders[0].half, 1u);
  EXPECT_EQ(holders[1].half, 2u);
  EXPECT_EQ(holders[2].half, 1u);
  EXPECT_THAT(HalfHolders(world_.directory, world_.intake.unit, {}), IsEmpty())
      << "the shelter has no supervisors, and the police do not keep its halves";
}

}  // namespace
}  // namespace kapea::domain
