// Files and records of any kind, and clauses that are waived.
#include "client/field/casework.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/field/compliance.h"
#include "client/field/inbox.h"
#include "client/field/intake.h"
#include "client/field/record_view.h"
#include "client/field/waive.h"
#include "tests/client/field/town.h"

namespace kapea::field {
namespace {

using domain::FindingStatus;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class CaseworkTest : public testing::Town {
 protected:
  FileId WalkIn() {
    NewIntake intake;
    intake.entries = {{"arrival_at", "now"}};
    const auto started = StartIntake(VaultOf("intake"), intake);
    EXPECT_TRUE(started.ok()) << started.status();
    return started.ok() ? started->file : FileId();
  }
  absl::StatusOr<Written> Add(const FileId& file, const std::string& form,
                              std::vector<Entry> entries,
                              std::optional<RecordId> parent = std::nullopt) {
    return WriteRecord(VaultOf("intake"), file, {{}, form, parent, std::move(entries)});
  }
  FindingStatus StatusOf(const std::string& who, const FileId& file, const std::string& clause) {
    ReportRequest request;
    request.file = file;
    const auto report = ReportCompliance(VaultOf(who), request);
    EXPECT_TRUE(report.ok()) << report.status();
    for (const FileCompliance& part : report->files) {
      for (const ClauseLine& line : part.lines) {
        if (line.code == clause) return line.finding.status;
      }
    }
    return FindingStatus::kNone;
  }
};

TEST_F(CaseworkTest, OpensAFileWithItsFirstRecord) {
  NewFile file;
  file.kind = domain::FileKind::kPerson;
  file.form = "KH-INCIDENT";
  file.entries = {{"happened_at", "-10m"}, {"kind", "threat"}};
  const auto opened = OpenFile(VaultOf("intake"), file);
  ASSERT_TRUE(opened.ok()) << opened.status();
  const auto state = VaultOf("intake").File(opened->file);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ((*state)->kind(), domain::FileKind::kPerson);
  const auto records = RecordsIn(**state);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].record, opened->record);
  EXPECT_EQ(records[0].form_id, "KH-INCIDENT");
}

TEST_F(CaseworkTest, FoundsNothingForWhatCannotBeRead) {
  const size_t before = VaultOf("intake").Files().size();
  NewFile file;
  file.kind = domain::FileKind::kPerson;
  file.form = "KH-INCIDENT";
  file.entries = {{"kind", "no_such_kind"}};
  EXPECT_TRUE(absl::IsInvalidArgument(OpenFile(VaultOf("intake"), file).status()));
  file.entries = {};
  file.form = "KH-CONSENT";  // stands below an intake
  EXPECT_TRUE(absl::IsInvalidArgument(OpenFile(VaultOf("intake"), file).status()));
  file.form = "KH-NONE";
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenFile(VaultOf("intake"), file).status()));
  EXPECT_EQ(VaultOf("intake").Files().size(), before);
}

TEST_F(CaseworkTest, ChildRecordsFindTheOnlyParent) {
  const FileId file = WalkIn();
  const auto consent = Add(file, "KH-CONSENT", {{"purpose", "services"}, {"answer", "yes"}});
  ASSERT_TRUE(consent.ok()) << consent.status();
  const auto state = VaultOf("intake").File(file);
  ASSERT_TRUE(state.ok());
  const domain::Record* record = (*state)->FindRecord(consent->record);
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->parent, (*state)->FirstOf("KH-VICTIM-INTAKE")->id);
  const auto records = RecordsIn(**state);
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[1].record, consent->record);
  EXPECT_EQ(records[1].depth, 1u);
  // Below a record of another form it does not stand, nor where there is none.
  EXPECT_TRUE(absl::IsInvalidArgument(
      Add(file, "KH-CONSENT", {{"answer", "no"}}, consent->record).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Add(file, "KH-OP-PLAN", {{"x", "1"}}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Add(file, "KH-INCIDENT", {}).status()));
}

TEST_F(CaseworkTest, ARecordIsTakenBackAndCountsAgain) {
  const FileId file = WalkIn();
  const auto incident = Add(file, "KH-INCIDENT", {{"happened_at", "-3h"}, {"kind", "threat"}});
  ASSERT_TRUE(incident.ok()) << incident.status();
  EXPECT_EQ(StatusOf("intake", file, "R01.6"), FindingStatus::kOverdue);
  EXPECT_TRUE(
      absl::IsInvalidArgument(VoidRecord(VaultOf("intake"), file, incident->record, "").status()));
  const auto taken = VoidRecord(VaultOf("intake"), file, incident->record, "entered_twice");
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(StatusOf("intake", file, "R01.6"), FindingStatus::kNotApplicable);
  const auto back = RestoreRecord(VaultOf("intake"), file, incident->record);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(StatusOf("intake", file, "R01.6"), FindingStatus::kOverdue);
}

TEST_F(CaseworkTest, OverdueClausesReachWhoHasThePerson) {
  const FileId file = WalkIn();
  ASSERT_TRUE(Add(file, "KH-INCIDENT", {{"happened_at", "-3h"}, {"kind", "threat"}}).ok());
  const auto inbox = ReadInbox(VaultOf("intake"));
  ASSERT_TRUE(inbox.ok()) << inbox.status();
  EXPECT_THAT(*inbox, Contains(::testing::Field(&InboxLine::what, HasSubstr("R01.6"))));
}

TEST_F(CaseworkTest, WhoMayWaivesAClauseWithAReason) {
  const FileId file = *Count(OpenOperation(), 1)[0].file;
  EXPECT_EQ(StatusOf("lead", file, "R01.1"), FindingStatus::kPending);
  EXPECT_TRUE(absl::IsPermissionDenied(
      WaiveClause(VaultOf("lead"), file, "R01.1", "not_possible").status()))
      << "a unit lead may not";
  Sync("lead");
  Sync("supervisor");
  Sync("supervisor");  // the file that the first pull made known
  vault::Vault& supervisor = VaultOf("supervisor");
  EXPECT_TRUE(absl::IsInvalidArgument(WaiveClause(supervisor, file, "R01.1", "").status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(WaiveClause(supervisor, file, "R01.1", "Her uncle").status()));
  EXPECT_TRUE(absl::IsNotFound(WaiveClause(supervisor, file, "R99.9", "not_possible").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(EndWaiver(supervisor, file, "R01.1").status()));
  const auto waived = WaiveClause(supervisor, file, "R01.1", "not_possible");
  ASSERT_TRUE(waived.ok()) << waived.status();
  EXPECT_EQ(StatusOf("supervisor", file, "R01.1"), FindingStatus::kWaived);
  ASSERT_TRUE(EndWaiver(supervisor, file, "R01.1").ok());
  EXPECT_EQ(StatusOf("supervisor", file, "R01.1"), FindingStatus::kPending);
}

}  // namespace
}  // namespace kapea::field
