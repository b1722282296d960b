// What the server keeps of a file's part in questions and indicators: values <-> bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/codec/standing.h"
#include "common/standards/contributions.h"

namespace kapea::codec {

struct KeptFigures : Standing {
  Hash pack;                          // whose measures they are
  std::vector<uint64_t> measures;     // MeasureNumber of each that has lines; ascending
  standards::FileContributions from;  // but for its file, and its lines: these lie by themselves
  std::string Encode() const;
  // DataLoss for bytes that cannot be read.
  static absl::StatusOr<KeptFigures> Decode(std::string_view bytes);
};

// What a measure is called in keys, whatever pack it stands in.
uint64_t MeasureNumber(std::string_view measure);

// Of one measure, so that all have as many dimensions.
std::string EncodeLines(const std::vector<const standards::Contribution*>& lines);
// `take` gets them one after the other, and may not keep them. DataLoss for bytes that cannot be
// read or lines of other than so many dimensions, some of which may have been taken.
absl::Status ReadLines(std::string_view bytes, const std::string& measure, size_t dimensions,
                       absl::FunctionRef<void(const standards::Contribution&)> take);

}  // namespace kapea::codec
