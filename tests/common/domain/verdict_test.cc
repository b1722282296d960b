// Each verdict, by the smallest Change that gets it.
#include <gtest/gtest.h>

#include <functional>

#include "common/domain/roles.h"
#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

const RecordId kRecord = MakeId<RecordId>(501);
const RecordId kNew = MakeId<RecordId>(502);

struct Operation : TestWorld {
  Operation() {
    Append(file, Found(file.id(), FileKind::kOperation, lead,
                       {Line(officer, {Duty::kJpo}), Line(officer2), Line(supervisor)}));
    made = Edit(file, lead).Set(kRecord, "count", int64_t{0}).Pin("OP", 1).Build();
    Append(file, made);
    epoch = file.newest_key_epoch()->id;
  }
  ChangeBuilder By(const Author& author) const { return Edit(file, author); }
  ChangeBuilder Set(std::string_view field, domain::Value value) const {
    return By(officer).Set(kRecord, field, std::move(value));
  }
  Verdict JudgeNow(ChangeBuilder builder) const {
    return file.Judge(*builder.Build(), next_sequence, around());
  }
  Wrap To(const Author& author, KeyClass key_class, uint32_t generation = 1) const {
    Wrap wrap;
    wrap.key_epoch = epoch;
    wrap.key_class = key_class;
    wrap.recipient_kind = RecipientKind::kPerson;
    wrap.recipient = ChangeId::FromPrefix(author.person.view());
    wrap.generation = generation;
    return wrap;
  }
  ChangeBuilder Grant(const Author& author, Wrap wrap) const {
    return Edit(file, author, Kind::kGrant).Write(std::move(wrap));
  }

  FileState file{MakeId<FileId>(1)};
  std::shared_ptr<const Change> made;
  KeyEpochId epoch;
};

struct Case {
  const char* name;
  Verdict want;
  std::function<ChangeBuilder(const Operation&)> make;
};

void Expect(const std::vector<Case>& cases) {
  const Operation op;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(NameOf(op.JudgeNow(c.make(op))), NameOf(c.want));
  }
}

ChangeBuilder With(ChangeBuilder builder, const std::function<void(Change&)>& change) {
  return builder.Alter(change);
}

TEST(VerdictTest, Format) {
  using V = Verdict;
  Expect({
      {"another format", V::kNeedsNewer,
       [](const Operation& op) {
         return With(op.Set("count", int64_t{1}), [](Change& c) { c.header.format = 2; });
       }},
      {"unknown kind", V::kNeedsNewer,
       [](const Operation& op) {
         return With(op.Set("count", int64_t{1}),
                     [](Change& c) { c.header.kind = static_cast<Kind>(77); });
       }},
      {"a kind of later", V::kNeedsNewer,
       [](const Operation& op) {
         return op.Edit(op.file, op.lead, Kind::kEpoch).Write(Decision{});
       }},
      {"approval of what is no proposal", V::kRole,
       [](const Operation& op) {
         return op.Edit(op.file, op.lead, Kind::kApproval).Write(Decision{}).Naming(*op.made);
       }},
      {"no writes", V::kMalformed, [](const Operation& op) { return op.By(op.officer); }},
      {"a body of another kind", V::kMalformed,
       [](const Operation& op) { return op.By(op.officer).Write(Decision{}); }},
      {"another file", V::kMalformed,
       [](const Operation& op) {
         return With(op.Set("count", int64_t{1}),
                     [](Change& c) { c.header.file = MakeId<FileId>(2); });
       }},
      {"a field twice", V::kMalformed,
       [](const Operation& op) {
         return op.Set("count", int64_t{1}).Set(kRecord, "count", int64_t{2});
       }},
      {"a record pinned by its second write", V::kMalformed,
       [](const Operation& op) {
         return op.By(op.officer)
             .Set(kNew, "count", int64_t{1})
             .Set(kNew, "outcome", Code{"FOUND"})
             .Pin("OP", 1);
       }},
      {"a fact of a clear write", V::kMalformed,
       [](const Operation& op) {
         return op.Set("count", int64_t{1}).Set(kRecord, "name_given", true).Of(0);
       }},
      {"a fact of itself", V::kMalformed,
       [](const Operation& op) { return op.Set("name_given", true).Of(0); }},
      {"it replaces itself", V::kMalformed,
       [](const Operation& op) {
         return op.By(op.officer).Id(77).Set(kRecord, "count", int64_t{1}, {MakeId<ChangeId>(77)});
       }},
      {"founded twice", V::kMalformed,
       [](const Operation& op) {
         return ChangeBuilder(Kind::kRoster, op.file.id(), op.lead)
             .Write(Founding{FileKind::kOperation, false})
             .Write(RosterWrite{{TestWorld::Line(op.lead)}, {}, {}});
       }},
      {"a ref with another hash", V::kMalformed,
       [](const Operation& op) {
         return op.Set("count", int64_t{1}).Naming(Ref{op.made->id, MakeId<Hash>(4)});
       }},
      {"custody of an operation", V::kMalformed,
       [](const Operation& op) {
         return op.Edit(op.file, op.lead, Kind::kCustodyOffer).Write(CustodyOffer{});
       }},
  });
}

TEST(VerdictTest, Author) {
  using V = Verdict;
  Expect({
      {"unknown device", V::kEarly,
       [](const Operation& op) {
         Author stranger = MakeAuthor(777, TestWorld::kPolice, Role::kOfficer);
         return op.By(stranger).Set(kRecord, "count", int64_t{1});
       }},
      {"a role she does not hold", V::kRole,
       [](const Operation& op) {
         Author posing = op.officer;
         posing.role = Role::kSupervisor;
         return op.By(posing).Set(kRecord, "count", int64_t{1});
       }},
      {"another's device", V::kRole,
       [](const Operation& op) {
         Author posing = op.officer;
         posing.device = op.officer2.device;
         return op.By(posing).Set(kRecord, "count", int64_t{1});
       }},
      {"the server edits", V::kRole,
       [](const Operation& op) {
         Author posing = op.officer;
         posing.device = op.server;
         return op.By(posing).Set(kRecord, "count", int64_t{1});
       }},
      {"an officer delivers", V::kRole,
       [](const Operation& op) {
         return op.Edit(op.file, op.officer, Kind::kDelivery).Write(Delivery{});
       }},
      {"the server delivers", V::kAccepted,
       [](const Operation& op) {
         const Author server{PersonId(), op.server, UnitId(), Role::kServer};
         return ChangeBuilder(Kind::kDelivery, op.file.id(), server).Write(Delivery{});
       }},
      {"not on the roster", V::kNotMember,
       [](const Operation& op) { return op.By(op.intake).Set(kRecord, "count", int64_t{1}); }},
      {"an officer changes the roster", V::kRole,
       [](const Operation& op) {
         return op.Edit(op.file, op.officer, Kind::kRoster)
             .Write(RosterWrite{{TestWorld::Line(op.nurse)}, {}, {}});
       }},
      {"a field for leads", V::kRole, [](const Operation& op) { return op.Set("by_lead", true); }},
      {"a lead's field by the lead", V::kAccepted,
       [](const Operation& op) { return op.By(op.lead).Set(kRecord, "by_lead", true); }},
      {"an item without its duty", V::kDuty,
       [](const Operation& op) { return op.Set("T-1", Code{"done"}); }},
      {"a duty not held", V::kDuty,
       [](const Operation& op) {
         return op.By(op.officer2).Duty(Duty::kJpo).Set(kRecord, "T-1", Code{"done"});
       }},
      {"an item by its duty", V::kAccepted,
       [](const Operation& op) { return op.Set("T-1", Code{"not_done"}).Duty(Duty::kJpo); }},
  });
}

TEST(VerdictTest, Early) {
  using V = Verdict;
  Expect({
      {"unknown roster", V::kEarly,
       [](const Operation& op) { return op.Set("count", int64_t{1}).Roster(MakeId<Hash>(4)); }},
      {"unknown ref", V::kEarly,
       [](const Operation& op) {
         return op.Set("count", int64_t{1}).Naming(Ref{MakeId<ChangeId>(5), MakeId<Hash>(5)});
       }},
      {"unknown pack", V::kEarly,
       [](const Operation& op) { return op.Set("count", int64_t{1}).Pack(MakeId<Hash>(6)); }},
      {"unknown record", V::kEarly,
       [](const Operation& op) { return op.By(op.officer).Set(kNew, "count", int64_t{1}); }},
      {"unknown parent", V::kEarly,
       [](const Operation& op) {
         return op.By(op.officer)
             .Set(kNew, "number", int64_t{1})
             .Pin("OP-ROOM", 1, MakeId<RecordId>(9));
       }},
      {"unknown key epoch", V::kEarly,
       [](const Operation& op) {
         return op.By(op.officer).Seal(kRecord, "place", MakeId<ChangeId>(8), KeyClass::kGeneral);
       }},
      {"a recipient's next key", V::kEarly,
       [](const Operation& op) {
         return op.Grant(op.lead, op.To(op.officer, KeyClass::kGeneral, 2));
       }},
      {"another file's beginning", V::kEarly,
       [](const Operation& op) {
         return With(op.Set("count", int64_t{1}), [](Change&) {})
             .Roster(std::nullopt)
             .Naming(Ref{MakeId<ChangeId>(5), MakeId<Hash>(5)});
       }},
  });
}

TEST(VerdictTest, Forms) {
  using V = Verdict;
  Expect({
      {"no pack", V::kForm,
       [](const Operation& op) {
         return With(op.Set("count", int64_t{1}), [](Change& c) { c.header.pack.reset(); });
       }},
      {"unknown form", V::kForm,
       [](const Operation& op) {
         return op.By(op.officer).Set(kNew, "count", int64_t{1}).Pin("NOPE", 1);
       }},
      {"unknown version", V::kForm,
       [](const Operation& op) {
         return op.By(op.officer).Set(kNew, "count", int64_t{1}).Pin("OP", 9);
       }},
      {"a form of other files", V::kForm,
       [](const Operation& op) {
         return op.By(op.officer).Set(kNew, "band", Code{"FOUND"}).Pin("PERSON", 1);
       }},
      {"a child without parent", V::kForm,
       [](const Operation& op) {
         return op.By(op.officer).Set(kNew, "number", int64_t{1}).Pin("OP-ROOM", 1);
       }},
      {"a parent for a top form", V::kForm,
       [](const Operation& op) {
         return op.By(op.officer).Set(kNew, "count", int64_t{1}).Pin("OP", 1, kRecord);
       }},
      {"a record made twice", V::kForm,
       [](const Operation& op) { return op.Set("count", int64_t{1}).Pin("OP", 1); }},
      {"unknown field", V::kForm, [](const Operation& op) { return op.Set("nope", true); }},
      {"unknown code", V::kForm,
       [](const Operation& op) { return op.Set("outcome", Code{"NOPE"}); }},
      {"retired code", V::kForm,
       [](const Operation& op) { return op.Set("outcome", Code{"OLD"}); }},
      {"the same pin", V::kForm, [](const Operation& op) { return op.Set(kPinField, int64_t{1}); }},
      {"a version that is not", V::kForm,
       [](const Operation& op) { return op.Set(kPinField, int64_t{3}); }},
      {"parent and child in one Change", V::kAccepted,
       [](const Operation& op) {
         return op.By(op.officer)
             .Set(kNew, "number", int64_t{1})
             .Pin("OP-ROOM", 1, MakeId<RecordId>(503))
             .Set(MakeId<RecordId>(503), "count", int64_t{1})
             .Pin("OP", 1);
       }},
  });
}

TEST(VerdictTest, Types) {
  using V = Verdict;
  const auto set = [](std::string field, Value value) {
    return [field, value](const Operation& op) { return op.Set(field, value); };
  };
  Expect({
      {"text for a number", V::kType, set("count", Code{"FOUND"})},
      {"below the range", V::kType, set("count", int64_t{-1})},
      {"above the range", V::kType, set("count", int64_t{100})},
      {"within the range", V::kAccepted, set("count", int64_t{99})},
      {"refused is an answer", V::kAccepted, set("count", Answer::kRefused)},
      {"no answer is none", V::kType, set("count", Answer::kNone)},
      {"refused is no record key", V::kType, set("key", Answer::kRefused)},
      {"a number for a time", V::kType, set("when", int64_t{4})},
      {"a void without a code", V::kType, set(std::string(kVoidField), int64_t{4})},
      {"a pin in words", V::kType, set(std::string(kPinField), Code{"2"})},
      {"an item answered maybe", V::kType,
       [](const Operation& op) { return op.Set("T-1", Code{"maybe"}).Duty(Duty::kJpo); }},
      {"an attachment's clear half of another type", V::kType,
       [](const Operation& op) {
         return With(
             op.By(op.officer).Seal(kRecord, "scan", op.epoch, KeyClass::kGeneral),
             [](Change& c) { std::get<FieldWrite>(c.writes[0].body).clear = Value(int64_t{1}); });
       }},
      {"a whole attachment", V::kAccepted,
       [](const Operation& op) {
         return With(
             op.By(op.officer).Seal(kRecord, "scan", op.epoch, KeyClass::kGeneral),
             [](Change& c) { std::get<FieldWrite>(c.writes[0].body).clear = Value(Attachment{}); });
       }},
      {"clearing fits every type", V::kAccepted,
       [](const Operation& op) { return op.By(op.officer).Clear(kRecord, "count"); }},
  });
}

TEST(VerdictTest, SealsAndFacts) {
  using V = Verdict;
  Expect({
      {"clear where it must be sealed", V::kClass,
       [](const Operation& op) { return op.Set("place", Text{"a street"}); }},
      {"refused, in the clear", V::kClass,
       [](const Operation& op) { return op.Set("place", Answer::kRefused); }},
      {"sealed where it is clear", V::kClass,
       [](const Operation& op) {
         return op.By(op.officer).Seal(kRecord, "count", op.epoch, KeyClass::kGeneral);
       }},
      {"sealed under another class", V::kClass,
       [](const Operation& op) {
         return op.By(op.officer).Seal(kRecord, "place", op.epoch, KeyClass::kIdentity);
       }},
      {"sealed and clear", V::kClass,
       [](const Operation& op) {
         return With(
             op.By(op.officer).Seal(kRecord, "place", op.epoch, KeyClass::kGeneral),
             [](Change& c) { std::get<FieldWrite>(c.writes[0].body).clear = Value(Text{"x"}); });
       }},
      {"well sealed", V::kAccepted,
       [](const Operation& op) {
         return op.By(op.officer).Seal(kRecord, "place", op.epoch, KeyClass::kGeneral);
       }},
      {"a name without its fact", V::kMissingFact,
       [](const Operation& op) {
         return op.By(op.officer).Seal(kRecord, "name", op.epoch, KeyClass::kIdentity);
       }},
      {"a fact without its name", V::kMissingFact,
       [](const Operation& op) { return op.Set("name_given", true); }},
      {"a fact of another field", V::kMissingFact,
       [](const Operation& op) {
         return op.By(op.officer)
             .Seal(kRecord, "place", op.epoch, KeyClass::kGeneral)
             .Set(kRecord, "name_given", true)
             .Of(0);
       }},
      {"a name with its fact", V::kAccepted,
       [](const Operation& op) {
         return op.By(op.officer)
             .Set(kRecord, "name_given", true)
             .Of(1)
             .Seal(kRecord, "name", op.epoch, KeyClass::kIdentity);
       }},
  });
}

TEST(VerdictTest, Grants) {
  using V = Verdict;
  Expect({
      {"general to an officer", V::kAccepted,
       [](const Operation& op) {
         return op.Grant(op.lead, op.To(op.officer, KeyClass::kGeneral));
       }},
      {"by an officer", V::kRole,
       [](const Operation& op) {
         return op.Grant(op.officer, op.To(op.officer, KeyClass::kGeneral));
       }},
      {"health to an officer", V::kRole,
       [](const Operation& op) { return op.Grant(op.lead, op.To(op.officer, KeyClass::kHealth)); }},
      {"to somebody outside", V::kRole,
       [](const Operation& op) { return op.Grant(op.lead, op.To(op.intake, KeyClass::kGeneral)); }},
      {"to a key that ended", V::kStaleRecipient,
       [](const Operation& op) {
         return op.Grant(op.lead, op.To(op.officer, KeyClass::kGeneral, 0));
       }},
      {"to a unit that is no line", V::kRole,
       [](const Operation& op) {
         Wrap wrap = op.To(op.officer, KeyClass::kGeneral);
         wrap.recipient_kind = RecipientKind::kUnit;
         wrap.recipient = ChangeId::FromPrefix(op.officer.unit.view());
         return op.Grant(op.lead, wrap);
       }},
      {"a half for no half's recipient", V::kMalformed,
       [](const Operation& op) {
         Wrap wrap = op.To(op.officer, KeyClass::kGeneral);
         wrap.half = 1;
         return op.Grant(op.lead, wrap);
       }},
      {"a half elsewhere than with its key", V::kMalformed,
       [](const Operation& op) {
         Wrap wrap = op.To(op.supervisor, KeyClass::kHealth);
         wrap.recipient_kind = RecipientKind::kHalf;
         wrap.half = 1;
         return op.Grant(op.lead, wrap);
       }},
      {"a class that was not opened", V::kKeyEpoch,
       [](const Operation& op) { return op.Grant(op.lead, op.To(op.officer, KeyClass::kNone)); }},
      {"a stale grant", V::kStaleRoster,
       [](const Operation& op) {
         return op.Grant(op.lead, op.To(op.officer, KeyClass::kGeneral)).Roster(std::nullopt);
       }},
  });
}

TEST(VerdictTest, AClassThatItsKeyEpochDidNotOpenIsAKeyEpochVerdict) {
  Operation op;
  KeyOpening opening;
  opening.key_class = KeyClass::kIdentity;
  const auto half = op.Edit(op.file, op.lead, Kind::kRoster).Write(opening).Build();
  ASSERT_EQ(op.Append(op.file, half), Verdict::kAccepted);
  EXPECT_EQ(op.file.newest_key_epoch()->id, half->id);
  EXPECT_EQ(op.JudgeNow(op.By(op.officer).Seal(kRecord, "place", half->id, KeyClass::kGeneral)),
            Verdict::kKeyEpoch);
  // An older key epoch stays good for what was written offline.
  EXPECT_EQ(op.JudgeNow(op.By(op.officer).Seal(kRecord, "place", op.epoch, KeyClass::kGeneral)),
            Verdict::kAccepted);
}

TEST(VerdictTest, TheServersWordCountsForWhatTheFileCannotShow) {
  Operation op;
  for (const Verdict verdict : {Verdict::kForked, Verdict::kErased}) {
    const auto edit = op.Set("count", int64_t{7}).Build();
    Placed placed{edit, op.Place(*edit, op.file.number() + 1), {}};
    placed.entry.verdict = verdict;
    placed.entry.rules = kRulesVersion;
    op.file.Append(placed, op.around());
    EXPECT_EQ(op.file.without_effect().back().verdict, verdict);
  }
  EXPECT_TRUE(op.file.disputed().empty());
  EXPECT_EQ(op.file.FindRecord(kRecord)->Shown("count")->change, op.made->id);
}

TEST(VerdictTest, AVerdictThatDoesNotFollowIsDisputed) {
  Operation op;
  const auto edit = op.By(op.intake).Set(kRecord, "count", int64_t{7}).Build();
  Placed placed{edit, op.Place(*edit, op.file.number() + 1), {}};
  placed.entry.verdict = Verdict::kAccepted;
  placed.entry.rules = kRulesVersion;
  op.file.Append(placed, op.around());
  ASSERT_EQ(op.file.disputed().size(), 1u);
  EXPECT_EQ(op.file.disputed()[0].verdict, Verdict::kNotMember);
  EXPECT_EQ(op.file.FindRecord(kRecord)->Shown("count")->change, op.made->id);
}

TEST(VerdictTest, AWithheldWriteLeavesTheRestInEffect) {
  Operation op;
  const auto edit = op.Set("count", int64_t{7}).Write(Withheld{}).Build();
  Placed placed{edit, op.Place(*edit, op.file.number() + 1), {}};
  placed.entry.verdict = Verdict::kAccepted;
  placed.entry.rules = kRulesVersion;
  op.file.Append(placed, op.around());
  EXPECT_TRUE(op.file.disputed().empty());
  EXPECT_TRUE(op.file.FindRecord(kRecord)->Find("count")->current().contains(edit->id));
}

TEST(VerdictTest, AnApprovalOfWhatANewerProgramKnowsNeedsThatProgram) {
  Operation op;
  const auto newer = op.Edit(op.file, op.lead, Kind::kEpoch).Write(Decision{}).Build();
  ASSERT_EQ(op.Append(op.file, newer), Verdict::kNeedsNewer);
  EXPECT_EQ(op.Append(op.file, op.Edit(op.file, op.supervisor, Kind::kApproval)
                                   .Write(Decision{})
                                   .Naming(*newer)
                                   .Build()),
            Verdict::kNeedsNewer);
}

TEST(VerdictTest, EveryVerdictHasWords) {
  for (int i = 0; i <= static_cast<int>(Verdict::kPublished); ++i) {
    const auto verdict = static_cast<Verdict>(i);
    SCOPED_TRACE(NameOf(verdict));
    EXPECT_FALSE(FileState::Explain(verdict).empty());
    EXPECT_EQ(NameOf(verdict) == "none", i == 0);
  }
}

TEST(EarlyTest, TakesEffectAtTheEntryOfWhatItLacked) {
  Operation op;
  const auto make = op.By(op.officer).Set(kNew, "count", int64_t{1}).Pin("OP", 1).Build();
  const auto child = MakeId<RecordId>(503);
  const auto below =
      op.By(op.officer2).Set(child, "number", int64_t{2}).Pin("OP-ROOM", 1, kNew).Build();
  const auto further = op.By(op.officer2).Set(child, "number", int64_t{3}, {below->id}).Build();
  EXPECT_EQ(op.Append(op.file, further), Verdict::kEarly);
  EXPECT_EQ(op.Append(op.file, below), Verdict::kEarly);
  EXPECT_EQ(op.file.waiting().size(), 2u);
  EXPECT_TRUE(op.file.without_effect().empty());
  EXPECT_EQ(op.Append(op.file, make), Verdict::kAccepted);
  EXPECT_TRUE(op.file.waiting().empty());
  ASSERT_NE(op.file.FindRecord(child), nullptr);
  EXPECT_EQ(op.file.FindRecord(child)->Find("number")->CurrentIds(),
            std::vector<ChangeId>{further->id});
  EXPECT_EQ(op.file.FindRecord(child)->Shown("number")->number, 3u);
}

TEST(EarlyTest, IsJudgedAnewThenAndMayBeRefused) {
  Operation op;
  const auto make = op.By(op.officer).Set(kNew, "count", int64_t{1}).Pin("OP", 1).Build();
  const auto wrong = op.By(op.officer2).Set(kNew, "count", Code{"FOUND"}).Build();
  EXPECT_EQ(op.Append(op.file, wrong), Verdict::kEarly);
  EXPECT_EQ(op.Append(op.file, make), Verdict::kAccepted);
  EXPECT_TRUE(op.file.waiting().empty());
  ASSERT_EQ(op.file.without_effect().size(), 1u);
  EXPECT_EQ(op.file.without_effect()[0].verdict, Verdict::kType);
}

TEST(EarlyTest, APackOfAnotherFileIsSeenAtTheNextEntry) {
  Operation op;
  auto later = MakeTestPack();
  later->hash = MakeId<Hash>(7002);
  const auto edit = op.Set("count", int64_t{5}).Pack(later->hash).Build();
  EXPECT_EQ(op.Append(op.file, edit), Verdict::kEarly);
  op.packs.Add(later, op.next_sequence++);
  EXPECT_EQ(op.file.waiting().size(), 1u);
  op.Append(op.file, op.Set("outcome", Code{"FOUND"}).Build());
  EXPECT_TRUE(op.file.waiting().empty());
  EXPECT_TRUE(op.file.FindRecord(kRecord)->Find("count")->current().contains(edit->id));
}

}  // namespace
}  // namespace kapea::domain
