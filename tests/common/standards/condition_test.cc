// The texts of the condition language: what they mean to the parser, and where it stops.
#include "common/domain/condition.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace kapea::domain {
namespace {

using Op = Expression::Op;

// The tree in brackets, so that precedence shows.
std::string Shape(const Expression& node) {
  static const std::string kNames[] = {
      "or", "and", "not", "=", "!=", "<", "<=", ">", ">=", "in", "", "", "", "", "", "", "+", "-"};
  std::string args;
  for (const Expression& arg : node.args) args += " " + Shape(arg);
  switch (node.op) {
    case Op::kName:
    case Op::kCode:
      return node.text;
    case Op::kCall:
      return "(" + node.text + "()" + args + ")";
    case Op::kBoolean:
      return node.number != 0 ? "T" : "F";
    case Op::kNumber:
      return "#" + std::to_string(node.number);
    case Op::kDuration:
      return "~" + std::to_string(node.number / 60'000);
    default:
      return "(" + kNames[static_cast<size_t>(node.op)] + args + ")";
  }
}

std::string Parsed(std::string_view text) {
  const auto condition = Condition::Parse(text);
  if (!condition.ok()) return std::string(condition.status().message());
  return condition->empty() ? "empty" : Shape(condition->root());
}

TEST(ConditionTest, PrecedenceIsOrAndNotCompareSum) {
  EXPECT_EQ(Parsed("a or b and not c"), "(or a (and b (not c)))");
  EXPECT_EQ(Parsed("(a or b) and c"), "(and (or a b) c)");
  EXPECT_EQ(Parsed("a or b or c"), "(or a b c)");
  EXPECT_EQ(Parsed("not a = b"), "(not (= a b))");
  EXPECT_EQ(Parsed("a + 30m - 1h < b"), "(< (- (+ a ~30) ~60) b)");
  EXPECT_EQ(Parsed("not not a"), "(not (not a))");
  EXPECT_EQ(Parsed("x in [F, X] and y"), "(and (in x F X) y)");
  EXPECT_EQ(Parsed("count(FORM-A, b.c >= 2) >= 1"), "(>= (count() FORM-A (>= b.c #2)) #1)");
  EXPECT_EQ(Parsed("made()"), "(made())");
}

TEST(ConditionTest, WordsWithDigitsAreNamesUnlessTheyAreNumbersOrDurations) {
  EXPECT_EQ(Parsed("A_0_14"), "A_0_14");
  EXPECT_EQ(Parsed("0_14"), "0_14");
  EXPECT_EQ(Parsed("x = 12"), "(= x #12)");
  EXPECT_EQ(Parsed("x > 2w"), "(> x ~20160)");
  EXPECT_EQ(Parsed("T0-30m"), "T0-30m");
  EXPECT_EQ(Parsed("T0 -30m"), "(- T0 ~30)");
  EXPECT_EQ(Parsed("x = true"), "(= x T)");
  EXPECT_EQ(Parsed("12h4"), "12h4");
}

TEST(ConditionTest, BlankIsEmpty) {
  EXPECT_EQ(Parsed(""), "empty");
  EXPECT_EQ(Parsed(" \n\t"), "empty");
  EXPECT_TRUE(Deadline::Parse(" ")->empty());
}

TEST(ConditionTest, MistakesNameTheirColumn) {
  EXPECT_EQ(Parsed("a and"), "column 6: want a name, a number, a duration or '(', got the end");
  EXPECT_EQ(Parsed("a b"), "column 3: want the end, got 'b'");
  EXPECT_EQ(Parsed("(a or b"), "column 8: want ')', got the end");
  EXPECT_EQ(Parsed("f(a,)"), "column 5: want a name, a number, a duration or '(', got ')'");
  EXPECT_EQ(Parsed("a in F"), "column 6: want '[', got 'F'");
  EXPECT_EQ(Parsed("a in [F X]"), "column 9: want ',' or ']', got 'X'");
  EXPECT_EQ(Parsed("a = b = c"), "column 7: want one comparison, got a second: use brackets");
  EXPECT_EQ(Parsed("a & b"), "column 3: want a word or an operator, got '&'");
  EXPECT_EQ(Parsed("a \xe1\x9e\x80"),
            "column 3: want a word or an operator, got a byte that is none");
  EXPECT_EQ(Parsed("or"), "column 1: want a name, got the word 'or'");
  EXPECT_EQ(Parsed("a or in"), "column 6: want a name, got the word 'in'");
}

TEST(ConditionTest, HostileTextsAreRefusedWithoutExhaustingTheStack) {
  EXPECT_FALSE(Condition::Parse(std::string(10'000, '(')).ok());
  EXPECT_FALSE(Condition::Parse(std::string(1 << 20, 'a')).ok());
  EXPECT_FALSE(Condition::Parse(std::string(1 << 20, '(')).ok());
  const std::string open(100, '(');
  EXPECT_EQ(Parsed(open + "a" + std::string(100, ')')), "column 33: want at most 32 levels");
  std::string nots;
  for (int i = 0; i < 500; ++i) nots += "not ";
  EXPECT_EQ(Parsed(nots + "a"), "column 129: want at most 32 levels");
  std::string sum = "a";
  for (int i = 0; i < 500; ++i) sum += " + 1h";
  EXPECT_EQ(Parsed(sum), "column 163: want at most 32 levels");
  std::string chain = "a";
  for (int i = 0; i < 600; ++i) chain += " or a";
  EXPECT_NE(Parsed(chain).find("want at most 512 parts"), std::string::npos);
  const std::string deepest(32, '(');
  EXPECT_EQ(Parsed(deepest + "a" + std::string(32, ')')), "a");
}

TEST(ConditionTest, ADurationHasAUnitAndABound) {
  EXPECT_EQ(*ParseDuration("90m"), Duration::Minutes(90));
  EXPECT_EQ(*ParseDuration("7d"), Duration::Days(7));
  for (const char* text : {"", "h", "5", "5s", "-5h", "5 h", "99999999999999999999h", "36526d"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(ParseDuration(text).ok());
  }
}

TEST(DeadlineTest, BeforeIsStrictAndColumnsCountFromTheStart) {
  const auto strict = Deadline::Parse("before PLAN_OK");
  ASSERT_TRUE(strict.ok());
  EXPECT_TRUE(strict->strict());
  EXPECT_EQ(Shape(strict->at().root()), "PLAN_OK");
  EXPECT_FALSE(Deadline::Parse("T0 + 30m")->strict());
  EXPECT_FALSE(Deadline::Parse("beforehand + 1h")->strict());
  EXPECT_EQ(Deadline::Parse("before  T0 +").status().message(),
            "column 13: want a name, a number, a duration or '(', got the end");
  EXPECT_EQ(Deadline::Parse("before").status().message(), "column 7: want a moment, got the end");
}

RC_GTEST_PROP(ConditionTest, AnyTextIsParsedOrRefusedWithAColumn, ()) {
  const std::vector<std::string> parts = {"a",   "or", "and", "not",  "(",  ")",   ",",
                                          "[",   "]",  "in",  "=",    "<=", "+",   "-",
                                          "24h", "7",  "F.x", "\x80", "!",  "true"};
  std::string text;
  const auto picks =
      *rc::gen::container<std::vector<size_t>>(rc::gen::inRange<size_t>(0, parts.size()));
  for (const size_t pick : picks) text += parts[pick] + " ";
  const auto condition = Condition::Parse(text);
  if (condition.ok()) return;
  RC_ASSERT(condition.status().message().find("column ") == 0);
}

}  // namespace
}  // namespace kapea::domain
