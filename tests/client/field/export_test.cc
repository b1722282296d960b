// What leaves the house as a table: who stands in it, and what of her.
#include "client/field/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/field/disclosure.h"
#include "client/field/duplicates.h"
#include "client/field/intake.h"
#include "client/field/names.h"
#include "tests/client/field/town.h"

namespace kapea::field {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class ExportTest : public testing::Town {
 protected:
  // Somebody of 20 at the shelter, by its intake officer, who leads the file that she founds.
  FileId WalkIn(const std::string& name, bool drill = false) {
    NewIntake intake;
    intake.drill = drill;
    intake.entries = {{"arrival_at", "now"},
                      {"sex", "F"},
                      {"nationality", "KH"},
                      {"age_estimate_band", "A_18_24"},
                      {"family_name_latin", name},
                      {"trafficking_status", "possible"},
                      {"means_of_control", "movement,debt"},
                      {"form_of_exploitation", "sexual"}};
    const auto started = StartIntake(VaultOf("intake"), intake);
    EXPECT_TRUE(started.ok()) << started.status();
    return started.ok() ? started->file : FileId();
  }
  void Agree(const FileId& file, const std::string& purpose, const std::string& answer = "yes") {
    IntakeEdit edit;
    edit.form = "KH-CONSENT";
    edit.entries = {{"purpose", purpose}, {"answer", answer}, {"explained", "yes"}};
    if (purpose == "sharing") {
      edit.entries.push_back({"recipient", UnitName(VaultOf("intake"), server_.police())});
    }
    const auto filled = FillIntake(VaultOf("intake"), file, edit);
    ASSERT_TRUE(filled.ok()) << filled.status();
    clock_.Advance(Duration::Minutes(1));
  }
  ExportRequest ToPolice() {
    ExportRequest request;
    request.id = kHtcdsExport;
    request.to_unit = server_.police();
    request.purpose = "sharing";
    return request;
  }
  ExportRequest ToNobody() {
    ExportRequest request;
    request.id = kHtcdsExport;
    request.purpose = "statistics";
    return request;
  }
  Exported Read(const ExportRequest& request, const std::string& by = "intake") {
    auto done = ReadExport(VaultOf(by), request);
    EXPECT_TRUE(done.ok()) << done.status();
    return done.ok() ? *std::move(done) : Exported();
  }
  static std::string Cell(const Exported& done, size_t row, std::string_view column) {
    for (size_t i = 0; i < done.table.columns.size(); ++i) {
      if (done.table.columns[i] == column) return done.table.rows.at(row).at(i);
    }
    return "no such column";
  }
  size_t Disclosures(const FileId& file) {
    const auto lines = ListDisclosures(VaultOf("intake"), file);
    return lines.ok() ? lines->size() : 99;
  }
};

TEST_F(ExportTest, NobodyStandsInItWithoutConsentToThatPurpose) {
  const FileId agreed = WalkIn("Invented");
  WalkIn("Notasked");
  const FileId withdrew = WalkIn("Withdrew");
  Agree(agreed, "statistics");
  Agree(withdrew, "statistics");
  Agree(withdrew, "statistics", "withdrawn");
  Agree(WalkIn("Sharedonly"), "sharing");
  const Exported done = Read(ToNobody());
  EXPECT_THAT(done.table.rows, SizeIs(1));
  EXPECT_EQ(done.left_out.no_consent, 3u);
  EXPECT_THAT(Read(ToPolice()).table.rows, SizeIs(1)) << "who shares, with that unit alone";
}

TEST_F(ExportTest, WithoutARecipientNothingSealedIsOpened) {
  const FileId file = WalkIn("Invented");
  Agree(file, "statistics");
  const Exported done = Read(ToNobody());
  ASSERT_THAT(done.table.rows, SizeIs(1));
  EXPECT_THAT(done.table.columns, SizeIs(84));
  EXPECT_EQ(Cell(done, 0, "prs_Gender"), "Feminine");
  EXPECT_EQ(Cell(done, 0, "prs_Citizenship"), "KH");
  EXPECT_EQ(Cell(done, 0, "vic_TypeOfExploitation"), "SexualExploitation");
  EXPECT_EQ(Cell(done, 0, "vic_TraffickingStatus"), "PossibleVictimOfTrafficking");
  EXPECT_EQ(Cell(done, 0, "cas_IncomingReferralDate"), "2026-11-18");
  EXPECT_EQ(Cell(done, 0, "con_Consent"), "TRUE");
  EXPECT_EQ(Cell(done, 0, "prs_SecondName"), "");
  EXPECT_EQ(Cell(done, 0, "vic_MethodsOfControl"), "");
  EXPECT_EQ(done.closed, 2u);
  EXPECT_EQ(Disclosures(file), 0u);
}

TEST_F(ExportTest, SealedFieldsGoUnderASignedDisclosureAndNamesOnlyWhenAskedFor) {
  const FileId file = WalkIn("Invented");
  Agree(file, "sharing");
  const Exported done = Read(ToPolice());
  ASSERT_THAT(done.table.rows, SizeIs(1));
  EXPECT_EQ(Cell(done, 0, "vic_MethodsOfControl"), "DebtBondage;Other");
  EXPECT_EQ(Cell(done, 0, "prs_SecondName"), "");
  EXPECT_EQ(done.disclosed, 1u);
  EXPECT_EQ(Disclosures(file), 1u);
  ExportRequest named = ToPolice();
  named.identities = true;
  EXPECT_EQ(Cell(Read(named), 0, "prs_SecondName"), "Invented");
  EXPECT_EQ(Disclosures(file), 2u) << "the name was not in the first";
  Read(named);
  EXPECT_EQ(Disclosures(file), 2u) << "one that is in force is not signed again";
  Sync("intake");
}

TEST_F(ExportTest, WhatAColleagueSealedIsOpenedUnderANotice) {
  const FileId file = WalkIn("Invented");
  Agree(file, "sharing");
  Sync("intake");
  Sync("manager");
  const auto reads = [&] {
    EXPECT_TRUE(VaultOf("manager").QueueNotices().ok());
    return (*VaultOf("manager").File(file))->reads().size();
  };
  const size_t before = reads();
  EXPECT_EQ(Cell(Read(ToPolice(), "manager"), 0, "vic_MethodsOfControl"), "DebtBondage;Other");
  EXPECT_GT(reads(), before);
  Sync("manager");
}

TEST_F(ExportTest, NamesWantARecipientAndAPurposeThatAllowsThem) {
  ExportRequest request = ToNobody();
  request.identities = true;
  EXPECT_TRUE(absl::IsInvalidArgument(ReadExport(VaultOf("intake"), request).status()));
  request.to_body = "university";
  EXPECT_TRUE(absl::IsInvalidArgument(ReadExport(VaultOf("intake"), request).status()));
  request = ToPolice();
  request.purpose = "photo";
  EXPECT_TRUE(absl::IsInvalidArgument(ReadExport(VaultOf("intake"), request).status()));
  request.purpose = "sharing";
  request.to_body = "university";
  EXPECT_TRUE(absl::IsInvalidArgument(ReadExport(VaultOf("intake"), request).status()));
  request.id = "NONE";
  EXPECT_TRUE(absl::IsFailedPrecondition(ReadExport(VaultOf("intake"), request).status()));
}

TEST_F(ExportTest, DrillsAndFilesOfOthersAreLeftOutAndCounted) {
  Agree(WalkIn("Practice", true), "statistics");
  const FileId file = WalkIn("Invented");
  Agree(file, "statistics");
  EXPECT_EQ(Read(ToNobody()).left_out.drills, 1u);
  Sync("intake");
  Sync("nurse");
  const Exported hers = Read(ToNobody(), "nurse");
  EXPECT_THAT(hers.table.rows, IsEmpty()) << "she works on the file and leads it not";
  EXPECT_EQ(hers.left_out.role, 1u);
  ExportRequest elsewhere = ToNobody();
  elsewhere.unit = server_.police();
  EXPECT_THAT(Read(elsewhere).table.rows, IsEmpty());
}

TEST_F(ExportTest, APersonWithTwoFilesStandsThereOnce) {
  const FileId one = WalkIn("Invented");
  const FileId other = WalkIn("Invented");
  Agree(one, "statistics");
  Agree(other, "statistics");
  ASSERT_THAT(Read(ToNobody()).table.rows, SizeIs(2));
  const absl::Status linked = LinkSamePerson(VaultOf("intake"), one, other);
  ASSERT_TRUE(linked.ok()) << linked;
  const Exported done = Read(ToNobody());
  EXPECT_THAT(done.table.rows, SizeIs(1));
  EXPECT_EQ(done.left_out.same_person, 1u);
}

TEST_F(ExportTest, DatesThatAreNotKnownToTheDayStayOut) {
  const FileId file = WalkIn("Invented");
  Agree(file, "sharing");
  ExportRequest named = ToPolice();
  named.identities = true;
  const auto birth = [&](std::vector<Entry> entries) {
    IntakeEdit edit;
    edit.entries = std::move(entries);
    EXPECT_TRUE(FillIntake(VaultOf("intake"), file, edit).ok());
    return Cell(Read(named), 0, "prs_Birthdate");
  };
  EXPECT_EQ(birth({{"birth_date", "2006-05-04"}}), "2006-05-04");
  EXPECT_EQ(birth({{"birth_date_precision", "estimated"}}), "");
  EXPECT_EQ(birth({{"birth_date_precision", "exact"}}), "2006-05-04");
  EXPECT_EQ(birth({{"birth_date", "2006-05"}}), "");
}

TEST_F(ExportTest, DeidentifiedHasNoNameAndNeedsNoDisclosure) {
  const FileId file = WalkIn("Invented");
  Agree(file, "statistics");
  ExportRequest request = ToNobody();
  request.id = kDeidentifiedExport;
  const Exported done = Read(request);
  ASSERT_THAT(done.table.rows, SizeIs(1));
  EXPECT_TRUE(done.what->anonymous);
  EXPECT_EQ(Cell(done, 0, "yearOfRegistration"), "2026");
  EXPECT_EQ(Cell(done, 0, "ageBroad"), "18--24");
  EXPECT_EQ(Cell(done, 0, "citizenship"), "Cambodia");
  EXPECT_EQ(Cell(done, 0, "isSexualExploit"), "1");
  EXPECT_EQ(Cell(done, 0, "isForcedLabour"), "0");
  EXPECT_EQ(Cell(done, 0, "meansDenyBasicNeeds"), "1");
  EXPECT_EQ(Cell(done, 0, "meansThreats"), "0");
  EXPECT_EQ(Disclosures(file), 0u);
  request.identities = true;
  EXPECT_TRUE(absl::IsInvalidArgument(ReadExport(VaultOf("intake"), request).status()));
}

}  // namespace
}  // namespace kapea::field
