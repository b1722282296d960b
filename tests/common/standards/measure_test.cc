// Questions and indicators: who counts once, where, and what is said beside a number.
#include "common/standards/measure_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/macros.h"
#include "common/standards/suppress.h"
#include "tests/common/standards/test_bench.h"

namespace kapea::standards {
namespace {

using domain::LinkWrite;
using domain::Measure;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kMeasures = R"pack(
clauses { id: "C1" label { en: "x" } severity: SEVERITY_MUST
  provenance { status: SOURCE_STATUS_PROPOSED } met: "exists(INTAKE.level)" deadline: "A + 1h" }
clauses { id: "C2" label { en: "x" } severity: SEVERITY_SHOULD
  provenance { status: SOURCE_STATUS_PROPOSED } met: "INTAKE.explained_at" deadline: "A + 1h" }
clauses { id: "C3" label { en: "x" } severity: SEVERITY_INFO
  provenance { status: SOURCE_STATUS_PROPOSED } met: "INTAKE.explained_at" deadline: "A + 1h" }
}
dimensions { id: "sex" label { en: "Sex" } code_list: "CL_SEX"
  provenance { status: SOURCE_STATUS_PROPOSED }
  values { file_kind: FILE_KIND_PERSON value: "INTAKE.sex" }
  values { file_kind: FILE_KIND_OPERATION form: "OP-PERSON" value: "sex" } }
dimensions { id: "danger" label { en: "Danger" } code_list: "CL_LEVEL"
  provenance { status: SOURCE_STATUS_PROPOSED }
  values { file_kind: FILE_KIND_PERSON value: "INTAKE.danger_from" } }
dimensions { id: "well" label { en: "Well" } code_list: "CL_YES"
  provenance { status: SOURCE_STATUS_PROPOSED }
  values { file_kind: FILE_KIND_PERSON form: "VISIT" value: "well" } }
measures { id: "VISITED" kind: MEASURE_KIND_QUESTION label { en: "x" }
  answer: MEASURE_ANSWER_COUNT once: MEASURE_ONCE_PERSON
  parts { file_kind: FILE_KIND_PERSON over: MEASURE_OVER_RECORDS per: "VISIT" at: "visited_at" }
  by: "well" by: "sex" by: "danger" by: "month" provenance { status: SOURCE_STATUS_PROPOSED } }
measures { id: "VISITS" kind: MEASURE_KIND_QUESTION label { en: "x" }
  answer: MEASURE_ANSWER_LIST once: MEASURE_ONCE_RECORD
  parts { file_kind: FILE_KIND_PERSON over: MEASURE_OVER_RECORDS per: "VISIT" at: "visited_at" }
  by: "well" provenance { status: SOURCE_STATUS_PROPOSED } }
measures { id: "MET" kind: MEASURE_KIND_QUESTION label { en: "x" }
  answer: MEASURE_ANSWER_COUNT once: MEASURE_ONCE_PERSON
  parts { code: "scene" file_kind: FILE_KIND_OPERATION over: MEASURE_OVER_RECORDS
    per: "OP-PERSON" at: "met_at" }
  parts { code: "shelter" file_kind: FILE_KIND_PERSON over: MEASURE_OVER_RECORDS
    at: "INTAKE.arrival_at" }
  by: "part" by: "sex" provenance { status: SOURCE_STATUS_PROPOSED } }
measures { id: "WELL" kind: MEASURE_KIND_QUESTION label { en: "x" }
  answer: MEASURE_ANSWER_SHARE once: MEASURE_ONCE_RECORD
  parts { file_kind: FILE_KIND_PERSON over: MEASURE_OVER_RECORDS per: "VISIT" at: "visited_at"
    of: "known(well)" when: "well = true" }
  provenance { status: SOURCE_STATUS_PROPOSED } }
measures { id: "EVERWELL" kind: MEASURE_KIND_QUESTION label { en: "x" }
  answer: MEASURE_ANSWER_SHARE once: MEASURE_ONCE_PERSON
  parts { file_kind: FILE_KIND_PERSON over: MEASURE_OVER_RECORDS per: "VISIT" at: "visited_at"
    when: "well = true" }
  provenance { status: SOURCE_STATUS_PROPOSED } }
measures { id: "WAIT" kind: MEASURE_KIND_QUESTION label { en: "x" }
  answer: MEASURE_ANSWER_MEDIAN once: MEASURE_ONCE_RECORD
  parts { file_kind: FILE_KIND_PERSON over: MEASURE_OVER_RECORDS per: "VISIT" at: "visited_at"
    value: "visited_at - INTAKE.arrival_at" limit: "3h" }
  provenance { status: SOURCE_STATUS_PROPOSED } }
measures { id: "KEPT" kind: MEASURE_KIND_QUESTION label { en: "x" }
  answer: MEASURE_ANSWER_SHARE once: MEASURE_ONCE_RECORD
  parts { file_kind: FILE_KIND_PERSON over: MEASURE_OVER_FINDINGS at: "due"
    findings { statuses: "met" of_statuses: "met" of_statuses: "overdue" weighted: true } }
  by: "clause" provenance { status: SOURCE_STATUS_PROPOSED } }
measures { id: "ALLKEPT" kind: MEASURE_KIND_QUESTION label { en: "x" }
  answer: MEASURE_ANSWER_SHARE once: MEASURE_ONCE_FILE
  parts { file_kind: FILE_KIND_PERSON over: MEASURE_OVER_FINDINGS at: "due"
    findings { statuses: "met" of_statuses: "met" of_statuses: "overdue" } }
  provenance { status: SOURCE_STATUS_PROPOSED } }
measures { id: "FAR" kind: MEASURE_KIND_QUESTION label { en: "x" } stock: true
  answer: MEASURE_ANSWER_COUNT once: MEASURE_ONCE_FILE
  parts { file_kind: FILE_KIND_PERSON over: MEASURE_OVER_RECORDS
    when: "linked(operation_person, done(OP.E-1))" }
  provenance { status: SOURCE_STATUS_PROPOSED } }
measures { id: "READ" kind: MEASURE_KIND_QUESTION label { en: "x" }
  answer: MEASURE_ANSWER_LIST once: MEASURE_ONCE_RECORD
  parts { file_kind: FILE_KIND_PERSON over: MEASURE_OVER_READS }
  by: "class" by: "role" by: "reason" provenance { status: SOURCE_STATUS_PROPOSED } }
dimensions { id: "unused" label { en: "x" } code_list: "CL_YES"
  provenance { status: SOURCE_STATUS_PROPOSED }
  values { file_kind: FILE_KIND_PERSON value: "INTAKE.checked" })pack";

class MeasureTest : public ::testing::Test {
 protected:
  MeasureTest() : bench_(kMeasures) {}

  // A further person's file, with an intake.
  domain::FileState& Person(uint32_t number, bool drill = false) {
    auto& file = files_[number];
    file = std::make_unique<domain::FileState>(domain::MakeId<FileId>(number));
    domain::Change founding = *bench_.Found(file->id(), domain::FileKind::kPerson, bench_.intake,
                                            {bench_.Line(bench_.lead)});
    if (drill) {
      for (domain::Write& write : founding.writes) {
        if (auto* f = std::get_if<domain::Founding>(&write.body)) f->drill = true;
      }
    }
    bench_.Put(*file, founding, Bench::Exactly(bench_.At(0)));
    bench_.Put(*file,
               bench_.By(bench_.intake, *file)
                   .Set(IntakeOf(number), "arrival_at", bench_.At(0))
                   .Pin("INTAKE", 1),
               0);
    return *file;
  }
  static RecordId IntakeOf(uint32_t number) { return domain::MakeId<RecordId>(number + 5000); }

  void Set(domain::FileState& file, uint32_t number, const char* field, domain::Value value,
           int64_t minutes = 1) {
    bench_.Put(file, bench_.By(bench_.intake, file).Set(IntakeOf(number), field, std::move(value)),
               minutes);
  }
  void Visit(domain::FileState& file, Time at, std::optional<bool> well = true) {
    const RecordId id = domain::MakeId<RecordId>(++visits_ + 9000);
    auto change = bench_.By(bench_.intake, file).Set(id, "visited_at", at).Pin("VISIT", 1);
    if (well) change.Set(id, "well", *well);
    bench_.Put(file, change, 2);
  }
  MeasureResult Ask(const std::string& id, const MeasureRequest& request = {}) {
    const Measure* measure = bench_.pack->FindMeasure(id);
    KAPEA_CHECK(measure != nullptr);
    std::vector<FileContributions> files;
    for (const auto& [number, file] : files_) {
      files.push_back(Contributions({*file, as_of_}, *bench_.pack, {measure}));
    }
    files.push_back(Contributions({bench_.operation, as_of_}, *bench_.pack, {measure}));
    auto result = Answer(*measure, files, request);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : MeasureResult();
  }
  absl::Status Refused(const std::string& id, const MeasureRequest& request) {
    return Answer(*bench_.pack->FindMeasure(id), {}, request).status();
  }
  void Link(domain::FileState& file, const FileId& other) {
    LinkWrite link;
    link.link_id = domain::MakeId<ChangeId>(77);
    link.relation = "same_person";
    link.other_file = other;
    auto change = bench_.Edit(file, bench_.intake, domain::Kind::kLink).Write(link);
    bench_.Put(file, change, 3);
  }
  Period Hours(int64_t from, int64_t to) const {
    return {bench_.At(from * 60), bench_.At(to * 60)};
  }
  static MeasureMargin::Row RowOf(const MeasureResult& result, size_t dimension,
                                  const std::string& code) {
    for (const auto& row : result.margins.at(dimension).rows) {
      if (row.code == code) return row;
    }
    return {code, {}, {}};
  }

  Bench bench_;
  std::map<uint32_t, std::unique_ptr<domain::FileState>> files_;
  uint32_t visits_ = 0;
  Time as_of_ = bench_.At(60 * 24 * 400);
};

TEST_F(MeasureTest, APersonCountsOnceInAPeriodAndAgainInTheNext) {
  auto& a = Person(100);
  Visit(a, bench_.At(60));
  Visit(a, bench_.At(120));
  Visit(a, bench_.At(600));
  EXPECT_EQ(Ask("VISITED").total.count, 1u);
  EXPECT_EQ(Ask("VISITED", {.period = Hours(0, 5)}).total.count, 1u);
  EXPECT_EQ(Ask("VISITED", {.period = Hours(5, 20)}).total.count, 1u);
  EXPECT_EQ(Ask("VISITS").total.count, 3u);
}

TEST_F(MeasureTest, TwoLinkedFilesOfOnePersonCountOnce) {
  auto& a = Person(100);
  auto& b = Person(101);
  auto& c = Person(102);
  Visit(a, bench_.At(60));
  Visit(b, bench_.At(61));
  Visit(c, bench_.At(62));
  EXPECT_EQ(Ask("VISITED").total.count, 3u);
  Link(a, b.id());
  EXPECT_EQ(Ask("VISITED").total.count, 2u);
  EXPECT_EQ(Ask("VISITS").total.count, 3u) << "records stay what they are";
  // A file that is not here joins two that are.
  EXPECT_EQ(Contributions({a, as_of_}, *bench_.pack).same, std::vector<FileId>{b.id()});
}

TEST_F(MeasureTest, AChainOfLinksIsOnePersonToo) {
  FileContributions a, b, c;
  a.file = domain::MakeId<FileId>(3);
  b.file = domain::MakeId<FileId>(1);
  c.file = domain::MakeId<FileId>(2);
  a.same = {c.file};
  b.same = {domain::MakeId<FileId>(9)};
  c.same = {domain::MakeId<FileId>(9)};
  for (FileContributions* file : {&a, &b, &c}) {
    Contribution line;
    line.measure = "VISITED";
    line.person = file->file;
    line.by.resize(4);
    file->lines = {line};
  }
  const auto result = Answer(*bench_.pack->FindMeasure("VISITED"), {a, b, c}, {});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->total.count, 1u);
}

TEST_F(MeasureTest, ADrillNeverCounts) {
  Visit(Person(100), bench_.At(60));
  Visit(Person(101, true), bench_.At(60));
  const MeasureResult result = Ask("VISITED");
  EXPECT_EQ(result.total.count, 1u);
  EXPECT_EQ(result.drills, 1u);
  EXPECT_THAT(Contributions({*files_[101], as_of_}, *bench_.pack).lines, IsEmpty());
}

TEST_F(MeasureTest, TheBorderOfAPeriodBelongsToTheLaterOne) {
  Visit(Person(100), bench_.At(300));
  EXPECT_EQ(Ask("VISITED", {.period = Hours(0, 5)}).total.count, 0u);
  EXPECT_EQ(Ask("VISITED", {.period = Hours(5, 6)}).total.count, 1u);
  EXPECT_EQ(Ask("VISITED", {.period = Hours(5, 6)}).border, 0u) << "an entered time is exact";
}

TEST_F(MeasureTest, AnIntervalOverTheBorderCountsByItsSoftEndAndIsSaid) {
  auto& a = Person(100);
  const auto lines = [&](int64_t earliest, int64_t latest) {
    FileContributions from = Contributions({a, as_of_}, *bench_.pack);
    Contribution line;
    line.measure = "VISITED";
    line.person = a.id();
    line.by.resize(4);
    line.at = domain::EventTime{
        {bench_.At(earliest), bench_.At(latest)}, {bench_.At(0), bench_.At(latest)}, false};
    from.lines = {line};
    return std::vector<FileContributions>{from};
  };
  const Measure& visited = *bench_.pack->FindMeasure("VISITED");
  const auto over = Answer(visited, lines(290, 310), {.period = Hours(5, 6)});
  EXPECT_EQ(over->total.count, 1u);
  EXPECT_EQ(over->border, 1u);
  const auto before = Answer(visited, lines(290, 310), {.period = Hours(0, 5)});
  EXPECT_EQ(before->total.count, 0u);
  EXPECT_EQ(before->border, 1u) << "it may belong here";
  const auto hard = Answer(visited, lines(310, 320), {.period = Hours(5, 6)});
  EXPECT_EQ(hard->border, 1u) << "by the proven times alone it may have been earlier";
}

TEST_F(MeasureTest, NothingThatIsStillToComeCounts) {
  Visit(Person(100), bench_.At(600));
  as_of_ = bench_.At(599);
  EXPECT_EQ(Ask("VISITED").total.count, 0u);
  as_of_ = bench_.At(600);
  EXPECT_EQ(Ask("VISITED").total.count, 1u);
}

TEST_F(MeasureTest, RowsAddUpAndThoseWithSeveralCodesAreSaidApart) {
  auto& a = Person(100);
  auto& b = Person(101);
  auto& c = Person(102);
  Visit(a, bench_.At(60), true);
  Visit(a, bench_.At(70), false);
  Visit(b, bench_.At(60), true);
  Visit(c, bench_.At(60), std::nullopt);
  const MeasureResult result = Ask("VISITED", {.by = {"well"}});
  EXPECT_EQ(result.total.count, 3u);
  EXPECT_EQ(RowOf(result, 0, "yes").figure.count, 1u);
  EXPECT_EQ(RowOf(result, 0, "yes").among.count, 2u);
  EXPECT_EQ(RowOf(result, 0, "no").figure.count, 0u);
  EXPECT_EQ(RowOf(result, 0, "no").among.count, 1u);
  EXPECT_EQ(RowOf(result, 0, kSeveralCodes).figure.count, 1u);
  EXPECT_EQ(RowOf(result, 0, "").figure.count, 1u) << "nobody said";
  uint64_t sum = 0;
  for (const auto& row : result.margins[0].rows) sum += row.figure.count;
  EXPECT_EQ(sum, result.total.count);
}

TEST_F(MeasureTest, ATableIsReadyForSuppression) {
  for (uint32_t number = 100; number < 115; ++number) {
    auto& file = Person(number);
    Set(file, number, "sex", domain::Code{number < 112 ? "F" : "M"});
    Visit(file, bench_.At(60), number % 2 == 0);
  }
  const MeasureResult result = Ask("VISITED", {.by = {"sex", "well"}});
  const CountTable table = TableOf(result);
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("F"), ElementsAre("M")));
  EXPECT_THAT(table.columns, ElementsAre(ElementsAre("no"), ElementsAre("yes")));
  EXPECT_THAT(table.counts, ElementsAre(ElementsAre(6u, 6u), ElementsAre(1u, 2u)));
  const auto hidden = Suppress(table.counts, 11);
  ASSERT_TRUE(hidden.ok()) << hidden.status();
  EXPECT_EQ(hidden->total, 15u);
  EXPECT_FALSE(hidden->row_totals[1].has_value());
}

TEST_F(MeasureTest, SharesMediansAndLimits) {
  auto& a = Person(100);
  Visit(a, bench_.At(60), true);
  Visit(a, bench_.At(120), false);
  Visit(a, bench_.At(180), true);
  Visit(a, bench_.At(600), std::nullopt);
  const MeasureFigure share = Ask("WELL").total;
  EXPECT_EQ(share.count, 2u);
  EXPECT_EQ(share.of, 3u) << "of those that say it";
  EXPECT_EQ(Ask("EVERWELL").total.count, 1u) << "of records one is enough for a person";
  EXPECT_EQ(Ask("EVERWELL").total.of, 1u);
  const MeasureFigure wait = Ask("WAIT").total;
  EXPECT_EQ(wait.values, 4u);
  EXPECT_EQ(wait.median, Duration::Minutes(150).milliseconds());
  EXPECT_EQ(wait.p90, Duration::Minutes(600).milliseconds());
  EXPECT_EQ(wait.over, 1u) << "three hours are not over three hours";
}

TEST_F(MeasureTest, FindingsAreWeightedAndAFileIsInOrderWithAllOfThem) {
  auto& a = Person(100);
  Person(101);
  Set(a, 100, "level", domain::Code{"low"}, 30);
  const MeasureResult kept = Ask("KEPT", {.by = {"clause"}});
  // Two files, C1 of weight 3, C2 of 1, C3 of none; one C1 was met.
  EXPECT_EQ(kept.total.of, 8u);
  EXPECT_EQ(kept.total.count, 3u);
  EXPECT_EQ(RowOf(kept, 0, "C1").figure.of, 6u);
  EXPECT_EQ(Ask("ALLKEPT").total.count, 0u);
  Set(a, 100, "explained_at", bench_.At(40), 41);
  EXPECT_EQ(Ask("ALLKEPT").total.count, 1u);
  EXPECT_EQ(Ask("ALLKEPT").total.of, 2u);
}

TEST_F(MeasureTest, WhatIsNotAtHandIsCountedApart) {
  auto& a = Person(100);
  LinkWrite link;
  link.link_id = domain::MakeId<ChangeId>(78);
  link.relation = "operation_person";
  link.other_file = bench_.operation.id();
  bench_.Put(a, bench_.Edit(a, bench_.intake, domain::Kind::kLink).Write(link), 3);
  const MeasureResult result = Ask("FAR");
  EXPECT_EQ(result.total.count, 0u);
  EXPECT_EQ(result.unknown, 1u);
}

TEST_F(MeasureTest, WhoReadWhatIsListedWithHerRole) {
  auto& a = Person(100);
  domain::ReadNotice notice;
  notice.record = IntakeOf(100);
  notice.fields = {"name"};
  notice.times = 2;
  bench_.Put(a, bench_.Edit(a, bench_.lead, domain::Kind::kReadNotice).Write(notice), 5);
  const MeasureResult result = Ask("READ");
  ASSERT_EQ(result.rows.size(), 1u);
  const Contribution& line = result.rows[0].line;
  EXPECT_EQ(line.who, bench_.lead.person);
  EXPECT_EQ(line.value, 2);
  EXPECT_THAT(line.by,
              ElementsAre(ElementsAre("identity"), ElementsAre("unit_lead"), ElementsAre("read")));
}

TEST_F(MeasureTest, AUnitSeesItsFilesAlone) {
  Visit(Person(100), bench_.At(60));
  EXPECT_EQ(Ask("VISITED", {.unit = bench_.lead.unit}).total.count, 1u);
  EXPECT_EQ(Ask("VISITED", {.unit = domain::MakeId<UnitId>(55)}).total.count, 0u);
}

TEST_F(MeasureTest, WrongRequestsAreRefusedInWords) {
  EXPECT_THAT(std::string(Refused("VISITED", {.by = {"colour"}}).message()),
              HasSubstr("want a dimension of VISITED (well, sex, danger, month), got 'colour'"));
  EXPECT_THAT(std::string(Refused("VISITED", {.codes = {{"colour", "red"}}}).message()),
              HasSubstr("got 'colour'"));
  EXPECT_THAT(std::string(Refused("VISITED", {.period = Hours(5, 5)}).message()),
              HasSubstr("begins before it ends"));
  EXPECT_THAT(std::string(Refused("FAR", {.period = Hours(0, 5)}).message()),
              HasSubstr("how things stand"));
}

TEST(PeriodTest, SpansOfTheCalendarInCambodia) {
  const auto is = [](const char* text, const char* from, const char* to) {
    const auto period = ParsePeriod(text);
    ASSERT_TRUE(period.ok()) << text;
    EXPECT_EQ(ToIso8601(period->from), from) << text;
    EXPECT_EQ(ToIso8601(period->to), to) << text;
  };
  is("2026", "2025-12-31T17:00:00Z", "2026-12-31T17:00:00Z");
  is("2026-02", "2026-01-31T17:00:00Z", "2026-02-28T17:00:00Z");
  is("2026-Q4", "2026-09-30T17:00:00Z", "2026-12-31T17:00:00Z");
  is("2026-H2", "2026-06-30T17:00:00Z", "2026-12-31T17:00:00Z");
  is("FY2026", "2025-09-30T17:00:00Z", "2026-09-30T17:00:00Z");
  is("2026-03-09", "2026-03-08T17:00:00Z", "2026-03-09T17:00:00Z");
  is("2026-03/2026-Q2", "2026-02-28T17:00:00Z", "2026-06-30T17:00:00Z");
  for (const char* text : {"", "26", "2026-Q5", "2026-H0", "FY26", "2026-13", "2026/2025", "x"}) {
    EXPECT_FALSE(ParsePeriod(text).ok()) << text;
  }
  EXPECT_EQ(MonthOf(ParsePeriod("2026-03")->from), "2026-03");
  EXPECT_EQ(MonthOf(ParsePeriod("2026-03")->from - Duration::Milliseconds(1)), "2026-02");
}

}  // namespace
}  // namespace kapea::standards
