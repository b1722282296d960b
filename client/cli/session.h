// What one command line works with, and what comes of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/field/forms.h"
#include "client/vault/vault.h"
#include "nlohmann/json.hpp"

namespace kapea::cli {

// Options that every command has.
struct Options {
  std::string vault;            // directory
  std::string passphrase_file;  // empty: ask
  std::string server;           // host:port instead of the enrolled one
  bool json = false;
  field::Language language = field::Language::kEnglish;
  std::string batch;  // "-": standard input
  bool keep_going = false;
};

// An opened vault and the options of this line. Threads: one at a time.
struct Session {
  vault::Vault& vault;
  const Options& options;
};

// What a command did: for people and for programs. Stable keys: docs/kapea.md.
struct Result {
  std::string text;  // ends in a newline, or is empty
  nlohmann::json json;
};

using Run = std::function<absl::StatusOr<Result>(Session&)>;

// Filled in by the parser with what was asked for.
struct Chosen {
  Options options;
  Run run;               // a command that needs the vault
  bool network = false;  // and a server: decides what "unavailable" means
  // A command that does not: its exit code. The words are printed by itself.
  std::function<int(const Options&)> alone;
};

}  // namespace kapea::cli
