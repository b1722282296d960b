// The commands about the recovery key: `recovery create`, `check`, `open`, which reach no
// network, and `recovery propose`, `show`, which act in the directory.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/admin/arguments.h"
#include "tools/admin/keys_commands.h"

namespace kapea::admin {

// `arguments`: as the command line will have filled them in; lives as long as `app`.
void AddRecoveryCommands(CLI::App& app, const Arguments& arguments, const CommandContext& context);

}  // namespace kapea::admin
