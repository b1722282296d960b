// The kept open findings of a file: values <-> bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/codec/standing.h"
#include "common/standards/finding.h"

namespace kapea::codec {

// A finding as it is told: what decides it, and its explanation as one English sentence
// instead of its parts. No personal data.
struct ToldFinding {
  standards::Finding finding;
  std::string explanation;
};
ToldFinding Tell(standards::Finding finding);

struct OpenFindings : Standing {
  std::vector<ToldFinding> findings;  // pending and overdue
  std::string Encode() const;
  // DataLoss for bytes that cannot be read.
  static absl::StatusOr<OpenFindings> Decode(std::string_view bytes);
};

}  // namespace kapea::codec
