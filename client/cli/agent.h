// An opened vault in a process of its own, so that each command need not ask for the
// passphrase. It listens on a socket in the vault's directory, for this user alone, and
// locks itself when nobody has asked for anything for a while.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/program.h"
#include "common/base/time.h"

namespace kapea::cli {

inline constexpr Duration kIdleDefault = Duration::Minutes(10);
// Largest line and largest answer: a report of ten thousand files.
inline constexpr size_t kAgentMessageBytesMax = 64 * 1024 * 1024;

struct AgentRequest {
  std::vector<std::string> words;
  std::string directory;  // where relative paths begin
  bool lock = false;      // close the vault and end
};

// Starts the agent: forks, opens the vault in the child, and returns in the parent once
// it listens, or with the child's error. `passphrase` is wiped in both.
// AlreadyExists when one is running.
absl::Status StartAgent(const std::string& vault_directory, std::string passphrase, Duration idle);

// Asks the running agent. nullopt: there is none.
std::optional<absl::StatusOr<Outcome>> AskAgent(const std::string& vault_directory,
                                                const AgentRequest& request);

}  // namespace kapea::cli
