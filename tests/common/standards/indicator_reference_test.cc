// Every indicator of the national pack against the naive count, over generated histories.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <set>

#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/codec/pack_compiler.h"
#include "common/standards/measure_answer.h"
#include "tests/common/standards/naive_indicators.h"
#include "tests/common/standards/test_bench.h"

namespace kapea::standards {
namespace {

constexpr size_t kRowsMin = 60;

std::shared_ptr<domain::Pack> National() {
  std::vector<codec::PackFile> files;
  std::set<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(KAPEA_SOURCE "/common/packs/kh")) {
    if (entry.path().extension() == ".textproto") paths.insert(entry.path());
  }
  for (const auto& path : paths) {
    auto text = ReadFile(path.string(), codec::kPackTextBytesMax);
    KAPEA_CHECK(text.ok());
    files.push_back({path.filename().string(), *std::move(text)});
  }
  auto compiled = codec::CompilePackFiles(files);
  KAPEA_CHECK(compiled.pack != nullptr);
  return std::move(compiled.pack);
}

Number NumberIn(const domain::Measure& measure, const MeasureFigure& figure) {
  switch (measure.answer) {
    case domain::MeasureAnswer::kSum:
      return {figure.sum, 0};
    case domain::MeasureAnswer::kMedian:
      return {static_cast<int64_t>(figure.values), figure.median.value_or(0)};
    case domain::MeasureAnswer::kShare:
      return {static_cast<int64_t>(figure.count), static_cast<int64_t>(figure.of)};
    default:
      return {static_cast<int64_t>(figure.count), 0};
  }
}

// The files of one history, under the national pack.
class Files {
 public:
  Files(const std::shared_ptr<domain::Pack>& national, const History& history) {
    bench_.pack = national;
    bench_.packs.Add(national, 0);
    for (int file = 0; file < kFiles; ++file) {
      states_.push_back(std::make_unique<domain::FileState>(IdOf(file)));
      domain::Change founding = *bench_.Found(IdOf(file), KindOf(file), bench_.supervisor);
      for (domain::Write& write : founding.writes) {
        if (auto* f = std::get_if<domain::Founding>(&write.body)) f->drill = IsDrill(file);
      }
      bench_.Put(*states_.back(), founding, Bench::Exactly(bench_.start));
    }
    for (size_t i = 0; i < history.rows.size(); ++i) Write(history, i);
    uint32_t link_id = 0;
    for (const auto& [a, b] : history.same) {
      domain::LinkWrite link;
      link.link_id = domain::MakeId<ChangeId>(++link_id + 70'000);
      link.relation = "same_person";
      link.other_file = IdOf(b);
      auto& file = *states_[static_cast<size_t>(a)];
      bench_.Put(file, bench_.Edit(file, bench_.supervisor, domain::Kind::kLink).Write(link), 0);
    }
  }
  const std::vector<std::unique_ptr<domain::FileState>>& states() const { return states_; }
  Time start() const { return bench_.start; }

 private:
  static RecordId RecordOf(size_t row) {
    return domain::MakeId<RecordId>(static_cast<uint32_t>(20'000 + row));
  }
  void Write(const History& history, size_t i) {
    const Row& row = history.rows[i];
    auto& file = *states_[static_cast<size_t>(row.file)];
    auto change = bench_.Edit(file, bench_.supervisor);
    bool first = true;
    for (const auto& [field, value] : row.fields) {
      change.Set(RecordOf(i), field, value);
      if (!std::exchange(first, false)) continue;
      const auto parent =
          row.parent < 0 ? std::nullopt : std::optional(RecordOf(static_cast<size_t>(row.parent)));
      change.Pin(row.shape->form, 1, parent);
    }
    bench_.Put(file, change, 0);
    if (!row.voided) return;
    bench_.Put(file,
               bench_.Edit(file, bench_.supervisor)
                   .Set(RecordOf(i), domain::kVoidField, domain::Code{"mistake"}),
               0);
  }

  Bench bench_;
  std::vector<std::unique_ptr<domain::FileState>> states_;
};

// Empty where every indicator agrees. `counted`: those that are not nothing.
std::string Difference(const std::shared_ptr<domain::Pack>& national,
                       const std::vector<uint32_t>& seeds, int64_t days, std::optional<int> month,
                       std::set<std::string>& counted) {
  const Time start = Bench().start;
  const History history = MakeHistory(seeds, start);
  const Files files(national, history);
  const Time as_of = start + Duration::Days(days);
  std::optional<Period> period;
  if (month)
    period = Period{start + Duration::Days(30 * *month), start + Duration::Days(30 * *month + 30)};
  std::map<int, std::vector<Finding>> findings;
  std::vector<FileContributions> contributions;
  for (int file = 0; file < kFiles; ++file) {
    const Asked asked{*files.states()[static_cast<size_t>(file)], as_of};
    findings[file] = EvaluateFile(asked);
    contributions.push_back(Contributions(asked, *national));
  }
  const Naive naive(history, start, as_of, period, findings);
  std::string differences;
  for (const domain::Measure& measure : national->measures) {
    const bool figure = measure.kind == domain::MeasureKind::kIndicator && !measure.parts.empty();
    if (!figure) continue;
    const auto expected = naive.Count(measure.id);
    if (!expected) return measure.id + " has no reference";
    MeasureRequest request;
    if (!measure.stock) request.period = period;
    const auto answer = Answer(measure, contributions, request);
    if (!answer.ok()) return std::string(answer.status().message());
    const Number said = NumberIn(measure, answer->total);
    if (said != Number(0, 0)) counted.insert(measure.id);
    if (said == *expected) continue;
    differences += measure.id + " says " + std::to_string(said.first) + "/" +
                   std::to_string(said.second) + ", want " + std::to_string(expected->first) + "/" +
                   std::to_string(expected->second) + "; ";
  }
  return differences;
}

// Small numbers are drawn more often: the place in the history makes each seed another one.
std::vector<uint32_t> Spread(std::vector<uint32_t> seeds) {
  for (size_t i = 0; i < seeds.size(); ++i) {
    seeds[i] = seeds[i] * 2654435761u + static_cast<uint32_t>(i) * 2246822519u;
  }
  return seeds;
}

TEST(IndicatorReferenceTest, EveryIndicatorAgreesWithTheNaiveCount) {
  const std::shared_ptr<domain::Pack> national = National();
  std::set<std::string> counted;
  const bool agreed = rc::check("indicator = naive count", [&] {
    auto seeds = *rc::gen::container<std::vector<uint32_t>>(rc::gen::arbitrary<uint32_t>());
    const auto more =
        *rc::gen::container<std::vector<uint32_t>>(kRowsMin, rc::gen::arbitrary<uint32_t>());
    seeds.insert(seeds.end(), more.begin(), more.end());
    const auto month = *rc::gen::maybe(rc::gen::inRange(0, 5));
    const std::optional<int> asked = month ? std::optional<int>(*month) : std::nullopt;
    const auto days = *rc::gen::inRange<int64_t>(0, 160);
    RC_ASSERT(Difference(national, Spread(seeds), days, asked, counted) == "");
  });
  EXPECT_TRUE(agreed);
}

// Else the agreement would be worth nothing.
TEST(IndicatorReferenceTest, NoIndicatorIsNothingInAWideHistory) {
  const std::shared_ptr<domain::Pack> national = National();
  std::set<std::string> counted;
  for (uint32_t history = 1; history <= 48; ++history) {
    const std::vector<uint32_t> seeds = Spread(std::vector<uint32_t>(300, history));
    EXPECT_EQ(Difference(national, seeds, 160, std::nullopt, counted), "");
  }
  for (const domain::Measure& measure : national->measures) {
    const bool figure = measure.kind == domain::MeasureKind::kIndicator && !measure.parts.empty();
    if (figure) {
      EXPECT_TRUE(counted.contains(measure.id)) << measure.id << " was always nothing";
    }
  }
}

}  // namespace
}  // namespace kapea::standards
