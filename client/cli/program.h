// The program `kapea`: from words to one command, and from a command to its exit code.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/session.h"

namespace kapea::cli {

// What one line printed and how it ended.
struct Outcome {
  int exit_code = 0;
  std::string out;
  std::string err;
  nlohmann::json json;  // of a result; null after an error
};

// Parses a command line (without the program's name). On --help, or a mistake, `outcome`
// has the words and the exit code, and the answer is false. Threads: any.
bool ParseLine(const std::vector<std::string>& words, Chosen& chosen, Outcome& outcome);

// Runs a command that needs the vault. Never throws. Threads: as the vault.
Outcome RunInVault(vault::Vault& vault, const Chosen& chosen);

// The words of a line of a batch, as a shell splits them: blanks, 'single' and "double"
// quotes, backslashes. InvalidArgument for a quote that does not end.
absl::StatusOr<std::vector<std::string>> SplitWords(std::string_view line);

// Everything: `words` without the program's name. The exit code.
int RunProgram(const std::vector<std::string>& words);

}  // namespace kapea::cli
