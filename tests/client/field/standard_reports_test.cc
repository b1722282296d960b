// The reports that bodies ask for, over a small town: the right numbers, small ones kept back,
// and nobody's name.
#include "client/report/standard_reports.h"

#include <gmock/gmock.h>

#include "client/field/casework.h"
#include "client/field/compliance.h"
#include "client/field/names.h"
#include "client/report/board.h"
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
    vault::Vault& vault = VaultOf("lead");
    const auto figures = report::CountReport(vault, *report, ask, report::CountHere(vault));
    EXPECT_TRUE(figures.ok()) << figures.status();
    return figures.ok() ? report::ReportDocument(vault, *report, ask, *figures)
                        : report::Document();
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
  ask.control.k = 3;
  const report::Document open = Build("R-PCCT", ask);
  const report::Table* const shown = TableOf(open, "I-V01", "sex");
  ASSERT_NE(shown, nullptr);
  std::vector<std::string> counts;
  for (const auto& row : shown->rows) counts.push_back(report::ToText(row[1]));
  EXPECT_THAT(counts, ::testing::UnorderedElementsAre("12", "3"));
  ask.control.k = 1;
  vault::Vault& vault = VaultOf("lead");
  const auto refused =
      report::CountReport(vault, *report::FindReport("R-PCCT"), ask, report::CountHere(vault));
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

// Two days after the operation most of it is overdue: what the board says is what the questions
// say, and each overdue finding stands beside the code of its file.
TEST_F(StandardReportsTest, TheBoardAddsUpAndNamesFilesByTheirCodes) {
  clock_.Advance(Duration::Days(2));
  vault::Vault& vault = VaultOf("lead");
  const report::Count count = report::CountHere(vault);
  const FileId file = vault.Files().front().file;
  std::vector<report::OverdueFinding> overdue = {
      {file, domain::FileKind::kOperation, "ENT-01", clock_.Now(), false}};
  const auto board = report::Board(vault, {}, count, overdue);
  ASSERT_TRUE(board.ok()) << board.status();
  ASSERT_EQ(board->sections.size(), 4u);
  field::MeasureAsk ask;
  ask.measures = {"Q07"};
  const auto breaches = field::AnswerMeasures(vault, domain::MeasureKind::kQuestion, ask);
  ASSERT_TRUE(breaches.ok());
  const auto all = static_cast<int64_t>(breaches->front().result.total.count);
  ASSERT_GT(all, 10);
  const auto sum = [](const report::Table& table, size_t from, size_t to) {
    int64_t total = 0;
    for (const auto& row : table.rows) {
      for (size_t i = from; i < to; ++i) total += std::get<report::Number>(row[i]).value;
    }
    return total;
  };
  const report::Table& trend = board->sections[0].tables[0];
  EXPECT_EQ(sum(trend, 2, 3), all);
  ASSERT_EQ(board->sections[0].charts.size(), 2u);
  for (size_t i : {1u, 2u}) {
    const report::Table& matrix = board->sections[i].tables[0];
    EXPECT_EQ(sum(matrix, matrix.columns.size() - 1, matrix.columns.size()), all);
    EXPECT_EQ(sum(matrix, 2, matrix.columns.size() - 1), all);
    for (size_t row = 1; row < matrix.rows.size(); ++row) {
      EXPECT_GE(std::get<report::Number>(matrix.rows[row - 1].back()).value,
                std::get<report::Number>(matrix.rows[row].back()).value)
          << "the most breached first";
    }
    EXPECT_FALSE(std::get<std::string>(matrix.rows[0][1]).empty()) << "and what it asks";
  }
  const auto& line = board->sections[3].tables[0].rows.at(0);
  EXPECT_EQ(report::ToText(line[2]), field::CodeOf(file, domain::FileKind::kOperation));
  EXPECT_THAT(report::ToText(line[3]), HasSubstr("(?)"));
  EXPECT_THAT(report::ToPlainText(*board), Not(HasSubstr(std::string(kPlanted))));
  report::ReportAsk khmer;
  khmer.language = field::Language::kKhmer;
  const auto page = report::Board(vault, khmer, count, {});
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->sections.size(), 3u) << "nothing is overdue, so no list of it";
  EXPECT_TRUE(report::ToPdf(*page).ok());
}

// What an audit found stands on the board with who puts it right and until when, without its words.
TEST_F(StandardReportsTest, TheBoardHasWhatAuditsFound) {
  vault::Vault& vault = VaultOf("supervisor");
  field::NewFile file;
  file.form = "KH-PROGRAMME";
  file.kind = domain::FileKind::kProgramme;
  file.entries = {{"began_at", "-1d"}, {"kind", "protection"}};
  const auto programme = field::OpenFile(vault, file);
  ASSERT_TRUE(programme.ok()) << programme.status();
  const auto found = [&](const char* result, const char* due) {
    field::RecordWrite write;
    write.form = "KH-AUDIT-FINDING";
    write.entries = {{"found_at", "-1h"},   {"clause", std::string(kPlanted)},
                     {"result", result},    {"severity", "must"},
                     {"owner_unit", "POL"}, {"action", std::string(kPlanted)},
                     {"due_at", due}};
    const auto written = field::WriteRecord(vault, programme->file, write);
    EXPECT_TRUE(written.ok()) << written.status();
    return written.ok() ? written->record : RecordId();
  };
  found("partly", "+20d");
  const RecordId second = found("breached", "+10d");
  const auto board = [&] {
    const auto made = report::Board(vault, {}, report::CountHere(vault), {});
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *made : report::Document();
  };
  const report::Document before = board();
  const report::Table& table = before.sections.back().tables[0];
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(report::ToText(table.rows[0][1]), "Breached") << "what is due first";
  EXPECT_EQ(report::ToText(table.rows[0][2]), "Must be put right");
  EXPECT_EQ(report::ToText(table.rows[0][5]), "") << "it is open";
  EXPECT_EQ(report::ToText(table.rows[1][1]), "Kept in part");
  EXPECT_THAT(report::ToPlainText(before), Not(HasSubstr(std::string(kPlanted))));
  field::RecordWrite closing;
  closing.record = second;
  closing.entries = {{"closed_at", "now"}};
  ASSERT_TRUE(field::WriteRecord(vault, programme->file, closing).ok());
  EXPECT_NE(report::ToText(board().sections.back().tables[0].rows[0][5]), "");
  // One that is not closed by its day is a finding like any other.
  clock_.Advance(Duration::Days(30));
  const auto compliance = field::ReportCompliance(vault, {programme->file, {}, {}});
  ASSERT_TRUE(compliance.ok()) << compliance.status();
  bool overdue = false;
  for (const field::FileCompliance& one : compliance->files) {
    for (const field::ClauseLine& line : one.lines) {
      overdue =
          overdue || (line.code == "PR2" && line.finding.status == domain::FindingStatus::kOverdue);
    }
  }
  EXPECT_TRUE(overdue);
}

}  // namespace
}  // namespace kapea::testing
