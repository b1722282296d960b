// What is shown of figures, and that it can be published and read back.
#include "client/report/shown_figures.h"

#include <gtest/gtest.h>

#include <string>

namespace kapea::report {
namespace {

using domain::Measure;
using domain::MeasureAnswer;
using standards::MeasureFigure;
using standards::MeasureResult;

constexpr int64_t kHour = 3'600'000;

Measure Of(std::string id, MeasureAnswer answer, bool span = false) {
  Measure measure;
  measure.id = std::move(id);
  measure.answer = answer;
  measure.once = domain::MeasureOnce::kPerson;
  measure.parts.emplace_back().span = span;
  measure.by = {"sex"};
  return measure;
}
MeasureFigure Count(uint64_t count) {
  MeasureFigure figure;
  figure.count = figure.of = count;
  return figure;
}
MeasureResult BySex(uint64_t women, uint64_t men) {
  MeasureResult result;
  result.total = Count(women + men);
  result.margins.push_back({"sex", {{"F", Count(women), {}}, {"M", Count(men), {}}}});
  return result;
}
std::string Text(const ShownMeasure& shown) {
  std::string text = ToText(shown.figure);
  for (const ShownRow& row : shown.beside) text += " " + row.code + "=" + ToText(row.cell);
  for (const ShownMargin& margin : shown.margins) {
    for (const ShownRow& row : margin.rows) text += " " + row.code + ":" + ToText(row.cell);
  }
  return text;
}

TEST(ShownFiguresTest, HidesFewAndWhatWouldTellThem) {
  const Measure measure = Of("I-1", MeasureAnswer::kCount);
  EXPECT_EQ(Text(Show(measure, BySex(40, 12), {})), "52 F:40 M:12");
  EXPECT_EQ(Text(Show(measure, BySex(40, 3), {})), "43 F:·· M:··");
  EXPECT_EQ(Text(Show(measure, BySex(4, 3), {})), "·· F:·· M:··");
  EXPECT_EQ(Text(Show(measure, BySex(40, 0), {})), "40 F:40 M:0") << "nobody is nobody's secret";
  EXPECT_EQ(Text(Show(measure, BySex(40, 3), {.leaves = false})), "43 F:40 M:3");
  EXPECT_FALSE(Show(measure, BySex(40, 12), {}).HidesAnything());
  EXPECT_TRUE(Show(measure, BySex(40, 3), {}).HidesAnything());
}

TEST(ShownFiguresTest, WhatWasHiddenOnceStaysSo) {
  const Measure measure = Of("I-1", MeasureAnswer::kCount);
  DisclosureControl control;
  control.hidden = {{"I-1", "sex", "M"}};
  EXPECT_EQ(Text(Show(measure, BySex(40, 20), control)), "60 F:·· M:··")
      << "and what would tell it";
  control.hidden = {{"I-1", "sex", "X"}};
  EXPECT_EQ(Text(Show(measure, BySex(40, 20), control)), "60 F:40 M:·· X:··")
      << "of nobody any more, too";
  control.hidden = {{"I-1", "", ""}};
  EXPECT_EQ(Text(Show(measure, BySex(40, 20), control)), "·· F:·· M:··") << "parts tell the whole";
  control.hidden = {{"I-2", "sex", "M"}};
  EXPECT_EQ(Text(Show(measure, BySex(40, 20), control)), "60 F:40 M:20") << "of another figure";
}

TEST(ShownFiguresTest, HidesTheFigureWhereItsPartsCannotBe) {
  const Measure measure = Of("I-1", MeasureAnswer::kCount);
  DisclosureControl control;
  // Once some were hidden among others; now all are of one kind, and the figure would tell.
  control.hidden = {{"I-1", "sex", "F"}};
  MeasureResult result;
  result.total = Count(30);
  result.margins.push_back({"sex", {{"F", Count(30), {}}}});
  EXPECT_EQ(Text(Show(measure, result, control)), "·· F:··");
}

TEST(ShownFiguresTest, HidesWhatFewGotAndHowFewWereInTime) {
  Measure award = Of("I-3", MeasureAnswer::kSum);
  award.once = domain::MeasureOnce::kRecord;
  MeasureResult one;
  one.total.sum = 5'000'000;
  one.total.values = 1;
  EXPECT_EQ(Text(Show(award, one, {})), "··") << "one person's compensation";
  one.total.values = 11;
  EXPECT_EQ(Text(Show(award, one, {})), "5,000,000");
  award.parts[0].file_kind = domain::FileKind::kProgramme;
  one.total.values = 1;
  EXPECT_EQ(Text(Show(award, one, {})), "5,000,000") << "what a programme counted";
  const Measure wait = Of("I-4", MeasureAnswer::kMedian);
  MeasureResult median;
  median.total.values = 17;
  median.total.over = 15;
  median.total.median = median.total.p90 = 3;
  EXPECT_EQ(Text(Show(wait, median, {})), "3 over=·· p90=3 values=17") << "two were in time";
  median.total.over = 17;
  EXPECT_EQ(Text(Show(wait, median, {})), "3 over=17 p90=3 values=17");
}

TEST(ShownFiguresTest, RoundsAfterHiding) {
  const Measure count = Of("I-1", MeasureAnswer::kCount);
  EXPECT_EQ(Text(Show(count, BySex(41, 18), {.rounded_to = 5})), "60 F:40 M:20");
  EXPECT_EQ(Text(Show(count, BySex(41, 8), {.rounded_to = 5})), "50 F:·· M:··");
  MeasureResult share;
  share.total = Count(0);
  share.total.count = 111;
  share.total.of = 333;
  const Measure shares = Of("I-2", MeasureAnswer::kShare);
  EXPECT_EQ(Text(Show(shares, share, {})), "33.3 %");
  EXPECT_EQ(Text(Show(shares, share, {.rounded_to = 5})), "33 %");
  share.total.count = 330;
  EXPECT_EQ(Text(Show(shares, share, {})), "··") << "the three others are few";
}

TEST(ShownFiguresTest, AreReadBackAsTheyWerePublished) {
  domain::Pack pack;
  pack.measures = {Of("I-1", MeasureAnswer::kCount), Of("I-2", MeasureAnswer::kShare),
                   Of("I-3", MeasureAnswer::kMedian, true), Of("I-4", MeasureAnswer::kSum),
                   Of("I-5", MeasureAnswer::kShare)};
  MeasureResult share;
  share.total.count = 40;
  share.total.of = 120;
  MeasureResult median;
  median.total.values = 30;
  median.total.median = 5 * kHour / 2;
  median.total.p90 = 9 * kHour;
  median.total.over = 12;
  MeasureResult sum;
  sum.total.sum = 77;
  sum.total.values = 20;
  for (const uint32_t rounded_to : {0u, 5u}) {
    DisclosureControl control;
    control.rounded_to = rounded_to;
    const std::vector<ShownMeasure> shown = {
        Show(pack.measures[0], BySex(40, 3), control), Show(pack.measures[1], share, control),
        Show(pack.measures[2], median, control), Show(pack.measures[3], sum, control),
        Show(pack.measures[4], {}, control)};
    const auto back = FromTables(pack, ToTables(shown));
    ASSERT_TRUE(back.ok()) << back.status();
    ASSERT_EQ(back->size(), 4u) << "what says nothing is not published";
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(Text((*back)[i]), Text(shown[i])) << i;
    EXPECT_EQ(Text((*back)[2]).substr(0, 5), "2.5 h");
  }
  pack.measures.pop_back();
  pack.measures.erase(pack.measures.begin());
  EXPECT_FALSE(FromTables(pack, {{"I-1", "", 0, {{"", 4}}}}).ok());
}

}  // namespace
}  // namespace kapea::report
