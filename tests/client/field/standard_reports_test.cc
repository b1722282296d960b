// The reports that bodies ask for, over a small town: the right numbers, small ones kept back,
// and nobody's name.
#include "client/report/standard_reports.h"

#include <gmock/gmock.h>

#include "client/field/draft.h"
#include "client/report/document_forms.h"
#include "client/report/html.h"
#include "client/report/pdf.h"
#include "tests/client/field/town.h"

namespace kapea::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kPlanted = "Zqyxveraname";

class StandardReportsTest : public Town {
 protected:
  void SetUp() override {
    const FileId operation = OpenOperation();
    Found(operation, 12, "F");
    Found(operation, 3, "M");
    const FileId drill = OpenOperation(true);
    Found(drill, 20, "F");
  }
  void Found(const FileId& operation, uint32_t count, const char* sex) {
    field::PeopleFound people;
    people.count = count;
    people.entries = {{"sex", sex},
                      {"age_band", "A_18_24"},
                      {"language", "km"},
                      {"description", std::string(kPlanted)},
                      {"met_at", "2026-11-18 17:00"},
                      {"off_at", "2026-11-18 17:30"}};
    const auto found = field::AddPeople(VaultOf("lead"), operation, people);
    ASSERT_TRUE(found.ok()) << found.status();
  }
  report::Document Build(const char* id, report::ReportAsk ask = {}) {
    const report::StandardReport* const report = report::FindReport(id);
    KAPEA_CHECK(report != nullptr);
    auto document = report::BuildReport(VaultOf("lead"), *report, ask);
    EXPECT_TRUE(document.ok()) << document.status();
    return document.ok() ? *std::move(document) : report::Document();
  }
  static const report::Table* TableOf(const report::Document& document, std::string_view section,
                                      std::string_view caption) {
    for (const report::Section& one : document.sections) {
      if (!one.heading.starts_with(section)) continue;
      for (const report::Table& table : one.tables) {
        if (table.caption == caption) return &table;
      }
    }
    return nullptr;
  }
  static std::string CellOf(const report::Table& table, std::string_view row, size_t column) {
    for (const auto& cells : table.rows) {
      if (report::ToText(cells[0]) == row) return report::ToText(cells[column]);
    }
    return "no such row";
  }
};

TEST_F(StandardReportsTest, CountsEachPersonOnceAndNoExercise) {
  report::ReportAsk ask;
  ask.period = *standards::ParsePeriod("2026-Q4");
  ask.period_name = "2026-Q4";
  const report::Document document = Build("R-PCCT", ask);
  ASSERT_FALSE(document.sections.empty());
  EXPECT_EQ(CellOf(document.sections[0].tables[0], "I-V01", 2), "15");
  ask.period = *standards::ParsePeriod("2026-Q3");
  EXPECT_EQ(CellOf(Build("R-PCCT", ask).sections[0].tables[0], "I-V01", 2), "0");
}

TEST_F(StandardReportsTest, KeepsSmallNumbersBackAndWhatWouldTellThem) {
  const report::Document document = Build("R-PCCT");
  const report::Table* const by_sex = TableOf(document, "I-V01", "sex");
  ASSERT_NE(by_sex, nullptr);
  ASSERT_EQ(by_sex->rows.size(), 2u);
  // Three men are few; twelve women beside a total of fifteen would tell them.
  for (const auto& row : by_sex->rows) EXPECT_TRUE(std::holds_alternative<report::Hidden>(row[1]));
  EXPECT_THAT(document.notes, ::testing::Contains(HasSubstr("1 to 10")));
  report::ReportAsk ask;
  ask.k = 3;
  const report::Document open = Build("R-PCCT", ask);
  const report::Table* const shown = TableOf(open, "I-V01", "sex");
  ASSERT_NE(shown, nullptr);
  std::vector<std::string> counts;
  for (const auto& row : shown->rows) counts.push_back(report::ToText(row[1]));
  EXPECT_THAT(counts, ::testing::UnorderedElementsAre("12", "3"));
  ask.k = 1;
  const auto refused = report::BuildReport(VaultOf("lead"), *report::FindReport("R-PCCT"), ask);
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status())) << refused.status();
}

TEST_F(StandardReportsTest, EachCanBeWrittenInBothLanguagesAndNamesNobody) {
  for (const report::StandardReport& report : report::StandardReports()) {
    for (const field::Language language : {field::Language::kEnglish, field::Language::kKhmer}) {
      SCOPED_TRACE(std::string(report.id));
      report::ReportAsk ask;
      ask.language = language;
      const report::Document document = Build(std::string(report.id).c_str(), ask);
      ASSERT_FALSE(document.sections.empty());
      EXPECT_FALSE(document.sections[0].tables.empty());
      const auto page = report::ToHtml(document);
      ASSERT_TRUE(page.ok()) << page.status();
      const auto pdf = report::ToPdf(document);
      ASSERT_TRUE(pdf.ok()) << pdf.status();
      const std::string text = report::ToPlainText(document);
      const std::string json = report::ToJson(document).dump();
      for (const std::string* one : {&*page, &text, &json}) {
        EXPECT_THAT(*one, Not(HasSubstr(std::string(kPlanted))));
      }
      EXPECT_THAT(text, HasSubstr(std::string(report.id)));
      EXPECT_GT(report::ToLongTable(document).rows.size(), 0u);
    }
  }
}

}  // namespace
}  // namespace kapea::testing
