// Plays every history of this folder. Each names what happened and what must be found,
// worked out by hand from the clauses, not from what the evaluator said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "common/base/file.h"
#include "tests/golden/histories/history.h"
#include "tests/golden/histories/player.h"

namespace kapea::golden {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr size_t kHistoriesMin = 40;
constexpr size_t kHistoryBytesMax = 64 * 1024;

std::vector<std::string> Histories() {
  std::vector<std::string> paths;
  const std::string folder = KAPEA_SOURCE "/tests/golden/histories";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() == ".txt") paths.push_back(file.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

class HistoriesTest : public Player, public ::testing::WithParamInterface<std::string> {};

TEST_P(HistoriesTest, ComesToWhatWasWorkedOutByHand) {
  const auto text = ReadFile(GetParam(), kHistoryBytesMax);
  ASSERT_TRUE(text.ok()) << text.status();
  const History history = Parse(*text);
  ASSERT_THAT(history.mistakes, IsEmpty());
  SCOPED_TRACE(history.title);
  EXPECT_THAT(Play(history), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Golden, HistoriesTest, ::testing::ValuesIn(Histories()),
                         [](const auto& named) {
                           std::string name = std::filesystem::path(named.param).stem().string();
                           std::erase_if(name, [](char c) { return !std::isalnum(c); });
                           return name;
                         });

TEST(HistoriesTest, ThereAreManyAndEachExpectsSomethingElse) {
  size_t expectations = 0;
  std::set<std::string> codes, titles;
  for (const std::string& path : Histories()) {
    const auto text = ReadFile(path, kHistoryBytesMax);
    ASSERT_TRUE(text.ok()) << text.status();
    const History history = Parse(*text);
    EXPECT_TRUE(titles.insert(history.title).second) << path;
    for (const Step& step : history.steps) {
      if (step.verb != "expect" || step.words.size() < 2) continue;
      ++expectations;
      codes.insert(step.words[1]);
    }
  }
  EXPECT_GE(titles.size(), kHistoriesMin);
  EXPECT_GE(expectations, 2 * kHistoriesMin);
  EXPECT_GE(codes.size(), kHistoriesMin);
}

TEST(HistoryTest, EveryMistakeIsNamedWithItsLine) {
  const History history = Parse("# Title\n1h lead tick OP A\n+1h lead\n+2h expect OP A met\n");
  EXPECT_THAT(history.mistakes, ElementsAre("2: want +TIME and what happens, got 1h lead tick OP A",
                                            "3: want what lead does", HasSubstr("4: want a reason"),
                                            HasSubstr("4: want a title and a reason")));
  EXPECT_THAT(Parse("# Title\n# Why.\n+2h lead sync\n+1h lead sync\n").mistakes,
              ElementsAre("4: time falls", "4: nothing is expected"));
}

using PlayerTest = Player;
TEST_F(PlayerTest, AWrongExpectationFails) {
  const History history = Parse(
      "# Title\n# Why.\n"
      "+0m intake intake P arrival_at=now\n"
      "+1h expect P R05.2 overdue because that is wrong\n"
      "+1h expect P R05.2 pending uncertain because that is wrong\n"
      "+1h expect P R05.2 pending disputed because that is wrong\n"
      "+1h expect P R05.2 pending because a day is left\n"
      "+1h intake cannot write P KH-NEED kind=food\n"
      "+1h expect P R99.9 met because there is no such clause\n");
  ASSERT_THAT(history.mistakes, IsEmpty());
  EXPECT_THAT(Play(history),
              ElementsAre(HasSubstr("4: R05.2 is pending"), HasSubstr("5: R05.2 is pending"),
                          HasSubstr("6: R05.2 is pending"), "8: was possible",
                          HasSubstr("9: R99.9 is not judged")));
}

}  // namespace
}  // namespace kapea::golden
