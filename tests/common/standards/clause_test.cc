// The status rules, on clauses: intervals, certainty, the past, waivers, linked files.
#include <gtest/gtest.h>

#include "tests/common/standards/test_bench.h"

namespace kapea::standards {
namespace {

constexpr std::string_view kRest =
    "label { en: \"Invented\" } severity: SEVERITY_MUST "
    "provenance { status: SOURCE_STATUS_PROPOSED } ";

std::string Clause(std::string_view id, std::string_view rest) {
  return "clauses { id: \"" + std::string(id) + "\" " + std::string(kRest) + std::string(rest) +
         "} ";
}

std::string Clauses() {
  return Clause("LEVEL",
                "met: \"exists(INTAKE.level)\" deadline: \"A + 24h\" "
                "waivers: ROLE_SUPERVISOR ") +
         Clause("EARLY", "met: \"exists(INTAKE.sex)\" deadline: \"before A\" ") +
         Clause("AHEAD", "met: \"exists(INTAKE.sex)\" deadline: \"A - 1h\" ") +
         Clause("OPEN", "met: \"exists(INTAKE.sex)\" ") +
         Clause("IF",
                "applies: \"INTAKE.level in [medium, high]\" met: \"exists(INTAKE.plan)\" "
                "deadline: \"A + 24h\" ") +
         Clause("THERE", "met: \"linked(operation_person, done(OP.E-1))\" deadline: \"A + 1h\" ") +
         Clause("MADE", "met: \"exists(INTAKE.sex)\" deadline: \"at(exists(INTAKE.level)) + 1h\" ");
}

constexpr int64_t kDay = 24 * 60;

// The person arrives at minute 0, entered at minute 5.
struct Arrived : Bench {
  Arrived() : Bench(Clauses()) {
    Put(person, By(intake, person).Set(intake_record, "arrival_at", At(0)), 5);
  }
  void Level(const When& when) {
    Put(person, By(intake, person).Set(intake_record, "level", Code{"low"}), when);
  }
  void Sex(const When& when) {
    Put(person, By(intake, person).Set(intake_record, "sex", Code{"F"}), when);
  }
  bool Says(const Finding& finding, Reason reason) const {
    for (const Part& part : finding.parts) {
      if (part.reason == reason) return true;
    }
    return false;
  }
};

TEST(ClauseTest, DoneInTimeIsMet) {
  Arrived file;
  file.Level(Bench::Exactly(file.At(kDay)));
  const Finding finding = file.Clause("LEVEL", 2 * kDay);
  EXPECT_EQ(finding.status, FindingStatus::kMet);
  EXPECT_TRUE(finding.certain);
  EXPECT_EQ(finding.done->soft, TimeInterval::At(file.At(kDay)));
  EXPECT_EQ(finding.due->soft, TimeInterval::At(file.At(kDay)));
  EXPECT_EQ(finding.source, "STD");
  EXPECT_EQ(finding.version, 3u);
  EXPECT_EQ(finding.file, file.person.id());
  EXPECT_EQ(Explain(finding),
            "met: done " + ToIso8601(file.At(kDay)) + "; due " + ToIso8601(file.At(kDay)));
}

TEST(ClauseTest, DoneAfterTheDeadlineIsMetLate) {
  Arrived file;
  file.Level(Bench::Exactly(file.At(kDay) + Duration::Milliseconds(1)));
  const Finding finding = file.Clause("LEVEL", 2 * kDay);
  EXPECT_EQ(finding.status, FindingStatus::kMetLate);
  EXPECT_TRUE(finding.certain);
}

TEST(ClauseTest, NotDoneIsPendingUntilTheDeadlineAndThenOverdue) {
  Arrived file;
  EXPECT_EQ(file.Clause("LEVEL", 10).status, FindingStatus::kPending);
  EXPECT_EQ(file.Clause("LEVEL", kDay).status, FindingStatus::kPending);
  const Finding finding = file.Clause("LEVEL", kDay + 1);
  EXPECT_EQ(finding.status, FindingStatus::kOverdue);
  EXPECT_TRUE(finding.certain);
  EXPECT_FALSE(finding.done);
}

TEST(ClauseTest, BeforeMeansStrictly) {
  Arrived file;
  EXPECT_EQ(file.Clause("EARLY", 0).status, FindingStatus::kOverdue);
  EXPECT_EQ(file.Clause("EARLY", -1).status, FindingStatus::kPending);
  file.Put(file.person,
           file.By(file.intake, file.person)
               .Set(file.intake_record, "arrival_at", file.At(60),
                    file.person.FindRecord(file.intake_record)->Find("arrival_at")->CurrentIds()),
           6);
  file.Sex(Bench::Exactly(file.At(60)));
  EXPECT_EQ(file.Clause("EARLY", 70).status, FindingStatus::kMetLate);
  EXPECT_TRUE(file.Clause("EARLY", 70).due_strict);
}

TEST(ClauseTest, WhileItsMomentHasNotComeThereIsNoDeadline) {
  Arrived file;
  const Finding waiting = file.Clause("MADE", 10 * kDay);
  EXPECT_EQ(waiting.status, FindingStatus::kPending);
  EXPECT_FALSE(waiting.due);
  EXPECT_TRUE(file.Says(waiting, Reason::kWaitsFor));
  file.Sex(Bench::Exactly(file.At(30)));
  const Finding met = file.Clause("MADE", 10 * kDay);
  EXPECT_EQ(met.status, FindingStatus::kMet);
  EXPECT_TRUE(met.certain);
}

TEST(ClauseTest, WhatIsDueAheadOfAMomentThatHasNotComeIsNotCertain) {
  Bench file(Clauses());
  file.Put(file.person, file.By(file.intake, file.person).Set(file.intake_record, "sex", Code{"F"}),
           30);
  const Finding finding = file.Clause("AHEAD", 40);
  EXPECT_EQ(finding.status, FindingStatus::kMet);
  EXPECT_FALSE(finding.certain);
}

TEST(ClauseTest, WithoutADeadlineItStaysPending) {
  Arrived file;
  EXPECT_EQ(file.Clause("OPEN", 100 * kDay).status, FindingStatus::kPending);
  file.Sex(Bench::Exactly(file.At(50 * kDay)));
  EXPECT_EQ(file.Clause("OPEN", 100 * kDay).status, FindingStatus::kMet);
}

TEST(ClauseTest, WhatDoesNotApplySaysWhy) {
  Arrived file;
  const Finding finding = file.Clause("IF", 10 * kDay);
  EXPECT_EQ(finding.status, FindingStatus::kNotApplicable);
  EXPECT_EQ(Explain(finding), "not applicable: applies only if INTAKE.level in [medium, high]");
}

TEST(ClauseTest, ADeviceClockDecidesButDoesNotProve) {
  Arrived file;
  // Offline from minute 10, done at minute 20 by the device's clock, sent two days later.
  file.Level({file.At(10), file.At(20), file.At(2 * kDay)});
  const Finding finding = file.Clause("LEVEL", 3 * kDay);
  EXPECT_EQ(finding.status, FindingStatus::kMet);
  EXPECT_FALSE(finding.certain);
  EXPECT_TRUE(file.Says(finding, Reason::kByDeviceClock));
}

TEST(ClauseTest, ADeviceClockThatSaysLateIsNotProofEither) {
  Arrived file;
  file.Level({file.At(10), file.At(kDay + 60), file.At(2 * kDay)});
  const Finding finding = file.Clause("LEVEL", 3 * kDay);
  EXPECT_EQ(finding.status, FindingStatus::kMetLate);
  EXPECT_FALSE(finding.certain);
}

TEST(ClauseTest, ProvenTimesThatAgreeAreCertainHoweverWide) {
  Arrived file;
  file.Level({file.At(10), file.At(20), file.At(kDay)});
  EXPECT_TRUE(file.Clause("LEVEL", 3 * kDay).certain);
  Arrived late;
  late.Level({late.At(kDay + 1), late.At(kDay + 2), late.At(4 * kDay)});
  EXPECT_EQ(late.Clause("LEVEL", 5 * kDay).status, FindingStatus::kMetLate);
  EXPECT_TRUE(late.Clause("LEVEL", 5 * kDay).certain);
}

TEST(ClauseTest, WithoutElapsedTimesTheDoubtIsForWhoDidIt) {
  Arrived file;
  file.Level({file.At(10), file.At(0), file.At(2 * kDay), true});
  const Finding finding = file.Clause("LEVEL", 3 * kDay);
  EXPECT_EQ(finding.done->soft, (TimeInterval{file.At(10), file.At(2 * kDay)}));
  EXPECT_EQ(finding.status, FindingStatus::kMet);
  EXPECT_FALSE(finding.certain);
}

TEST(ClauseTest, ADeadlineCountedFromAnUncertainMomentIsAnInterval) {
  Arrived file;
  file.Level({file.At(10), file.At(0), file.At(100), true});
  const auto status = [&](int64_t minutes) { return file.Clause("MADE", minutes).status; };
  const auto certain = [&](int64_t minutes) { return file.Clause("MADE", minutes).certain; };
  EXPECT_EQ(file.Clause("MADE", 101).due->soft, (TimeInterval{file.At(70), file.At(160)}));
  EXPECT_EQ(status(160), FindingStatus::kPending);
  EXPECT_FALSE(certain(160));
  EXPECT_EQ(status(161), FindingStatus::kOverdue);
  EXPECT_TRUE(certain(161));
}

TEST(ClauseTest, AskedAboutThePastTheAnswerIsThatOfThePast) {
  // A file folded up to minute 30 knows nothing of what came later.
  Arrived before;
  Arrived after;
  after.Level(Bench::Exactly(after.At(60)));
  EXPECT_EQ(before.Clause("LEVEL", 30).status, FindingStatus::kPending);
  EXPECT_EQ(after.Clause("LEVEL", 90).status, FindingStatus::kMet);
  EXPECT_EQ(before.Clause("LEVEL", 2 * kDay).status, FindingStatus::kOverdue);
}

TEST(ClauseTest, AWaiverByAnEntitledRoleCountsWhileTheClauseIsUnmet) {
  Arrived file;
  const auto waive = [&](const char* clause, bool ended) {
    domain::Waiver waiver;
    waiver.clause = clause;
    waiver.reason = "invented";
    waiver.ended = ended;
    file.Put(file.person,
             file.Edit(file.person, file.supervisor, domain::Kind::kWaiver).Write(waiver), 20);
  };
  waive("LEVEL", false);
  const Finding finding = file.Clause("LEVEL", 2 * kDay);
  EXPECT_EQ(finding.status, FindingStatus::kWaived);
  EXPECT_EQ(finding.waived_by, file.supervisor.person);
  EXPECT_EQ(Explain(finding).find("invented"), std::string::npos);
  file.Level(Bench::Exactly(file.At(2 * kDay)));
  EXPECT_EQ(file.Clause("LEVEL", 3 * kDay).status, FindingStatus::kMetLate);
  Arrived other;
  other.Put(other.person,
            other.By(other.intake, other.person).Set(other.intake_record, "sex", Code{"F"}), 3);
  EXPECT_EQ(other.Clause("LEVEL", 2 * kDay).status, FindingStatus::kOverdue);
}

TEST(ClauseTest, WhatStandsInAFileThatIsNotHereIsPendingAndNotCertain) {
  Arrived file;
  const Finding finding = file.Clause("THERE", 10 * kDay);
  EXPECT_EQ(finding.status, FindingStatus::kPending);
  EXPECT_FALSE(finding.certain);
  EXPECT_TRUE(file.Says(finding, Reason::kNotAtHand));
}

TEST(ClauseTest, DifferentValuesSideBySideAreDisputed) {
  Arrived file;
  file.Level(Bench::Exactly(file.At(10)));
  file.Put(file.person,
           file.By(file.intake2, file.person).Set(file.intake_record, "level", Code{"high"}), 11);
  const Finding finding = file.Clause("IF", 20);
  EXPECT_TRUE(finding.disputed);
  EXPECT_TRUE(file.Says(finding, Reason::kDisputed) ||
              finding.status == FindingStatus::kNotApplicable);
}

TEST(ClauseTest, AFileOfAnotherKindHasNoFindings) {
  Arrived file;
  EXPECT_TRUE(Evaluate({file.operation, file.At(10)}, *file.standard).empty());
}

TEST(ClauseTest, PendingFindingsGiveTheNextDueTimesSoonestFirst) {
  Arrived file;
  file.Level(Bench::Exactly(file.At(10)));
  const auto due = NextDue(Evaluate({file.person, file.At(20)}, *file.standard));
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].code, "MADE");
  EXPECT_EQ(due[0].due.soft, TimeInterval::At(file.At(70)));
  EXPECT_EQ(due[0].file, file.person.id());
  EXPECT_FALSE(due[0].strict);
  EXPECT_TRUE(NextDue(Evaluate({file.person, file.At(100)}, *file.standard)).empty());
}

}  // namespace
}  // namespace kapea::standards
