// A new version of a pack while work is open on three devices.
#include <gtest/gtest.h>

#include "client/field/casework.h"
#include "client/field/compliance.h"
#include "client/field/intake.h"
#include "client/field/waive.h"
#include "client/report/compliance_report.h"
#include "kapea/v1/pack.pb.h"
#include "tests/client/field/town.h"

namespace kapea::field {
namespace {

// The national pack with a second version of the intake form, which asks one thing more,
// and without the first.
std::string SecondVersion() {
  v1::Pack pack;
  KAPEA_CHECK(pack.ParseFromString(testing::NationalPack()));
  pack.set_version(2);
  for (v1::Form& form : *pack.mutable_forms()) {
    if (form.id() != kIntakeForm) continue;
    form.set_version(2);
    v1::Field& field = *form.mutable_sections(0)->add_fields();
    field.set_code("asked_since_v2");
    field.mutable_label()->set_en("Asked since version 2");
    field.set_type(v1::FIELD_TYPE_BOOLEAN);
    field.set_sensitivity(v1::SENSITIVITY_OPERATIONAL);
    field.mutable_need()->set_kind(v1::Need::KIND_REQUIRED);
  }
  return pack.SerializeAsString();
}

constexpr const char* kStandard = "KH-MINSTD-2009";

// The national pack once a ministry's own numbers are known: R01.2 and R01.3 share one.
std::string WithOfficialNumbers() {
  v1::Pack pack;
  KAPEA_CHECK(pack.ParseFromString(testing::NationalPack()));
  pack.set_version(2);
  const std::vector<std::pair<std::string, std::string>> numbers = {
      {"R01.1", "4 (1)"}, {"R01.2", "5"}, {"R01.3", "5"}};
  for (const auto& [clause, number] : numbers) {
    v1::OfficialNumber& line = *pack.add_official_numbers();
    line.set_standard(kStandard);
    line.set_clause(clause);
    line.set_number(number);
    line.set_source(pack.sources(0).key());
  }
  return pack.SerializeAsString();
}

class PackVersionTest : public testing::Town {
 protected:
  FileId WalkIn(const std::string& by) {
    NewIntake intake;
    intake.entries = {{"arrival_at", "now"}};
    const auto started = StartIntake(VaultOf(by), intake);
    EXPECT_TRUE(started.ok()) << started.status();
    return started.ok() ? started->file : FileId();
  }
  uint32_t VersionIn(const std::string& by, const FileId& file) {
    const auto state = VaultOf(by).File(file);
    return state.ok() ? (*state)->FirstOf(kIntakeForm)->form.version : 0;
  }
  bool Misses(const std::string& by, const FileId& file, std::string_view code) {
    const auto missing = MissingIn(VaultOf(by), file);
    EXPECT_TRUE(missing.ok()) << missing.status();
    for (const MissingField& one : *missing) {
      if (one.field->code == code) return true;
    }
    return false;
  }
  // What the report shows beside our number; it is in its text and its JSON, or it is empty.
  std::string NumberOfClause(vault::Vault& vault, const FileId& file, const std::string& clause) {
    ReportRequest request;
    request.file = file;
    const auto report = ReportCompliance(vault, request);
    EXPECT_TRUE(report.ok()) << report.status();
    std::string number;
    for (const FileCompliance& part : report->files) {
      for (const ClauseLine& line : part.lines) {
        if (line.code == clause) number = line.official;
      }
    }
    if (number.empty()) return number;
    report::TextOptions all;
    all.all = true;
    EXPECT_NE(report::ComplianceText(*report, all).find(" " + clause + "=" + number + " "),
              std::string::npos);
    EXPECT_NE(report::ComplianceJson(*report).dump().find("\"official\":\"" + number + "\""),
              std::string::npos);
    return number;
  }
  absl::Status Fill(const std::string& by, const FileId& file, std::vector<Entry> entries) {
    return FillIntake(VaultOf(by), file, {"", {}, std::move(entries)}).status();
  }
};

TEST_F(PackVersionTest, OpenWorkStaysUnderTheVersionItBeganWith) {
  const std::vector<std::string> officers = {"intake", "intake2", "manager"};
  std::map<std::string, FileId> drafts;
  for (const std::string& name : officers) drafts[name] = WalkIn(name);
  server_.PublishPack(SecondVersion());
  // One of them meets the new version before she goes on, the others after.
  Sync("intake");
  for (const std::string& name : officers) {
    EXPECT_TRUE(Fill(name, drafts[name], {{"sex", "F"}, {"brought_by", "police"}}).ok()) << name;
    EXPECT_TRUE(absl::IsInvalidArgument(Fill(name, drafts[name], {{"asked_since_v2", "yes"}})))
        << name << ": the draft has no such field";
    EXPECT_FALSE(Misses(name, drafts[name], "asked_since_v2")) << name;
    Sync(name);
    EXPECT_EQ(VersionIn(name, drafts[name]), 1u) << name;
    const domain::FileState* there = server_.File(drafts[name]);
    ASSERT_NE(there, nullptr);
    EXPECT_TRUE(there->without_effect().empty()) << name;
  }
  // What begins now begins under the new one, and asks what that asks.
  const FileId later = WalkIn("intake2");
  EXPECT_EQ(VersionIn("intake2", later), 2u);
  EXPECT_TRUE(Misses("intake2", later, "asked_since_v2"));
}

TEST_F(PackVersionTest, OfficialNumbersAreShownForOpenWorkToo) {
  const FileId file = *Count(OpenOperation(), 1)[0].file;
  Sync("lead");
  Sync("supervisor");
  Sync("supervisor");  // the file that the first pull made known
  vault::Vault& supervisor = VaultOf("supervisor");
  EXPECT_EQ(NumberOfClause(supervisor, file, "R01.1"), "");
  EXPECT_TRUE(absl::IsNotFound(WaiveClause(supervisor, file, "4 (1)", "not_possible").status()));
  server_.PublishPack(WithOfficialNumbers());
  Sync("supervisor");
  ASSERT_EQ(supervisor.NewestPack()->version, 2u);
  EXPECT_EQ(NumberOfClause(supervisor, file, "R01.1"), "4 (1)");
  EXPECT_EQ(NumberOfClause(supervisor, file, "R01.4"), "");

  const auto waived = WaiveClause(supervisor, file, "4 (1)", "not_possible");
  ASSERT_TRUE(waived.ok()) << waived.status();
  const auto state = supervisor.File(file);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_TRUE((*state)->waivers().contains("R01.1")) << "our number is what a Change says";
  EXPECT_TRUE(EndWaiver(supervisor, file, "4 (1)").ok());
  const auto two = WaiveClause(supervisor, file, "5", "not_possible");
  EXPECT_TRUE(absl::IsInvalidArgument(two.status())) << two.status();
  EXPECT_NE(two.status().message().find("R01.2, R01.3"), std::string::npos) << two.status();
}

TEST_F(PackVersionTest, OneRecordIsRaisedByItsOwnPerson) {
  const FileId draft = WalkIn("intake");
  ASSERT_TRUE(Fill("intake", draft, {{"sex", "F"}}).ok());
  const auto record = VaultOf("intake").File(draft);
  ASSERT_TRUE(record.ok());
  const RecordId id = (*record)->FirstOf(kIntakeForm)->id;
  EXPECT_TRUE(absl::IsFailedPrecondition(RaiseForm(VaultOf("intake"), draft, id).status()));
  server_.PublishPack(SecondVersion());
  Sync("intake");
  const auto raised = RaiseForm(VaultOf("intake"), draft, id);
  ASSERT_TRUE(raised.ok()) << raised.status();
  EXPECT_EQ(VersionIn("intake", draft), 2u);
  EXPECT_TRUE(Misses("intake", draft, "asked_since_v2"));
  EXPECT_TRUE(Fill("intake", draft, {{"asked_since_v2", "yes"}}).ok());
  Sync("intake");
  const domain::FileState* there = server_.File(draft);
  ASSERT_NE(there, nullptr);
  EXPECT_TRUE(there->without_effect().empty());
  const auto* sex = there->FirstOf(kIntakeForm)->Shown("sex");
  ASSERT_NE(sex, nullptr) << "what was written stays";
}

}  // namespace
}  // namespace kapea::field
