// Acts of the directory: two registrars, and what it said at any place of the Ledger.
#include <functional>

#include <gtest/gtest.h>

#include "common/domain/rekey.h"
#include "common/domain/roles.h"
#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

struct Registry : TestWorld {
  // Says that the person leaves.
  std::shared_ptr<const Change> Ending(const Author& by, const Author& of) const {
    PersonEntry entry = *directory.FindPerson(of.person);
    entry.ended = true;
    return Edit(directory_file, by, Kind::kDirectory).Write(entry).Build();
  }
  std::shared_ptr<const Change> Approval(const Author& by, const Change& proposal,
                                         Kind kind = Kind::kApproval) const {
    return Edit(directory_file, by, kind).Write(Decision{}).Naming(proposal).Build();
  }
  // An act of two registrars.
  void Enter(WriteBody body) {
    const auto act = Edit(directory_file, registrar1, Kind::kDirectory).Write(body).Build();
    AppendDirectory(act);
    AppendDirectory(Approval(registrar2, *act));
  }
  bool Ended(const Author& author, uint64_t at = Directory::kNow) const {
    return directory.FindPerson(author.person, at)->ended;
  }
};

TEST(DirectoryTest, TheGenesisAppliesAtOnce) {
  const Registry world;
  ASSERT_TRUE(world.directory.genesis().has_value());
  EXPECT_EQ(world.directory.file(), world.directory_file.id());
  EXPECT_TRUE(world.directory_file.founded());
  EXPECT_EQ(world.directory_file.kind(), FileKind::kDirectory);
  EXPECT_TRUE(world.directory.IsRegistrar(world.registrar3.person));
  EXPECT_FALSE(world.directory.IsRegistrar(world.officer.person));
  EXPECT_EQ(world.directory.FindPerson(world.officer.person, 0), nullptr);
  EXPECT_NE(world.directory.FindPerson(world.officer.person, 1), nullptr);
  EXPECT_EQ(world.directory.FindUnitByCode("SHL-1")->unit, world.intake.unit);
  EXPECT_EQ(world.directory.StaffOf(world.intake.unit, Role::kIntakeOfficer).size(), 2u);
  EXPECT_EQ(world.directory.Persons().size(), 12u);
  EXPECT_EQ(world.directory.Units().size(), 3u);
  ASSERT_EQ(world.directory.DevicesOf(world.nurse.person).size(), 1u);
  EXPECT_TRUE(world.directory_file.MayRead(world.nurse.person, world.directory));
}

TEST(DirectoryTest, AGenesisNeedsThreeRegistrarsAndTheFirstPlace) {
  const Registry world;
  const struct {
    const char* name;
    uint64_t sequence;
    size_t registrars;
    Verdict want;
  } cases[] = {{"whole", 0, 3, Verdict::kAccepted},
               {"two registrars", 0, 2, Verdict::kMalformed},
               {"second place", 1, 3, Verdict::kMalformed}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Change change = *world.genesis;
    std::get<Genesis>(change.writes[0].body).registrars.resize(c.registrars);
    const FileState empty(world.directory_file.id());
    const Directory nobody;
    EXPECT_EQ(empty.Judge(change, c.sequence, {nobody, world.packs}), c.want);
  }
}

TEST(DirectoryTest, AnActTakesTwoRegistrarsAndEffectAtTheApproval) {
  Registry world;
  const auto proposal = world.Ending(world.registrar1, world.officer);
  EXPECT_EQ(world.AppendDirectory(proposal), Verdict::kAccepted);
  EXPECT_FALSE(world.Ended(world.officer));
  const uint64_t completed = world.next_sequence;
  EXPECT_EQ(world.AppendDirectory(world.Approval(world.registrar2, *proposal)), Verdict::kAccepted);
  EXPECT_TRUE(world.Ended(world.officer));
  // History: until just before the approval she was there.
  EXPECT_FALSE(world.Ended(world.officer, completed));
  EXPECT_TRUE(world.Ended(world.officer, completed + 1));
  EXPECT_TRUE(world.directory.HoldsRole(world.officer.person, world.officer.role,
                                        world.officer.unit, completed));
  EXPECT_FALSE(
      world.directory.HoldsRole(world.officer.person, world.officer.role, world.officer.unit));
  // It takes effect once.
  EXPECT_EQ(world.AppendDirectory(world.Approval(world.registrar3, *proposal)), Verdict::kRole);
}

TEST(DirectoryTest, RefusesApprovalsOfThoseWhoMayNot) {
  Registry world;
  const auto about_officer = world.Ending(world.registrar1, world.officer);
  const auto about_registrar = world.Ending(world.registrar1, world.registrar2);
  world.AppendDirectory(about_officer);
  world.AppendDirectory(about_registrar);
  Author other_device = world.registrar1;
  other_device.device = world.registrar2.device;
  const struct {
    const char* name;
    Author author;
    std::shared_ptr<const Change> proposal;
  } cases[] = {{"her own", world.registrar1, about_officer},
               {"her own, on another's device", other_device, about_officer},
               {"no registrar", world.supervisor, about_officer},
               {"about herself", world.registrar2, about_registrar}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto approval = world.Approval(c.author, *c.proposal);
    EXPECT_EQ(NameOf(world.AppendDirectory(approval)), "role");
    // Nor does the directory itself believe a server that accepted it.
    Entry entry = world.Place(*approval, 99);
    entry.verdict = Verdict::kAccepted;
    world.directory.Append(*approval, entry);
    EXPECT_FALSE(world.Ended(world.officer));
    EXPECT_FALSE(world.Ended(world.registrar2));
  }
}

TEST(DirectoryTest, AProposalLapsesAfterSevenDays) {
  Registry world;
  const auto lapsed = world.Ending(world.registrar1, world.officer);
  const auto in_time = world.Ending(world.registrar1, world.officer2);
  world.AppendDirectory(lapsed);
  world.now = world.now + Duration::Milliseconds(1);
  world.AppendDirectory(in_time);
  world.now = world.now + kProposalLapses;
  world.AppendDirectory(world.Approval(world.registrar2, *lapsed));
  world.AppendDirectory(world.Approval(world.registrar2, *in_time));
  EXPECT_FALSE(world.Ended(world.officer));
  EXPECT_TRUE(world.Ended(world.officer2));
}

TEST(DirectoryTest, AWithdrawnProposalIsNotApproved) {
  Registry world;
  const auto proposal = world.Ending(world.registrar1, world.officer);
  world.AppendDirectory(proposal);
  EXPECT_EQ(world.AppendDirectory(world.Approval(world.registrar2, *proposal, Kind::kWithdrawal)),
            Verdict::kRole);
  EXPECT_EQ(world.AppendDirectory(world.Approval(world.registrar1, *proposal, Kind::kWithdrawal)),
            Verdict::kAccepted);
  EXPECT_EQ(world.AppendDirectory(world.Approval(world.registrar2, *proposal)), Verdict::kRole);
  EXPECT_FALSE(world.Ended(world.officer));
}

TEST(DirectoryTest, AnApprovalBeforeItsProposalCompletesItThere) {
  Registry world;
  const auto proposal = world.Ending(world.registrar1, world.officer);
  EXPECT_EQ(world.AppendDirectory(world.Approval(world.registrar2, *proposal)), Verdict::kEarly);
  EXPECT_FALSE(world.Ended(world.officer));
  EXPECT_EQ(world.AppendDirectory(proposal), Verdict::kAccepted);
  EXPECT_TRUE(world.Ended(world.officer));
  EXPECT_TRUE(world.directory_file.waiting().empty());
}

TEST(DirectoryTest, TheProposerMustStillBeARegistrarWhereItCompletes) {
  Registry world;
  const auto proposal = world.Ending(world.registrar1, world.officer);
  world.AppendDirectory(proposal);
  const auto leaves = world.Ending(world.registrar2, world.registrar1);
  world.AppendDirectory(leaves);
  world.AppendDirectory(world.Approval(world.registrar3, *leaves));
  EXPECT_EQ(world.AppendDirectory(world.Approval(world.registrar2, *proposal)), Verdict::kRole);
  EXPECT_FALSE(world.Ended(world.officer));
}

TEST(DirectoryTest, ARevokedDeviceAndAnEndedPersonAreRevoked) {
  Registry world;
  FileState file(MakeId<FileId>(1));
  world.Append(file,
               world.Found(file.id(), FileKind::kOperation, world.lead,
                           {TestWorld::Line(world.officer), TestWorld::Line(world.officer2)}));
  const auto edit = [&](const Author& author) {
    return world.Edit(file, author)
        .Set(MakeId<RecordId>(author == world.officer ? 1 : 2), "count", int64_t{1})
        .Pin("OP", 1)
        .Build();
  };
  DeviceEntry lost = *world.directory.FindDevice(world.officer.device);
  lost.revoked = true;
  const auto revocation =
      world.Edit(world.directory_file, world.registrar1, Kind::kDirectory).Write(lost).Build();
  world.AppendDirectory(revocation);
  EXPECT_EQ(world.Append(file, edit(world.officer)), Verdict::kAccepted);
  world.AppendDirectory(world.Approval(world.registrar2, *revocation));
  EXPECT_EQ(world.Append(file, edit(world.officer)), Verdict::kRevoked);
  const auto ending = world.Ending(world.registrar1, world.officer2);
  world.AppendDirectory(ending);
  world.AppendDirectory(world.Approval(world.registrar2, *ending));
  EXPECT_EQ(world.Append(file, edit(world.officer2)), Verdict::kRevoked);
  EXPECT_FALSE(file.MayRead(world.officer2.person, world.directory));
}

TEST(RolesTest, DefaultsFollowTheAccessMatrix) {
  EXPECT_TRUE(MayHoldKey(Role::kHealthWorker, KeyClass::kHealth, FileKind::kPerson));
  for (const Role role : {Role::kOfficer, Role::kUnitLead, Role::kSupervisor, Role::kCaseManager,
                          Role::kLawyer, Role::kIntakeOfficer}) {
    SCOPED_TRACE(NameOf(role));
    EXPECT_FALSE(MayHoldKey(role, KeyClass::kHealth, FileKind::kPerson));
    EXPECT_TRUE(MayHoldKey(role, KeyClass::kGeneral, FileKind::kPerson));
  }
  EXPECT_FALSE(MayHoldKey(Role::kOfficer, KeyClass::kTestimony, FileKind::kPerson));
  EXPECT_FALSE(MayHoldKey(Role::kOfficer, KeyClass::kPlan, FileKind::kOperation));
  EXPECT_TRUE(KeyClassesOf(Role::kAnalyst, FileKind::kPerson).empty());
  EXPECT_TRUE(KeyClassesOf(Role::kRegistrar, FileKind::kPerson).empty());
}

TEST(RolesTest, NamesGoBothWays) {
  for (int i = 1; i <= static_cast<int>(Role::kServer); ++i) {
    EXPECT_EQ(RoleNamed(NameOf(static_cast<Role>(i))), static_cast<Role>(i));
  }
  for (int i = 1; i <= static_cast<int>(Duty::kComms); ++i) {
    EXPECT_EQ(DutyNamed(NameOf(static_cast<Duty>(i))), static_cast<Duty>(i));
  }
  EXPECT_EQ(RoleNamed("king"), Role::kNone);
  EXPECT_EQ(FileKindNamed("person"), FileKind::kPerson);
  EXPECT_EQ(UnitKindNamed("shelter"), UnitKind::kShelter);
}

// --- keys that end, and the next ones ---

struct Keys : Registry {
  void Enter(const WriteBody& entry) {
    const auto proposal = Edit(directory_file, registrar1, Kind::kDirectory).Write(entry).Build();
    ASSERT_EQ(AppendDirectory(proposal), Verdict::kAccepted);
    ASSERT_EQ(AppendDirectory(Approval(registrar2, *proposal)), Verdict::kAccepted);
  }
  void Lose(const Author& author) {
    DeviceEntry device = *directory.FindDevice(author.device);
    device.revoked = true;
    Enter(device);
  }
  std::shared_ptr<const Change> OwnOffer(const Author& by, uint32_t generation) const {
    PersonEntry entry = *directory.FindPerson(by.person);
    entry.generation = generation;
    entry.receive_key = std::string(32, static_cast<char>('a' + generation));
    return Edit(directory_file, by, Kind::kDirectory).Write(entry).Build();
  }
  std::shared_ptr<const Change> UnitOffer(const Author& by, const UnitId& of,
                                          uint32_t generation) const {
    UnitEntry entry = *directory.FindUnit(of);
    entry.generation = generation;
    entry.receive_key = std::string(32, static_cast<char>('A' + generation));
    return Edit(directory_file, by, Kind::kDirectory).Write(entry).Build();
  }
  // Adds another device of the same person.
  Author Second(const Author& author, uint32_t number) {
    Author second = author;
    second.device = MakeId<DeviceId>(number);
    Enter(DeviceEntry{second.device, author.person, std::string(65, 'k'), std::string(32, 'r'),
                      false});
    return second;
  }
};

TEST(DirectoryTest, ALostDeviceEndsTheKeysItHad) {
  Keys world;
  const UnitId shelter = world.intake.unit;
  world.Enter([&world, &shelter] {
    UnitEntry unit = *world.directory.FindUnit(shelter);
    unit.generation = 1;
    unit.receive_key = std::string(32, 'u');
    return unit;
  }());
  EXPECT_FALSE(world.directory.KeyEnded(world.intake.person, 1));
  EXPECT_FALSE(world.directory.KeyEnded(shelter, 1));
  const uint64_t before = world.next_sequence;
  world.Lose(world.intake);
  EXPECT_TRUE(world.directory.KeyEnded(world.intake.person, 1));
  EXPECT_TRUE(world.directory.KeyEnded(shelter, 1));
  EXPECT_FALSE(world.directory.KeyEnded(world.intake.person, 1, before));
  EXPECT_FALSE(world.directory.KeyEnded(world.intake2.person, 1));
  EXPECT_GE(world.directory.keys_changed_at(), before);
}

TEST(DirectoryTest, WhoLeavesAUnitEndsItsKeyAndKeepsHerOwn) {
  Keys world;
  const UnitId shelter = world.intake.unit;
  UnitEntry unit = *world.directory.FindUnit(shelter);
  unit.generation = 1;
  unit.receive_key = std::string(32, 'u');
  world.Enter(unit);
  PersonEntry moved = *world.directory.FindPerson(world.intake2.person);
  moved.roles = {{Role::kSocialWorker, world.lead.unit}};
  world.Enter(moved);
  EXPECT_TRUE(world.directory.KeyEnded(shelter, 1));
  EXPECT_FALSE(world.directory.KeyEnded(moved.person, 1));
  // Another role at the same unit is no leaving.
  unit.generation = 2;
  unit.receive_key = std::string(32, 'v');
  world.Enter(unit);
  EXPECT_FALSE(world.directory.KeyEnded(shelter, 2));
  PersonEntry promoted = *world.directory.FindPerson(world.intake.person);
  promoted.roles = {{Role::kCaseManager, shelter}};
  world.Enter(promoted);
  EXPECT_FALSE(world.directory.KeyEnded(shelter, 2));
  EXPECT_TRUE(world.directory.KeyEnded(shelter, 1));
  EXPECT_TRUE(world.directory.KeyEnded(shelter, 3)) << "nobody has made it yet";
}

TEST(DirectoryTest, AnOfferedKeyTakesTwoRegistrars) {
  Keys world;
  const Author second = world.Second(world.officer, 77);
  world.Lose(world.officer);
  const auto offer = world.OwnOffer(second, 2);
  ASSERT_EQ(world.AppendDirectory(offer), Verdict::kAccepted);
  ASSERT_EQ(world.directory.OpenOffers(world.now).size(), 1u);
  EXPECT_EQ(world.AppendDirectory(world.Approval(world.registrar1, *offer)), Verdict::kAccepted);
  EXPECT_EQ(world.directory.FindPerson(second.person)->generation, 1u);
  EXPECT_EQ(world.directory.OpenOffers(world.now)[0].approvals, 1u);
  // The same registrar is not two, nor is one who is not a registrar.
  EXPECT_EQ(world.AppendDirectory(world.Approval(world.registrar1, *offer)), Verdict::kRole);
  EXPECT_EQ(world.AppendDirectory(world.Approval(world.supervisor, *offer)), Verdict::kRole);
  for (const Author& author : {world.registrar1, world.supervisor}) {
    const auto approval = world.Approval(author, *offer);
    Entry entry = world.Place(*approval, 99);
    entry.verdict = Verdict::kAccepted;  // a server that lies
    world.directory.Append(*approval, entry);
  }
  EXPECT_EQ(world.directory.FindPerson(second.person)->generation, 1u);
  EXPECT_EQ(world.AppendDirectory(world.Approval(world.registrar3, *offer)), Verdict::kAccepted);
  EXPECT_EQ(world.directory.FindPerson(second.person)->generation, 2u);
  EXPECT_FALSE(world.directory.KeyEnded(second.person, 2));
  EXPECT_TRUE(world.directory.OpenOffers(world.now).empty());
}

TEST(DirectoryTest, OffersNothingButTheNextOwnKey) {
  Keys world;
  const auto with = [&world](const Author& by, const std::function<void(PersonEntry&)>& alter) {
    PersonEntry entry = *world.directory.FindPerson(world.officer.person);
    entry.generation = 2;
    entry.receive_key = std::string(32, 'x');
    alter(entry);
    return world.Edit(world.directory_file, by, Kind::kDirectory).Write(entry).Build();
  };
  EXPECT_EQ(world.Edit(world.directory_file, world.officer, Kind::kDirectory)
                .Write(*world.directory.FindDevice(world.officer.device))
                .Build()
                ->writes.size(),
            1u);
  const struct {
    const char* name;
    std::shared_ptr<const Change> change;
  } refused[] = {
      {"another's key", with(world.officer2, [](PersonEntry&) {})},
      {"with a role", with(world.officer,
                           [&world](PersonEntry& entry) {
                             entry.roles.push_back({Role::kSupervisor, world.lead.unit});
                           })},
      {"with an ending", with(world.officer, [](PersonEntry& entry) { entry.ended = true; })},
      {"no key", with(world.officer, [](PersonEntry& entry) { entry.receive_key.clear(); })},
      {"another unit's key", world.UnitOffer(world.officer, world.intake.unit, 1)},
      {"a device", world.Edit(world.directory_file, world.officer, Kind::kDirectory)
                       .Write(*world.directory.FindDevice(world.officer.device))
                       .Build()}};
  for (const auto& one : refused) {
    SCOPED_TRACE(one.name);
    EXPECT_EQ(world.AppendDirectory(one.change), Verdict::kRole);
  }
  // Skipping a generation is kept and comes to nothing.
  const auto skipping = world.OwnOffer(world.officer, 3);
  EXPECT_EQ(world.AppendDirectory(skipping), Verdict::kAccepted);
  EXPECT_TRUE(world.directory.OpenOffers(world.now).empty());
  world.AppendDirectory(world.Approval(world.registrar1, *skipping));
  world.AppendDirectory(world.Approval(world.registrar2, *skipping));
  EXPECT_EQ(world.directory.FindPerson(world.officer.person)->generation, 1u);
}

TEST(DirectoryTest, AnOfferOfALostDeviceComesToNothing) {
  Keys world;
  const Author second = world.Second(world.officer, 77);
  const auto offer = world.OwnOffer(second, 2);
  world.AppendDirectory(offer);
  world.AppendDirectory(world.Approval(world.registrar1, *offer));
  world.Lose(second);
  EXPECT_EQ(world.AppendDirectory(world.Approval(world.registrar3, *offer)), Verdict::kRole);
  EXPECT_EQ(world.directory.FindPerson(second.person)->generation, 1u);
  // What a server said against its rules does not help.
  const auto again = world.Approval(world.registrar3, *offer);
  Entry entry = world.Place(*again, 99);
  entry.verdict = Verdict::kAccepted;
  world.directory.Append(*again, entry);
  EXPECT_EQ(world.directory.FindPerson(second.person)->generation, 1u);
}

// --- when a file wants new keys ---

TEST(DirectoryTest, AFileWantsNewKeysWhenAKeyThatOpensItEnded) {
  Keys world;
  const auto wrap_to = [&world](const ChangeId& epoch, const Author& author) {
    Wrap wrap;
    wrap.key_epoch = epoch;
    wrap.key_class = KeyClass::kGeneral;
    wrap.recipient_kind = RecipientKind::kPerson;
    wrap.recipient = ChangeId::FromPrefix(author.person.view());
    wrap.generation = world.directory.FindPerson(author.person)->generation;
    return wrap;
  };
  FileState file(MakeId<FileId>(500));
  const auto founding =
      world.Found(file.id(), FileKind::kOperation, world.lead, {TestWorld::Line(world.officer)});
  ASSERT_EQ(world.Append(file, founding), Verdict::kAccepted);
  EXPECT_FALSE(RekeyDue(file, world.directory));
  const auto grant = world.Edit(file, world.lead, Kind::kGrant)
                         .Write(wrap_to(founding->id, world.officer))
                         .Build();
  ASSERT_EQ(world.Append(file, grant), Verdict::kAccepted);
  EXPECT_FALSE(RekeyDue(file, world.directory));
  world.Lose(world.officer);
  EXPECT_TRUE(RekeyDue(file, world.directory));
}

TEST(DirectoryTest, AFounderWhoDidNotKnowOfALossLosesNothing) {
  Keys world;
  FileState file(MakeId<FileId>(501));
  const auto plain = world.Found(file.id(), FileKind::kOperation, world.lead,
                                 {TestWorld::Line(world.officer), TestWorld::Line(world.officer2)});
  Change founding = *plain;
  for (const Author& author : {world.officer, world.officer2}) {
    Wrap wrap;
    wrap.key_epoch = founding.id;
    wrap.key_class = KeyClass::kGeneral;
    wrap.recipient_kind = RecipientKind::kPerson;
    wrap.recipient = ChangeId::FromPrefix(author.person.view());
    wrap.generation = 1;
    founding.writes.push_back({Salt(), wrap});
  }
  founding.header.writes = static_cast<uint32_t>(founding.writes.size());
  world.Lose(world.officer);
  ASSERT_EQ(world.Append(file, std::make_shared<const Change>(founding)), Verdict::kAccepted);
  ASSERT_EQ(file.wraps().size(), 1u) << "the wrap to the lost key has no effect";
  EXPECT_EQ(file.wraps()[0].wrap.recipient.view(), world.officer2.person.view());
  EXPECT_TRUE(RekeyDue(file, world.directory)) << "whoever found her phone may open it";
}

TEST(DirectoryTest, NoEntryTakesAwayAKeyThatStands) {
  Registry world;
  const PersonId person = world.officer.person;
  PersonEntry entry = *world.directory.FindPerson(person);
  const std::string first = entry.receive_key;
  entry.generation = 2;
  entry.receive_key = std::string(32, 'n');
  world.Enter(entry);
  EXPECT_EQ(world.directory.FindPerson(person)->receive_key, std::string(32, 'n'));
  // Another key of the same generation, and the first one again: the rest of the entry counts.
  PersonEntry swapped = entry;
  swapped.receive_key = std::string(32, 'x');
  swapped.roles.push_back({Role::kUnitLead, world.officer.unit});
  world.Enter(swapped);
  PersonEntry set_back = swapped;
  set_back.generation = 1;
  set_back.receive_key = first;
  world.Enter(set_back);
  EXPECT_EQ(world.directory.FindPerson(person)->generation, 2u);
  EXPECT_EQ(world.directory.FindPerson(person)->receive_key, std::string(32, 'n'));
  EXPECT_TRUE(world.directory.HoldsRole(person, Role::kUnitLead, world.officer.unit));
  EXPECT_EQ(world.directory.ReceiveKeyOf(person, 1), first);
  EXPECT_EQ(world.directory.ReceiveKeyOf(person, 2), std::string(32, 'n'));
  EXPECT_EQ(world.directory.ReceiveKeyOf(person, 3), "");
  // A device that somebody has compared by its number is that device for good.
  DeviceEntry device = *world.directory.FindDevice(world.officer.device);
  const DeviceEntry began = device;
  device.receive_key = std::string(32, 'x');
  device.signing_key = std::string(65, 'x');
  device.person = world.officer2.person;
  device.revoked = true;
  world.Enter(device);
  device.revoked = false;
  world.Enter(device);
  const DeviceEntry* now = world.directory.FindDevice(world.officer.device);
  EXPECT_EQ(now->receive_key, began.receive_key);
  EXPECT_EQ(now->signing_key, began.signing_key);
  EXPECT_EQ(now->person, world.officer.person);
  EXPECT_TRUE(now->revoked);
}

TEST(DirectoryTest, AUnitsKeyEndsWithThoseWhoShareItAndNotWithOthers) {
  Registry world;
  const UnitId shelter = world.intake.unit;
  const uint32_t generation = world.directory.FindUnit(shelter)->generation;
  ASSERT_FALSE(world.directory.KeyEnded(shelter, generation));
  DeviceEntry nurses = *world.directory.FindDevice(world.nurse.device);
  nurses.revoked = true;
  world.Enter(nurses);
  EXPECT_FALSE(world.directory.KeyEnded(shelter, generation)) << "health staff do not have it";
  PersonEntry changes = *world.directory.FindPerson(world.intake2.person);
  changes.roles = {{Role::kHealthWorker, shelter}};
  world.Enter(changes);
  EXPECT_TRUE(world.directory.KeyEnded(shelter, generation)) << "she had it, and shares no more";
}

}  // namespace
}  // namespace kapea::domain
