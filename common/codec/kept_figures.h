// What the server keeps of a file's part in questions and indicators: values <-> bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

std::string EncodeLines(const std::vector<const standards::Contribution*>& lines);
// Appends them. DataLoss as above, with nothing appended.
absl::Status DecodeLines(std::string_view bytes, const std::string& measure,
                         std::vector<standards::Contribution>& lines);

}  // namespace kapea::codec
