// The floors and what devices submit, in turns, so that both see the same machine.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/measure/case.h"
#include "tools/measure/deployment.h"
#include "tools/measure/floors.h"

namespace kapea::bench {

// Runs those of its cases that are wanted; appends their results.
absl::Status RunSubmitCases(BenchDeployment& deployment, const std::string& program,
                            const std::string& folder, const std::set<std::string>& wanted,
                            std::vector<Result>& results);

}  // namespace kapea::bench
