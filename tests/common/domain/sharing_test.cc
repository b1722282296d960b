// The key of a unit, and what its staff hand on among themselves.
#include <gtest/gtest.h>

#include "common/domain/rekey.h"
#include "common/domain/roles.h"
#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

// The intake officers and the health staff of the shelter work on the file of a person.
struct Shelter : TestWorld {
  Shelter() {
    Append(file, Found(file.id(), FileKind::kPerson, lead,
                       {{std::nullopt, intake.unit, Role::kIntakeOfficer, {}},
                        {std::nullopt, nurse.unit, Role::kHealthWorker, {}}}));
  }
  Wrap To(const Author& recipient, KeyClass key_class) const {
    Wrap wrap = Any(key_class);
    wrap.recipient_kind = RecipientKind::kPerson;
    wrap.recipient = ChangeId::FromPrefix(recipient.person.view());
    wrap.generation = directory.FindPerson(recipient.person)->generation;
    return wrap;
  }
  Wrap ToShelter(KeyClass key_class) const {
    Wrap wrap = Any(key_class);
    wrap.recipient_kind = RecipientKind::kUnit;
    wrap.recipient = ChangeId::FromPrefix(intake.unit.view());
    wrap.generation = directory.FindUnit(intake.unit)->generation;
    return wrap;
  }
  std::string_view Grant(const Author& by, const Wrap& wrap) {
    const auto change = Edit(file, by, Kind::kGrant).Write(wrap).Build();
    return NameOf(file.Judge(*change, Directory::kNow, around()));
  }
  FileState file{MakeId<FileId>(1)};

 private:
  Wrap Any(KeyClass key_class) const {
    Wrap wrap;
    wrap.key_epoch = file.newest_key_epoch()->id;
    wrap.key_class = key_class;
    return wrap;
  }
};

// Two registrars revoke the device.
void Lose(TestWorld& world, const Author& author) {
  DeviceEntry lost = *world.directory.FindDevice(author.device);
  lost.revoked = true;
  const auto act =
      world.Edit(world.directory_file, world.registrar1, Kind::kDirectory).Write(lost).Build();
  world.AppendDirectory(act);
  world.AppendDirectory(world.Edit(world.directory_file, world.registrar2, Kind::kApproval)
                            .Write(Decision{})
                            .Naming(*act)
                            .Build());
}

TEST(SharingTest, NobodyGetsByAUnitsKeyWhatHerRoleMayNotHave) {
  size_t shared = 0;
  for (const UnitKind unit :
       {UnitKind::kPolice, UnitKind::kSocialAffairs, UnitKind::kShelter, UnitKind::kHealth,
        UnitKind::kLegal, UnitKind::kCourt, UnitKind::kCommittee, UnitKind::kRegistry}) {
    for (const FileKind file : {FileKind::kOperation, FileKind::kPerson, FileKind::kJustice,
                                FileKind::kLead, FileKind::kProgramme}) {
      for (const KeyClass key_class : kKeyClasses) {
        if (!UnitKeyMayHold(unit, key_class, file)) continue;
        for (int role = 1; role <= static_cast<int>(Role::kServer); ++role) {
          if (!SharesUnitKey(unit, static_cast<Role>(role))) continue;
          EXPECT_TRUE(MayHoldKey(static_cast<Role>(role), key_class, file));
          ++shared;
        }
      }
    }
  }
  EXPECT_GT(shared, 20u);
  EXPECT_TRUE(UnitKeyMayHold(UnitKind::kShelter, KeyClass::kTestimony, FileKind::kPerson));
  EXPECT_FALSE(UnitKeyMayHold(UnitKind::kShelter, KeyClass::kHealth, FileKind::kPerson));
  EXPECT_FALSE(UnitKeyMayHold(UnitKind::kPolice, KeyClass::kPlan, FileKind::kOperation));
  EXPECT_FALSE(SharesUnitKey(UnitKind::kShelter, Role::kHealthWorker));
  EXPECT_FALSE(SharesUnitKey(UnitKind::kShelter, Role::kAnalyst));
}

TEST(SharingTest, AUnitsKeyGetsNoClassThatPartOfItsStaffMayNotHave) {
  Shelter world;
  EXPECT_EQ(world.Grant(world.lead, world.ToShelter(KeyClass::kTestimony)), "accepted");
  EXPECT_EQ(world.Grant(world.lead, world.ToShelter(KeyClass::kHealth)), "role");
  EXPECT_EQ(world.Grant(world.lead, world.To(world.nurse, KeyClass::kHealth)), "accepted");
}

TEST(SharingTest, StaffHandOnAmongThemselvesWhatTheirLineMayHave) {
  Shelter world;
  Author posing = world.nurse;
  posing.role = Role::kIntakeOfficer;
  const struct {
    const char* name;
    Author by;
    Wrap wrap;
    std::string_view want;
  } cases[] = {
      {"a colleague", world.intake, world.To(world.intake2, KeyClass::kTestimony), "accepted"},
      {"a class that the line has not", world.intake, world.To(world.intake2, KeyClass::kHealth),
       "role"},
      {"staff of another line", world.intake, world.To(world.nurse, KeyClass::kGeneral), "role"},
      {"another unit", world.intake, world.To(world.officer, KeyClass::kGeneral), "role"},
      {"the whole unit", world.intake, world.ToShelter(KeyClass::kGeneral), "role"},
      {"under a role that is not hers", posing, world.To(world.intake, KeyClass::kGeneral), "role"},
      {"who is not on the roster", world.officer, world.To(world.officer2, KeyClass::kGeneral),
       "not_member"},
  };
  for (const auto& c : cases) EXPECT_EQ(world.Grant(c.by, c.wrap), c.want) << c.name;
}

TEST(SharingTest, WhoStandsThereInHerOwnNameHandsNothingOn) {
  Shelter world;
  FileState file(MakeId<FileId>(2));
  world.Append(file, world.Found(file.id(), FileKind::kPerson, world.lead,
                                 {TestWorld::Line(world.intake), TestWorld::Line(world.intake2)}));
  Wrap wrap = world.To(world.intake2, KeyClass::kGeneral);
  wrap.key_epoch = file.newest_key_epoch()->id;
  const auto change = world.Edit(file, world.intake, Kind::kGrant).Write(wrap).Build();
  EXPECT_EQ(NameOf(file.Judge(*change, Directory::kNow, world.around())), "role");
}

// The founder had no signal and had not heard that the officer lost her phone.
TEST(SharingTest, AWrapToAKeyThatHadEndedMakesTheFileDue) {
  TestWorld world;
  Lose(world, world.officer);
  FileState file(MakeId<FileId>(3));
  auto founding =
      world.Found(file.id(), FileKind::kOperation, world.lead, {TestWorld::Line(world.officer)});
  EXPECT_EQ(world.Append(file, founding), Verdict::kAccepted);
  EXPECT_FALSE(RekeyDue(file, world.directory)) << "nothing was wrapped to her";
  FileState other(MakeId<FileId>(4));
  Change with =
      *world.Found(other.id(), FileKind::kOperation, world.lead, {TestWorld::Line(world.officer)});
  Wrap wrap;
  wrap.key_epoch = with.id;
  wrap.key_class = KeyClass::kIdentity;
  wrap.recipient_kind = RecipientKind::kPerson;
  wrap.recipient = ChangeId::FromPrefix(world.officer.person.view());
  wrap.generation = 1;
  Write write;
  write.body = wrap;
  with.writes.push_back(write);
  EXPECT_EQ(world.Append(other, std::make_shared<const Change>(with)), Verdict::kAccepted);
  EXPECT_TRUE(other.wraps().empty());
  EXPECT_TRUE(RekeyDue(other, world.directory));
  // A grant by her lead to that key, which is refused whole, the same.
  wrap.key_epoch = file.newest_key_epoch()->id;
  EXPECT_EQ(world.Append(file, world.Edit(file, world.lead, Kind::kGrant).Write(wrap).Build()),
            Verdict::kStaleRecipient);
  EXPECT_TRUE(RekeyDue(file, world.directory));
}

// A server that dropped some wraps of it hands on the rest.
TEST(SharingTest, AHandOnThatLacksAWrapStillGivesTheOthers) {
  Shelter world;
  Change grant = *world.Edit(world.file, world.intake, Kind::kGrant)
                      .Write(world.To(world.intake, KeyClass::kTestimony))
                      .Write(world.To(world.intake2, KeyClass::kTestimony))
                      .Build();
  grant.writes[0].body = Withheld{};
  Placed placed{
      std::make_shared<const Change>(grant), world.Place(grant, world.file.number() + 1), {}};
  placed.entry.rules = kRulesVersion;
  placed.entry.verdict = Verdict::kAccepted;
  EXPECT_EQ(world.file.Append(placed, world.around()), Verdict::kAccepted);
  EXPECT_EQ(world.file.wraps().size(), 1u);
  EXPECT_TRUE(world.file.disputed().empty());
  EXPECT_FALSE(world.file.content_missing());
}

// Whoever says that only wraps are gone hides nothing else.
TEST(SharingTest, AKeyThatIsHiddenIsMissed) {
  const auto lacking = [](bool marked, size_t gone) {
    TestWorld world;
    FileState file(MakeId<FileId>(5));
    world.Append(file, world.Found(file.id(), FileKind::kOperation, world.lead,
                                   {TestWorld::Line(world.officer)}));
    KeyOpening opening;
    opening.key_class = KeyClass::kIdentity;
    Wrap wrap;
    wrap.key_epoch = MakeId<KeyEpochId>(9004);
    wrap.key_class = KeyClass::kIdentity;
    wrap.recipient_kind = RecipientKind::kPerson;
    wrap.recipient = ChangeId::FromPrefix(world.lead.person.view());
    wrap.generation = 1;
    RosterWrite lines;
    lines.removed = {TestWorld::Line(world.officer)};
    Decision mark;
    mark.reason = std::string(kGrantsFollow);
    ChangeBuilder builder = world.Edit(file, world.lead, Kind::kRoster).Id(9004).Write(lines);
    builder.Write(opening);
    if (marked) builder.Write(mark);
    Change change = *builder.Write(wrap).Build();
    EXPECT_EQ(NameOf(file.Judge(change, Directory::kNow, world.around())), "accepted");
    for (size_t i = gone; i < change.writes.size(); ++i) change.writes[i].body = Withheld{};
    Placed placed{
        std::make_shared<const Change>(change), world.Place(change, file.number() + 1), {}};
    placed.entry.rules = kRulesVersion;
    placed.entry.verdict = Verdict::kAccepted;
    file.Append(placed, world.around());
    return file.content_missing();
  };
  EXPECT_FALSE(lacking(true, 3)) << "the wrap behind the mark";
  EXPECT_TRUE(lacking(true, 2)) << "the mark too";
  EXPECT_TRUE(lacking(true, 1)) << "the key";
  EXPECT_TRUE(lacking(true, 0)) << "who is on the roster";
  EXPECT_TRUE(lacking(false, 2)) << "a wrap of a Change without the mark";
}

TEST(SharingTest, ARosterChangeSaysWhoFirstAndGivesKeysLast) {
  TestWorld world;
  FileState file(MakeId<FileId>(6));
  world.Append(file, world.Found(file.id(), FileKind::kOperation, world.lead));
  KeyOpening opening;
  opening.key_class = KeyClass::kIdentity;
  RosterWrite lines;
  lines.added = {TestWorld::Line(world.officer)};
  Decision mark;
  mark.reason = std::string(kGrantsFollow);
  Decision other;
  other.reason = "else";
  const auto judged = [&](ChangeBuilder builder) {
    return NameOf(file.Judge(*builder.Build(), Directory::kNow, world.around()));
  };
  const auto roster = [&] { return world.Edit(file, world.lead, Kind::kRoster); };
  EXPECT_EQ(judged(roster().Write(lines).Write(opening).Write(mark)), "accepted");
  EXPECT_EQ(judged(roster().Write(opening).Write(lines)), "malformed");
  EXPECT_EQ(judged(roster().Write(mark).Write(opening)), "malformed");
  EXPECT_EQ(judged(roster().Write(opening).Write(mark).Write(mark)), "malformed");
  EXPECT_EQ(judged(roster().Write(opening).Write(other)), "malformed");
}

TEST(SharingTest, NobodyButWhoSharesAUnitsKeyOffersItsNextAndOnlyWhenItEnded) {
  TestWorld world;
  const auto offer = [&](const Author& by) {
    UnitEntry next = *world.directory.FindUnit(world.intake.unit);
    ++next.generation;
    next.receive_key = std::string(32, 'n');
    const auto change = world.Edit(world.directory_file, by, Kind::kDirectory).Write(next).Build();
    return KeyOfferIn(*change, world.directory, Directory::kNow).has_value();
  };
  EXPECT_FALSE(offer(world.intake)) << "the one there is is good";
  Lose(world, world.intake2);
  EXPECT_TRUE(offer(world.intake));
  EXPECT_FALSE(offer(world.nurse)) << "she does not share it";
}

}  // namespace
}  // namespace kapea::domain
