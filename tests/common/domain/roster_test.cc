// Rosters: removals that nobody outruns, additions that need the roster in force.
#include <gtest/gtest.h>

#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

struct Operation : TestWorld {
  Operation() {
    founding = Found(file.id(), FileKind::kOperation, lead,
                     {Line(officer, {Duty::kJpo}), Line(supervisor)});
    Append(file, founding);
  }
  ChangeBuilder Roster(const Author& author, RosterWrite write) const {
    return Edit(file, author, Kind::kRoster).Write(std::move(write));
  }
  bool Has(const Author& author) const {
    return file.IsMember(author.person, author.unit, author.role, directory);
  }

  FileState file{MakeId<FileId>(1)};
  std::shared_ptr<const Change> founding;
};

TEST(RosterTest, TheFoundingMakesTheFile) {
  Operation op;
  EXPECT_TRUE(op.file.founded());
  EXPECT_EQ(op.file.kind(), FileKind::kOperation);
  EXPECT_EQ(op.file.founder(), op.lead.person);
  EXPECT_EQ(op.file.roster_hash(), op.founding->hash);
  EXPECT_EQ(op.file.newest_key_epoch()->id, op.founding->id);
  EXPECT_TRUE(op.Has(op.officer));
  EXPECT_FALSE(op.Has(op.intake));
  EXPECT_EQ(op.file.DutiesOf(op.officer.person, op.officer.unit, op.officer.role),
            std::vector<Duty>{Duty::kJpo});
}

TEST(RosterTest, OnlySomeRolesFoundAndTheFounderStandsOnIt) {
  TestWorld world;
  FileState file(MakeId<FileId>(2));
  EXPECT_EQ(world.Append(file, world.Found(file.id(), FileKind::kOperation, world.nurse)),
            Verdict::kRole);
  RosterWrite others{{TestWorld::Line(world.officer)}, {}, {}};
  EXPECT_EQ(world.Append(file, ChangeBuilder(Kind::kRoster, file.id(), world.lead)
                                   .Write(Founding{FileKind::kOperation, false})
                                   .Write(others)
                                   .Build()),
            Verdict::kNotMember);
  EXPECT_FALSE(file.founded());
  EXPECT_EQ(world.Append(file, ChangeBuilder(Kind::kRoster, file.id(), world.lead)
                                   .Write(Founding{FileKind::kDirectory, false})
                                   .Write(others)
                                   .Build()),
            Verdict::kRole);
}

TEST(RosterTest, ALineWithoutPersonAdmitsTheStaffOfTheUnit) {
  Operation op;
  const Member shift{std::nullopt, op.intake.unit, Role::kIntakeOfficer, {}};
  ASSERT_EQ(op.Append(op.file, op.Roster(op.lead, {{shift}, {}, {}}).Build()), Verdict::kAccepted);
  EXPECT_TRUE(op.Has(op.intake));
  EXPECT_TRUE(op.Has(op.intake2));
  EXPECT_FALSE(op.Has(op.nurse));
  EXPECT_TRUE(op.file.MayRead(op.intake2.person, op.directory));
  EXPECT_FALSE(op.file.MayRead(op.nurse.person, op.directory));
}

TEST(RosterTest, AStaleAdditionIsRefusedAndAStaleRemovalTakesEffect) {
  Operation op;
  const auto addition = op.Roster(op.supervisor, {{TestWorld::Line(op.nurse)}, {}, {}}).Build();
  const auto removal = op.Roster(op.supervisor, {{}, {TestWorld::Line(op.officer)}, {}}).Build();
  ASSERT_EQ(op.Append(op.file, op.Roster(op.lead, {{TestWorld::Line(op.intake)}, {}, {}}).Build()),
            Verdict::kAccepted);
  EXPECT_EQ(op.Append(op.file, addition), Verdict::kStaleRoster);
  EXPECT_FALSE(op.Has(op.nurse));
  EXPECT_EQ(op.Append(op.file, removal), Verdict::kAccepted);
  EXPECT_FALSE(op.Has(op.officer));
  EXPECT_TRUE(op.Has(op.intake));
  EXPECT_EQ(op.file.roster_hash(), removal->hash);
}

TEST(RosterTest, OfAStaleChangeThatDoesBothTheRemovalsStand) {
  Operation op;
  KeyOpening opening;
  opening.key_class = KeyClass::kGeneral;
  const auto both =
      op.Roster(op.supervisor, {{TestWorld::Line(op.nurse)}, {TestWorld::Line(op.officer)}, {}})
          .Write(opening)
          .Build();
  const auto first = op.Roster(op.lead, {{TestWorld::Line(op.intake)}, {}, {}}).Build();
  op.Append(op.file, first);
  EXPECT_EQ(op.Append(op.file, both), Verdict::kStaleRoster);
  EXPECT_FALSE(op.Has(op.officer));
  EXPECT_FALSE(op.Has(op.nurse));
  EXPECT_EQ(op.file.roster_hash(), both->hash);
  // Its key epoch is good for reading alone.
  ASSERT_TRUE(op.file.key_epochs().contains(both->id));
  EXPECT_FALSE(op.file.key_epochs().at(both->id).accepted);
  EXPECT_EQ(op.file.newest_key_epoch()->id, op.founding->id);
}

TEST(RosterTest, ALoweringTakesEffectAndARaiseNeedsTheRosterInForce) {
  Operation op;
  const auto lowered = op.Roster(op.supervisor, {{}, {}, {TestWorld::Line(op.officer)}}).Build();
  const auto raised =
      op.Roster(op.supervisor, {{}, {}, {TestWorld::Line(op.officer, {Duty::kJpo, Duty::kExh})}})
          .Build();
  op.Append(op.file, op.Roster(op.lead, {{TestWorld::Line(op.intake)}, {}, {}}).Build());
  EXPECT_EQ(op.Append(op.file, raised), Verdict::kStaleRoster);
  EXPECT_EQ(op.file.DutiesOf(op.officer.person, op.officer.unit, op.officer.role),
            std::vector<Duty>{Duty::kJpo});
  EXPECT_EQ(op.Append(op.file, lowered), Verdict::kAccepted);
  EXPECT_TRUE(op.file.DutiesOf(op.officer.person, op.officer.unit, op.officer.role).empty());
  EXPECT_TRUE(op.Has(op.officer));
}

TEST(RosterTest, OfTwoWhoRemoveEachOtherTheFirstInTheLedgerStands) {
  Operation op;
  const auto hers = op.Roster(op.supervisor, {{}, {TestWorld::Line(op.lead)}, {}}).Build();
  const auto his = op.Roster(op.lead, {{}, {TestWorld::Line(op.supervisor)}, {}}).Build();
  EXPECT_EQ(op.Append(op.file, hers), Verdict::kAccepted);
  EXPECT_EQ(op.Append(op.file, his), Verdict::kNotMember);
  EXPECT_FALSE(op.Has(op.lead));
  EXPECT_TRUE(op.Has(op.supervisor));
}

TEST(RosterTest, AnOldRosterIsNoFaultOfAnEdit) {
  Operation op;
  const auto edit = op.Edit(op.file, op.officer)
                        .Set(MakeId<RecordId>(1), "count", int64_t{1})
                        .Pin("OP", 1)
                        .Build();
  op.Append(op.file, op.Roster(op.lead, {{TestWorld::Line(op.intake)}, {}, {}}).Build());
  EXPECT_EQ(op.Append(op.file, edit), Verdict::kAccepted);
}

TEST(RosterTest, WhatARemovedOfficerWroteOfflineCanBeAdmittedByASupervisor) {
  Operation op;
  const RecordId record = MakeId<RecordId>(1);
  const auto edit =
      op.Edit(op.file, op.officer).Set(record, "count", int64_t{1}).Pin("OP", 1).Build();
  const auto wrong =
      op.Edit(op.file, op.officer).Set(record, "count", Code{"X"}).Pin("OP", 1).Build();
  op.Append(op.file, op.Roster(op.lead, {{}, {TestWorld::Line(op.officer)}, {}}).Build());
  EXPECT_EQ(op.Append(op.file, edit), Verdict::kNotMember);
  EXPECT_EQ(op.Append(op.file, wrong), Verdict::kNotMember);
  const auto admit = [&op](const Author& author, const Change& change) {
    return op.Edit(op.file, author, Kind::kAdmission).Write(Decision{}).Naming(change).Build();
  };
  EXPECT_EQ(op.Append(op.file, admit(op.lead, *edit)), Verdict::kRole);
  EXPECT_EQ(op.Append(op.file, admit(op.supervisor, *wrong)), Verdict::kType);
  EXPECT_EQ(op.file.without_effect().size(), 4u);
  EXPECT_EQ(op.Append(op.file, admit(op.supervisor, *edit)), Verdict::kAccepted);
  ASSERT_NE(op.file.FindRecord(record), nullptr);
  EXPECT_EQ(op.file.FindRecord(record)->Shown("count")->person, op.officer.person);
  EXPECT_EQ(op.file.without_effect().size(), 3u);
  // Once is enough.
  EXPECT_EQ(op.Append(op.file, admit(op.supervisor, *edit)), Verdict::kRole);
}

TEST(RosterTest, RekeyingAloneIsNoFaultUnderAnOldRoster) {
  Operation op;
  KeyOpening opening;
  opening.key_class = KeyClass::kGeneral;
  const auto a = op.Edit(op.file, op.lead, Kind::kRoster).Write(opening).Build();
  const auto b = op.Edit(op.file, op.supervisor, Kind::kRoster).Write(opening).Build();
  EXPECT_EQ(op.Append(op.file, a), Verdict::kAccepted);
  EXPECT_EQ(op.Append(op.file, b), Verdict::kAccepted);
  EXPECT_EQ(op.file.newest_key_epoch()->id, b->id);
  EXPECT_EQ(op.file.key_epochs().size(), 3u);
}

}  // namespace
}  // namespace kapea::domain
