// Answers to questions, and indicators: counting over what files contribute.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/domain/form.h"
#include "common/domain/measure.h"
#include "common/standards/contributions.h"
#include "common/standards/period.h"

namespace kapea::standards {

struct MeasureRequest {
  std::optional<Period> period = {};  // of what a moment decides; absent: all time
  std::optional<UnitId> unit = {};  // files with that unit on their roster, or that has the person
  std::map<std::string, std::string> codes = {};  // dimension -> code: those lines alone
  std::vector<std::string> by = {};               // dimensions to break down by
  size_t rows_from = 0, rows_max = SIZE_MAX;      // of a list, which of its rows
};

// What a number says depends on the measure: `count` persons, files or records; of a share
// the weight of those that count, and `of` how much there is. Median: of an even number the
// lower whole number between the two in the middle; 90th percentile: nearest rank.
struct MeasureFigure {
  uint64_t count = 0;
  uint64_t of = 0;
  int64_t sum = 0;
  uint64_t values = 0;  // how many had a value
  uint64_t over = 0;    // of these, over the limit
  std::optional<int64_t> median, p90;

  friend bool operator==(const MeasureFigure&, const MeasureFigure&) = default;
};

// The code of who has several codes of a dimension; "" stands for none said.
inline constexpr const char* kSeveralCodes = "several";

struct MeasureCell {
  std::vector<std::string> codes;  // one of each dimension asked for
  MeasureFigure figure;
};
struct MeasureMargin {
  std::string dimension;
  struct Row {
    std::string code;
    MeasureFigure figure;  // those who have this code alone: the rows add up to the total
    // All who have it, beside others: these overlap, and do not add up. Never beside `figure`
    // in what leaves the house.
    MeasureFigure among;
  };
  std::vector<Row> rows;  // by code; kSeveralCodes too
};
struct MeasureRow {  // of a list
  FileId file;
  domain::FileKind kind = domain::FileKind::kNone;
  Contribution line;
};

struct MeasureResult {
  MeasureFigure total;
  std::vector<std::string> by;
  std::vector<MeasureMargin> margins;  // one for each of `by`
  std::vector<MeasureCell> cells;      // of all of `by` together, by codes; they add up
  std::vector<MeasureRow> rows;        // of a list alone, earliest first: those asked for
  uint64_t listed = 0;                 // how many there are
  uint64_t border = 0;     // lines that may lie on the other side of the period's border
  uint64_t uncertain = 0;  // lines counted by the word of a device's clock
  uint64_t disputed = 0;   // lines counted by one of two values
  uint64_t unknown = 0;    // lines not counted: they stand on a file that is not at hand
  uint64_t valueless = 0;  // lines without the value that is added up or measured
  uint64_t drills = 0;     // files left out
};

// "I-J08" names I-J08 itself, and each of its figures, I-J08a and so on.
bool IsNamedBy(const domain::Measure& measure, std::string_view code);
struct NamedMeasures {
  std::vector<const domain::Measure*> measures;  // in the order of the pack
  std::set<std::string> unknown;                 // codes that name none
};
NamedMeasures MeasuresNamed(const domain::Pack& pack, domain::MeasureKind kind,
                            const std::vector<std::string>& codes);

// Counts a person once in a period, also across files that are linked as the same person's;
// drills never. A time interval counts where its soft end lies; `border` says for how many
// lines another end lies elsewhere. InvalidArgument for a dimension or code filter that the
// measure does not have, a period that ends before it begins, or any period where the measure
// asks how things stand. Pure. Threads: any.
absl::StatusOr<MeasureResult> Answer(const domain::Measure& measure,
                                     const std::vector<FileContributions>& files,
                                     const MeasureRequest& request);

// The same where lines come one after the other: of most of them it keeps nothing but what they
// add. Threads: one at a time.
class LineCounter {
 public:
  // `files`: all that are looked at, whose lines are not read; with the request they live as long
  // as this. InvalidArgument as Answer.
  static absl::StatusOr<LineCounter> Make(const domain::Measure& measure,
                                          const MeasureRequest& request,
                                          const std::vector<FileContributions>& files);
  LineCounter(LineCounter&&) noexcept;
  ~LineCounter();

  // Whether its lines count at all: it is no exercise, and of the unit.
  bool Wants(const FileContributions& file) const;
  // One of those `files`, which is wanted; a line of the measure.
  void Take(const FileContributions& file, const Contribution& line);
  MeasureResult Finish() &&;

 private:
  class Impl;
  explicit LineCounter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The cells as suppress.h wants them: rows by the first dimension, columns by the others
// together; one column where there is one dimension. Counts of a share: its denominator.
struct CountTable {
  std::vector<std::vector<std::string>> rows, columns;  // codes
  std::vector<std::vector<uint64_t>> counts;
};
CountTable TableOf(const MeasureResult& result);

}  // namespace kapea::standards
