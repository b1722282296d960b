// Reports that are published: frozen on every device, revised, and kept from telling what
// they hide.
#include <gmock/gmock.h>

#include "client/field/draft.h"
#include "client/report/document_forms.h"
#include "client/report/standard_reports.h"
#include "tests/client/field/town.h"

namespace kapea::testing {
namespace {

using ::testing::HasSubstr;

class PublishingTest : public Town {
 protected:
  void SetUp() override {
    operation_ = OpenOperation();
    Found(12, "F");
    Found(3, "M");
    clock_.Advance(Duration::Days(60));
    Sync("lead");
    Sync("supervisor");
  }
  void Found(uint32_t count, const char* sex) {
    field::PeopleFound people;
    people.count = count;
    people.entries = {{"sex", sex},
                      {"age_band", "A_18_24"},
                      {"language", "km"},
                      {"met_at", "2026-11-18 17:00"},
                      {"off_at", "2026-11-18 17:30"}};
    const auto found = field::AddPeople(VaultOf("lead"), operation_, people);
    ASSERT_TRUE(found.ok()) << found.status();
  }
  static report::ReportAsk AskFor(const char* period) {
    report::ReportAsk ask;
    ask.period = *standards::ParsePeriod(period);
    return ask;
  }
  report::ReportAsk OfPolice(const char* period) {
    report::ReportAsk ask = AskFor(period);
    ask.scope.unit = VaultOf("supervisor").identity().unit;
    return ask;
  }
  absl::StatusOr<domain::Publication> Make(report::ReportAsk ask, const char* id = "R-PCCT") {
    vault::Vault& vault = VaultOf("supervisor");
    const report::StandardReport& report = *report::FindReport(id);
    const auto before = report::Publications(vault);
    KAPEA_CHECK(before.ok());
    if (ask.period) ask.control.hidden = report::HiddenBefore(*before, ask.scope, *ask.period);
    const auto figures = report::CountReport(vault, report, ask, report::CountHere(vault));
    KAPEA_CHECK(figures.ok());
    return report::MakePublication(report, ask, *figures);
  }
  absl::Status Publish(const report::ReportAsk& ask) {
    const auto what = Make(ask);
    if (!what.ok()) return what.status();
    return report::Publish(VaultOf("supervisor"), *what).status();
  }
  std::vector<domain::PublicationAt> PublicationsOf(const std::string& name) {
    const auto all = report::Publications(VaultOf(name));
    EXPECT_TRUE(all.ok()) << all.status();
    return all.ok() ? *all : std::vector<domain::PublicationAt>();
  }
  // "F 12, M *"
  static std::string BySex(const domain::Publication& what) {
    std::string text;
    for (const domain::PublishedTable& table : what.tables) {
      if (table.measure != "I-V01" || table.dimension != "sex") continue;
      for (const domain::PublishedCell& cell : table.cells) {
        text += (text.empty() ? "" : ", ") + cell.code + " " +
                (cell.value ? std::to_string(*cell.value) : "*");
      }
    }
    return text;
  }
  static std::optional<int64_t> All(const domain::Publication& what) {
    for (const domain::PublishedTable& table : what.tables) {
      if (table.measure == "I-V01" && table.dimension.empty()) return table.cells[0].value;
    }
    return -1;
  }

  FileId operation_;
};

TEST_F(PublishingTest, IsReadByEverybodyAsItWas) {
  ASSERT_TRUE(Publish(OfPolice("2026-11")).ok());
  Sync("supervisor");
  Sync("lead");
  const auto there = PublicationsOf("lead");
  ASSERT_EQ(there.size(), 1u);
  EXPECT_EQ(All(there[0].what), 15);
  EXPECT_EQ(BySex(there[0].what), "F *, M *");
  EXPECT_GT(there[0].time.hard.latest, there[0].what.before) << "the Ledger has it";
  // Somebody is added afterwards: what was published stays.
  Found(20, "M");
  const auto document =
      report::PublishedDocument(VaultOf("lead"), there[0], field::Language::kEnglish);
  ASSERT_TRUE(document.ok()) << document.status();
  const std::string text = report::ToPlainText(*document);
  EXPECT_THAT(text, HasSubstr("15"));
  EXPECT_THAT(text, HasSubstr("2026-11"));
  EXPECT_THAT(text, HasSubstr(there[0].self.change.hex()));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("draft")));
  EXPECT_TRUE(report::PublishedDocument(VaultOf("lead"), there[0], field::Language::kKhmer).ok());
}

TEST_F(PublishingTest, APeriodIsPublishedOnceAndThenRevised) {
  ASSERT_TRUE(Publish(OfPolice("2026-11")).ok());
  const absl::Status again = Publish(OfPolice("2026-11"));
  EXPECT_TRUE(absl::IsFailedPrecondition(again)) << again;
  EXPECT_THAT(again.message(), HasSubstr("--revises"));
  const absl::Status across = Publish(OfPolice("2026-11-20/2026-12-05"));
  EXPECT_TRUE(absl::IsFailedPrecondition(across)) << across;
  EXPECT_THAT(across.message(), HasSubstr("overlaps"));
  EXPECT_EQ(PublicationsOf("supervisor").size(), 1u) << "nothing was written";

  // Ten more men are written down late: enough to be shown, had they not been hidden.
  Found(10, "M");
  Sync("lead");
  Sync("supervisor");
  auto revision = Make(OfPolice("2026-11"));
  ASSERT_TRUE(revision.ok()) << revision.status();
  EXPECT_EQ(All(*revision), 25);
  EXPECT_EQ(BySex(*revision), "F *, M *") << "what was hidden stays hidden";
  revision->revises = PublicationsOf("supervisor")[0].self.change;
  revision->reason = "late_records";
  const auto made = report::Publish(VaultOf("supervisor"), *revision);
  ASSERT_TRUE(made.ok()) << made.status();
  Sync("supervisor");
  const auto all = PublicationsOf("supervisor");
  ASSERT_EQ(all.size(), 2u);
  ASSERT_TRUE(all[0].revised_by.has_value());
  EXPECT_EQ(*all[0].revised_by, *made);
}

TEST_F(PublishingTest, IsRefusedWhereWhatIsHiddenWouldFollow) {
  ASSERT_TRUE(Publish(OfPolice("2026-11")).ok());
  ASSERT_TRUE(Publish(OfPolice("2026-12")).ok());
  // With as many men of another month, the two months' sum by sex could be shown; it would tell.
  report::ReportAsk both = OfPolice("2026-11/2026-12");
  both.control.k = 2;
  const absl::Status told = Publish(both);
  EXPECT_TRUE(absl::IsFailedPrecondition(told)) << told;
  EXPECT_THAT(told.message(), HasSubstr("would follow"));
  EXPECT_THAT(told.message(), HasSubstr("I-V0"));
  // The server judges the same, whatever a device thinks.
  const auto what = Make(both);
  ASSERT_TRUE(what.ok());
  const auto standards =
      VaultOf("supervisor").File(VaultOf("supervisor").identity().standards_file);
  EXPECT_TRUE(
      domain::ObjectionTo((*standards)->publications(), *what, *VaultOf("supervisor").NewestPack())
          .has_value());
  both.control.rounded_to = 10;
  EXPECT_TRUE(Publish(both).ok()) << "rounded, it could be several numbers";
}

TEST_F(PublishingTest, IsOfAPeriodThatIsOverAndOfAReportThatLeaves) {
  EXPECT_TRUE(absl::IsFailedPrecondition(Make(OfPolice("2027")).status()));
  report::ReportAsk always = OfPolice("2026-11");
  always.period.reset();
  EXPECT_TRUE(absl::IsFailedPrecondition(Make(always).status()));
  const auto inside = Make(OfPolice("2026-11"), "R-AUDIT");
  EXPECT_TRUE(absl::IsFailedPrecondition(inside.status())) << inside.status();
}

// What the decoder refuses must not come into the vault: it would not open again.
TEST_F(PublishingTest, NothingIsKeptThatCannotBeRead) {
  EXPECT_TRUE(absl::IsInvalidArgument(Make(OfPolice("1900/2026-11")).status()));
  report::ReportAsk hiding = OfPolice("2026-11");
  hiding.control.k = 4'294'967'297;
  EXPECT_TRUE(absl::IsInvalidArgument(Make(hiding).status()));
  auto what = Make(OfPolice("2026-11"));
  ASSERT_TRUE(what.ok());
  what->from = Time::FromUnixMs(-1);
  const auto refused = report::Publish(VaultOf("supervisor"), *what);
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status())) << refused.status();
  At("supervisor").Restart();
  EXPECT_TRUE(Publish(OfPolice("2026-11")).ok()) << "the vault is as it was";
}

TEST_F(PublishingTest, IsForWhoMayCountAllOfIt) {
  auto what = Make(OfPolice("2026-11"));
  ASSERT_TRUE(what.ok());
  const auto by_lead = report::Publish(VaultOf("lead"), *what);
  EXPECT_TRUE(absl::IsPermissionDenied(by_lead.status())) << by_lead.status();
  what->scope.unit.reset();
  const auto everywhere = report::Publish(VaultOf("supervisor"), *what);
  EXPECT_TRUE(absl::IsPermissionDenied(everywhere.status())) << everywhere.status();
  EXPECT_TRUE(PublicationsOf("supervisor").empty());
}

TEST(PeriodTextTest, SaysItAsItIsAskedFor) {
  for (const char* text : {"2026", "2026-H1", "2026-H2", "2026-Q1", "2026-Q4", "2026-01", "2026-12",
                           "FY2026", "2025-11/2026-08", "2026-09-28", "2026-09-28/2026-10-02"}) {
    EXPECT_EQ(report::PeriodText(*standards::ParsePeriod(text)), text);
  }
  EXPECT_EQ(report::PeriodText({}), "");
}

}  // namespace
}  // namespace kapea::testing
