// Handing over, receiving and recording a person, and what the supervisor sees of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/field/compliance.h"
#include "client/field/conflict.h"
#include "client/field/handover.h"
#include "client/field/inbox.h"
#include "client/field/intake.h"
#include "client/field/ledger_check.h"
#include "client/field/muster.h"
#include "client/field/names.h"
#include "client/field/record_view.h"
#include "client/report/compliance_report.h"
#include "tests/client/field/town.h"

namespace kapea::field {
namespace {

using domain::FindingStatus;
using domain::Value;
using ::testing::Contains;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class CareTest : public testing::Town {
 protected:
  // Persons found, offered to the shelter, both devices synced.
  Handover Offer(uint32_t count) {
    operation_ = OpenOperation();
    for (const PersonFound& person : Count(operation_, count)) persons_.push_back(*person.file);
    HandoverOffer offer;
    offer.persons = persons_;
    offer.to_unit = server_.shelter();
    offer.operation = operation_;
    const auto offered = OfferPersons(VaultOf("lead"), offer);
    EXPECT_TRUE(offered.ok()) << offered.status();
    Sync("lead");
    Sync("intake");
    Sync("intake");  // the files that the first pull made known
    return offered.ok() ? *offered : Handover();
  }
  void Accept(const Handover& handover, std::vector<FileId> persons = {}) {
    HandoverAnswer answer;
    answer.handover = handover.id;
    answer.persons = std::move(persons);
    const auto accepted = AnswerPersons(VaultOf("intake"), answer);
    ASSERT_TRUE(accepted.ok()) << accepted.status();
  }
  // An intake at the shelter by `intake`; returns the file.
  FileId WalkIn(std::vector<Entry> entries) {
    NewIntake intake;
    intake.entries = std::move(entries);
    const auto started = StartIntake(VaultOf("intake"), intake);
    EXPECT_TRUE(started.ok()) << started.status();
    return started.ok() ? started->file : FileId();
  }
  absl::Status Fill(const std::string& by, const FileId& file, std::vector<Entry> entries,
                    const std::string& form = "") {
    IntakeEdit edit;
    edit.form = form;
    edit.entries = std::move(entries);
    return FillIntake(VaultOf(by), file, edit).status();
  }
  const Value* Clear(const std::string& at, const FileId& file, std::string_view field) {
    const auto state = VaultOf(at).File(file);
    const auto intake = FindIntake(VaultOf(at), file);
    if (!state.ok() || !intake.ok()) return nullptr;
    held_ = *state;
    const domain::FieldValue* shown = held_->FindRecord(intake->record)->Shown(field);
    return shown == nullptr || !shown->clear ? nullptr : &*shown->clear;
  }

  FileId operation_;
  std::vector<FileId> persons_;
  std::shared_ptr<const domain::FileState> held_;
};

TEST_F(CareTest, CustodyGoesOverWithTheSecondSignatureAndNotBefore) {
  const Handover handover = Offer(2);
  EXPECT_TRUE(FindHandover(VaultOf("intake"), HandoverCode(handover.id))->for_me);
  EXPECT_EQ((*VaultOf("intake").File(persons_[0]))->custody().holder, server_.police());
  Accept(handover);
  EXPECT_EQ((*VaultOf("intake").File(persons_[0]))->custody().holder, server_.shelter());
  Sync("intake");
  Sync("lead");
  EXPECT_EQ((*VaultOf("lead").File(persons_[1]))->custody().holder, server_.shelter());
  const auto muster = CountPeople(VaultOf("lead"), operation_);
  ASSERT_TRUE(muster.ok());
  EXPECT_EQ(muster->accepted, 2);
  EXPECT_EQ(muster->handed_over, 2);
}

TEST_F(CareTest, AcceptingAPartIsAResultOfItsOwn) {
  const Handover handover = Offer(3);
  Accept(handover, {persons_[0], persons_[1]});
  HandoverAnswer decline;
  decline.handover = handover.id;
  decline.persons = {persons_[2]};
  decline.accepted = false;
  EXPECT_TRUE(absl::IsInvalidArgument(AnswerPersons(VaultOf("intake"), decline).status()));
  decline.reason = "hospital";
  const auto after = AnswerPersons(VaultOf("intake"), decline);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->accepted(), 2u);
  EXPECT_EQ(after->open(), 0u);
  EXPECT_THAT(after->differences(), Contains("1 declined"));
  Sync("intake");
  Sync("lead");
  // The police still have the one who was declined, and see why.
  EXPECT_EQ((*VaultOf("lead").File(persons_[2]))->custody().holder, server_.police());
  const auto seen = FindHandover(VaultOf("lead"), handover.id.hex());
  ASSERT_TRUE(seen.ok());
  EXPECT_THAT(seen->persons, Contains(Field(&HandoverPerson::reason, "hospital")));
}

TEST_F(CareTest, ARepeatedOfferStaysOneHandover) {
  const Handover handover = Offer(2);
  HandoverOffer again;
  again.persons = persons_;
  again.to_unit = server_.shelter();
  const auto repeated = OfferPersons(VaultOf("lead"), again);
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_EQ(repeated->id, handover.id);
  EXPECT_EQ((*VaultOf("lead").File(persons_[0]))->custody().open.size(), 1u);
}

TEST_F(CareTest, NobodyAnswersHerOwnOfferAndNobodyGivesWhomSheDoesNotHave) {
  const Handover handover = Offer(1);
  HandoverAnswer answer;
  answer.handover = handover.id;
  EXPECT_TRUE(absl::IsPermissionDenied(AnswerPersons(VaultOf("lead"), answer).status()));
  HandoverOffer back;
  back.persons = persons_;
  back.to_unit = server_.police();
  const auto offered = OfferPersons(VaultOf("intake"), back);
  EXPECT_TRUE(absl::IsFailedPrecondition(offered.status())) << offered.status();
}

TEST_F(CareTest, ThePoliceCannotReadWhatTheShelterSealsAsTestimony) {
  const Handover handover = Offer(1);
  Accept(handover);
  NewIntake intake;
  intake.person = persons_[0];
  intake.entries = {{"arrival_at", "now"}, {"family_name_km", "Sok"}, {"danger_from", "suspect"}};
  const auto started = StartIntake(VaultOf("intake"), intake);
  ASSERT_TRUE(started.ok()) << started.status();
  Sync("intake");
  Sync("lead");
  const auto views = ViewRecord(VaultOf("lead"), persons_[0], started->record,
                                Opening::Everything(), Language::kEnglish);
  ASSERT_TRUE(views.ok()) << views.status();
  for (const FieldView& view : *views) {
    if (view.field->code == "danger_from") {
      EXPECT_EQ(view.state, FieldView::State::kNoKey);
    }
    if (view.field->code == "danger_asked") {
      EXPECT_EQ(view.state, FieldView::State::kShown);
    }
  }
}

TEST_F(CareTest, AnIntakeOfAHandedOverPersonKnowsItsOperation) {
  const Handover handover = Offer(1);
  Accept(handover);
  NewIntake intake;
  intake.person = persons_[0];
  intake.entries = {{"arrival_at", "now"}};
  ASSERT_TRUE(StartIntake(VaultOf("intake"), intake).ok());
  const Value* operation = Clear("intake", persons_[0], "operation_file");
  ASSERT_NE(operation, nullptr);
  EXPECT_EQ(std::get<domain::Reference>(*operation).id.view(), operation_.view());
  EXPECT_TRUE(absl::IsAlreadyExists(StartIntake(VaultOf("intake"), intake).status()));
}

TEST_F(CareTest, DerivedFactsComeWithTheirSealedAnswers) {
  const FileId file = WalkIn({{"arrival_at", "-10m"}});
  ASSERT_TRUE(Fill("intake", file, {{"birth_date", "2010-06"}}).ok());
  ASSERT_NE(Clear("intake", file, "age_band"), nullptr);
  EXPECT_EQ(*Clear("intake", file, "age_band"), Value(domain::Code{"A_15_17"}));
  EXPECT_EQ(Clear("intake", file, "birth_date"), nullptr);  // sealed
  ASSERT_TRUE(Fill("intake", file, {{"birth_date", "unknown"}}).ok());
  EXPECT_EQ(*Clear("intake", file, "age_band"), Value(domain::Code{"A_UNKNOWN"}));
  ASSERT_TRUE(Fill("intake", file, {{"birth_date", ""}}).ok());
  EXPECT_EQ(Clear("intake", file, "age_band"), nullptr);  // gone with its source
  EXPECT_TRUE(absl::IsInvalidArgument(Fill("intake", file, {{"age_band", "A_15_17"}})));
  EXPECT_TRUE(absl::IsInvalidArgument(Fill("intake", file, {{"birth_date", "2031"}})));
  Sync("intake");  // and the server finds nothing missing
}

TEST_F(CareTest, WhatAnotherRoleSealsIsSaidToBeHers) {
  const FileId file = WalkIn({{"arrival_at", "now"}});
  const absl::Status refused = Fill("intake", file, {{"health_flags", "injuries"}});
  EXPECT_TRUE(absl::IsPermissionDenied(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("health"));
  Sync("intake");
  Sync("nurse");
  const absl::Status written = Fill("nurse", file, {{"health_flags", "injuries,pain"}});
  EXPECT_TRUE(written.ok()) << written;
}

TEST_F(CareTest, AnIncompleteIntakeSaysWhatIsMissingAndUntilWhen) {
  const FileId file = WalkIn({{"arrival_at", "-30h"}, {"sex", "F"}});
  const auto missing = MissingIn(VaultOf("intake"), file);
  ASSERT_TRUE(missing.ok()) << missing.status();
  const auto find = [&](std::string_view code) -> const MissingField* {
    for (const MissingField& one : *missing) {
      if (one.field->code == code) return &one;
    }
    return nullptr;
  };
  EXPECT_EQ(find("sex"), nullptr);
  EXPECT_EQ(find("record_status"), nullptr);
  ASSERT_NE(find("rights_explained_at"), nullptr);
  EXPECT_EQ(find("rights_explained_at")->finding.status, FindingStatus::kOverdue);  // 24h
  ASSERT_NE(find("form_of_exploitation"), nullptr);
  EXPECT_EQ(find("form_of_exploitation")->finding.status, FindingStatus::kPending);  // 72h
  EXPECT_EQ(find("guardian_name"), nullptr);  // of a child alone
  ASSERT_NE(find("health_flags"), nullptr);
  EXPECT_TRUE(find("health_flags")->no_key);
  const auto complete = CompleteIntake(VaultOf("intake"), file);
  EXPECT_TRUE(absl::IsFailedPrecondition(complete.status()));
  EXPECT_THAT(std::string(complete.status().message()), HasSubstr("rights_explained_at"));
}

TEST_F(CareTest, ChildRecordsStandBelowTheIntake) {
  const FileId file = WalkIn({{"arrival_at", "now"}});
  ASSERT_TRUE(Fill("intake", file,
                   {{"purpose", "services"}, {"answer", "yes"}, {"explained", "yes"}}, "KH-CONSENT")
                  .ok());
  const auto state = VaultOf("intake").File(file);
  const auto intake = FindIntake(VaultOf("intake"), file);
  EXPECT_EQ((*state)->ChildrenOf(intake->record, "KH-CONSENT").size(), 1u);
  const auto missing = MissingIn(VaultOf("intake"), file);
  ASSERT_TRUE(missing.ok());
  EXPECT_THAT(*missing, Contains(Field(&MissingField::form, "KH-CONSENT")));
  EXPECT_FALSE(Fill("intake", file, {{"purpose", "services"}}, "KH-RESCUE-OP").ok());
}

TEST_F(CareTest, NobodyVerifiesWhatSheRecorded) {
  const FileId file = WalkIn({{"arrival_at", "now"}});
  EXPECT_TRUE(absl::IsPermissionDenied(VerifyIntake(VaultOf("intake"), file).status()));
  Sync("intake");
  Sync("manager");
  EXPECT_TRUE(absl::IsFailedPrecondition(VerifyIntake(VaultOf("manager"), file).status()));
}

TEST_F(CareTest, OpeningWhatAColleagueSealedLeavesANotice) {
  const FileId file = WalkIn({{"arrival_at", "now"}, {"family_name_km", "Sok"}});
  Sync("intake");
  Sync("manager");
  const auto intake = FindIntake(VaultOf("manager"), file);
  ASSERT_TRUE(intake.ok());
  Opening identity;
  identity.classes = {domain::KeyClass::kIdentity};
  const auto closed =
      ViewRecord(VaultOf("manager"), file, intake->record, Opening::Nothing(), Language::kEnglish);
  ASSERT_TRUE(closed.ok());
  for (const FieldView& view : *closed) {
    if (view.field->sealed()) {
      EXPECT_THAT(view.texts, IsEmpty()) << view.field->code;
    }
  }
  ASSERT_TRUE(VaultOf("manager").QueueNotices().ok());
  EXPECT_THAT((*VaultOf("manager").File(file))->reads(), IsEmpty());
  const auto opened =
      ViewRecord(VaultOf("manager"), file, intake->record, identity, Language::kEnglish);
  ASSERT_TRUE(opened.ok()) << opened.status();
  std::vector<std::string> texts;
  for (const FieldView& view : *opened)
    texts.insert(texts.end(), view.texts.begin(), view.texts.end());
  EXPECT_THAT(texts, Contains("Sok"));
  ASSERT_TRUE(VaultOf("manager").QueueNotices().ok());
  EXPECT_THAT((*VaultOf("manager").File(file))->reads(), Not(IsEmpty()));
}

TEST_F(CareTest, TwoValuesStandSideBySideUntilSomebodyDecides) {
  const FileId file = WalkIn({{"arrival_at", "now"}});
  Sync("intake");
  Sync("manager");
  ASSERT_TRUE(Fill("intake", file, {{"sex", "F"}, {"family_name_km", "Sok"}}).ok());
  ASSERT_TRUE(Fill("manager", file, {{"sex", "X"}, {"family_name_km", "Sokha"}}).ok());
  Sync("intake");
  Sync("manager");
  const auto conflicts = ListConflicts(VaultOf("manager"), file, Language::kEnglish);
  ASSERT_TRUE(conflicts.ok());
  ASSERT_EQ(conflicts->size(), 2u);
  for (const ConflictView& conflict : *conflicts) {
    ASSERT_EQ(conflict.values.size(), 2u) << conflict.field;
    for (const ConflictValue& value : conflict.values) {
      EXPECT_THAT(value.text, Not(HasSubstr("Sok")));  // sealed ones stay closed in lists
    }
    const auto resolved =
        ResolveConflict(VaultOf("manager"), {file, conflict.record, conflict.field, 1});
    ASSERT_TRUE(resolved.ok()) << conflict.field << ": " << resolved.status();
    EXPECT_TRUE(absl::IsNotFound(
        ResolveConflict(VaultOf("manager"), {file, conflict.record, conflict.field, 1}).status()));
  }
  Sync("manager");
  Sync("intake");
  EXPECT_THAT(*ListConflicts(VaultOf("intake"), file, Language::kEnglish), IsEmpty());
}

TEST_F(CareTest, TheReportSaysWhatIsLateAndTwoDevicesSayTheSame) {
  const FileId file = WalkIn({{"arrival_at", "now"}});
  clock_.Advance(Duration::Hours(30));
  ASSERT_TRUE(
      Fill("intake", file, {{"rights_explained_at", "now"}, {"rights_method", "oral"}}).ok());
  Sync("intake");
  Sync("manager");
  Sync("intake");
  ReportRequest request;
  request.file = file;
  const auto report = ReportCompliance(VaultOf("intake"), request);
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->files.size(), 1u);
  EXPECT_EQ(report->files[0].source, "KH-MINSTD-2009");
  const ClauseLine* rights = nullptr;
  for (const ClauseLine& line : report->files[0].lines) {
    if (line.code == "R05.2") rights = &line;
  }
  ASSERT_NE(rights, nullptr);
  EXPECT_EQ(rights->finding.status, FindingStatus::kMetLate);
  ASSERT_TRUE(rights->late_by);
  EXPECT_EQ(*rights->late_by, Duration::Hours(6));
  EXPECT_GT(report->tally.overdue, 0u);
  EXPECT_GT(report->ledger_size, 0u);
  // Asked for one moment of the ledger, two devices answer byte for byte the same.
  clock_.Advance(Duration::Hours(1));
  request.as_of = clock_.Now();
  const auto mine = ReportCompliance(VaultOf("intake"), request);
  const auto theirs = ReportCompliance(VaultOf("manager"), request);
  ASSERT_TRUE(mine.ok() && theirs.ok());
  EXPECT_EQ(report::ComplianceText(*mine, {}), report::ComplianceText(*theirs, {}));
  EXPECT_EQ(report::ComplianceJson(*mine).dump(), report::ComplianceJson(*theirs).dump());
  EXPECT_THAT(report::ComplianceText(*mine, {}), HasSubstr("late by 6h"));
  // Before it was founded there was nothing to report.
  request.as_of = clock_.Now() - Duration::Days(3);
  EXPECT_TRUE(absl::IsNotFound(ReportCompliance(VaultOf("intake"), request).status()));
}

TEST_F(CareTest, DrillsAreKeptOutOfTheFigures) {
  NewIntake intake;
  intake.drill = true;
  intake.entries = {{"arrival_at", "-40h"}};
  ASSERT_TRUE(StartIntake(VaultOf("intake"), intake).ok());
  const auto report = ReportCompliance(VaultOf("intake"), {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->drills, 1u);
  EXPECT_GT(report->files[0].tally.overdue, 0u);
  EXPECT_EQ(report->tally.overdue, 0u);
}

TEST_F(CareTest, TheInboxHasWhatWaitsForThisPerson) {
  const Handover handover = Offer(2);
  const auto inbox = ReadInbox(VaultOf("intake"));
  ASSERT_TRUE(inbox.ok()) << inbox.status();
  ASSERT_FALSE(inbox->empty());
  EXPECT_EQ(inbox->front().kind, InboxKind::kHandover);
  EXPECT_EQ(inbox->front().count, 2u);
  Accept(handover);
  clock_.Advance(Duration::Hours(100));
  const auto later = ReadInbox(VaultOf("intake"));
  ASSERT_TRUE(later.ok());
  EXPECT_THAT(*later, Not(Contains(Field(&InboxLine::kind, InboxKind::kHandover))));
  // The one who gave them away is not reminded of the shelter's clauses.
  Sync("intake");
  Sync("lead");
  const auto police = ReadInbox(VaultOf("lead"));
  ASSERT_TRUE(police.ok());
  for (const InboxLine& line : *police) {
    if (line.kind == InboxKind::kOverdue) {
      EXPECT_EQ(line.file, operation_);
    }
  }
}

TEST_F(CareTest, WhatWasPromisedIsVerifiedAgainFromTheBytes) {
  const Handover handover = Offer(1);
  Accept(handover);
  Sync("intake");
  for (const char* name : {"lead", "intake"}) {
    const auto check = VerifyHeldLedger(VaultOf(name));
    ASSERT_TRUE(check.ok()) << check.status();
    EXPECT_THAT(check->faults, IsEmpty()) << name;
    EXPECT_GT(check->receipts, 0u) << name;
    EXPECT_GT(check->changes, check->receipts) << name;
    EXPECT_GT(check->ledger_size, 0u) << name;
  }
}

}  // namespace
}  // namespace kapea::field
