// Files and records of any kind, and clauses that are waived.
#include "client/field/casework.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/field/compliance.h"
#include "client/field/court_register.h"
#include "client/field/inbox.h"
#include "client/field/intake.h"
#include "client/field/record_view.h"
#include "client/field/shelter.h"
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
  const auto consent =
      Add(file, "KH-CONSENT", {{"purpose", "services"}, {"answer", "yes"}, {"explained", "yes"}});
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

TEST_F(CaseworkTest, AnIntakeTakesThePermitFromTheSheltersOwnFile) {
  vault::Vault& intake = VaultOf("intake");
  vault::Vault& manager = VaultOf("manager");
  const UnitId unit = intake.identity().unit;
  NewFile shelter;
  shelter.kind = domain::FileKind::kProgramme;
  shelter.form = "KH-ACTOR";
  shelter.members = {{std::nullopt, unit, domain::Role::kIntakeOfficer, {}}};
  shelter.entries = {
      {"kind", "shelter"}, {"unit", unit.hex()}, {"province", "12"}, {"authorised_until", "+500d"}};
  const auto opened = OpenFile(manager, shelter);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_FALSE(CentreValidUntil(manager, unit)) << "nobody inspected it";
  const auto inspect = [&](const char* at, const char* result) {
    return WriteRecord(manager, opened->file,
                       {{}, "KH-INSPECTION", {}, {{"inspected_at", at}, {"result", result}}});
  };
  ASSERT_TRUE(inspect("-10d", "good").ok());
  EXPECT_EQ(CentreValidUntil(manager, unit), clock_.Now() + Duration::Days(356));
  ASSERT_TRUE(inspect("-2d", "not_good").ok());
  EXPECT_FALSE(CentreValidUntil(manager, unit)) << "the newest inspection was not in order";
  ASSERT_TRUE(inspect("-1d", "conditions").ok());
  const Time until = clock_.Now() + Duration::Days(365);  // the newest, and a year
  EXPECT_EQ(CentreValidUntil(manager, unit), until);
  EXPECT_FALSE(CentreValidUntil(intake, unit)) << "her device has not heard of it";
  Sync("manager");
  Sync("intake");
  Sync("intake");  // the file that the first pull made known
  const auto state = intake.File(WalkIn());
  ASSERT_TRUE(state.ok()) << state.status();
  const auto* filled = (*state)->FirstOf("KH-VICTIM-INTAKE")->ShownAs<Time>("centre_valid_until");
  ASSERT_NE(filled, nullptr);
  EXPECT_EQ(*filled, until);
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

// A case that goes from the arrest to the verdict.
class CourtTest : public CaseworkTest {
 protected:
  FileId OpenCase(const std::string& complaint_at) {
    NewFile file;
    file.kind = domain::FileKind::kJustice;
    file.form = "KH-JUSTICE-CASE";
    file.entries = {{"complaint_at", complaint_at},
                    {"source", "operation"},
                    {"province", "12"},
                    {"case_class", "trafficking"}};
    const auto opened = OpenFile(VaultOf("lead"), file);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? opened->file : FileId();
  }
  RecordId Put(const FileId& file, const std::string& form, std::vector<Entry> entries,
               std::optional<RecordId> record = std::nullopt) {
    const auto written = WriteRecord(VaultOf("lead"), file, {record, form, {}, std::move(entries)});
    EXPECT_TRUE(written.ok()) << written.status();
    return written.ok() ? written->record : RecordId();
  }
};

TEST_F(CourtTest, TheRegisterTellsACaseFromArrestToVerdict) {
  const FileId file = OpenCase("2026-01-10 08:00");
  const RecordId accused = Put(file, "KH-ACCUSED",
                               {{"number", "1"},
                                {"name", "Invented Person"},
                                {"birth_date", "1980-05-01"},
                                {"sex", "M"},
                                {"state", "custody"},
                                {"arrested_at", "2026-01-11 05:00"},
                                {"unit_arrival_at", "2026-01-11 06:00"}});
  const RecordId charge = Put(file, "KH-CHARGE", {{"article", "A10"}});
  auto rows = CourtRegister(VaultOf("lead"), {});
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_THAT(*rows, SizeIs(1));
  EXPECT_EQ((*rows)[0].stage, "L6");
  EXPECT_FALSE((*rows)[0].custody);
  EXPECT_EQ(StatusOf("lead", file, "J1"), FindingStatus::kOverdue) << "nobody ended the custody";
  Put(file, "", {{"custody_ended_at", "2026-01-13 05:00"}, {"state", "detention"}}, accused);
  EXPECT_EQ(StatusOf("lead", file, "J1"), FindingStatus::kMet);
  const auto state = VaultOf("lead").File(file);
  ASSERT_TRUE(state.ok());
  const RecordId record = (*state)->FirstOf("KH-JUSTICE-CASE")->id;
  Put(file, "", {{"verdict_at", "2026-06-01 10:00"}}, record);
  EXPECT_EQ(StatusOf("lead", file, "J6"), FindingStatus::kOverdue);
  Put(file, "", {{"outcome", "convicted"}, {"sentence_months", "96"}}, charge);
  rows = CourtRegister(VaultOf("lead"), {});
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_THAT(*rows, SizeIs(1));
  const RegisterRow& row = (*rows)[0];
  EXPECT_EQ(row.stage, "L10");
  EXPECT_EQ(row.age_band, "A_30_PLUS");
  EXPECT_EQ(row.custody, Duration::Hours(47));
  EXPECT_EQ(row.sentence_months, 96);
  const std::string csv = ToCsv(*rows);
  EXPECT_THAT(csv, HasSubstr(",trafficking,12,,L10,1,M,A_30_PLUS,detention,47,A10,convicted,96,"
                             "2026-06-01T03:00:00"));
  EXPECT_THAT(csv, ::testing::Not(HasSubstr("Invented"))) << "no name";
}

TEST_F(CourtTest, APeriodTakesTheComplaintsOfThatTime) {
  OpenCase("2025-12-31 23:59");
  const FileId inside = OpenCase("2026-01-01 00:00");
  RegisterRequest year;
  year.from = Time::FromUnixMs(1'767'200'400'000);  // 2026-01-01 00:00 in Cambodia
  year.to = *year.from + Duration::Hours(24 * 365);
  const auto rows = CourtRegister(VaultOf("lead"), year);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_THAT(*rows, SizeIs(1));
  EXPECT_EQ((*rows)[0].complaint_at, *year.from);
  EXPECT_EQ((*rows)[0].accused, 0);
  EXPECT_EQ(StatusOf("lead", inside, "J1"), FindingStatus::kNotApplicable);
}

}  // namespace
}  // namespace kapea::field
