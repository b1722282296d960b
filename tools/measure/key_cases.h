// What keys cost on a device: sealing and opening an intake, taking somebody off many files,
// letting somebody in, unlocking.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/measure/case.h"
#include "tools/measure/deployment.h"

namespace kapea::bench {

// The devices from `first_device` on are its own. Runs those of its cases that are wanted.
absl::Status RunKeyCases(const BenchDeployment& deployment, size_t first_device,
                         const std::string& folder, const std::set<std::string>& wanted,
                         std::vector<Result>& results);
inline constexpr size_t kKeyDevices = 5;

}  // namespace kapea::bench
