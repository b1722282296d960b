// Tables of others that become files: all rows or none, each once, and defects told without values.
#include "client/field/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/field/export.h"
#include "client/report/table_file.h"
#include "tests/client/field/town.h"

namespace kapea::field {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using Cells = std::map<std::string, std::string>;

class ImportTest : public testing::Town {
 protected:
  absl::StatusOr<Imported> Import(const std::string& csv, bool write = true,
                                  const std::string& by = "intake") {
    ImportRequest request;
    request.id = kHtcdsExport;
    request.csv = csv;
    request.write = write;
    return ImportFiles(VaultOf(by), request);
  }
  // Two lines of CSV, with consent.
  static std::string Table(const std::string& columns, const std::string& row) {
    return "con_Consent," + columns + "\nTRUE," + row + "\n";
  }
  // Everything that is known of the files on a device: how many, and how many Changes wait.
  std::string Kept(const std::string& by = "intake") {
    std::string kept;
    for (const vault::FileLine& line : VaultOf(by).Files()) {
      absl::StrAppend(&kept, line.file.hex(), " ", line.waiting, "\n");
    }
    return kept;
  }
  // What the export makes of the files with sealed fields and names, sorted: without dates that
  // only the reading device knows.
  std::vector<Cells> Exports(const std::string& by) {
    ExportRequest request;
    request.id = kHtcdsExport;
    request.to_unit = server_.police();
    request.purpose = "sharing";
    request.identities = true;
    const auto done = ReadExport(VaultOf(by), request);
    EXPECT_TRUE(done.ok()) << done.status();
    std::vector<Cells> rows;
    for (const auto& row : done->table.rows) {
      Cells& cells = rows.emplace_back();
      for (size_t i = 0; i < row.size(); ++i) {
        if (!row[i].empty()) cells[done->table.columns[i]] = row[i];
      }
    }
    std::sort(rows.begin(), rows.end());
    table_ = done->table;
    return rows;
  }
  void Agree(const FileId& file, const std::string& by) {
    IntakeEdit edit;
    edit.form = "KH-CONSENT";
    edit.entries = {{"purpose", "sharing"},
                    {"answer", "yes"},
                    {"explained", "yes"},
                    {"recipient", server_.police().hex()}};
    const auto filled = FillIntake(VaultOf(by), file, edit);
    ASSERT_TRUE(filled.ok()) << filled.status();
  }
  FileId WalkIn(std::vector<Entry> entries, std::vector<IntakePart> parts = {}) {
    NewIntake intake;
    intake.entries = std::move(entries);
    intake.parts = std::move(parts);
    const auto started = StartIntake(VaultOf("intake"), intake);
    EXPECT_TRUE(started.ok()) << started.status();
    return started.ok() ? started->file : FileId();
  }
  // The intake record of a file: a clear field's value as people read it.
  std::string Clear(const FileId& file, const std::string& field) {
    const auto state = *VaultOf("intake").File(file);
    const domain::Record* record = state->FirstOf(kIntakeForm);
    const domain::FieldValue* value = record == nullptr ? nullptr : record->Shown(field);
    if (value == nullptr) return "none";
    if (value->sealed) return "sealed";
    if (!value->clear) return "cleared";
    return ToText(VaultOf("intake"), *state->FormOf(*record)->FindField(field), *value->clear,
                  Language::kEnglish);
  }
  // What the first row of a table becomes in that field of the intake record, also sealed.
  std::string Taken(const Imported& done, const std::string& code) {
    const domain::Form* form = FindForm(VaultOf("intake"), kIntakeForm)->form;
    for (const IntakePart& part : done.table.rows.at(0).parts) {
      for (const auto& [field, value] : part.values) {
        if (part.form != kIntakeForm || field != code) continue;
        return ToText(VaultOf("intake"), *form->FindField(code), value, Language::kEnglish);
      }
    }
    return "none";
  }
  static std::vector<std::string> Told(const std::vector<ImportNote>& notes) {
    std::vector<std::string> told;
    for (const ImportNote& note : notes) told.push_back(absl::StrCat(note.row, " ", note.column));
    return told;
  }

  ExportTable table_;
};

TEST_F(ImportTest, WhatWasExportedComesBackOnAnotherDeviceAsItWas) {
  const IntakePart document{"KH-ID-DOCUMENT",
                            {{"kind", domain::Code{"F-ID-NID"}}, {"number", domain::Text{"0-11"}}}};
  const IntakePart route{"KH-ROUTE",
                         {{"stage", domain::Code{"transit"}},
                          {"country", domain::Code{"TH"}},
                          {"from_date", domain::Date{"2025-01-31"}}}};
  const std::vector<Entry> both = {{"arrival_at", "2026-11-17 09:30"},
                                   {"trafficking_status", "possible"},
                                   {"nationality", "KH"}};
  std::vector<Entry> one = both;
  one.insert(one.end(), {{"sex", "F"},
                         {"family_name_latin", "=Invented, \"so\""},
                         {"given_name_km", "ប្រឌិត"},
                         {"birth_date", "2001-02-03"},
                         {"marital_status", "widowed"},
                         {"children_count", "2"},
                         {"language", "vi"},
                         {"education_level", "primary"},
                         {"formal_by", "police"},
                         {"recruiter_relation", "stranger"},
                         {"start_age", "17"},
                         {"platform", "telegram,facebook"},
                         {"recruitment_method", "online_ad,friend"},
                         {"means_of_control", "movement,debt"},
                         {"form_of_exploitation", "sexual,forced_criminality_scam"},
                         {"sector", "construction"},
                         {"sub_form", "online_live"}});
  std::vector<Entry> other = both;
  other.insert(other.end(), {{"gender_identity", "trans_man"}, {"family_name_latin", "Madeup"}});
  Agree(WalkIn(one, {document, route}), "intake");
  Agree(WalkIn(other), "intake");
  const std::vector<Cells> before = Exports("intake");
  ASSERT_THAT(before, SizeIs(2));
  ASSERT_GE(std::max(before[0].size(), before[1].size()), 23u) << "nearly all that has a source";

  const auto done = Import(report::ToCsv(table_), true, "intake2");
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_THAT(done->table.tolerated, IsEmpty());
  EXPECT_THAT(done->table.left_out, IsEmpty());
  EXPECT_THAT(done->table.unused, IsEmpty());
  ASSERT_THAT(done->written, SizeIs(2));
  for (const FileId& file : done->written) Agree(file, "intake2");
  EXPECT_EQ(Exports("intake2"), before);
  Sync("intake2");
}

TEST_F(ImportTest, TheFormSealsWhatItSealsAndSaysWhenceTheFileCame) {
  const auto done = Import(Table("prs_SecondName,prs_Gender,vic_MethodsOfControl,prs_Birthdate",
                                 "Invented,Feminine,Other,2012-05-04"));
  ASSERT_TRUE(done.ok()) << done.status();
  ASSERT_THAT(done->written, SizeIs(1));
  const FileId file = done->written[0];
  EXPECT_EQ(Clear(file, "family_name_latin"), "sealed");
  EXPECT_EQ(Clear(file, "means_of_control"), "sealed");
  EXPECT_EQ(Clear(file, "sex"), "Female");
  EXPECT_EQ(Clear(file, "age_band"), "0 to 14");
  EXPECT_EQ(Clear(file, "gender_identity"), "none");
  const auto state = *VaultOf("intake").File(file);
  const domain::Record* from = state->FirstOf("KH-IMPORT");
  ASSERT_NE(from, nullptr);
  EXPECT_EQ(from->ShownAs<domain::Code>("table")->code, "HTCDS");
  EXPECT_TRUE(from->Shown("row_key")->sealed.has_value());
  Sync("intake");
}

TEST_F(ImportTest, AUnitsCarersGetTheFiles) {
  const std::string csv = Table("prs_Gender", "Masculine");
  ImportRequest request;
  request.id = kHtcdsExport;
  request.csv = csv;
  request.unit = server_.police();
  const auto done = ImportFiles(VaultOf("intake"), request);
  ASSERT_TRUE(done.ok()) << done.status();
  const auto state = *VaultOf("intake").File(done->written.at(0));
  size_t theirs = 0;
  for (const domain::Member& member : state->roster()) {
    if (member.unit == server_.police()) ++theirs;
  }
  EXPECT_GT(theirs, 0u);
  request.unit = UnitId();
  EXPECT_TRUE(absl::IsPermissionDenied(ImportFiles(VaultOf("intake"), request).status()));
}

TEST_F(ImportTest, TheSameRowBecomesNoSecondFile) {
  const std::string csv =
      "con_Consent,prs_Gender,prs_HomePhone\nTRUE,Feminine,\nTRUE,Feminine,\nTRUE,Feminine,+1\n";
  const auto first = Import(csv);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(first->written, SizeIs(3)) << "two of whom the same is said are two";
  EXPECT_THAT(first->table.unused, ElementsAre("prs_HomePhone"));
  const std::string kept = Kept();
  const auto again = Import(csv);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->written, IsEmpty());
  EXPECT_EQ(again->known, 3u);
  EXPECT_EQ(Kept(), kept);
  // Columns in another order, a name spelt otherwise, and one person more.
  const auto more = Import("prs_Gender,con_Consent\nFeminine,TRUE\nFeminine,TRUE\nFeminine,TRUE\n");
  ASSERT_TRUE(more.ok()) << more.status();
  EXPECT_EQ(more->known, 2u);
  EXPECT_THAT(more->written, SizeIs(1));
}

// A colleague's device knows by the record in the file which row it was.
TEST_F(ImportTest, NorOnAColleaguesDevice) {
  const std::string csv = Table("prs_Gender", "Feminine");
  ASSERT_TRUE(Import(csv).ok());
  Sync("intake");
  Sync("manager");
  const auto again = Import(csv, true, "manager");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->known, 1u);
  EXPECT_THAT(again->written, IsEmpty());
}

TEST_F(ImportTest, StopsBetweenTwoRowsAndGoesOn) {
  std::string csv = "con_Consent,prs_NumberOfChildren\n";
  for (int i = 0; i < 5; ++i) absl::StrAppend(&csv, "TRUE,", i, "\n");
  ImportRequest request;
  request.id = kHtcdsExport;
  request.csv = csv;
  const auto cut = ImportFiles(VaultOf("intake"), request, [](size_t written, size_t rows) {
    EXPECT_EQ(rows, 5u);
    return written < 2 ? absl::OkStatus() : absl::CancelledError("stop");
  });
  ASSERT_TRUE(cut.ok()) << cut.status();
  EXPECT_TRUE(cut->stopped);
  ASSERT_THAT(cut->written, SizeIs(2));
  for (const FileId& file : cut->written) EXPECT_EQ(Clear(file, "children_count"), "sealed");
  const auto rest = Import(csv);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_FALSE(rest->stopped);
  EXPECT_EQ(rest->known, 2u);
  EXPECT_THAT(rest->written, SizeIs(3));
}

TEST_F(ImportTest, ChecksWithoutWriting) {
  const std::string kept = Kept();
  const auto done = Import(Table("prs_Gender", "Feminine"), false);
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_THAT(done->table.rows, SizeIs(1));
  EXPECT_THAT(done->written, IsEmpty());
  EXPECT_EQ(Kept(), kept);
}

TEST_F(ImportTest, ARoleThatMayNotFoundSuchFilesWritesNothing) {
  const std::string kept = Kept("nurse");
  const auto done = Import(Table("prs_SecondName", "Invented"), true, "nurse");
  EXPECT_TRUE(absl::IsPermissionDenied(done.status())) << done.status();
  EXPECT_EQ(Kept("nurse"), kept);
}

// --- The defects that are tolerated, each of the files that come with HTCDS ---

struct Defect {
  const char* name;
  std::string csv;
  std::vector<std::string> told;  // row and column
  std::string field;              // of the intake record; empty: nothing of it is kept
  std::string value;
};

class DefectTest : public ImportTest, public ::testing::WithParamInterface<Defect> {};

TEST_P(DefectTest, IsToleratedAndTold) {
  const Defect& defect = GetParam();
  const auto done = Import(defect.csv);
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(Told(done->table.tolerated), defect.told);
  ASSERT_THAT(done->written, SizeIs(1));
  if (!defect.field.empty()) {
    EXPECT_EQ(Taken(*done, defect.field), defect.value);
    EXPECT_NE(Clear(done->written[0], defect.field), "none");
  }
}

std::string Of(const std::string& columns, const std::string& row) {
  return "con_Consent,prs_Gender," + columns + "\nTRUE,Feminine," + row + "\n";
}

INSTANTIATE_TEST_SUITE_P(
    Htcds, DefectTest,
    ::testing::Values(
        Defect{"NameInTheHiddenRow",
               Of("vic_TraffickinStatusDecisionMakingOrg", "Police"),
               {"1 vic_TraffickingStatusDecisionMakingOrg"},
               "formal_by",
               "Police"},
        Defect{"ColumnWithoutAName",
               Of("cas_ReferredPrimaryCaseWorker,,cas_OutgoingReferralDate", ",Other,2026-01-02"),
               {"1 cas_ReasonForOutgoingReferral"},
               "",
               ""},
        Defect{"UnderscoreInFirstName",
               Of("prs_First_Name", "Invented"),
               {"1 prs_FirstName"},
               "given_name_latin",
               "Invented"},
        Defect{"UnderscoreInSecondName",
               Of("prs_Second_Name", "Invented"),
               {"1 prs_SecondName"},
               "family_name_latin",
               "Invented"},
        Defect{"UnderscoreInMethods",
               Of("vic_Methods_of_Control", "DebtBondage"),
               {"1 vic_MethodsOfControl"},
               "means_of_control",
               "Debt"},
        Defect{"BlankBehindACode",
               Of("vic_MethodsOfControl", "\"DebtBondage ;Other\""),
               {"2 vic_MethodsOfControl"},
               "means_of_control",
               "Debt; Other"},
        Defect{"BlanksBetweenCodes",
               Of("vic_TypeOfExploitation", "ForcedBegging  Surrogacy"),
               {"2 vic_TypeOfExploitation"},
               "form_of_exploitation",
               "Forced begging; Surrogacy"},
        Defect{"LabelsInPlaceOfCodes",
               Of("vic_TypeOfExploitation", "Forced begging;Surrogacy"),
               {"2 vic_TypeOfExploitation"},
               "form_of_exploitation",
               "Forced begging; Surrogacy"},
        Defect{"ALabelWithASemicolon",
               Of("vic_ForcedLabourIndustry",
                  "Wholesale and retail trade; repair of motor vehicles and motorcycles"),
               {"2 vic_ForcedLabourIndustry"},
               "sector",
               "Vending"},
        Defect{"FollowUpWithASmallLetter", Of("cas_Status", "Follow up"), {"2 cas_Status"}, "", ""},
        Defect{"SeveralIndustries",
               Of("vic_ForcedLabourIndustry", "F_Construction;C_Manufacturing"),
               {"2 vic_ForcedLabourIndustry"},
               "sector",
               "Construction"},
        Defect{"OneCitizenshipAlone", Of("prs_Citizenship", "VN"), {}, "nationality", "Vietnam"},
        Defect{"WordsForTheReason",
               Of("cas_ReasonForIncomingReferral", "she wished it"),
               {"2 cas_ReasonForIncomingReferral"},
               "",
               ""},
        Defect{"ControlThatTheListLacks",
               Of("vic_MethodsOfControl", "RestrictsMovement"),
               {"2 vic_MethodsOfControl"},
               "means_of_control",
               "Other"},
        Defect{"RowOfLabels",
               "con_Consent,prs_Gender,prs_MailingCity\nConsent,Gender,Street\nTRUE,Masculine,x\n",
               {"2 "},
               "sex",
               "Male"},
        Defect{"NothingIsRequired",
               "con_Consent,prs_Gender,prs_Birthdate\nTRUE,Feminine,\n,,\n",
               {},
               "sex",
               "Female"},
        Defect{
            "ByteOrderMark", "\xEF\xBB\xBF" + Of("cas_CaseOwner", "x"), {"1 "}, "sex", "Female"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_F(ImportTest, RestrictedMovementThatLeftAsOtherComesBackAsOther) {
  Agree(WalkIn({{"arrival_at", "now"}, {"means_of_control", "movement"}}), "intake");
  EXPECT_EQ(Exports("intake").at(0)["vic_MethodsOfControl"], "Other");
  const auto done = Import(report::ToCsv(table_), true, "intake2");
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(Taken(*done, "means_of_control"), "Other");
}

TEST_F(ImportTest, WhatNoFormHasAPlaceForIsToldAndLeftOut) {
  const auto done = Import(
      Table("prs_Citizenship,prs_MaritalStatus,vic_TypeOfSexExploitation,cas_ReasonForCaseClosure",
            "KH;VN,Divorced,Prostitution,\"done, they say\""));
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_THAT(Told(done->table.left_out), ElementsAre("2 prs_Citizenship", "2 prs_MaritalStatus",
                                                      "2 vic_TypeOfSexExploitation"));
  EXPECT_THAT(done->table.unused, ElementsAre("cas_ReasonForCaseClosure"));
  const FileId file = done->written.at(0);
  EXPECT_EQ(Clear(file, "nationality"), "Cambodia");
  EXPECT_EQ(Clear(file, "sub_form"), "none") << "nobody said in which place";
  EXPECT_EQ((*VaultOf("intake").File(file))->FirstOf("KH-CLOSURE"), nullptr);
}

// --- What is refused, with nothing written ---

struct Refusal {
  const char* name;
  std::string csv;
  const char* where;  // a part of the sentence
};

class ImportRefusalTest : public ImportTest, public ::testing::WithParamInterface<Refusal> {};

constexpr char kSecret[] = "Zebulon";  // stands in the bad cells, and in no sentence

TEST_P(ImportRefusalTest, NamesRowAndColumnAndWritesNothing) {
  const std::string kept = Kept();
  const auto done = Import(GetParam().csv);
  ASSERT_TRUE(absl::IsInvalidArgument(done.status())) << done.status();
  const std::string said(done.status().message());
  EXPECT_THAT(said, HasSubstr(GetParam().where));
  EXPECT_THAT(said, Not(HasSubstr(kSecret)));
  EXPECT_EQ(Kept(), kept);
}

// A good row before and behind the bad one.
std::string Between(const std::string& column, const std::string& cell, const std::string& good) {
  return "con_Consent,prs_Gender," + column + "\nTRUE,Feminine," + good + "\nTRUE,Feminine," +
         cell + "\nTRUE,Feminine," + good + "\n";
}

INSTANTIATE_TEST_SUITE_P(
    Import, ImportRefusalTest,
    ::testing::Values(
        Refusal{"AnUnknownCode", Between("vic_TypeOfExploitation", kSecret, "Other"),
                "row 3, vic_TypeOfExploitation"},
        Refusal{"AnUnknownCodeAmongOthers",
                Between("vic_MethodsOfControl", "Other;Zebulon", "Other"),
                "row 3, vic_MethodsOfControl"},
        Refusal{"AnUnknownCodeOfAColumnThatIsNotKept", Between("cas_Status", kSecret, "Active"),
                "row 3, cas_Status"},
        Refusal{"AnUnknownCountry", Between("prs_Citizenship", kSecret, "KH"),
                "row 3, prs_Citizenship"},
        Refusal{"TwoCodesWhereOneStands", Between("prs_MaritalStatus", "Single;Married", "Single"),
                "row 3, prs_MaritalStatus"},
        Refusal{"ADayInAnotherOrder", Between("prs_Birthdate", "03/02/2001", "2001-02-03"),
                "row 3, prs_Birthdate"},
        Refusal{"ADayThatIsNone", Between("prs_Birthdate", "2001-02-30", "2001-02-03"),
                "row 3, prs_Birthdate"},
        Refusal{"ABirthToCome", Between("prs_Birthdate", "2031-02-03", "2001-02-03"),
                "row 3, prs_Birthdate"},
        Refusal{"NoNumber", Between("prs_NumberOfChildren", kSecret, "1"),
                "row 3, prs_NumberOfChildren: want a whole number from 0 to 30"},
        Refusal{"TooManyChildren", Between("prs_NumberOfChildren", "31", "1"),
                "row 3, prs_NumberOfChildren"},
        Refusal{"NoUtf8", Between("prs_SecondName", "Zebulon\xFF", "Invented"),
                "row 3, prs_SecondName"},
        Refusal{"AnUnknownColumn", Between("Zebulon", "x", "x"), "row 1, column 3"},
        Refusal{"AColumnWithoutANameElsewhere", Between("", "Other", "Other"), "row 1, column 3"},
        Refusal{"AColumnTwice", Between("prs_Gender", "Feminine", "Feminine"), "row 1, prs_Gender"},
        Refusal{"AColumnTwiceByASpelling",
                Between("prs_FirstName,prs_First_Name", "Zebulon,x", "x,x"),
                "row 1, prs_FirstName"},
        Refusal{"ARowTooShort", "con_Consent,prs_Gender\nTRUE,Feminine\nTRUE\n", "row 3: want 2"},
        Refusal{"AQuoteThatStandsWrong",
                "con_Consent,prs_SecondName\nTRUE,Invented\nTRUE,\"Zebulon\"x\n", "row 3"},
        Refusal{"NoConsentColumn", "prs_Gender\nFeminine\n", "row 1, con_Consent"},
        Refusal{"NoConsent", "con_Consent,prs_Gender\nTRUE,Feminine\n,Feminine\n",
                "row 3, con_Consent"},
        Refusal{"ConsentDenied", "con_Consent,prs_Gender\nTRUE,Feminine\nFALSE,Feminine\n",
                "row 3, con_Consent: want TRUE"},
        Refusal{"NobodyInARow", "con_Consent,prs_Gender\nTRUE,Feminine\nTRUE,\n", "row 3: nothing"},
        Refusal{"NoRow", "con_Consent,prs_Gender\n", "row 1: no person"},
        Refusal{"NoTable", "", "row 1"}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace kapea::field
