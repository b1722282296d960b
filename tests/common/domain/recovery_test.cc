// The recovery key: its place in the directory, what may be wrapped to it, and who says that
// she has keys again.
#include <gtest/gtest.h>

#include "common/domain/rekey.h"
#include "common/domain/roles.h"
#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

struct Recovery : TestWorld {
  static UnitEntry Key(uint32_t generation, char fill = 'x') {
    UnitEntry entry;
    entry.unit = RecoveryPlace();
    entry.kind = UnitKind::kRegistry;
    entry.code = std::string(kRecoveryCode);
    entry.generation = generation;
    entry.receive_key = std::string(32, fill);
    entry.receive_key_hash = HashOf(fill);
    return entry;
  }
  static Hash HashOf(char fill) { return MakeId<Hash>(9000u + static_cast<uint8_t>(fill)); }
  Verdict Enter(const UnitEntry& entry) {
    const auto proposal = Edit(directory_file, registrar1, Kind::kDirectory).Write(entry).Build();
    AppendDirectory(proposal);
    return AppendDirectory(Edit(directory_file, registrar2, Kind::kApproval)
                               .Write(Decision{})
                               .Naming(*proposal)
                               .Build());
  }
  void FoundFile(FileKind kind = FileKind::kOperation) {
    Append(file, Found(file.id(), kind, lead, {Line(officer), Line(supervisor), Line(nurse)}));
    epoch = file.newest_key_epoch()->id;
  }
  Wrap ToKey(uint32_t generation = 1, char fill = 'x',
             KeyClass key_class = KeyClass::kIdentity) const {
    Wrap wrap;
    wrap.key_epoch = epoch;
    wrap.key_class = key_class;
    wrap.recipient_kind = RecipientKind::kRecovery;
    wrap.recipient = ChangeId::FromPrefix(RecoveryPlace().view());
    wrap.generation = generation;
    wrap.recipient_key = HashOf(fill);
    return wrap;
  }
  Verdict Judge(ChangeBuilder builder) {
    return file.Judge(*builder.Build(), next_sequence, around());
  }
  Verdict Grant(const Wrap& wrap) { return Judge(Edit(file, lead, Kind::kGrant).Write(wrap)); }
  Decision Said(KeyClass key_class = KeyClass::kIdentity, uint64_t generation = 1) const {
    Decision said;
    said.reason = "phones_lost";
    said.subject = epoch.str();
    said.from = static_cast<uint64_t>(key_class);
    said.to = generation;
    return said;
  }
  Verdict Say(const Author& author, const Decision& said) {
    return Judge(Edit(file, author, Kind::kRecovery).Write(said));
  }

  FileState file{MakeId<FileId>(1)};
  KeyEpochId epoch;
};

TEST(RecoveryTest, TwoRegistrarsEnterAndReplaceTheKey) {
  Recovery world;
  EXPECT_EQ(world.directory.RecoveryKey(), nullptr);
  EXPECT_TRUE(world.directory.RecoveryKeyEnded(1));
  const auto proposal = world.Edit(world.directory_file, world.registrar1, Kind::kDirectory)
                            .Write(Recovery::Key(1))
                            .Build();
  world.AppendDirectory(proposal);
  EXPECT_EQ(world.directory.RecoveryKey(), nullptr) << "one registrar alone enters nothing";
  const uint64_t entered = world.next_sequence;
  EXPECT_EQ(world.Enter(Recovery::Key(1)), Verdict::kAccepted);
  ASSERT_NE(world.directory.RecoveryKey(), nullptr);
  EXPECT_FALSE(world.directory.RecoveryKeyEnded(1));
  EXPECT_EQ(world.directory.RecoveryKey(entered), nullptr) << "history stays";
  EXPECT_GE(world.directory.keys_changed_at(), entered);

  // The same number with another key, or a number too far, changes nothing.
  world.Enter(Recovery::Key(1, 'y'));
  world.Enter(Recovery::Key(3, 'y'));
  EXPECT_EQ(world.directory.RecoveryKey()->receive_key, std::string(32, 'x'));
  world.Enter(Recovery::Key(2, 'y'));
  EXPECT_EQ(world.directory.RecoveryKey()->receive_key, std::string(32, 'y'));
  EXPECT_TRUE(world.directory.RecoveryKeyEnded(1));
  EXPECT_FALSE(world.directory.RecoveryKeyEnded(2));
  UnitEntry ended = Recovery::Key(2, 'y');
  ended.ended = true;
  world.Enter(ended);
  EXPECT_EQ(world.directory.RecoveryKey(), nullptr);
  EXPECT_TRUE(world.directory.RecoveryKeyEnded(2));
  world.Enter(Recovery::Key(3, 'z'));
  EXPECT_FALSE(world.directory.RecoveryKeyEnded(3));
}

TEST(RecoveryTest, NobodyWorksAtItsPlace) {
  Recovery world;
  world.Enter(Recovery::Key(1));
  EXPECT_EQ(world.directory.Units().size(), 3u);
  EXPECT_EQ(world.directory.FindUnitByCode(kRecoveryCode), nullptr);
  // Not even when two registrars say so.
  PersonEntry entry = *world.directory.FindPerson(world.officer.person);
  entry.roles.push_back({Role::kSupervisor, RecoveryPlace()});
  entry.roles.push_back({Role::kRegistrar, RecoveryPlace()});
  const auto proposal =
      world.Edit(world.directory_file, world.registrar1, Kind::kDirectory).Write(entry).Build();
  world.AppendDirectory(proposal);
  world.AppendDirectory(world.Edit(world.directory_file, world.registrar2, Kind::kApproval)
                            .Write(Decision{})
                            .Naming(*proposal)
                            .Build());
  ASSERT_EQ(world.directory.FindPerson(world.officer.person)->roles.size(), 3u);
  EXPECT_FALSE(world.directory.HoldsRole(world.officer.person, Role::kSupervisor, RecoveryPlace()));
  EXPECT_FALSE(world.directory.IsRegistrar(world.officer.person));
  // So nobody offers its next key either.
  Author posing = world.officer;
  posing.unit = RecoveryPlace();
  posing.role = Role::kSupervisor;
  const auto offer = world.Edit(world.directory_file, posing, Kind::kDirectory)
                         .Write(Recovery::Key(2, 'y'))
                         .Build();
  EXPECT_EQ(world.AppendDirectory(offer), Verdict::kRole);
  EXPECT_FALSE(KeyOfferIn(*offer, world.directory, Directory::kNow));
}

TEST(RecoveryTest, AKeyIsWrappedToWhatTheDirectoryHasAndToNothingElse) {
  Recovery world;
  world.FoundFile();
  EXPECT_EQ(NameOf(world.Grant(world.ToKey())), "early") << "there is none yet";
  world.Enter(Recovery::Key(1));
  EXPECT_EQ(NameOf(world.Grant(world.ToKey())), "accepted");
  EXPECT_EQ(NameOf(world.Grant(world.ToKey(1, 'y'))), "stale_recipient") << "another key's hash";
  EXPECT_EQ(NameOf(world.Grant(world.ToKey(2))), "early");
  Wrap elsewhere = world.ToKey();
  elsewhere.recipient = ChangeId::FromPrefix(world.lead.unit.view());
  EXPECT_EQ(NameOf(world.Grant(elsewhere)), "malformed");
  Wrap half = world.ToKey();
  half.half = 1;
  EXPECT_EQ(NameOf(world.Grant(half)), "malformed");
  EXPECT_EQ(
      NameOf(world.Judge(world.Edit(world.file, world.officer, Kind::kGrant).Write(world.ToKey()))),
      "role");
  world.Enter(Recovery::Key(2, 'y'));
  EXPECT_EQ(NameOf(world.Grant(world.ToKey())), "stale_recipient");
  EXPECT_EQ(NameOf(world.Grant(world.ToKey(2, 'y'))), "accepted");
}

TEST(RecoveryTest, AReplacedKeyMeansNewKeysForTheFilesItHad) {
  Recovery world;
  world.Enter(Recovery::Key(1));
  world.FoundFile();
  world.Append(world.file,
               world.Edit(world.file, world.lead, Kind::kGrant).Write(world.ToKey()).Build());
  EXPECT_FALSE(RekeyDue(world.file, world.directory));
  world.Enter(Recovery::Key(2, 'y'));
  EXPECT_TRUE(RekeyDue(world.file, world.directory));
}

TEST(RecoveryTest, WhoMaySayThatSheHasKeysAgain) {
  Recovery world;
  world.Enter(Recovery::Key(1));
  world.FoundFile(FileKind::kPerson);
  EXPECT_EQ(NameOf(world.Say(world.supervisor, world.Said())), "key_epoch")
      << "what was never given to a recovery key cannot come from one";
  ChangeBuilder grant = world.Edit(world.file, world.lead, Kind::kGrant);
  for (const KeyClass key_class : kKeyClasses) grant.Write(world.ToKey(1, 'x', key_class));
  ASSERT_EQ(NameOf(world.Append(world.file, grant.Build())), "accepted");

  EXPECT_EQ(NameOf(world.Say(world.lead, world.Said())), "accepted");
  EXPECT_EQ(NameOf(world.Say(world.supervisor, world.Said())), "accepted");
  EXPECT_EQ(NameOf(world.Say(world.officer, world.Said())), "role") << "she does not lead it";
  EXPECT_EQ(NameOf(world.Say(world.intake, world.Said())), "not_member");
  EXPECT_EQ(NameOf(world.Say(world.supervisor, world.Said(KeyClass::kHealth))), "role")
      << "not a class of her role";
  EXPECT_EQ(NameOf(world.Say(world.nurse, world.Said(KeyClass::kHealth))), "accepted")
      << "no lead has it, so whoever may read it";
  EXPECT_EQ(NameOf(world.Say(world.nurse, world.Said(KeyClass::kGeneral))), "role");
  EXPECT_EQ(NameOf(world.Say(world.lead, world.Said(KeyClass::kIdentity, 2))), "key_epoch");
  Decision other = world.Said();
  other.subject = MakeId<KeyEpochId>(4).str();
  EXPECT_EQ(NameOf(world.Say(world.lead, other)), "key_epoch");
}

TEST(RecoveryTest, ARecoveryIsWholeOrMalformed) {
  Recovery world;
  world.Enter(Recovery::Key(1));
  world.FoundFile();
  const auto refused = [&world](const std::function<void(Decision&)>& alter) {
    Decision said = world.Said();
    alter(said);
    return std::string(NameOf(world.Say(world.lead, said)));
  };
  EXPECT_EQ(refused([](Decision& said) { said.reason.clear(); }), "malformed");
  EXPECT_EQ(refused([](Decision& said) { said.subject.clear(); }), "malformed");
  EXPECT_EQ(refused([](Decision& said) { said.from = 0; }), "malformed");
  EXPECT_EQ(refused([](Decision& said) { said.from = 256; }), "malformed");
  EXPECT_EQ(refused([](Decision& said) { said.to = 0; }), "malformed");
  EXPECT_EQ(refused([](Decision& said) { said.field = "name"; }), "malformed");
  EXPECT_EQ(refused([](Decision& said) { said.maker = MakeId<ChangeId>(3); }), "malformed");
  const auto founding = world.file.roster_hash();
  EXPECT_EQ(NameOf(world.Judge(world.Edit(world.file, world.lead, Kind::kRecovery)
                                   .Write(world.Said())
                                   .Naming(Ref{MakeId<ChangeId>(1), *founding}))),
            "malformed");
  EXPECT_EQ(NameOf(world.directory_file.Judge(
                *world.Edit(world.directory_file, world.registrar1, Kind::kRecovery)
                     .Write(world.Said())
                     .Build(),
                world.next_sequence, world.around())),
            "malformed");
}

TEST(RecoveryTest, TheFileSaysWhoRecoveredWhatAndWhy) {
  Recovery world;
  world.Enter(Recovery::Key(1));
  world.FoundFile();
  ChangeBuilder grant = world.Edit(world.file, world.lead, Kind::kGrant);
  grant.Write(world.ToKey()).Write(world.ToKey(1, 'x', KeyClass::kGeneral));
  world.Append(world.file, grant.Build());
  const auto said = world.Edit(world.file, world.supervisor, Kind::kRecovery)
                        .Write(world.Said())
                        .Write(world.Said(KeyClass::kGeneral))
                        .Build();
  EXPECT_EQ(world.Append(world.file, said), Verdict::kAccepted);
  ASSERT_EQ(world.file.recoveries().size(), 1u);
  const RecoveryAt& one = world.file.recoveries().front();
  EXPECT_EQ(one.by, world.supervisor.person);
  EXPECT_EQ(one.reason, "phones_lost");
  EXPECT_EQ(one.keys, 2u);
  EXPECT_EQ(one.generation, 1u);
  EXPECT_EQ(one.self.change, said->id);
}

// An Entry under other rules may hold anything of the shape's bodies.
TEST(RecoveryTest, WhatIsTakenAtItsWordBreaksNothing) {
  Recovery world;
  world.FoundFile();
  auto change = world.Edit(world.file, world.officer, Kind::kRecovery)
                    .Write(Decision{})
                    .Write(Withheld{})
                    .Write(FieldWrite{})
                    .Build();
  Placed placed{change, world.Place(*change, world.file.number() + 1), change->header.clock};
  placed.entry.rules = kRulesVersion + 1;
  placed.entry.verdict = Verdict::kAccepted;
  world.file.Append(placed, world.around());
  ASSERT_EQ(world.file.recoveries().size(), 1u);
  EXPECT_EQ(world.file.recoveries().front().keys, 1u);
}

}  // namespace
}  // namespace kapea::domain
