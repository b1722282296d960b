// Edits of several people in one file.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/support/manual_clock.h"
#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

const RecordId kRecord = MakeId<RecordId>(501);

struct Operation : TestWorld {
  Operation() {
    Append(file,
           Found(file.id(), FileKind::kOperation, lead,
                 {Line(officer, {Duty::kJpo}), Line(officer2, {Duty::kJpo}), Line(supervisor)}));
    made = Edit(file, lead).Set(kRecord, "count", int64_t{0}).Pin("OP", 1).Build();
    Append(file, made);
  }
  const Register& Field(std::string_view code) { return *file.FindRecord(kRecord)->Find(code); }

  FileState file{MakeId<FileId>(1)};
  std::shared_ptr<const Change> made;
};

TEST(MergeTest, AFirstWriteMakesTheRecordAndPinsItsForm) {
  Operation op;
  const Record* record = op.file.FindRecord(kRecord);
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->form, (FormPin{"OP", 1}));
  EXPECT_EQ(record->made_by, op.made->id);
  EXPECT_EQ(op.file.FormOf(*record), op.pack->FindForm("OP", 1));
  EXPECT_EQ(op.file.RecordsOf("OP").size(), 1u);
}

TEST(MergeTest, TwoOfficersTickingOneItemIsNoConflictAndTheEarlierCounts) {
  Operation op;
  const Code done{std::string(kItemDone)};
  op.now = op.now + Duration::Minutes(5);
  const auto first =
      op.Edit(op.file, op.officer).Duty(Duty::kJpo).Set(kRecord, "T-1", done).Build();
  EXPECT_EQ(op.Append(op.file, first), Verdict::kAccepted);
  op.now = op.now + Duration::Minutes(5);
  const auto second =
      op.Edit(op.file, op.officer2).Duty(Duty::kJpo).Set(kRecord, "T-1", done).Build();
  EXPECT_EQ(op.Append(op.file, second), Verdict::kAccepted);
  EXPECT_TRUE(op.file.Conflicts().empty());
  EXPECT_EQ(op.Field("T-1").Shown()->change, first->id);
  EXPECT_EQ(op.Field("T-1").DistinctValues()[0].authors.size(), 2u);
}

TEST(MergeTest, DifferentValuesConflictAndAResolutionReplacesBoth) {
  Operation op;
  const auto mine =
      op.Edit(op.file, op.officer).Set(kRecord, "count", int64_t{3}, {op.made->id}).Build();
  const auto hers =
      op.Edit(op.file, op.officer2).Set(kRecord, "count", int64_t{4}, {op.made->id}).Build();
  op.Append(op.file, mine);
  op.Append(op.file, hers);
  ASSERT_EQ(op.file.Conflicts().size(), 1u);
  EXPECT_EQ(op.file.Conflicts()[0].field, "count");
  const auto decided = op.Edit(op.file, op.lead, Kind::kResolution)
                           .Set(kRecord, "count", int64_t{4}, op.Field("count").CurrentIds())
                           .Build();
  EXPECT_EQ(op.Append(op.file, decided), Verdict::kAccepted);
  EXPECT_TRUE(op.file.Conflicts().empty());
  EXPECT_EQ(op.Field("count").CurrentIds(), std::vector<ChangeId>{decided->id});
}

TEST(MergeTest, AChangeWithAVerdictNeitherAddsNorReplaces) {
  Operation op;
  const auto outsider =
      op.Edit(op.file, op.intake).Set(kRecord, "count", int64_t{9}, {op.made->id}).Build();
  EXPECT_EQ(op.Append(op.file, outsider), Verdict::kNotMember);
  EXPECT_EQ(op.Field("count").CurrentIds(), std::vector<ChangeId>{op.made->id});
  ASSERT_EQ(op.file.without_effect().size(), 1u);
  EXPECT_EQ(op.file.without_effect()[0].change, outsider->id);
  EXPECT_EQ(op.file.without_effect()[0].author, op.intake.person);
}

TEST(MergeTest, AVoidedRecordIsNotListedAndComesBackWhenTheVoidIsCleared) {
  Operation op;
  const auto voided = op.Edit(op.file, op.lead).Set(kRecord, kVoidField, Code{"MISTAKE"}).Build();
  EXPECT_EQ(op.Append(op.file, voided), Verdict::kAccepted);
  EXPECT_TRUE(op.file.RecordsOf("OP").empty());
  EXPECT_EQ(op.Append(op.file,
                      op.Edit(op.file, op.lead).Clear(kRecord, kVoidField, {voided->id}).Build()),
            Verdict::kAccepted);
  EXPECT_EQ(op.file.RecordsOf("OP").size(), 1u);
}

TEST(MergeTest, ARepinRaisesTheFormAndOldFieldsStayWritable) {
  Operation op;
  const auto note = [&op] {
    return op.Edit(op.file, op.officer).Set(kRecord, "note2", int64_t{1}).Build();
  };
  EXPECT_EQ(op.Append(op.file, note()), Verdict::kForm);
  EXPECT_EQ(
      op.Append(op.file, op.Edit(op.file, op.lead).Set(kRecord, kPinField, int64_t{2}).Build()),
      Verdict::kAccepted);
  EXPECT_EQ(op.file.FindRecord(kRecord)->form.version, 2u);
  EXPECT_EQ(op.Append(op.file, note()), Verdict::kAccepted);
  EXPECT_EQ(
      op.Append(op.file, op.Edit(op.file, op.officer).Set(kRecord, "dropped", int64_t{1}).Build()),
      Verdict::kAccepted);
}

TEST(MergeTest, ADerivedFactGoesWithTheWriteItComesFrom) {
  Operation op;
  const KeyEpochId epoch = op.file.newest_key_epoch()->id;
  const auto named = op.Edit(op.file, op.officer)
                         .Seal(kRecord, "name", epoch, KeyClass::kIdentity)
                         .Set(kRecord, "name_given", true)
                         .Of(0)
                         .Build();
  ASSERT_EQ(op.Append(op.file, named), Verdict::kAccepted);
  EXPECT_EQ(op.Field("name_given").CurrentIds(), std::vector<ChangeId>{named->id});
  const auto again = op.Edit(op.file, op.officer)
                         .Seal(kRecord, "name", epoch, KeyClass::kIdentity, {named->id})
                         .Set(kRecord, "name_given", false)
                         .Of(0)
                         .Build();
  ASSERT_EQ(op.Append(op.file, again), Verdict::kAccepted);
  EXPECT_EQ(op.Field("name_given").CurrentIds(), std::vector<ChangeId>{again->id});
  const auto emptied = op.Edit(op.file, op.officer).Clear(kRecord, "name", {again->id}).Build();
  ASSERT_EQ(op.Append(op.file, emptied), Verdict::kAccepted);
  EXPECT_TRUE(op.Field("name_given").CurrentIds().empty());
}

TEST(MergeTest, ChildrenHangUnderTheirParent) {
  Operation op;
  const auto room = MakeId<RecordId>(502);
  EXPECT_EQ(op.Append(op.file, op.Edit(op.file, op.officer)
                                   .Set(room, "number", int64_t{1})
                                   .Pin("OP-ROOM", 1, kRecord)
                                   .Build()),
            Verdict::kAccepted);
  ASSERT_EQ(op.file.ChildrenOf(kRecord, "OP-ROOM").size(), 1u);
  EXPECT_EQ(op.file.ChildrenOf(kRecord, "OP-ROOM")[0]->id, room);
}

// Everything that the registers of a file say, in words.
std::string Said(const FileState& file) {
  std::ostringstream out;
  for (const auto& [id, record] : file.records()) {
    out << id.hex() << " " << record.form.form << record.made_by.hex() << "\n";
    for (const auto& [field, values] : record.fields) {
      if (values.current().empty()) continue;
      out << "  " << field;
      for (const ChangeId& change : values.CurrentIds()) out << " " << change.hex();
      if (values.Shown() != nullptr) out << " shown " << values.Shown()->change.hex();
      out << "\n";
    }
  }
  return out.str();
}

// Edits by three people into two records, each replacing some of what was there.
std::vector<std::shared_ptr<const Change>> ArbitraryEdits(const Operation& op) {
  std::vector<std::shared_ptr<const Change>> edits;
  const RecordId other = MakeId<RecordId>(503);
  edits.push_back(op.Edit(op.file, op.lead).Set(other, "count", int64_t{1}).Pin("OP", 1).Build());
  std::vector<ChangeId> seen = {op.made->id, edits[0]->id};
  const std::vector<Author> authors = {op.lead, op.officer, op.officer2};
  const auto count = *rc::gen::inRange(1, 10);
  for (int i = 0; i < count; ++i) {
    ChangeBuilder edit = op.Edit(op.file, authors[*rc::gen::inRange<size_t>(0, 3)]);
    std::vector<ChangeId> replaces;
    for (const ChangeId& id : seen) {
      if (*rc::gen::inRange(0, 3) == 0) replaces.push_back(id);
    }
    const RecordId& record = *rc::gen::arbitrary<bool>() ? kRecord : other;
    edit.Set(record, "count", *rc::gen::inRange<int64_t>(0, 4), replaces);
    if (*rc::gen::arbitrary<bool>()) edit.Clear(record, "outcome", replaces);
    edits.push_back(edit.Build());
    seen.push_back(edits.back()->id);
  }
  return edits;
}

RC_GTEST_PROP(MergeProperty, AnyOrderRepetitionAndGroupingOfEditsGivesTheSameRecords, ()) {
  Operation op;
  const auto edits = ArbitraryEdits(op);
  std::vector<size_t> order(edits.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto repeated = *rc::gen::inRange<size_t>(0, edits.size());
  order.push_back(repeated);
  for (size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[*rc::gen::inRange<size_t>(0, i)]);
  }
  // One device has them all in the Ledger; another has some there, the rest its own; a
  // third all its own.
  FileState placed = op.file;
  for (const auto& edit : edits) op.Append(placed, edit);
  const ManualClock clock(op.now);
  FileState local = op.file;
  for (const size_t i : order) local.AppendLocal(edits[i], clock.Read(), op.around());
  RC_ASSERT(Said(local) == Said(placed));

  FileState mixed = op.file;
  const auto cut = *rc::gen::inRange<size_t>(0, order.size());
  for (size_t i = 0; i < cut; ++i) {
    mixed.AppendLocal(edits[order[i]], clock.Read(), op.around());
  }
  for (const size_t i : order) {
    const bool known = mixed.number() >= op.file.number() + edits.size();
    if (!known && *rc::gen::arbitrary<bool>()) op.Append(mixed, edits[i]);
  }
  for (const size_t i : order) mixed.AppendLocal(edits[i], clock.Read(), op.around());
  RC_ASSERT(Said(mixed) == Said(placed));
}

TEST(LocalTest, AnEntryTakesThePlaceOfTheLocalChange) {
  Operation op;
  ManualClock clock(op.now);
  const auto edit =
      op.Edit(op.file, op.officer).Set(kRecord, "count", int64_t{5}, {op.made->id}).Build();
  op.file.AppendLocal(edit, clock.Read(), op.around());
  EXPECT_EQ(op.Field("count").Shown()->number, 0u);
  EXPECT_EQ(op.Field("count").Shown()->time.hard.latest, Time::Max());
  FileState copy = op.file;
  EXPECT_EQ(op.Append(op.file, edit), Verdict::kAccepted);
  EXPECT_EQ(op.Field("count").Shown()->number, 3u);
  EXPECT_EQ(op.Field("count").Shown()->time.hard.latest, op.now);
  // The copy still stands by itself.
  EXPECT_EQ(copy.FindRecord(kRecord)->Shown("count")->number, 0u);
  EXPECT_EQ(op.Append(copy, edit), Verdict::kAccepted);
  EXPECT_EQ(copy.FindRecord(kRecord)->Shown("count")->number, 3u);
}

// Five local Changes of which the Ledger takes three, with a colleague's among them.
TEST(LocalTest, SeveralEntriesAtOnceAreAsOneAfterTheOther) {
  Operation op;
  ManualClock clock(op.now);
  const FileState by_ledger = op.file;
  std::vector<std::shared_ptr<const Change>> own;
  for (int64_t count = 1; count <= 5; ++count) {
    const auto seen = op.Field("count").CurrentIds();
    own.push_back(op.Edit(op.file, op.officer).Set(kRecord, "count", count, seen).Build());
    op.file.AppendLocal(own.back(), clock.Read(), op.around());
  }
  const auto hers = op.Edit(by_ledger, op.lead).Set(kRecord, "count", int64_t{9}).Build();
  std::vector<Placed> placed;
  for (const auto& change : {own[0], hers, own[1], own[2]}) {
    placed.push_back({change, op.Place(*change, by_ledger.number() + placed.size() + 1), {}});
  }
  FileState one_by_one = op.file;
  for (const Placed& one : placed) one_by_one.Append(one, op.around());
  FileState at_once = op.file;
  at_once.AppendAll(placed, op.around());
  EXPECT_EQ(at_once.number(), by_ledger.number() + 4);
  EXPECT_EQ(Said(at_once), Said(one_by_one));
  EXPECT_EQ(op.Field("count").CurrentIds(), std::vector<ChangeId>{own[4]->id});
  // What is there already leaves the local ones where they are.
  at_once.AppendAll(placed, op.around());
  EXPECT_EQ(Said(at_once), Said(one_by_one));
  at_once.AppendAll({{own[3], op.Place(*own[3], at_once.number() + 1), {}},
                     {own[4], op.Place(*own[4], at_once.number() + 2), {}}},
                    op.around());
  FileState afresh = by_ledger;
  for (const Placed& one : placed) afresh.Append(one, op.around());
  EXPECT_EQ(at_once.number(), afresh.number() + 2);
  EXPECT_EQ(at_once.FindRecord(kRecord)->Find("count")->current().at(own[4]->id).number,
            at_once.number());
}

TEST(LocalTest, TheLedgersOrderCountsAndLocalChangesComeAfterIt) {
  Operation op;
  ManualClock clock(op.now);
  RosterWrite mine;
  mine.added = {TestWorld::Line(op.nurse)};
  const auto local = op.Edit(op.file, op.lead, Kind::kRoster).Write(mine).Build();
  op.file.AppendLocal(local, clock.Read(), op.around());
  EXPECT_EQ(op.file.roster_hash(), local->hash);
  // A colleague's roster, made before she heard of mine, comes into the Ledger first.
  RosterWrite hers;
  hers.added = {TestWorld::Line(op.intake)};
  const auto first = ChangeBuilder(Kind::kRoster, op.file.id(), op.supervisor)
                         .Roster(local->header.roster)
                         .Write(hers)
                         .Build();
  Placed placed{first, op.Place(*first, 3), {}};
  op.file.Append(placed, op.around());
  EXPECT_EQ(op.file.roster_hash(), first->hash);
  ASSERT_EQ(op.file.without_effect().size(), 1u);
  EXPECT_EQ(op.file.without_effect()[0].verdict, Verdict::kStaleRoster);
}

}  // namespace
}  // namespace kapea::domain
