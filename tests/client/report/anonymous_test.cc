// A table made so that nobody in it is told from fewer than k.
#include "client/report/anonymous.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "client/report/k_anonymity.h"
#include "client/report/table_file.h"

namespace kapea::report {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

domain::Export Table() {
  domain::Export what;
  what.id = "FEW";
  what.anonymous = true;
  const auto add = [&](const char* name, std::vector<domain::ExportCodeMap> coarser) {
    domain::ExportColumn& column = what.columns.emplace_back();
    column.name = name;
    column.unknown = "-99";
    column.coarser = std::move(coarser);
  };
  add("year", {});
  add("age", {{{"0--14", "0--17"}, {"15--17", "0--17"}}});
  add("drugs", {});
  return what;
}

field::ExportTable Rows(std::vector<std::vector<std::string>> rows) {
  return {{"year", "age", "drugs"}, std::move(rows)};
}

TEST(MakeAnonymousTest, LeavesAloneWhoIsAlikeAlready) {
  const auto made =
      MakeAnonymous(Table(), Rows({{"2026", "0--14", "1"}, {"2026", "0--14", "1"}}), 2);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->table.rows, SizeIs(2));
  EXPECT_THAT(made->table.rows, Each(ElementsAre("2026", "0--14", "1")));
  EXPECT_EQ(made->coarser + made->suppressed + made->rows_left_out, 0u);
  EXPECT_EQ(made->k, 2u);
}

// The first column keeps the most: ages are said more coarsely, and the last one goes.
TEST(MakeAnonymousTest, SaysNoLessThanItHasTo) {
  const auto made = MakeAnonymous(Table(),
                                  Rows({{"2026", "0--14", "1"},
                                        {"2026", "15--17", "0"},
                                        {"2025", "0--14", "1"},
                                        {"2025", "0--14", "0"}}),
                                  2);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(
      made->table.rows,
      ElementsAre(ElementsAre("2025", "0--14", "-99"), ElementsAre("2025", "0--14", "-99"),
                  ElementsAre("2026", "0--17", "-99"), ElementsAre("2026", "0--17", "-99")));
  EXPECT_EQ(made->suppressed, 4u);
  EXPECT_EQ(made->coarser, 2u);
  EXPECT_EQ(made->rows_left_out, 0u);
}

// One in twenty at most, so that one stranger does not take a column from all the others.
TEST(MakeAnonymousTest, LeavesOutAFewWhoStandAlone) {
  std::vector<std::vector<std::string>> rows(39, {"2026", "0--14", "1"});
  rows.push_back({"2019", "30+", "0"});
  const auto made = MakeAnonymous(Table(), Rows(rows), 2);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->table.rows, SizeIs(39));
  EXPECT_THAT(made->table.rows, Each(ElementsAre("2026", "0--14", "1")));
  EXPECT_EQ(made->rows_left_out, 1u);
  const auto few = MakeAnonymous(Table(), Rows({rows[0], rows[1], rows[39]}), 2);
  ASSERT_TRUE(few.ok()) << few.status();
  EXPECT_THAT(few->table.rows, SizeIs(3)) << "one of three is too many";
  EXPECT_THAT(few->table.rows, Each(ElementsAre("-99", "-99", "-99")));
}

TEST(MakeAnonymousTest, ARareAnswerIsUnknownAndTheOthersKeepTheirs) {
  std::vector<std::vector<std::string>> rows(6, {"2026", "0--14", "1"});
  for (const char* year : {"2019", "2020", "-99"}) rows.push_back({year, "0--14", "1"});
  const auto made = MakeAnonymous(Table(), Rows(rows), 3);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->table.rows, SizeIs(9));
  EXPECT_EQ(made->table.rows[0], (std::vector<std::string>{"-99", "0--14", "1"}));
  EXPECT_EQ(made->table.rows[3], rows[0]);
  EXPECT_EQ(made->suppressed, 2u);
}

TEST(MakeAnonymousTest, RefusesWhatCannotBe) {
  EXPECT_TRUE(absl::IsFailedPrecondition(
      MakeAnonymous(Table(), Rows({{"2026", "0--14", "1"}, {"2026", "0--14", "1"}}), 3).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(MakeAnonymous(Table(), Rows({}), 2).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(MakeAnonymous(Table(), Rows({}), 1).status()));
  domain::Export named = Table();
  named.anonymous = false;
  EXPECT_TRUE(absl::IsFailedPrecondition(MakeAnonymous(named, Rows({}), 2).status()));
}

// Measured by the code that measures any table: whatever the rows are.
TEST(MakeAnonymousTest, IsNeverLessThanK) {
  const char* years[] = {"2023", "2024", "2025", "2026", "-99"};
  const char* ages[] = {"0--14", "15--17", "18--24", "30+", "-99"};
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const size_t k = 2 + random() % 12;
    std::vector<std::vector<std::string>> rows(k + random() % 150);
    for (auto& row : rows)
      row = {years[random() % 5], ages[random() % 5], random() % 3 ? "0" : "1"};
    const size_t before = rows.size();
    const auto made = MakeAnonymous(Table(), Rows(std::move(rows)), k);
    ASSERT_TRUE(made.ok()) << made.status() << ": with k rows and more, nothing is left to tell";
    EXPECT_EQ(made->table.rows.size() + made->rows_left_out, before);
    EXPECT_LE(made->rows_left_out, before / kLeftOutShare);
    const auto found = MeasureAnonymity(ToCsv(made->table), made->table.columns, k);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_TRUE(found->violating.empty());
    EXPECT_EQ(found->rows, made->table.rows.size());
  }
}

}  // namespace
}  // namespace kapea::report
