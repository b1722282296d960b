// The cases, what each is to reach, and how a result is printed.
#pragma once

#include <string>
#include <vector>

namespace kapea::bench {

struct Result {
  std::string name;
  std::string unit;
  std::vector<double> runs;  // one figure a run

  double Median() const;
  double Min() const;
  double Max() const;
  // {"case":...,"value":...,"unit":...,"runs":...,"min":...,"max":...}; value is the median.
  std::string ToJson() const;
};

// What --help says of a case, and what --check wants of it.
struct CaseInfo {
  const char* name;
  const char* what;
  // The value must be at least (or at most) `factor` times `of`, or `factor` itself where
  // there is no `of`. kNone: nothing is asked.
  enum class Wanted { kNone, kAtLeast, kAtMost } wanted = Wanted::kNone;
  double factor = 0;
  const char* of = nullptr;
};
const std::vector<CaseInfo>& Cases();

// Sentences, one a miss; a case whose measure is missing is a miss too.
std::vector<std::string> Misses(const std::vector<Result>& results);

// The value below which a share `part` of the figures lies; sorts them.
double Quantile(std::vector<double>& figures, double part);

// A line of progress on standard error.
void Say(const std::string& line);

}  // namespace kapea::bench
