// A country's files after a year: what is overdue in one province, and everything worked
// out anew.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/measure/case.h"

namespace kapea::bench {

// In a deployment of its own, below `folder`.
absl::Status RunYearCases(const std::string& kapead, const std::string& packs,
                          const std::string& folder, const std::set<std::string>& wanted,
                          std::vector<Result>& results);

}  // namespace kapea::bench
