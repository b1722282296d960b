// What a person waits for: a day's work going out and coming in, small exchanges, opening.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/measure/case.h"
#include "tools/measure/deployment.h"

namespace kapea::bench {

// The devices from `first_device` on are its own. Runs those of its cases that are wanted.
absl::Status RunSyncCases(BenchDeployment& deployment, size_t first_device,
                          const std::string& folder, const std::set<std::string>& wanted,
                          std::vector<Result>& results);
inline constexpr size_t kSyncRuns = 5;
inline constexpr size_t kSyncDevices = 2 * kSyncRuns;

}  // namespace kapea::bench
