// Erasure: two people decide, what they name is gone from the fold, and a fold without the
// bytes is the same as the one with them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/domain/roles.h"
#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

class ErasureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    founding_ = world_.Found(file_.id(), FileKind::kOperation, world_.lead,
                             {TestWorld::Line(world_.officer), TestWorld::Line(world_.officer2),
                              TestWorld::Line(world_.supervisor)});
    ASSERT_EQ(Append(founding_), Verdict::kAccepted);
    ASSERT_EQ(Append(Edit(world_.officer)
                         .Set(kRecord, "count", int64_t{7})
                         .Pin("OP", 1)
                         .Seal(kRecord, "name", founding_->id, KeyClass::kIdentity)
                         .Set(kRecord, "name_given", true)
                         .Of(1)
                         .Build()),
              Verdict::kAccepted);
    ASSERT_EQ(Append(Edit(world_.officer)
                         .Set(kRoom, "number", int64_t{2})
                         .Pin("OP-ROOM", 1, kRecord)
                         .Build()),
              Verdict::kAccepted);
    ASSERT_EQ(Append(Edit(world_.officer2)
                         .Set(kOther, "count", int64_t{3})
                         .Pin("OP", 1)
                         .Set(kRecord, "outcome", Code{"FOUND"})
                         .Build()),
              Verdict::kAccepted);
  }
  Verdict Append(const std::shared_ptr<const Change>& change) {
    const Entry entry = world_.Place(*change, file_.number() + 1);
    Placed placed{change, entry, {}};
    const Verdict verdict = file_.Append(placed, world_.around());
    placed.entry.verdict = verdict;
    kept_.push_back(std::move(placed));
    return verdict;
  }
  ChangeBuilder Edit(const Author& by) const { return world_.Edit(file_, by); }

  static Decision Whole() {
    Decision decision;
    decision.reason = "consent_withdrawn";
    return decision;
  }
  Decision Record(const RecordId& record) const {
    Decision decision = Whole();
    decision.subject = record.str();
    return decision;
  }
  Decision Field(const RecordId& record, std::string field) const {
    Decision decision = Record(record);
    decision.field = std::move(field);
    decision.maker = file_.FindRecord(record)->made_by;
    decision.form = file_.FindRecord(record)->form;
    decision.parent = file_.FindRecord(record)->parent;
    return decision;
  }
  ChangeBuilder Propose(const Author& by, std::vector<Decision> decisions) const {
    ChangeBuilder builder = world_.Edit(file_, by, Kind::kErase);
    for (Decision& decision : decisions) builder.Write(std::move(decision));
    return builder;
  }
  ChangeBuilder Approve(const Author& by, const Change& proposal) const {
    ChangeBuilder builder = world_.Edit(file_, by, Kind::kApproval);
    builder.Write(Whole()).Naming(proposal);
    return builder;
  }
  // By lead and supervisor.
  void Erase(std::vector<Decision> decisions) {
    const auto proposal = Propose(world_.lead, std::move(decisions)).Build();
    ASSERT_EQ(Append(proposal), Verdict::kAccepted);
    ASSERT_EQ(Append(Approve(world_.supervisor, *proposal).Build()), Verdict::kAccepted);
    ASSERT_EQ(file_.erasures().size(), 1u);
    ASSERT_TRUE(file_.must_drop());
    Drop();
  }
  // What a store does then: the bytes go, and the fold is made anew.
  void Drop() {
    const std::vector<ErasureTarget> targets = file_.erased();
    FileState with_bytes(file_.id(), targets);
    FileState without(file_.id(), targets);
    for (Placed& placed : kept_) {
      with_bytes.Append(placed, world_.around());
      placed.change = WithoutErased(placed.change, targets);
      without.Append(placed, world_.around());
    }
    EXPECT_EQ(Show(with_bytes), Show(without)) << "what is covered must not matter any more";
    EXPECT_FALSE(without.must_drop());
    EXPECT_TRUE(without.disputed().empty());
    file_ = without;
  }
  static std::string Show(const FileState& file) {
    std::string text = std::to_string(file.number()) + " erasures " +
                       std::to_string(file.erasures().size()) + " wraps " +
                       std::to_string(file.wraps().size()) + "\n";
    for (const auto& [id, record] : file.records()) {
      text += id.hex() + " " + record.form.form + " by " + record.made_by.hex();
      text += record.parent ? " below " + record.parent->hex() : "";
      for (const auto& [field, values] : record.fields) {
        text += "\n  " + field + " " + std::to_string(values.current().size());
      }
      text += "\n";
    }
    for (const Judged& judged : file.without_effect()) {
      text += judged.change.hex() + " " + std::string(NameOf(judged.verdict)) + "\n";
    }
    return text;
  }

  const RecordId kRecord = MakeId<RecordId>(700), kRoom = MakeId<RecordId>(701),
                 kOther = MakeId<RecordId>(702);
  TestWorld world_;
  FileState file_{MakeId<FileId>(600)};
  std::shared_ptr<const Change> founding_;
  std::vector<Placed> kept_;
};

TEST_F(ErasureTest, OfAFileLeavesItsRosterAndWhoDecided) {
  Erase({Whole()});
  EXPECT_TRUE(file_.erased_wholly());
  EXPECT_TRUE(file_.founded());
  EXPECT_EQ(file_.roster().size(), 4u);
  EXPECT_TRUE(file_.records().empty());
  EXPECT_TRUE(file_.key_epochs().empty());
  EXPECT_TRUE(file_.wraps().empty());
  const ErasureAt& erasure = file_.erasures()[0];
  EXPECT_TRUE(erasure.whole_file());
  EXPECT_EQ(erasure.reason, "consent_withdrawn");
  EXPECT_EQ(erasure.proposed_by, world_.lead.person);
  EXPECT_EQ(erasure.approved_by, world_.supervisor.person);
  for (const Placed& placed : kept_) {
    for (const Write& write : placed.change->writes) {
      EXPECT_FALSE(std::holds_alternative<FieldWrite>(write.body));
      EXPECT_FALSE(std::holds_alternative<Wrap>(write.body));
    }
  }
  // What comes late has nothing left to say; the roster still moves.
  EXPECT_EQ(Append(Edit(world_.officer).Set(kOther, "count", int64_t{4}).Build()),
            Verdict::kErased);
  EXPECT_EQ(Append(Propose(world_.lead, {Whole()}).Build()), Verdict::kErased);
  ChangeBuilder removal = world_.Edit(file_, world_.lead, Kind::kRoster);
  removal.Write(RosterWrite{{}, {TestWorld::Line(world_.officer)}, {}});
  EXPECT_EQ(Append(removal.Build()), Verdict::kAccepted);
  EXPECT_EQ(file_.roster().size(), 3u);
}

TEST_F(ErasureTest, OfARecordLeavesTheOthers) {
  Erase({Record(kRecord), Record(kRoom)});
  EXPECT_FALSE(file_.erased_wholly());
  EXPECT_EQ(file_.FindRecord(kRecord), nullptr);
  EXPECT_EQ(file_.FindRecord(kRoom), nullptr);
  ASSERT_NE(file_.FindRecord(kOther), nullptr);
  EXPECT_TRUE(file_.FindRecord(kOther)->Find("count")->current().size() == 1);
  EXPECT_EQ(file_.key_epochs().size(), 1u) << "the keys serve what is left";
  // Of a late Change, what is left of it counts.
  EXPECT_EQ(Append(Edit(world_.officer)
                       .Set(kRecord, "count", int64_t{8})
                       .Set(kOther, "when", Time::FromUnixMs(5))
                       .Build()),
            Verdict::kAccepted);
  EXPECT_EQ(file_.FindRecord(kRecord), nullptr);
  EXPECT_NE(file_.FindRecord(kOther)->Find("when"), nullptr);
  EXPECT_EQ(Append(Edit(world_.officer).Set(kRecord, "count", int64_t{9}).Build()),
            Verdict::kErased);
}

TEST_F(ErasureTest, OfAFieldTakesItsFactsAndLeavesTheRecord) {
  Erase({Field(kRecord, "name")});
  const domain::Record* record = file_.FindRecord(kRecord);
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->Find("name"), nullptr);
  EXPECT_EQ(record->Find("name_given"), nullptr);
  EXPECT_NE(record->Find("count"), nullptr);
  // It stays a field of its form: written anew it is erased anew.
  EXPECT_EQ(Append(Edit(world_.officer)
                       .Seal(kRecord, "name", founding_->id, KeyClass::kIdentity)
                       .Set(kRecord, "name_given", true)
                       .Of(0)
                       .Build()),
            Verdict::kErased);
}

TEST_F(ErasureTest, OfTheFieldThatMadeARecordLeavesItsForm) {
  const ChangeId maker = file_.FindRecord(kRecord)->made_by;
  Erase({Field(kRecord, "count")});
  const domain::Record* record = file_.FindRecord(kRecord);
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->form.form, "OP");
  ASSERT_NE(record->definition, nullptr);
  EXPECT_EQ(record->made_by, maker);
  EXPECT_EQ(record->made_by_person, world_.officer.person);
  EXPECT_EQ(record->Find("count"), nullptr);
  EXPECT_NE(record->Find("outcome"), nullptr);
  EXPECT_EQ(file_.RecordsOf("OP").size(), 2u);
  EXPECT_EQ(file_.ChildrenOf(kRecord, "OP-ROOM").size(), 1u);
  EXPECT_EQ(Append(Edit(world_.officer).Set(kRecord, "outcome", Code{"NONE"}).Build()),
            Verdict::kAccepted);
}

TEST_F(ErasureTest, IsDecidedByTwoLeadsOfWhomOneIsASupervisor) {
  EXPECT_EQ(Append(Propose(world_.officer, {Whole()}).Build()), Verdict::kRole);
  const auto proposal = Propose(world_.lead, {Whole()}).Build();
  ASSERT_EQ(Append(proposal), Verdict::kAccepted);
  EXPECT_EQ(Append(Approve(world_.lead, *proposal).Build()), Verdict::kRole) << "the same person";
  EXPECT_EQ(Append(Approve(world_.officer, *proposal).Build()), Verdict::kRole);
  Author other = world_.supervisor;
  other.device = world_.lead.device;
  EXPECT_NE(Append(Approve(other, *proposal).Build()), Verdict::kAccepted) << "the same device";
  EXPECT_TRUE(file_.erasures().empty());
  EXPECT_EQ(file_.OpenErasures(world_.now).size(), 1u);
  EXPECT_FALSE(file_.must_drop());

  // Two unit leads are no supervisor.
  const auto lead2 = MakeAuthor(25, TestWorld::kPolice, Role::kUnitLead);
  PersonEntry person;
  person.person = lead2.person;
  person.generation = 1;
  person.receive_key = std::string(32, 'k');
  person.roles = {{lead2.role, lead2.unit}};
  const auto entered =
      ChangeBuilder(Kind::kDirectory, world_.directory_file.id(), world_.registrar1)
          .Roster(world_.genesis->hash)
          .Write(person)
          .Write(DeviceEntry{lead2.device, lead2.person, std::string(65, 's'), std::string(32, 'r'),
                             false})
          .Build();
  ASSERT_EQ(world_.AppendDirectory(entered), Verdict::kAccepted);
  ASSERT_EQ(world_.AppendDirectory(
                ChangeBuilder(Kind::kApproval, world_.directory_file.id(), world_.registrar2)
                    .Roster(world_.genesis->hash)
                    .Write(Decision{})
                    .Naming(*entered)
                    .Build()),
            Verdict::kAccepted);
  ChangeBuilder joins = world_.Edit(file_, world_.lead, Kind::kRoster);
  joins.Write(RosterWrite{{TestWorld::Line(lead2)}, {}, {}});
  ASSERT_EQ(Append(joins.Build()), Verdict::kAccepted);
  EXPECT_EQ(Append(Approve(lead2, *proposal).Build()), Verdict::kRole);
  EXPECT_EQ(Append(Approve(world_.supervisor, *proposal).Build()), Verdict::kAccepted);
  EXPECT_EQ(file_.erasures().size(), 1u);
}

TEST_F(ErasureTest, LapsesAndIsTakenBack) {
  const auto lapsed = Propose(world_.lead, {Whole()}).Build();
  ASSERT_EQ(Append(lapsed), Verdict::kAccepted);
  world_.now = world_.now + kProposalLapses + Duration::Milliseconds(1);
  EXPECT_TRUE(file_.OpenErasures(world_.now).empty());
  EXPECT_EQ(Append(Approve(world_.supervisor, *lapsed).Build()), Verdict::kAccepted);
  EXPECT_TRUE(file_.erasures().empty()) << "an approval that comes too late does nothing";

  const auto taken_back = Propose(world_.lead, {Whole()}).Build();
  ASSERT_EQ(Append(taken_back), Verdict::kAccepted);
  ASSERT_EQ(Append(world_.Edit(file_, world_.lead, Kind::kWithdrawal)
                       .Write(Decision{})
                       .Naming(*taken_back)
                       .Build()),
            Verdict::kAccepted);
  EXPECT_EQ(Append(Approve(world_.supervisor, *taken_back).Build()), Verdict::kRole);
  EXPECT_TRUE(file_.erasures().empty());
}

TEST_F(ErasureTest, WaitsForTheLedger) {
  const auto proposal = Propose(world_.lead, {Whole()}).Build();
  ASSERT_EQ(Append(proposal), Verdict::kAccepted);
  file_.AppendLocal(Approve(world_.supervisor, *proposal).Build(), {}, world_.around());
  EXPECT_TRUE(file_.erasures().empty()) << "nothing is destroyed on one device's word";
  EXPECT_FALSE(file_.must_drop());
}

TEST_F(ErasureTest, IsRefusedWhileAHoldKeepsTheFile) {
  auto hold = Condition::Parse("OP.count = 7");
  ASSERT_TRUE(hold.ok()) << hold.status();
  world_.pack->retentions.push_back({.id = "RET-1",
                                     .label = {},
                                     .file_kind = FileKind::kOperation,
                                     .due = {},
                                     .hold = *hold,
                                     .provenance = {}});
  const auto proposal = Propose(world_.lead, {Record(kRoom)}).Build();
  EXPECT_EQ(Append(proposal), Verdict::kOnHold);
  const ChangeId before = *file_.FindRecord(kRecord)->Find("count")->CurrentIds().begin();
  ASSERT_EQ(Append(Edit(world_.officer).Set(kRecord, "count", int64_t{1}, {before}).Build()),
            Verdict::kAccepted);
  EXPECT_EQ(Append(Propose(world_.lead, {Record(kRoom)}).Build()), Verdict::kAccepted);
}

TEST_F(ErasureTest, TellsWhichDevicesHaveDroppedIt) {
  Erase({Whole()});
  const ErasureAt erasure = file_.erasures()[0];
  Decision done;
  done.reason = std::string(kErasureDone);
  const auto say = [&](const Author& by, const Ref& what) {
    return Append(world_.Edit(file_, by, Kind::kErase).Write(done).Naming(what).Build());
  };
  EXPECT_EQ(say(world_.officer, erasure.approval), Verdict::kAccepted);
  EXPECT_EQ(say(world_.officer, erasure.proposal), Verdict::kRole) << "that completed nothing";
  EXPECT_EQ(file_.erasures()[0].done_by, std::set<DeviceId>{world_.officer.device});
}

TEST_F(ErasureTest, RefusesWhatIsNoErasure) {
  Decision no_reason = Whole();
  no_reason.reason.clear();
  Decision done = Whole();
  done.reason = std::string(kErasureDone);
  Decision bare = Record(kRecord);
  bare.field = "name";
  Decision other_maker = Field(kRecord, "name");
  other_maker.maker = MakeId<ChangeId>(4711);
  Decision other_form = Field(kRecord, "name");
  other_form.form = FormPin{"OP-ROOM", 1};
  const struct {
    const char* name;
    std::vector<Decision> decisions;
    Verdict want;
  } cases[] = {
      {"no reason", {no_reason}, Verdict::kMalformed},
      {"the reason of who has dropped it", {done}, Verdict::kMalformed},
      {"the file twice", {Whole(), Whole()}, Verdict::kMalformed},
      {"the file and a record", {Whole(), Record(kRecord)}, Verdict::kMalformed},
      {"a record twice", {Record(kRecord), Record(kRecord)}, Verdict::kMalformed},
      {"a field without what made its record", {bare}, Verdict::kMalformed},
      {"another maker", {other_maker}, Verdict::kForm},
      {"another form", {other_form}, Verdict::kForm},
      {"no such record", {Record(MakeId<RecordId>(999))}, Verdict::kForm},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(Append(Propose(world_.lead, one.decisions).Build()), one.want) << one.name;
  }
  EXPECT_TRUE(file_.OpenErasures(world_.now).empty());
}

TEST_F(ErasureTest, VerdictsBehindItFollowAgain) {
  Erase({Record(kRecord), Record(kRoom)});
  EXPECT_FALSE(file_.content_missing()) << "what is missing is explained";
  const auto edit = Edit(world_.officer).Set(kOther, "count", int64_t{4}).Build();
  Placed placed{edit, world_.Place(*edit, file_.number() + 1), {}};
  placed.entry.verdict = Verdict::kNotMember;
  placed.entry.rules = kRulesVersion;
  file_.Append(placed, world_.around());
  EXPECT_EQ(file_.disputed().size(), 1u) << "a server that lies is found out here too";
}

TEST_F(ErasureTest, WhatNobodyErasedIsMissing) {
  FileState file(file_.id());
  for (Placed placed : kept_) {
    if (placed.entry.number == 2) {
      placed.change = WithoutErased(placed.change, {{kRecord, "", {}, {}, {}}});
    }
    file.Append(placed, world_.around());
  }
  EXPECT_TRUE(file.content_missing());
  EXPECT_TRUE(file.erasures().empty());
}

// An Entry under other rules is taken at its word, and this word would destroy.
TEST_F(ErasureTest, IsNotBelievedOfTheWrongPeople) {
  const auto proposal = Propose(world_.officer, {Whole()}).Build();
  const auto approval = Approve(world_.officer2, *proposal).Build();
  for (const auto& change : {proposal, approval}) {
    Placed placed{change, world_.Place(*change, file_.number() + 1), {}};
    placed.entry.verdict = Verdict::kAccepted;
    placed.entry.rules = kRulesVersion + 1;
    file_.Append(placed, world_.around());
  }
  EXPECT_TRUE(file_.erasures().empty());
  EXPECT_FALSE(file_.must_drop());
  EXPECT_NE(file_.FindRecord(kRecord), nullptr);
}

}  // namespace
}  // namespace kapea::domain
