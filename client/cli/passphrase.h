// Where the passphrase comes from.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/session.h"

namespace kapea::cli {

// From --passphrase-file (its first line), else from the terminal without echo.
// Unauthenticated where there is neither. `anew`: for a new vault, asked twice.
absl::StatusOr<std::string> ReadPassphrase(const Options& options, bool anew);
// Overwrites it before it is freed.
void Wipe(std::string& secret);

}  // namespace kapea::cli
