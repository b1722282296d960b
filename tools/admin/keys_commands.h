// The commands about the server's keys: `keys home`, `keys move`, `keys copy`,
// `keys rotate`, `renew-server`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/clock.h"

namespace kapea::admin {

// What the program gives its commands. All of it lives until the chosen one has run.
struct CommandContext {
  const std::string& dir;  // of the deployment, once the command line is read
  const Clock& clock;
  // A result, as JSON or as text.
  std::function<void(const nlohmann::ordered_json&, const std::string&)> say;
  std::function<absl::StatusOr<int>()>& run;  // the chosen command leaves here what it does
};
void AddKeysCommands(CLI::App& app, const CommandContext& context);

}  // namespace kapea::admin
