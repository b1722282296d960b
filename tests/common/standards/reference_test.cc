// The evaluator against a fold that a reader can check by eye: for each clause it walks
// the list of what happened, without registers, expressions or outcomes.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <tuple>

#include "common/domain/roles.h"
#include "tests/common/standards/test_bench.h"

namespace kapea::standards {
namespace {

constexpr std::string_view kClauses = R"pack(
  clauses { id: "ONE" label { en: "x" } severity: SEVERITY_MUST
    provenance { status: SOURCE_STATUS_PROPOSED }
    met: "exists(INTAKE.level)" deadline : "A + 1h"
}
  clauses { id: "BOTH" label { en: "x" } severity: SEVERITY_MUST
    provenance { status: SOURCE_STATUS_PROPOSED }
    met: "exists(INTAKE.level) and INTAKE.sex in [F, X]" deadline: "before A + 2h" }
  clauses { id: "EITHER" label { en: "x" } severity: SEVERITY_MUST
    provenance { status: SOURCE_STATUS_PROPOSED }
    met: "INTAKE.sex = M or INTAKE.explained_at" deadline: "A + 90m" }
  clauses { id: "TWICE" label { en: "x" } severity: SEVERITY_MUST
    provenance { status: SOURCE_STATUS_PROPOSED }
    applies: "exists(INTAKE.arrival_at)" met: "count(VISIT, well) >= 2" deadline: "A + 3h" })pack";

enum class What { kLevel, kSex, kExplained, kVisit, kArrival };

// One Change, made online or offline, applied in the order of receipt.
struct Event {
  What what;
  int choice;  // of a code, or a moment in minutes
  int64_t seen, happened, received;
};

rc::Gen<std::vector<Event>> Histories() {
  return rc::gen::map(
      rc::gen::container<std::vector<std::tuple<int, int, int, int, int>>>(
          rc::gen::tuple(rc::gen::inRange(0, 5), rc::gen::inRange(0, 240), rc::gen::inRange(0, 60),
                         rc::gen::inRange(0, 60), rc::gen::inRange(0, 60))),
      [](const auto& draws) {
        std::vector<Event> events;
        int64_t clock = 1;
        for (const auto& [what, choice, wait, offline, upload] : draws) {
          clock += wait;
          const int64_t seen = std::max<int64_t>(0, clock - offline);
          // Most deadlines count from the arrival: three histories of four begin with it.
          const bool arrives = events.empty() && choice % 4 != 0;
          events.push_back({arrives ? What::kArrival : static_cast<What>(what), choice, seen,
                            std::max(seen, clock - 5), clock + upload});
          clock = clock + upload;
        }
        return events;
      });
}

const char* SexOf(int choice) { return choice % 3 == 0 ? "F" : choice % 3 == 1 ? "M" : "X"; }

// In minutes: soft {earliest, latest}, hard {earliest, latest}.
struct Span {
  int64_t a, b, c, d;
};
Span SpanOf(const Event& event) {
  return {event.happened, event.happened, event.seen, event.received};
}
Span Max(const Span& x, const Span& y) {
  return {std::max(x.a, y.a), std::max(x.b, y.b), std::max(x.c, y.c), std::max(x.d, y.d)};
}
Span Min(const Span& x, const Span& y) {
  return {std::min(x.a, y.a), std::min(x.b, y.b), std::min(x.c, y.c), std::min(x.d, y.d)};
}
using Maybe = std::optional<Span>;

struct Expected {
  FindingStatus status;
  bool certain;
};

// The rules of DESIGN.md "Time", for one pair of ends, in minutes.
std::pair<FindingStatus, bool> Rule(bool done, int64_t t1, int64_t t2, int64_t due, bool strict,
                                    int64_t now) {
  if (!done) {
    const bool over = strict ? now >= due : now > due;
    return {over ? FindingStatus::kOverdue : FindingStatus::kPending, true};
  }
  const bool before = strict ? t2 < due : t2 <= due;
  const bool after = strict ? t1 >= due : t1 > due;
  return {after ? FindingStatus::kMetLate : FindingStatus::kMet, before || after};
}

class Naive {
 public:
  Naive(const std::vector<Event>& events, int64_t now) : events_(events), now_(now) {}

  Expected Judge(const std::string& clause) const {
    if (clause == "ONE") return Decide(Level(), 60, false);
    if (clause == "BOTH") {
      const Maybe level = Level();
      const Maybe sex = Sex({"F", "X"});
      return Decide(level && sex ? Maybe(Max(*level, *sex)) : std::nullopt, 120, true);
    }
    if (clause == "EITHER") {
      const Maybe sex = Sex({"M"});
      const Maybe told = Explained();
      Maybe met = sex ? sex : told;
      if (sex && told) met = Min(*sex, *told);
      return Decide(met, 90, false);
    }
    if (!Arrival()) return {FindingStatus::kNotApplicable, true};
    return Decide(SecondGoodVisit(), 180, false);
  }

 private:
  const Event* Last(What what) const {
    const Event* last = nullptr;
    for (const Event& event : events_) {
      if (event.what == what) last = &event;
    }
    return last;
  }
  Maybe Level() const {  // since the first answer
    Maybe first;
    for (const Event& event : events_) {
      if (event.what == What::kLevel) first = first ? Min(*first, SpanOf(event)) : SpanOf(event);
    }
    return first;
  }
  Maybe Sex(const std::vector<std::string>& wanted) const {
    const Event* last = Last(What::kSex);
    if (last == nullptr) return std::nullopt;
    const bool is = std::find(wanted.begin(), wanted.end(), SexOf(last->choice)) != wanted.end();
    return is ? Maybe(SpanOf(*last)) : std::nullopt;
  }
  Maybe Explained() const {
    const Event* last = Last(What::kExplained);
    if (last == nullptr || last->choice > now_) return std::nullopt;
    return Span{last->choice, last->choice, last->choice, last->choice};
  }
  std::optional<int64_t> Arrival() const {
    const Event* last = Last(What::kArrival);
    return last == nullptr ? std::nullopt : std::optional<int64_t>(last->choice);
  }
  Maybe SecondGoodVisit() const {
    std::vector<Span> good;
    for (const Event& event : events_) {
      if (event.what == What::kVisit && event.choice % 2 == 0) good.push_back(SpanOf(event));
    }
    std::sort(good.begin(), good.end(), [](const Span& x, const Span& y) {
      return std::tie(x.a, x.b, x.c, x.d) < std::tie(y.a, y.b, y.c, y.d);
    });
    return good.size() < 2 ? std::nullopt : Maybe(good[1]);
  }
  Expected Decide(const Maybe& met, int64_t after_arrival, bool strict) const {
    const auto arrival = Arrival();
    if (!arrival) return {met ? FindingStatus::kMet : FindingStatus::kPending, true};
    const int64_t due = *arrival + after_arrival;
    const Span span = met.value_or(Span{});
    const auto soft = Rule(met.has_value(), span.a, span.b, due, strict, now_);
    const auto hard = Rule(met.has_value(), span.c, span.d, due, strict, now_);
    return {soft.first, soft.second && hard.second && soft.first == hard.first};
  }

  const std::vector<Event>& events_;
  const int64_t now_;
};

void Play(Bench& bench, const Event& event, uint32_t number) {
  const When when{bench.At(event.seen), bench.At(event.happened), bench.At(event.received)};
  const auto set = [&](const char* field, Value value) {
    const auto* answers = bench.person.FindRecord(bench.intake_record)->Find(field);
    const auto replaces = answers != nullptr ? answers->CurrentIds() : std::vector<ChangeId>();
    bench.Put(bench.person,
              bench.By(bench.intake, bench.person)
                  .Set(bench.intake_record, field, std::move(value), replaces),
              when);
  };
  switch (event.what) {
    case What::kLevel:
      return set("level", Code{event.choice % 2 == 0 ? "low" : "high"});
    case What::kSex:
      return set("sex", Code{SexOf(event.choice)});
    case What::kExplained:
      return set("explained_at", bench.At(event.choice));
    case What::kArrival:
      return set("arrival_at", bench.At(event.choice));
    case What::kVisit: {
      const RecordId id = MakeId<RecordId>(10'000 + number);
      bench.Put(bench.person,
                bench.By(bench.intake, bench.person)
                    .Set(id, "well", event.choice % 2 == 0)
                    .Pin("VISIT", 1),
                when);
    }
  }
}

// Replays one history and compares every clause; empty where they agree.
std::string Difference(const std::vector<Event>& events, int64_t wait) {
  Bench bench(kClauses);
  uint32_t number = 0;
  for (const Event& event : events) Play(bench, event, ++number);
  const int64_t now = (events.empty() ? 0 : events.back().received) + wait;
  const Naive naive(events, now);
  const auto findings = Evaluate({bench.person, bench.At(now)}, *bench.standard);
  if (findings.size() != 4) return "want 4 findings";
  for (const Finding& finding : findings) {
    const Expected expected = naive.Judge(finding.code);
    if (finding.status != expected.status || finding.certain != expected.certain) {
      return finding.code + ": " + Explain(finding) + ", want " +
             std::string(domain::NameOf(expected.status));
    }
  }
  return "";
}

// Three histories to a case: RapidCheck runs a hundred cases by default.
TEST(ReferenceTest, TheEvaluatorAgreesWithTheNaiveFold) {
  const bool agreed = rc::check("evaluator = naive fold", [] {
    for (int round = 0; round < 3; ++round) {
      const auto events = *Histories();
      RC_ASSERT(Difference(events, *rc::gen::inRange(0, 300)) == "");
    }
  });
  EXPECT_TRUE(agreed);
}

}  // namespace
}  // namespace kapea::standards
