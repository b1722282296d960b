// Figures as they may be shown: of what leaves the house small counts are hidden, and what
// would tell them; and the same figures as they are published, and read back.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "client/report/document.h"
#include "common/domain/form.h"
#include "common/domain/write.h"
#include "common/standards/measure_answer.h"

namespace kapea::report {

struct DisclosureControl {
  bool leaves = true;       // the house; else everything is shown
  uint64_t k = 11;          // counts of 1 to k - 1 are hidden
  uint32_t rounded_to = 0;  // 0: not; else counts and sums to a multiple of it, shares to whole %
  // Hidden by an earlier publication for the same files and period: measure, dimension, code.
  std::set<std::tuple<std::string, std::string, std::string>> hidden = {};
};

struct ShownRow {
  std::string code;
  Cell cell;
};
struct ShownMargin {
  std::string dimension;
  std::vector<ShownRow> rows;  // by code
};
struct ShownMeasure {
  const domain::Measure* measure = nullptr;  // as long as the pack
  Cell figure;                               // text: there is nothing to say
  std::vector<ShownRow> beside;              // a median's "values", "p90" and "over"
  std::vector<ShownMargin> margins;          // those who have one code alone: they add up

  bool HidesAnything() const;
};

// Rounding comes last, so that rounded parts need not add up. Pure. Threads: any.
ShownMeasure Show(const domain::Measure& measure, const standards::MeasureResult& result,
                  const DisclosureControl& control);

// What is published of them; what says nothing is left out.
std::vector<domain::PublishedTable> ToTables(const std::vector<ShownMeasure>& figures);
// Back, in the order of the pack. FailedPrecondition for a measure that the pack does not have.
absl::StatusOr<std::vector<ShownMeasure>> FromTables(
    const domain::Pack& pack, const std::vector<domain::PublishedTable>& tables);

}  // namespace kapea::report
