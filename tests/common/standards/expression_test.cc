// What expressions say about a file: values, times, the unknown.
#include <gtest/gtest.h>

#include <limits>

#include "common/codec/pack_compiler.h"
#include "tests/common/standards/test_bench.h"

namespace kapea::standards {
namespace {

using domain::Answer;
using domain::KeyClass;
using domain::Outcome;
using domain::Role;

const RecordId kFirst = MakeId<RecordId>(601);
const RecordId kSecond = MakeId<RecordId>(602);

struct Asking : Bench {
  void Intake(std::string_view field, Value value, int64_t minutes,
              std::vector<ChangeId> replaces = {}) {
    Put(person, By(intake, person).Set(intake_record, field, std::move(value), replaces), minutes);
  }
  void Visit(const RecordId& record, int64_t visited, int64_t minutes, bool well = true) {
    Put(person,
        By(intake, person)
            .Set(record, "visited_at", At(visited))
            .Pin("VISIT", 1)
            .Set(record, "well", well),
        minutes);
  }
  // Since how many minutes; -1: false, -2: unknown.
  int64_t Since(std::string_view text, int64_t as_of = 1'000) {
    const Outcome outcome = Truth(text, person, as_of);
    if (outcome.unknown()) return -2;
    if (!outcome.truth) return -1;
    EXPECT_EQ(outcome.time.soft.earliest, outcome.time.soft.latest) << text;
    return (outcome.time.soft.latest - start).milliseconds() / 60'000;
  }
};

TEST(ExpressionTest, OrHoldsSinceTheEarlierAndAndSinceTheLater) {
  Asking file;
  file.Intake("level", Code{"low"}, 10);
  file.Intake("sex", Code{"F"}, 20);
  EXPECT_EQ(file.Since("INTAKE.level = low or INTAKE.sex = F"), 10);
  EXPECT_EQ(file.Since("INTAKE.level = low and INTAKE.sex = F"), 20);
  EXPECT_EQ(file.Since("INTAKE.level = high or INTAKE.sex = F"), 20);
  EXPECT_EQ(file.Since("INTAKE.level = high and INTAKE.sex = F"), -1);
  EXPECT_EQ(file.Since("not (INTAKE.level in [high, medium])"), 10);
}

TEST(ExpressionTest, AComparisonWithNothingIsFalseEitherWay) {
  Asking file;
  EXPECT_EQ(file.Since("INTAKE.sex = M"), -1);
  EXPECT_EQ(file.Since("INTAKE.sex != M"), -1);
  EXPECT_EQ(file.Since("not (INTAKE.sex = M)"), 0);
  EXPECT_EQ(file.Since("VISIT.visited_at < now()"), -1);
  EXPECT_EQ(file.Since("INTAKE.children + 1 > 0"), -1);
}

TEST(ExpressionTest, UnknownAndRefusedAreAnswersButNotValues) {
  Asking file;
  file.Intake("sex", Answer::kRefused, 10);
  EXPECT_EQ(file.Since("exists(INTAKE.sex)"), 10);
  EXPECT_EQ(file.Since("known(INTAKE.sex)"), -1);
  EXPECT_EQ(file.Since("refused(INTAKE.sex)"), 10);
  EXPECT_EQ(file.Since("unknown(INTAKE.sex)"), -1);
  EXPECT_EQ(file.Since("INTAKE.sex != M"), -1);
}

TEST(ExpressionTest, ACorrectedAnswerHasBeenThereSinceTheFirst) {
  Asking file;
  file.Intake("level", Code{"low"}, 10);
  const auto old = file.person.FindRecord(file.intake_record)->Find("level")->CurrentIds();
  file.Intake("level", Code{"high"}, 50, old);
  EXPECT_EQ(file.Since("exists(INTAKE.level)"), 10);
  EXPECT_EQ(file.Since("INTAKE.level = high"), 50);
  const auto now = file.person.FindRecord(file.intake_record)->Find("level")->CurrentIds();
  file.Put(file.person, file.By(file.intake, file.person).Clear(file.intake_record, "level", now),
           60);
  EXPECT_EQ(file.Since("exists(INTAKE.level)"), -1);
}

TEST(ExpressionTest, SealedFieldsSayNoMoreThanThatTheyAreThere) {
  Asking file;
  const auto epoch = file.person.newest_key_epoch()->id;
  file.Put(file.person,
           file.By(file.intake, file.person)
               .Seal(file.intake_record, "name", epoch, KeyClass::kIdentity)
               .Set(file.intake_record, "name_given", true)
               .Of(0),
           30);
  EXPECT_EQ(file.Since("exists(INTAKE.name)"), 30);
  EXPECT_EQ(file.Since("INTAKE.name_given"), 30);
  EXPECT_EQ(file.Since("known(INTAKE.name)"), -2);
  EXPECT_EQ(file.Since("INTAKE.name"), -2);
  EXPECT_EQ(file.Since("role_wrote(INTAKE.name, intake_officer)"), 30);
  EXPECT_EQ(file.Since("second_person(INTAKE.name)"), -1);
}

TEST(ExpressionTest, AMomentIsTrueOnceItHasCome) {
  Asking file;
  file.Intake("explained_at", file.At(40), 50);
  EXPECT_EQ(file.Since("INTAKE.explained_at", 100), 40);
  EXPECT_EQ(file.Since("exists(INTAKE.explained_at)", 100), 50);
  file.Intake("arrival_at", file.At(200), 60);
  EXPECT_EQ(file.Since("happened(A)", 100), -1);
  EXPECT_EQ(file.Since("happened(A)", 200), 200);
  EXPECT_EQ(file.Since("before(INTAKE.explained_at, A)", 100), 40);
  EXPECT_EQ(file.Since("A - INTAKE.explained_at = 160m", 300), 200);
  EXPECT_EQ(file.Since("A - INTAKE.explained_at > 160m", 300), -1);
}

TEST(ExpressionTest, WithinIsFalseWhileEitherMomentHasNotCome) {
  Asking file;
  EXPECT_EQ(file.Since("within(INTAKE.explained_at, A, 1h)"), -1);
  file.Intake("arrival_at", file.At(10), 15);
  EXPECT_EQ(file.Since("within(INTAKE.explained_at, A, 1h)"), -1);
  file.Intake("explained_at", file.At(70), 80);
  EXPECT_EQ(file.Since("within(INTAKE.explained_at, A, 1h)"), 70);
  EXPECT_EQ(file.Since("within(INTAKE.explained_at, A, 59m)"), -1);
  EXPECT_EQ(file.Since("first(A, INTAKE.explained_at)"), 10);
  EXPECT_EQ(file.Since("last(A, INTAKE.explained_at)"), 70);
  EXPECT_EQ(file.Since("last(A, VISIT.visited_at)"), -1);
  EXPECT_EQ(file.Since("if(exists(INTAKE.sex), A, INTAKE.explained_at)"), 70);
}

TEST(ExpressionTest, CountsRiseRecordByRecord) {
  Asking file;
  EXPECT_EQ(file.Since("count(VISIT) = 0"), 0);
  EXPECT_EQ(file.Since("all(VISIT, well)"), 0);
  EXPECT_EQ(file.Since("any(VISIT, well)"), -1);
  file.Visit(kFirst, 90, 100);
  file.Visit(kSecond, 190, 200, false);
  EXPECT_EQ(file.Since("count(VISIT) >= 1"), 100);
  EXPECT_EQ(file.Since("count(VISIT) > 1"), 200);
  EXPECT_EQ(file.Since("count(VISIT) > 2"), -1);
  EXPECT_EQ(file.Since("count(VISIT, well) = 1"), 100);
  EXPECT_EQ(file.Since("any(VISIT, not well)"), 200);
  EXPECT_EQ(file.Since("all(VISIT, well)"), -1);
  EXPECT_EQ(file.Since("latest(VISIT, visited_at)"), 190);
  EXPECT_EQ(file.Since("earliest(VISIT, made())"), 100);
  EXPECT_EQ(file.Since("within(now(), latest(VISIT, visited_at), 1d)", 300), 190);
  EXPECT_EQ(file.Since("within(now(), latest(VISIT, visited_at), 1d)", 1'700), -1);
}

TEST(ExpressionTest, VoidedRecordsDoNotCount) {
  Asking file;
  file.Visit(kFirst, 90, 100);
  file.Put(file.person,
           file.By(file.intake, file.person).Set(kFirst, domain::kVoidField, Code{"other"}), 120);
  EXPECT_EQ(file.Since("count(VISIT) = 0"), 0);
}

TEST(ExpressionTest, TheNewestConsentForAPurposeCountsUntilItEnds) {
  Asking file;
  const auto consent = [&](uint32_t record, const char* answer, int64_t minutes,
                           std::optional<int64_t> ends) {
    ChangeBuilder builder = file.By(file.intake, file.person);
    const RecordId id = MakeId<RecordId>(record);
    builder.Set(id, "purpose", Code{"photo"}).Pin("PERSON-CONSENT", 1);
    builder.Set(id, "answer", Code{answer});
    if (ends) builder.Set(id, "ends_at", file.At(*ends));
    file.Put(file.person, builder, minutes);
  };
  EXPECT_EQ(file.Since("consent(photo)"), -1);
  consent(701, "yes", 10, 100);
  EXPECT_EQ(file.Since("consent(photo)", 99), 10);
  EXPECT_EQ(file.Since("consent(photo)", 100), -1);
  EXPECT_EQ(file.Since("consent(sharing)", 50), -1);
  consent(702, "yes", 110, std::nullopt);
  EXPECT_EQ(file.Since("consent(photo)", 120), 110);
  consent(703, "no", 130, std::nullopt);
  EXPECT_EQ(file.Since("consent(photo)", 140), -1);
}

TEST(ExpressionTest, ConsentIsAskedOfAUnitAlone) {
  const auto mistakes = [](const std::string& met) {
    return codec::CompilePackFiles(
               {{"bench", BenchPackText("clauses { id: \"X\" label { en: \"x\" } severity: "
                                        "SEVERITY_MUST provenance { status: "
                                        "SOURCE_STATUS_PROPOSED } met: \"" +
                                        met + "\" }")}})
        .mistakes;
  };
  EXPECT_TRUE(mistakes("consent(sharing, INTAKE.to_unit)").empty());
  const auto code = mistakes("consent(sharing, INTAKE.sex)");
  ASSERT_EQ(code.size(), 1u);
  EXPECT_NE(code[0].message.find("want a clear field that is a unit"), std::string::npos);
  EXPECT_EQ(mistakes("consent(sharing, INTAKE.to_unit, x)").size(), 1u);
}

TEST(ExpressionTest, ConsentToAUnitIsToNoOther) {
  Asking file;
  const domain::Reference here{MakeId<ChangeId>(81)};
  const domain::Reference elsewhere{MakeId<ChangeId>(82)};
  const auto consent = [&](uint32_t record, const char* answer, int64_t minutes,
                           std::optional<domain::Reference> recipient) {
    ChangeBuilder builder = file.By(file.intake, file.person);
    const RecordId id = MakeId<RecordId>(record);
    builder.Set(id, "purpose", Code{"sharing"}).Pin("PERSON-CONSENT", 1);
    builder.Set(id, "answer", Code{answer});
    if (recipient) builder.Set(id, "recipient", *recipient);
    file.Put(file.person, builder, minutes);
  };
  const std::string asked = "consent(sharing, INTAKE.to_unit)";
  consent(711, "yes", 10, here);
  EXPECT_EQ(file.Since(asked, 20), -1) << "no unit is named yet";
  file.Put(file.person,
           file.By(file.intake, file.person).Set(file.intake_record, "to_unit", elsewhere), 20);
  EXPECT_EQ(file.Since(asked, 30), -1) << "she named another";
  EXPECT_EQ(file.Since("consent(sharing)", 30), 10);
  consent(712, "yes", 40, elsewhere);
  EXPECT_EQ(file.Since(asked, 50), 40);
  consent(713, "no", 60, here);
  EXPECT_EQ(file.Since(asked, 70), 40) << "she refuses the other one";
  consent(714, "yes", 80, std::nullopt);
  consent(715, "no", 90, std::nullopt);
  EXPECT_EQ(file.Since(asked, 100), -1) << "a no to nobody in particular is one to all";
  consent(716, "yes", 110, std::nullopt);
  EXPECT_EQ(file.Since(asked, 120), -1) << "a yes to nobody in particular is none";
}

TEST(ExpressionTest, ADateSpansItsDayInCambodia) {
  const auto day = domain::SpanOf(domain::Date{"2009-09-28"});
  ASSERT_TRUE(day);
  EXPECT_EQ(ToIso8601(day->earliest), "2009-09-27T17:00:00Z");
  EXPECT_EQ(ToIso8601(day->latest), "2009-09-28T16:59:59Z");
  EXPECT_EQ(ToIso8601(domain::SpanOf(domain::Date{"2008-02"})->latest), "2008-02-29T16:59:59Z");
  EXPECT_EQ(ToIso8601(domain::SpanOf(domain::Date{"2009"})->latest), "2009-12-31T16:59:59Z");
  for (const char* text : {"", "2009-13", "2009-02-30", "20x9", "2009-9-1", "2009-09-28-"}) {
    SCOPED_TRACE(text);
    EXPECT_FALSE(domain::SpanOf(domain::Date{text}));
  }
}

TEST(ExpressionTest, HourIsOfTheDayInCambodia) {
  Asking file;
  // 2026-11-18T11:06:40Z is 18:06 in Cambodia.
  file.Intake("arrival_at", file.start, 10);
  EXPECT_EQ(ToIso8601(file.start), "2026-11-18T11:06:40Z");
  EXPECT_EQ(file.Since("hour(A) >= 18"), 0);
  EXPECT_EQ(file.Since("hour(A) = 17"), -1);
}

// A file held here, one that is not, or none.
class Links : public domain::LinkedFiles {
 public:
  std::vector<const FileState*> files;
  std::vector<const FileState*> Find(const FileState&, std::string_view relation) const override {
    return relation == "operation_person" ? files : std::vector<const FileState*>();
  }
};

TEST(ExpressionTest, WhatLiesInAFileThatIsNotHereIsUnknown) {
  Asking file;
  file.Tick("E-1", 30);
  file.Intake("sex", Code{"F"}, 10);
  Links links;
  const auto ask = [&](std::string_view text) {
    const auto condition = domain::Condition::Parse(text);
    return EvaluateTruth(*condition, {file.person, file.At(100), &links});
  };
  const std::string there = "linked(operation_person, done(OP.E-1))";
  EXPECT_FALSE(ask(there).unknown());
  EXPECT_FALSE(ask(there).truth);
  links.files = {&file.operation};
  EXPECT_TRUE(ask(there).truth);
  EXPECT_EQ(ask("linked(operation_person, OP.T0)").time.soft, TimeInterval::At(file.At(30)));
  links.files = {nullptr};
  EXPECT_TRUE(ask(there).unknown());
  EXPECT_TRUE(ask("not " + there).unknown());
  EXPECT_TRUE(ask(there + " and INTAKE.sex = F").unknown());
  EXPECT_FALSE(ask(there + " and INTAKE.sex = M").unknown());
  EXPECT_TRUE(ask(there + " or INTAKE.sex = F").truth);
  EXPECT_TRUE(ask(there + " or INTAKE.sex = M").unknown());
  links.files = {nullptr, &file.operation};
  EXPECT_TRUE(ask(there).truth);
  EXPECT_TRUE(ask("linked(operation_person, done(OP.E-2))").unknown());
}

TEST(ExpressionTest, AFactIsTrueByItsTickBoxOrByItsCondition) {
  Asking file;
  const auto fact = [&](const char* name) {
    return file.Truth(name, file.operation, 100, file.operation.FindRecord(file.checklist));
  };
  EXPECT_FALSE(fact("foreign").truth);
  file.Put(file.operation,
           file.By(file.lead, file.operation).Set(file.checklist, "fact.foreign", true), 10);
  EXPECT_TRUE(fact("foreign").truth);
  EXPECT_FALSE(fact("child").truth);
  file.Put(file.operation,
           file.By(file.lead, file.operation)
               .Set(kFirst, "presumed_child", true)
               .Pin("OP-PERSON", 1, file.checklist),
           20);
  EXPECT_TRUE(fact("child").truth);
  EXPECT_EQ(fact("child").time.soft, TimeInterval::At(file.At(20)));
}

TEST(ExpressionTest, ExtremeNumbersNeitherOverflowNorLoop) {
  Asking file;
  file.Intake("children", std::numeric_limits<int64_t>::min(), 10);
  file.Intake("explained_at", Time::FromUnixMs(std::numeric_limits<int64_t>::max()), 11);
  file.Intake("arrival_at", Time::FromUnixMs(std::numeric_limits<int64_t>::min()), 12);
  file.Intake("stay", std::numeric_limits<int64_t>::max(), 13);
  EXPECT_EQ(file.Since("0 - INTAKE.children > 0"), -2);
  EXPECT_EQ(file.Since("INTAKE.children - 1 < 0"), -2);
  EXPECT_EQ(file.Since("INTAKE.explained_at + INTAKE.stay + INTAKE.stay < A"), -1);
  EXPECT_TRUE(file.Truth("A - INTAKE.stay - INTAKE.stay < now()", file.person, 5).truth);
  EXPECT_TRUE(file.Truth("INTAKE.explained_at - A > 1d", file.person, 100).truth);
}

}  // namespace
}  // namespace kapea::standards
