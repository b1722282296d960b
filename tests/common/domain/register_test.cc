// One register alone: what any order of the same writes must come to.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "common/domain/record.h"
#include "tests/support/change_builder.h"

namespace kapea::domain {
namespace {

FieldValue ValueBy(uint32_t change, std::optional<Value> clear, int64_t latest = 100) {
  FieldValue value;
  value.change = MakeId<ChangeId>(change);
  value.clear = std::move(clear);
  value.time.soft = {Time::FromUnixMs(0), Time::FromUnixMs(latest)};
  return value;
}

ChangeId Id(uint32_t number) { return MakeId<ChangeId>(number); }

TEST(RegisterTest, HoldsNothingBeforeItsFirstWrite) {
  const Register field;
  EXPECT_EQ(field.Shown(), nullptr);
  EXPECT_FALSE(field.conflicted());
  EXPECT_TRUE(field.CurrentIds().empty());
}

TEST(RegisterTest, ReplacesExactlyWhatAWriteLists) {
  Register field;
  field.Add(ValueBy(1, int64_t{1}), {});
  field.Add(ValueBy(2, int64_t{2}), {});
  field.Add(ValueBy(3, int64_t{3}), {Id(1)});
  EXPECT_EQ(field.CurrentIds(), (std::vector<ChangeId>{Id(2), Id(3)}));
  EXPECT_TRUE(field.conflicted());
}

TEST(RegisterTest, ReplacesAValueThatArrivesLater) {
  Register field;
  field.Add(ValueBy(2, int64_t{2}), {Id(1)});
  field.Add(ValueBy(1, int64_t{1}), {});
  EXPECT_EQ(field.CurrentIds(), std::vector<ChangeId>{Id(2)});
}

TEST(RegisterTest, EqualValuesAreOneWithTheEarliestIntervalAndAllAuthors) {
  Register field;
  field.Add(ValueBy(1, Code{"done"}, 200), {});
  field.Add(ValueBy(2, Code{"done"}, 100), {});
  EXPECT_FALSE(field.conflicted());
  const auto distinct = field.DistinctValues();
  ASSERT_EQ(distinct.size(), 1u);
  EXPECT_EQ(distinct[0].first->change, Id(2));
  EXPECT_EQ(distinct[0].authors.size(), 2u);
  EXPECT_EQ(field.Shown()->change, Id(2));
}

TEST(RegisterTest, ClearingIsAValueAndCanConflict) {
  Register field;
  field.Add(ValueBy(1, int64_t{1}, 100), {});
  field.Add(ValueBy(2, std::nullopt, 200), {Id(1)});
  EXPECT_EQ(field.Shown(), nullptr);
  EXPECT_EQ(field.current().size(), 1u);
  field.Add(ValueBy(3, int64_t{3}, 300), {Id(1)});
  EXPECT_TRUE(field.conflicted());
}

TEST(RegisterTest, SealedValuesAreNeverTakenForEqual) {
  FieldValue a = ValueBy(1, std::nullopt);
  a.sealed = Sealed{Id(9), KeyClass::kGeneral, "envelope"};
  FieldValue b = a;
  b.change = Id(2);
  EXPECT_FALSE(a.SameContent(b));
}

struct Step {
  FieldValue value;
  std::vector<ChangeId> replaces;
};

// A history as devices make it: each write replaces some of those before it.
std::vector<Step> ArbitraryHistory() {
  const auto size = *rc::gen::inRange<uint32_t>(1, 12);
  std::vector<Step> steps;
  for (uint32_t i = 1; i <= size; ++i) {
    std::optional<Value> value;
    if (const auto number = *rc::gen::inRange<int64_t>(0, 4); number != 0) value = number;
    Step step{ValueBy(i, value, *rc::gen::inRange<int64_t>(0, 5)), {}};
    for (uint32_t seen = 1; seen < i; ++seen) {
      if (*rc::gen::inRange(0, 3) == 0) step.replaces.push_back(Id(seen));
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

Register Folded(const std::vector<Step>& steps) {
  Register field;
  for (const Step& step : steps) field.Add(step.value, step.replaces);
  return field;
}

RC_GTEST_PROP(RegisterProperty, AnyOrderAndRepetitionGivesTheSameState, ()) {
  const std::vector<Step> steps = ArbitraryHistory();
  std::vector<Step> shuffled = steps;
  for (const Step& step : steps) {
    if (*rc::gen::arbitrary<bool>()) shuffled.push_back(step);
  }
  for (size_t i = shuffled.size(); i > 1; --i) {
    std::swap(shuffled[i - 1], shuffled[*rc::gen::inRange<size_t>(0, i)]);
  }
  const Register a = Folded(steps);
  const Register b = Folded(shuffled);
  RC_ASSERT(a.CurrentIds() == b.CurrentIds());
  RC_ASSERT(a.conflicted() == b.conflicted());
  RC_ASSERT((a.Shown() == nullptr) == (b.Shown() == nullptr));
  if (a.Shown() != nullptr) RC_ASSERT(a.Shown()->change == b.Shown()->change);
}

RC_GTEST_PROP(RegisterProperty, EveryLostValueWasListedBySomebody, ()) {
  const std::vector<Step> steps = ArbitraryHistory();
  const Register field = Folded(steps);
  for (const Step& step : steps) {
    const bool listed = std::any_of(steps.begin(), steps.end(), [&step](const Step& other) {
      return std::find(other.replaces.begin(), other.replaces.end(), step.value.change) !=
             other.replaces.end();
    });
    RC_ASSERT(listed != field.current().contains(step.value.change));
  }
}

}  // namespace
}  // namespace kapea::domain
