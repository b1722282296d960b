// The kept open findings of a file: values <-> bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/standards/finding.h"

namespace kapea::codec {

// A finding as it is told: what decides it, and its explanation as one English sentence
// instead of its parts. No personal data.
struct ToldFinding {
  standards::Finding finding;
  std::string explanation;
};
ToldFinding Tell(standards::Finding finding);

struct OpenFindings {
  uint64_t number = 0;                // of the file's last Entry that is in them
  Time as_of;                         // the moment they were worked out for
  Time until = Time::Max();           // from then on one may be another
  std::map<FileId, uint64_t> linked;  // files they stand on beside their own; 0: not there
  std::vector<ToldFinding> findings;  // pending and overdue
  std::string Encode() const;
  // DataLoss for bytes that cannot be read.
  static absl::StatusOr<OpenFindings> Decode(std::string_view bytes);
};

}  // namespace kapea::codec
