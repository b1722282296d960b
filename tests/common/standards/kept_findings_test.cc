// What is kept from Change to Change against what is worked out anew.
#include "common/standards/kept_findings.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <tuple>

#include "tests/common/standards/test_bench.h"

namespace kapea::standards {
namespace {

// Each reads the file in another way: a field, an event, a clock, records, what is to come,
// consent, an author.
constexpr std::string_view kClauses = R"pack(
  events { code: "SEEN" label { en: "x" } at: "latest(VISIT, visited_at)" }
  events { code: "LONG" label { en: "x" } at: "at(within(now(), A, 2h))" }
  clauses { id: "FIELD" label { en: "x" } severity: SEVERITY_MUST
    provenance { status: SOURCE_STATUS_PROPOSED }
    met: "exists(INTAKE.level)" deadline: "A + 1h" }
  clauses { id: "CLOCK" label { en: "x" } severity: SEVERITY_MUST
    provenance { status: SOURCE_STATUS_PROPOSED }
    applies: "INTAKE.sex in [F]" met: "within(now(), SEEN, 2h)" deadline: "before SEEN + 2h" }
  clauses { id: "RECORDS" label { en: "x" } severity: SEVERITY_MUST
    provenance { status: SOURCE_STATUS_PROPOSED }
    applies: "count(VISIT) > 0" met: "all(VISIT, well)"
    deadline: "earliest(VISIT, if(well, at(false), visited_at))" }
  clauses { id: "LATER" label { en: "x" } severity: SEVERITY_MUST
    provenance { status: SOURCE_STATUS_PROPOSED }
    met: "INTAKE.explained_at" deadline: "if(happened(LONG), A + 30m, A + 3h)" }
  clauses { id: "CONSENT" label { en: "x" } severity: SEVERITY_MUST
    provenance { status: SOURCE_STATUS_PROPOSED }
    met: "consent(photo)" deadline: "A + 2h" }
  clauses { id: "AUTHOR" label { en: "x" } severity: SEVERITY_MUST
    provenance { status: SOURCE_STATUS_PROPOSED }
    applies: "not happened(LONG)" met: "second_person(INTAKE.level)" })pack";

enum class Act { kLevel, kSex, kExplained, kArrival, kVisit, kVoid, kConsent, kWait };

std::string TextOf(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += finding.code + (finding.certain ? " " : " ? ") + (finding.disputed ? "! " : "") +
            Explain(finding) + "\n";
  }
  return text;
}

class History {
 public:
  // Empty while what is kept is what there is.
  std::string Play(Act act, int choice, int64_t minutes) {
    clock_ += minutes;
    if (act != Act::kWait) Write(act, choice);
    const Time as_of = bench_.At(clock_);
    const std::string kept =
        TextOf(kept_.Update(bench_.person, as_of, bench_.person.TakeTouched(), &names_));
    const std::string anew = TextOf(EvaluateFile({bench_.person, as_of}));
    return kept == anew ? "" : "kept:\n" + kept + "anew:\n" + anew;
  }

  size_t judged() const { return kept_.judged(); }

 private:
  void Set(const RecordId& record, const char* field, Value value, const char* form = nullptr) {
    const domain::Record* known = bench_.person.FindRecord(record);
    const auto* answers = known == nullptr ? nullptr : known->Find(field);
    // Now and then over a colleague's head: a Conflict.
    auto replaces =
        answers != nullptr && ++writes_ % 4 != 0 ? answers->CurrentIds() : std::vector<ChangeId>();
    auto change = bench_.By(writes_ % 3 == 0 ? bench_.intake2 : bench_.intake, bench_.person);
    change.Set(record, field, std::move(value), replaces);
    if (known == nullptr && form != nullptr) change.Pin(form, 1);
    bench_.Put(bench_.person, change, clock_);
  }
  void Write(Act act, int choice) {
    const RecordId intake = bench_.intake_record;
    const RecordId other = MakeId<RecordId>(9'000 + static_cast<uint32_t>(choice % 3));
    const RecordId consent = MakeId<RecordId>(9'100);
    switch (act) {
      case Act::kLevel:
        return Set(intake, "level", Code{choice % 2 == 0 ? "low" : "high"});
      case Act::kSex:
        return Set(intake, "sex", Code{choice % 2 == 0 ? "F" : "M"});
      case Act::kExplained:
        return Set(intake, "explained_at", bench_.At(choice * 4));
      case Act::kArrival:
        return Set(intake, "arrival_at", bench_.At(choice * 2));
      case Act::kVisit:
        Set(other, "well", choice % 2 == 0, "VISIT");
        return Set(other, "visited_at", bench_.At(choice * 3));
      case Act::kVoid:
        if (bench_.person.FindRecord(other) == nullptr) return;
        return Set(other, "@void", Code{"mistake"});
      case Act::kConsent:
        Set(consent, "purpose", Code{"photo"}, "PERSON-CONSENT");
        Set(consent, "answer", Code{choice % 3 == 0 ? "no" : "yes"});
        return Set(consent, "ends_at", bench_.At(choice * 3));
      case Act::kWait:
        return;
    }
  }

  Bench bench_{kClauses};
  const ClauseNames names_{*bench_.pack};
  KeptFindings kept_;
  int64_t clock_ = 1;
  int writes_ = 0;
};

TEST(KeptFindingsTest, AreThoseOfTheWholeFileAfterEveryChangeAndEveryWait) {
  const bool same = rc::check("kept = evaluated anew", [] {
    const auto acts = *rc::gen::container<std::vector<std::tuple<int, int, int>>>(
        rc::gen::tuple(rc::gen::inRange(0, 8), rc::gen::inRange(0, 100), rc::gen::inRange(0, 90)));
    History history;
    for (const auto& [act, choice, minutes] : acts) {
      RC_ASSERT(history.Play(static_cast<Act>(act), choice, minutes) == "");
    }
  });
  EXPECT_TRUE(same);
}

// Of six clauses. What follows from links and consent is always judged: CONSENT here.
TEST(KeptFindingsTest, AChangeJudgesWhatItCanAffectAlone) {
  struct Step {
    Act act;
    int64_t minutes;
    size_t judged;
    const char* which;
  };
  constexpr Step kSteps[] = {{Act::kArrival, 1, 6, "a file that was never judged"},
                             {Act::kLevel, 1, 3, "FIELD, AUTHOR"},
                             {Act::kExplained, 1, 2, "LATER"},
                             {Act::kSex, 1, 2, "CLOCK"},
                             {Act::kVisit, 1, 3, "CLOCK, RECORDS"},
                             {Act::kWait, 0, 1, "nothing was written and no moment has come"}};
  History history;
  for (const Step& step : kSteps) {
    EXPECT_EQ(history.Play(step.act, 0, step.minutes), "") << step.which;
    EXPECT_EQ(history.judged(), step.judged) << step.which;
  }
}

TEST(KeptFindingsTest, AFileWithoutAPackHasNone) {
  const domain::FileState file(MakeId<FileId>(3));
  KeptFindings kept;
  EXPECT_TRUE(kept.Update(file, Time::FromUnixMs(1), {}, nullptr).empty());
}

}  // namespace
}  // namespace kapea::standards
