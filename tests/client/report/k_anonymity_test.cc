// k-anonymity of a table that is about to leave.
#include "client/report/k_anonymity.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kapea::report {
namespace {

constexpr const char* kTable =
    "sex,age,province,note\n"
    "F,18-24,12,a\n"
    "F,18-24,12,b\n"
    "F,18-24,12,\"c, with a comma\"\n"
    "M,18-24,12,d\n"
    "M,25-34,12,e\n"
    "M,25-34,12,f\n"
    "F,,12,g\n";

// Worked out by hand.
TEST(AnonymityTest, CountsWhoIsAlike) {
  auto found = MeasureAnonymity(kTable, {"sex", "age"}, 3);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->rows, 7u);
  EXPECT_EQ(found->classes, 4u);
  EXPECT_EQ(found->k, 1u);
  ASSERT_EQ(found->violating.size(), 3u);
  EXPECT_EQ(found->violating[0].values, (std::vector<std::string>{"M", "18-24"}));
  EXPECT_EQ(found->violating[0].lines, std::vector<size_t>{5});
  EXPECT_EQ(found->violating[1].values, (std::vector<std::string>{"F", ""}));
  EXPECT_EQ(found->violating[2].lines, (std::vector<size_t>{6, 7}));

  found = MeasureAnonymity(kTable, {"province"}, 7);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->k, 7u);
  EXPECT_TRUE(found->violating.empty());
  EXPECT_EQ(MeasureAnonymity("a,b\n", {"a"}, 11)->k, 0u) << "no row, nobody to be told apart";
}

TEST(AnonymityTest, RefusesWhatIsNoTableOrNoColumn) {
  const struct {
    const char* csv;
    std::vector<std::string> columns;
    size_t k;
    const char* what;
  } cases[] = {
      {kTable, {}, 11, "at least one column"},
      {kTable, {"height"}, 11, "no column 'height'"},
      {kTable, {"sex", "sex"}, 11, "'sex' once"},
      {kTable, {"sex"}, 0, "k of at least 1"},
      {"a,a\n1,2\n", {"a"}, 11, "two columns 'a'"},
      {"", {"a"}, 11, "empty"},
      {"a,b\n1\n", {"a"}, 11, "line 2"},
      {"a,b\n1,\"x\n", {"a"}, 11, "quote"},
  };
  for (const auto& one : cases) {
    const auto found = MeasureAnonymity(one.csv, one.columns, one.k);
    EXPECT_EQ(found.status().code(), absl::StatusCode::kInvalidArgument) << one.what;
    EXPECT_NE(std::string(found.status().message()).find(one.what), std::string::npos)
        << found.status();
  }
}

}  // namespace
}  // namespace kapea::report
