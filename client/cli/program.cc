#include "client/cli/program.h"

#include <unistd.h>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>

#include "client/cli/agent.h"
#include "client/cli/commands.h"
#include "client/cli/exit_code.h"
#include "client/cli/passphrase.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

constexpr size_t kBatchLineBytesMax = 64 * 1024;

std::string DefaultVault() {
  if (const char* vault = std::getenv("KAPEA_VAULT"); vault != nullptr && *vault != '\0') {
    return vault;
  }
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "." : home) + "/.kapea";
}

void AddOptions(CLI::App& app, Options& options) {
  app.add_option("--vault", options.vault, "Directory of the vault; else $KAPEA_VAULT, ~/.kapea");
  app.add_option("--passphrase-file", options.passphrase_file,
                 "File whose first line is the passphrase");
  app.add_option("--server", options.server, "host:port instead of the enrolled server");
  app.add_flag("--json", options.json, "Results as JSON objects (docs/kapea.md)");
  app.add_option("--lang", options.language, "Labels in this language: en, km")
      ->transform(CLI::CheckedTransformer(std::map<std::string, field::Language>{
          {"en", field::Language::kEnglish}, {"km", field::Language::kKhmer}}));
  app.add_option("--batch", options.batch, "Commands from standard input, one a line: --batch -")
      ->check(CLI::IsMember({"-"}));
  app.add_flag("--keep-going", options.keep_going, "With --batch: go on after an error");
}

Outcome ErrorOutcome(const absl::Status& status, bool network, bool as_json) {
  Outcome outcome;
  outcome.exit_code = ExitCodeFor(status, network);
  outcome.err = ErrorText(status, network);
  if (as_json) outcome.out = ToLine(ErrorJson(status, network));
  return outcome;
}

// The agent's answer, or the vault's own: whoever has it open.
class Executor {
 public:
  explicit Executor(const Options& options) : options_(options) {}

  // Opens the vault unless the agent answers. `words` is the line, global options first.
  Outcome Execute(const std::vector<std::string>& words, const Chosen& chosen) {
    if (!vault_) {
      AgentRequest request;
      request.words = words;
      request.directory = CurrentDirectory();
      if (auto answer = AskAgent(options_.vault, request)) {
        if (answer->ok()) return **answer;
        return ErrorOutcome(answer->status(), false, chosen.options.json);
      }
      const absl::Status opened = Open();
      if (!opened.ok()) return ErrorOutcome(opened, false, chosen.options.json);
    }
    return RunInVault(*vault_, chosen);
  }

 private:
  static std::string CurrentDirectory() {
    std::string path(4096, '\0');
    return ::getcwd(path.data(), path.size()) == nullptr ? "" : std::string(path.c_str());
  }

  absl::Status Open() {
    // Without a vault nobody is asked for a passphrase.
    if (::access((options_.vault + "/head").c_str(), F_OK) != 0) {
      return absl::NotFoundError("no vault in " + options_.vault + ": kapea enrol makes one");
    }
    KAPEA_ASSIGN(std::string passphrase, ReadPassphrase(options_, false));
    auto opened = vault::Vault::Open(options_.vault, passphrase, clock_);
    Wipe(passphrase);
    if (absl::IsAlreadyExists(opened.status())) {
      return absl::UnauthenticatedError("locked: another program has this vault open");
    }
    KAPEA_TRY(opened.status());
    vault_ = *std::move(opened);
    return absl::OkStatus();
  }

  const Options& options_;
  const SystemClock clock_;
  std::unique_ptr<vault::Vault> vault_;
};

void Print(const Outcome& outcome) {
  std::cout << outcome.out << std::flush;
  std::cerr << outcome.err << std::flush;
}

// The global options that a line of a batch inherits.
std::vector<std::string> Inherited(const Options& options) {
  std::vector<std::string> words;
  if (options.json) words.push_back("--json");
  if (options.language == field::Language::kKhmer) {
    words.insert(words.end(), {"--lang", "km"});
  }
  if (!options.server.empty()) words.insert(words.end(), {"--server", options.server});
  return words;
}

// "$file", "$record" ...: what the results before said under that name.
void Substitute(const nlohmann::json& seen, std::vector<std::string>& words) {
  for (std::string& word : words) {
    if (word.size() < 2 || word[0] != '$') continue;
    const auto value = seen.find(word.substr(1));
    if (value != seen.end() && value->is_string()) word = value->get<std::string>();
  }
}

// One line of a batch; an empty one and one that begins with # do nothing.
Outcome RunLine(Executor& executor, const Options& options, const std::string& line,
                nlohmann::json& seen) {
  if (line.size() > kBatchLineBytesMax) {
    return ErrorOutcome(absl::InvalidArgumentError("want a line of at most 64 KiB"), false,
                        options.json);
  }
  auto words = SplitWords(line);
  if (!words.ok()) return ErrorOutcome(words.status(), false, options.json);
  if (words->empty()) return {};
  Substitute(seen, *words);
  std::vector<std::string> all = Inherited(options);
  all.insert(all.end(), words->begin(), words->end());
  Chosen chosen;
  Outcome outcome;
  if (!ParseLine(all, chosen, outcome)) return outcome;
  if (!chosen.run) {
    return ErrorOutcome(absl::InvalidArgumentError("this command does not work within a batch"),
                        false, options.json);
  }
  outcome = executor.Execute(all, chosen);
  if (outcome.json.is_object()) seen.update(outcome.json);
  return outcome;
}

int RunBatch(Executor& executor, const Options& options) {
  nlohmann::json seen = nlohmann::json::object();
  int worst = kExitOk;
  uint64_t number = 0;
  for (std::string line; std::getline(std::cin, line);) {
    ++number;
    const Outcome outcome = RunLine(executor, options, line, seen);
    Print(outcome);
    if (outcome.exit_code == kExitOk) continue;
    std::cerr << "kapea: that was line " << number << "\n";
    worst = outcome.exit_code;
    if (!options.keep_going) break;
  }
  return worst;
}

}  // namespace

bool ParseLine(const std::vector<std::string>& words, Chosen& chosen, Outcome& outcome) {
  CLI::App app{"kapea: rescue operations and care, with no signal", "kapea"};
  AddOptions(app, chosen.options);
  app.require_subcommand(0, 1);
  app.fallthrough();
  app.footer(
      "Examples:\n"
      "  kapea enrol --code code.txt        kapea operation show --next\n"
      "  kapea unlock                       kapea operation tick ENT-01\n"
      "  kapea sync                         kapea person new --count 6\n"
      "  kapea inbox                        kapea handover accept H-3f9a01\n"
      "  kapea search sok dara              kapea person show P-M0X4TD\n"
      "Exit codes: kapea help exit-codes");
  AddDeviceCommands(app, chosen);
  AddOperationCommands(app, chosen);
  AddPersonCommands(app, chosen);
  AddIntakeCommands(app, chosen);
  AddHandoverCommands(app, chosen);
  AddCaseworkCommands(app, chosen);
  AddPackCommands(app, chosen);
  AddReviewCommands(app, chosen);
  AddQueryCommands(app, chosen);
  AddDisclosureCommands(app, chosen);
  AddExportCommands(app, chosen);
  AddImportCommands(app, chosen);
  AddBreakGlassCommands(app, chosen);
  AddSearchCommand(app, chosen);
  AddDuplicatesCommands(app, chosen);
  AddRecoveryCommands(app, chosen);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = app.exit(error, out, err);
    outcome.out = out.str();
    outcome.err = err.str();
    outcome.exit_code = code == 0 ? kExitOk : kExitUsage;
    return false;
  }
  if (chosen.options.vault.empty()) chosen.options.vault = DefaultVault();
  if (!chosen.run && !chosen.alone && chosen.options.batch.empty()) {
    outcome.out = app.help();
    outcome.exit_code = kExitUsage;
    return false;
  }
  return true;
}

Outcome RunInVault(vault::Vault& vault, const Chosen& chosen) {
  Session session{vault, chosen.options};
  const auto result = chosen.run(session);
  if (!result.ok()) return ErrorOutcome(result.status(), chosen.network, chosen.options.json);
  Outcome outcome;
  outcome.json = result->json;
  outcome.out = chosen.options.json ? ToLine(result->json) : result->text;
  return outcome;
}

absl::StatusOr<std::vector<std::string>> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else if (c == '\\' && quote == '"' && i + 1 < line.size()) {
        word += line[++i];
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else if (c == '#' && !in_word) {
      break;
    } else {
      if (c == '\\' && i + 1 < line.size()) ++i;
      word += line[i];
      in_word = true;
    }
  }
  if (quote != 0) return absl::InvalidArgumentError("a quote does not end");
  if (in_word) words.push_back(std::move(word));
  return words;
}

int RunProgram(const std::vector<std::string>& words) {
  Chosen chosen;
  Outcome outcome;
  if (!ParseLine(words, chosen, outcome)) {
    Print(outcome);
    return outcome.exit_code;
  }
  if (chosen.alone) return chosen.alone(chosen.options);
  Executor executor(chosen.options);
  if (!chosen.options.batch.empty()) {
    if (!chosen.run) return RunBatch(executor, chosen.options);
    Print(ErrorOutcome(absl::InvalidArgumentError("want --batch alone, without a command"), false,
                       chosen.options.json));
    return kExitUsage;
  }
  outcome = executor.Execute(words, chosen);
  Print(outcome);
  return outcome.exit_code;
}

}  // namespace kapea::cli
