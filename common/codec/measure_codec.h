// Measures as messages: what is asked, what a file contributes, what was counted.
// proto/kapea/v1/measure.proto.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/domain/measure.h"
#include "common/standards/measure_answer.h"
#include "kapea/v1/measure.pb.h"

namespace kapea::codec {

inline constexpr int kAskedMeasuresMax = 256;
inline constexpr int kAskedDimensionsMax = 4;
inline constexpr int kAskedFiltersMax = 16;

// Questions or indicators as somebody asks them, but for the unit and the moment, which every
// query has.
struct MeasureQuestion {
  domain::MeasureKind kind = domain::MeasureKind::kNone;
  std::vector<std::string> measures = {};  // a code names its figures too: "I-J08"
  std::optional<standards::Period> period = {};
  std::map<std::string, std::string> codes = {};
  std::vector<std::string> by = {};
};
void AskToWire(const MeasureQuestion& ask, v1::MeasureAsk& wire);
// InvalidArgument, saying what is wanted. Whether the dimensions are the measure's own, the
// answer says.
absl::StatusOr<MeasureQuestion> AskFromWire(const v1::MeasureAsk& wire);

// Without its measure. Back: DataLoss for one that cannot be read.
void LineToWire(const standards::Contribution& line, v1::MeasureLine& wire);
absl::StatusOr<standards::Contribution> LineFromWire(const v1::MeasureLine& wire,
                                                     const std::string& measure);

// Without its rows.
void CountsToWire(const standards::MeasureResult& result, v1::MeasureAnswered& wire);
void RowToWire(const standards::MeasureRow& row, v1::ListedLine& wire);
// With its rows. DataLoss as above.
absl::StatusOr<standards::MeasureResult> AnsweredFromWire(const v1::MeasureAnswered& wire);

}  // namespace kapea::codec
