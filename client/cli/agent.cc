#include "client/cli/agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "client/cli/exit_code.h"
#include "client/cli/passphrase.h"
#include "client/cli/socket.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kSocketName = "agent.sock";
constexpr int kRequestSecondsMax = 5;
// A sync over a slow line goes on for a while.
constexpr int kAnswerSecondsMax = 30 * 60;
constexpr Duration kLookAtClockMax = Duration::Seconds(30);

json ToJson(const Outcome& outcome) {
  return {{"exit", outcome.exit_code},
          {"out", outcome.out},
          {"err", outcome.err},
          {"json", outcome.json}};
}

absl::StatusOr<Outcome> ToOutcome(const std::string& text) {
  const json object = json::parse(text, nullptr, false);
  const bool fits = object.is_object() && object.contains("exit") &&
                    object["exit"].is_number_integer() && object.contains("out") &&
                    object["out"].is_string() && object.contains("err") &&
                    object["err"].is_string();
  if (!fits) return absl::InternalError("the agent answered something else");
  Outcome outcome;
  outcome.exit_code = object["exit"].get<int>();
  outcome.out = object["out"].get<std::string>();
  outcome.err = object["err"].get<std::string>();
  if (object.contains("json")) outcome.json = object["json"];
  return outcome;
}

// One request of a client, run in the opened vault. `lock` is set when it asks to close.
Outcome Serve(vault::Vault& vault, const std::string& text, bool& lock) {
  const json object = json::parse(text, nullptr, false);
  Outcome outcome;
  if (!object.is_object()) {
    outcome.exit_code = kExitUsage;
    return outcome;
  }
  lock = object.contains("lock") && object["lock"] == true;
  if (lock) return outcome;
  const json from = object.contains("directory") ? object["directory"] : json();
  const std::string directory = from.is_string() ? from.get<std::string>() : "";
  if (!directory.empty() && ::chdir(directory.c_str()) != 0) {
    outcome.err = "kapea: the directory of this command cannot be entered\n";
    outcome.exit_code = kExitUsage;
    return outcome;
  }
  std::vector<std::string> words;
  for (const json& word : object.value("words", json::array())) {
    if (word.is_string()) words.push_back(word.get<std::string>());
  }
  Chosen chosen;
  if (!ParseLine(words, chosen, outcome)) return outcome;
  if (!chosen.run) {
    outcome.exit_code = kExitUsage;
    return outcome;
  }
  return RunInVault(vault, chosen);
}

// Answers until it is told to lock, or nobody has asked for `idle`.
void Listen(vault::Vault& vault, const Socket& listening, Duration idle) {
  const SystemClock clock;
  Duration last = clock.Read().elapsed;
  for (bool lock = false; !lock;) {
    const Duration left = last + idle - clock.Read().elapsed;
    if (left <= Duration()) return;
    const Duration wait = std::min(left, kLookAtClockMax);
    pollfd waiting{listening.fd(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(wait.milliseconds()) + 1);
    if (ready < 0 && errno != EINTR) return;
    if (ready <= 0) continue;
    const Socket client = Accept(listening);
    if (!client.open()) continue;
    const auto request = Receive(client, kRequestSecondsMax);
    if (!request.ok()) continue;
    last = clock.Read().elapsed;
    const Outcome outcome = Serve(vault, *request, lock);
    // A client that is gone has what it asked for on the disk all the same.
    Send(client, ToLine(ToJson(outcome))).IgnoreError();
    last = clock.Read().elapsed;
  }
}

// The child: opens, tells the parent how it went, serves.
[[noreturn]] void RunAgent(const std::string& directory, std::string passphrase, Duration idle,
                           int report_fd) {
  const auto finish = [report_fd](const absl::Status& status) {
    const std::string text =
        std::to_string(static_cast<int>(status.code())) + "\n" + std::string(status.message());
    [[maybe_unused]] const ssize_t written = ::write(report_fd, text.data(), text.size());
    ::close(report_fd);
  };
  ::setsid();
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  const int null = ::open("/dev/null", O_RDWR);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
  const SystemClock clock;
  auto opened = vault::Vault::Open(directory, passphrase, clock);
  Wipe(passphrase);
  if (!opened.ok()) {
    finish(opened.status());
    ::_exit(1);
  }
  auto listening = ListenAt(directory, kSocketName);
  if (!listening.ok()) {
    finish(listening.status());
    ::_exit(1);
  }
  finish(absl::OkStatus());
  Listen(**opened, *listening, idle);
  // The socket first: who comes now opens the vault itself as soon as it is closed.
  RemoveSocket(directory, kSocketName);
  (*opened)->QueueNotices().IgnoreError();  // they stay collected, and go at the next unlocking
  opened->reset();
  ::_exit(0);
}

absl::Status ReadReport(int fd) {
  std::string text;
  char buffer[512];
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof(buffer))) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    text.append(buffer, static_cast<size_t>(got));
  }
  ::close(fd);
  const size_t line = text.find('\n');
  if (line == std::string::npos) return absl::InternalError("the agent ended while it opened");
  const int code = std::atoi(text.substr(0, line).c_str());
  return absl::Status(static_cast<absl::StatusCode>(code), text.substr(line + 1));
}

}  // namespace

absl::Status StartAgent(const std::string& vault_directory, std::string passphrase, Duration idle) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return absl::InternalError("no pipe for the agent");
  // Before the store is opened: its threads would not come along.
  const pid_t child = ::fork();
  if (child < 0) return absl::ResourceExhaustedError("no process for the agent");
  if (child == 0) {
    ::close(ends[0]);
    RunAgent(vault_directory, std::move(passphrase), idle, ends[1]);
  }
  Wipe(passphrase);
  ::close(ends[1]);
  const absl::Status status = ReadReport(ends[0]);
  if (!status.ok()) ::waitpid(child, nullptr, 0);
  if (absl::IsAlreadyExists(status)) {
    return absl::UnauthenticatedError("locked: another program has this vault open");
  }
  return status;
}

std::optional<absl::StatusOr<Outcome>> AskAgent(const std::string& vault_directory,
                                                const AgentRequest& request) {
  const Socket socket = ConnectTo(vault_directory, kSocketName);
  if (!socket.open()) return std::nullopt;
  const json object = {
      {"words", request.words}, {"directory", request.directory}, {"lock", request.lock}};
  const absl::Status sent = Send(socket, ToLine(object));
  // It locked itself just now: as if there were none.
  if (!sent.ok()) return std::nullopt;
  const auto answer = Receive(socket, kAnswerSecondsMax);
  if (!answer.ok()) {
    return absl::StatusOr<Outcome>(
        absl::InternalError("the agent did not answer; what it was asked for may be done"));
  }
  return ToOutcome(*answer);
}

}  // namespace kapea::cli
