// A raid from its checklist, on devices without a network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/field/muster.h"
#include "client/field/names.h"
#include "client/field/operation.h"
#include "client/vault/outbox.h"
#include "tests/client/field/town.h"

namespace kapea::field {
namespace {

using domain::Duty;
using domain::FindingStatus;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class OperationTest : public testing::Town {
 protected:
  const ItemLine* Find(const OperationView& view, std::string_view item,
                       std::optional<int64_t> number = std::nullopt) {
    for (const ItemLine& line : view.items) {
      if (line.item->code == item && line.number == number) return &line;
    }
    return nullptr;
  }
  absl::StatusOr<Answered> Tick(const std::string& by, const FileId& file, const std::string& item,
                                std::optional<int64_t> number = std::nullopt) {
    ItemAnswer answer;
    answer.item = item;
    answer.number = number;
    return AnswerItem(VaultOf(by), file, answer);
  }
};

TEST_F(OperationTest, OpensWithThePinnedChecklistAndTheFactsOfItsVariant) {
  const FileId file = OpenOperation();
  const auto view = ViewOperation(VaultOf("lead"), file);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->checklist.record->form, (domain::FormPin{"KH-RESCUE-OP", 1}));
  EXPECT_THAT(view->facts, Contains("sexual"));
  EXPECT_THAT(view->facts, Contains("open_public"));
  EXPECT_THAT(view->facts, Not(Contains("scam")));
  EXPECT_FALSE(view->checklist.file->drill());
  // Of the 99 items those per person (...) are not there before there is a person.
  EXPECT_NE(Find(*view, "ENT-01"), nullptr);
  EXPECT_EQ(Find(*view, "SAF-04"), nullptr);
  // Nothing was sent: it waits, and the work went on.
  EXPECT_GT(VaultOf("lead").outbox().waiting(), 0u);
}

TEST_F(OperationTest, AnUnknownVariantFoundsNothing) {
  const size_t before = VaultOf("lead").Files().size();
  NewOperation plan;
  plan.variant = "castle";
  const auto opened = field::OpenOperation(VaultOf("lead"), plan);
  EXPECT_TRUE(absl::IsInvalidArgument(opened.status())) << opened.status();
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("venue"));
  EXPECT_EQ(VaultOf("lead").Files().size(), before);
}

TEST_F(OperationTest, ATickCountsAndADeadlineStartsFromIt) {
  const FileId file = OpenOperation();
  ASSERT_TRUE(Tick("lead", file, "ENT-01").ok());
  auto view = ViewOperation(VaultOf("lead"), file);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(Find(*view, "ENT-01")->finding.status, FindingStatus::kMet);
  EXPECT_EQ(Find(*view, "SAF-01")->finding.status, FindingStatus::kPending);  // T0 + 30m
  clock_.Advance(Duration::Minutes(31));
  view = ViewOperation(VaultOf("lead"), file);
  EXPECT_EQ(Find(*view, "SAF-01")->finding.status, FindingStatus::kOverdue);
  const auto next = NextItems(*view, true);
  ASSERT_FALSE(next.empty());
  EXPECT_EQ(next[0]->finding.status, FindingStatus::kOverdue);
  ASSERT_TRUE(Tick("lead", file, "SAF-01").ok());
  view = ViewOperation(VaultOf("lead"), file);
  EXPECT_EQ(Find(*view, "SAF-01")->finding.status, FindingStatus::kMetLate);
}

TEST_F(OperationTest, AnItemOfAnotherDutyIsRefusedAndNothingIsWritten) {
  const FileId file = OpenOperation();
  const uint64_t before = VaultOf("lead").outbox().waiting();
  const auto answered = Tick("lead", file, "SAF-02");  // for the JPO
  EXPECT_TRUE(absl::IsPermissionDenied(answered.status())) << answered.status();
  EXPECT_THAT(std::string(answered.status().message()), HasSubstr("duty"));
  EXPECT_EQ(VaultOf("lead").outbox().waiting(), before);
}

TEST_F(OperationTest, AnItemThatDoesNotApplyCannotBeDoneBeforeItsFactIsSet) {
  const FileId file = OpenOperation();
  EXPECT_TRUE(absl::IsFailedPrecondition(Tick("lead", file, "ENT-06").status()));
  ASSERT_TRUE(SetFact(VaultOf("lead"), file, "hazard", true).ok());
  EXPECT_TRUE(Tick("lead", file, "ENT-06").ok());
  EXPECT_TRUE(absl::IsInvalidArgument(SetFact(VaultOf("lead"), file, "dragons", true).status()));
}

TEST_F(OperationTest, NotDoneNeedsAReason) {
  const FileId file = OpenOperation();
  ItemAnswer answer;
  answer.item = "PLN-07";
  answer.answer = domain::kItemNotDone;
  EXPECT_TRUE(absl::IsInvalidArgument(AnswerItem(VaultOf("lead"), file, answer).status()));
  answer.reason_code = "because";
  EXPECT_TRUE(absl::IsInvalidArgument(AnswerItem(VaultOf("lead"), file, answer).status()));
  answer.reason_code = "no_time";
  const auto answered = AnswerItem(VaultOf("lead"), file, answer);
  ASSERT_TRUE(answered.ok()) << answered.status();
  EXPECT_TRUE(answered->state.complete);
}

TEST_F(OperationTest, TheEvidenceAnItemAsksForCompletesIt) {
  const FileId file = OpenOperation();
  const auto ticked = Tick("lead", file, "PLN-04");  // a document
  ASSERT_TRUE(ticked.ok()) << ticked.status();
  EXPECT_TRUE(ticked->state.evidence_missing);
  EXPECT_FALSE(ticked->state.complete);
  ItemAnswer evidence;
  evidence.item = "PLN-04";
  evidence.evidence = vault::NewAttachment{"who may be harmed", "text/plain", "", Time()};
  const auto added = AddEvidence(VaultOf("lead"), file, evidence);
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_TRUE(added->state.complete);
}

TEST_F(OperationTest, TwoPersonsSignAndNeitherSignatureReplacesTheOther) {
  const FileId file = OpenOperation();
  domain::RosterWrite roster;
  roster.changed = {MemberOf("lead", {Duty::kLead, Duty::kExh})};
  ASSERT_TRUE(VaultOf("lead").ChangeRoster(file, roster).ok());
  const auto first = Tick("lead", file, "EVD-05");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->state.signature_missing);
  // The same person again is no second signature.
  const auto again = Tick("lead", file, "EVD-05");
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->state.signature_missing);
  Sync("lead");
  Sync("officer");
  const auto second = Tick("officer", file, "EVD-05");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_FALSE(second->state.signature_missing);
  EXPECT_FALSE(second->state.conflicted);
}

TEST_F(OperationTest, ItemsPerPersonAreAnsweredForEachNumber) {
  const FileId file = OpenOperation();
  const auto people = Count(file, 2);
  ASSERT_EQ(people.size(), 2u);
  EXPECT_TRUE(absl::IsInvalidArgument(Tick("lead", file, "IDN-10").status()));
  EXPECT_TRUE(absl::IsNotFound(Tick("lead", file, "IDN-10", 7).status()));
  ASSERT_TRUE(Tick("lead", file, "IDN-10", 2).ok());
  const auto view = ViewOperation(VaultOf("lead"), file);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(Find(*view, "IDN-10", 2)->finding.status, FindingStatus::kMet);
  EXPECT_EQ(Find(*view, "IDN-10", 1)->finding.status, FindingStatus::kPending);
}

TEST_F(OperationTest, EveryPersonCountedHasANumberAndALinkedFile) {
  const FileId file = OpenOperation();
  const auto people = Count(file, 3);
  ASSERT_EQ(people.size(), 3u);
  std::set<FileId> files;
  for (const PersonFound& person : people) {
    ASSERT_TRUE(person.file);
    files.insert(*person.file);
    const auto state = VaultOf("lead").File(*person.file);
    ASSERT_TRUE(state.ok());
    EXPECT_EQ((*state)->kind(), domain::FileKind::kPerson);
    ASSERT_EQ((*state)->links().size(), 1u);
    EXPECT_EQ((*state)->links()[0].link.other_file, file);
    EXPECT_EQ((*state)->custody().holder, VaultOf("lead").identity().unit);
    EXPECT_THAT((*state)->without_effect(), IsEmpty());
  }
  EXPECT_EQ(files.size(), 3u);
  EXPECT_EQ(people[2].number, 3);
  // Once more finds nothing to do.
  const size_t before = VaultOf("lead").Files().size();
  ASSERT_TRUE(FinishPeople(VaultOf("lead"), file).ok());
  EXPECT_EQ(VaultOf("lead").Files().size(), before);
  Sync("lead");  // and the server finds every Change good
}

TEST_F(OperationTest, ADrillStaysADrill) {
  const FileId file = OpenOperation(true);
  const auto people = Count(file, 1);
  ASSERT_EQ(people.size(), 1u);
  EXPECT_TRUE((*VaultOf("lead").File(*people[0].file))->drill());
}

TEST_F(OperationTest, AHeadCountThatDoesNotBalanceSaysSoInWords) {
  const FileId file = OpenOperation();
  Count(file, 2);
  const auto counted = TakeMuster(VaultOf("lead"), file, {{"expected", "3"}, {"point", "scene"}});
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_FALSE(counted->muster.balances());
  EXPECT_THAT(counted->muster.differences, Contains(HasSubstr("3 persons expected, 2 persons")));
  clock_.Advance(Duration::Minutes(1));
  const auto explained = TakeMuster(
      VaultOf("lead"), file,
      {{"expected", "3"}, {"point", "scene"}, {"difference_reason", "one ran before the entry"}});
  ASSERT_TRUE(explained.ok()) << explained.status();
  EXPECT_TRUE(explained->muster.balances()) << explained->muster.differences[0];
  // In vehicles 2, arrived 1.
  clock_.Advance(Duration::Minutes(20));
  const auto arrived =
      TakeMuster(VaultOf("lead"), file,
                 {{"expected", "2"}, {"point", "arrival"}, {"in_vehicle", "2"}, {"arrived", "1"}});
  ASSERT_TRUE(arrived.ok());
  EXPECT_THAT(arrived->muster.differences,
              Contains("2 persons left in vehicles, 1 person arrived"));
}

TEST_F(OperationTest, ItCannotBeClosedWhileACriticalItemIsOpen) {
  const FileId file = OpenOperation();
  Sync("lead");
  Sync("supervisor");
  const auto gaps = ClosingGaps(VaultOf("supervisor"), file);
  ASSERT_TRUE(gaps.ok()) << gaps.status();
  EXPECT_THAT(*gaps, Contains("PLN-02: not answered"));
  EXPECT_TRUE(absl::IsFailedPrecondition(CloseOperation(VaultOf("supervisor"), file, {}).status()));
  // A lead may not sign off, with an override or without.
  EXPECT_TRUE(
      absl::IsPermissionDenied(CloseOperation(VaultOf("lead"), file, {"I say so"}).status()));
  const auto closed = CloseOperation(VaultOf("supervisor"), file, {"called off by the ministry"});
  ASSERT_TRUE(closed.ok()) << closed.status();
  const auto view = ViewOperation(VaultOf("supervisor"), file);
  const ItemLine* line = Find(*view, "DBR-09");
  ASSERT_NE(line, nullptr);
  EXPECT_TRUE(line->state.done());
  const auto& record = *view->checklist.record;
  EXPECT_NE(record.Shown("DBR-09.reason"), nullptr);
}

TEST_F(OperationTest, ABrokenConstraintIsRefusedWithTheFormsOwnWords) {
  const FileId file = OpenOperation();
  Count(file, 1);
  RecordEdit edit;
  edit.form = std::string(kOperationPersonForm);
  edit.number = 1;
  edit.entries = {{"off_at", "-3h"}};  // before she was met
  const auto edited = EditRecord(VaultOf("lead"), file, edit);
  EXPECT_TRUE(absl::IsInvalidArgument(edited.status())) << edited.status();
  EXPECT_THAT(std::string(edited.status().message()), HasSubstr("off_at"));
  edit.entries = {{"off_at", "now"}};
  EXPECT_TRUE(EditRecord(VaultOf("lead"), file, edit).ok());
}

TEST_F(OperationTest, ACrashBetweenCountingAndFoundingLosesNobody) {
  const FileId file = OpenOperation();
  // What AddPeople writes first: the count alone.
  RecordEdit edit;
  edit.form = std::string(kOperationPersonForm);
  edit.make_new = true;
  edit.entries = {{"met_at", "now"}, {"sex", "F"}};
  ASSERT_TRUE(EditRecord(VaultOf("lead"), file, edit).ok());
  At("lead").Restart();
  const auto people = FinishPeople(VaultOf("lead"), file);
  ASSERT_TRUE(people.ok()) << people.status();
  ASSERT_EQ(people->size(), 1u);
  EXPECT_TRUE((*people)[0].file);
}

TEST_F(OperationTest, ShortNamesFindTheirFilesAndAreNeverGuessed) {
  const FileId file = OpenOperation();
  vault::Vault& vault = VaultOf("lead");
  const std::string code = CodeOf(file, domain::FileKind::kOperation);
  EXPECT_EQ(*FindFile(vault, code), file);
  EXPECT_EQ(*FindFile(vault, code.substr(0, 7)), file);  // "OP-" and four letters
  EXPECT_EQ(*FindFile(vault, file.hex()), file);
  EXPECT_TRUE(absl::IsNotFound(FindFile(vault, code.substr(0, 5)).status()));
  EXPECT_TRUE(absl::IsNotFound(FindFile(vault, "P-" + code.substr(3)).status()));
  EXPECT_TRUE(absl::IsNotFound(FindFile(vault, "").status()));
}

}  // namespace
}  // namespace kapea::field
