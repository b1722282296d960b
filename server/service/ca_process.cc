#include "server/service/ca_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "common/base/macros.h"
#include "server/service/ca_frames.h"

namespace kapea::server {
namespace {

constexpr int kChildFd = 3;
constexpr int kEndWithinMs = 2000;

std::string HowItEnded(int status) {
  if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
  if (WIFEXITED(status)) return "ended with code " + std::to_string(WEXITSTATUS(status));
  return "ended";
}

absl::StatusOr<int> ConnectTo(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError("want a shorter path for the socket of kapea-ca");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::ErrnoToStatus(errno, "cannot make a socket");
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return fd;
  const int error = errno;
  ::close(fd);
  return absl::UnavailableError("cannot reach kapea-ca at " + path + ": " + std::strerror(error));
}

}  // namespace

absl::StatusOr<std::unique_ptr<CaProcess>> CaProcess::Start(CaOptions options,
                                                            std::shared_ptr<const Clock> clock,
                                                            OnRestart on_restart) {
  std::unique_ptr<CaProcess> process(
      new CaProcess(std::move(options), std::move(clock), std::move(on_restart)));
  {
    MutexLock lock(process->mutex_);
    KAPEA_TRY(process->Connect());
    // A request that it must refuse: an answer of any kind shows that it holds its key.
    const auto reply = process->AskOnce({0, codec::CaIssueBootstrap{}});
    if (!reply.ok()) {
      const std::string how = process->Disconnect();
      return absl::UnavailableError("kapea-ca does not answer (" + how +
                                    "): see what it wrote to standard error");
    }
  }
  return process;
}

CaProcess::~CaProcess() {
  MutexLock lock(mutex_);
  Disconnect();
}

pid_t CaProcess::pid() const {
  MutexLock lock(mutex_);
  return pid_;
}

absl::Status CaProcess::Connect() {
  const Duration now = clock_->Read().elapsed;
  if (started_before_ && now - last_start_ < options_.restart_after) {
    return absl::UnavailableError("kapea-ca was started just now; try again");
  }
  started_before_ = true;
  last_start_ = now;
  if (options_.socket.empty()) return Spawn();
  KAPEA_ASSIGN(fd_, ConnectTo(options_.socket));
  return absl::OkStatus();
}

absl::Status CaProcess::Spawn() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make a pair of sockets");
  }
  std::vector<std::string> words = {
      options_.program,    "--fd",          std::to_string(kChildFd),  "--deployment",
      options_.deployment, "--certificate", options_.certificate_file, "--key",
      options_.key_file};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  char* no_environment[] = {nullptr};
  // Everything else of ours is closed at exec. It gets no signals of our terminal.
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], kChildFd);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, options_.program.c_str(), &actions, &attributes,
                                  arguments.data(), no_environment);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    return absl::UnavailableError("cannot start " + options_.program + ": " + std::strerror(error));
  }
  fd_ = ends[0];
  pid_ = pid;
  return absl::OkStatus();
}

std::string CaProcess::Disconnect() {
  if (fd_ >= 0) ::close(fd_);  // it ends when its parent's end closes
  fd_ = -1;
  if (pid_ == 0) return "its socket closed";
  int status = 0;
  // A descriptor of the process becomes readable when it ends.
  const int ended = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (ended >= 0) {
    pollfd waited{ended, POLLIN, 0};
    ::poll(&waited, 1, kEndWithinMs);
    ::close(ended);
  }
  const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
  if (reaped == 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
  }
  pid_ = 0;
  return HowItEnded(status);
}

absl::StatusOr<codec::CaReply> CaProcess::AskOnce(const codec::CaRequest& request) {
  KAPEA_TRY(WriteFrame(fd_, request.Encode(), options_.answer_within, *clock_));
  KAPEA_ASSIGN(const std::string bytes, ReadFrame(fd_, options_.answer_within, *clock_));
  KAPEA_ASSIGN(codec::CaReply reply, codec::CaReply::Decode(bytes));
  if (reply.id != request.id) return absl::InternalError("kapea-ca answered another request");
  return reply;
}

absl::StatusOr<std::string> CaProcess::Ask(codec::CaRequest request) {
  if (request.Encode().size() > codec::kCaMessageBytesMax - 64) {
    return absl::InvalidArgumentError("the certificate request is too long");
  }
  absl::StatusOr<codec::CaReply> reply = absl::UnavailableError("kapea-ca is not there");
  std::string ended;
  {
    MutexLock lock(mutex_);
    request.id = next_id_++;
    if (fd_ >= 0) reply = AskOnce(request);
    if (!reply.ok()) {
      ended = fd_ >= 0 ? Disconnect() : "was not there";
      const absl::Status connected = Connect();
      reply = connected.ok() ? AskOnce(request) : absl::StatusOr<codec::CaReply>(connected);
      if (!reply.ok() && fd_ >= 0) Disconnect();
    }
  }
  if (!ended.empty() && on_restart_) on_restart_(ended);
  if (!reply.ok()) return absl::UnavailableError("kapea-ca does not answer; try again");
  if (!reply->status.ok()) return reply->status;
  return std::move(reply->pem);
}

absl::StatusOr<std::string> CaProcess::IssueBootstrap(std::string_view request_der,
                                                      const ChangeId& enrolment) {
  return Ask({0, codec::CaIssueBootstrap{std::string(request_der), enrolment}});
}

absl::StatusOr<std::string> CaProcess::IssueDevice(std::string_view request_der,
                                                   const PersonId& person, const DeviceId& device) {
  return Ask({0, codec::CaIssueDevice{std::string(request_der), person, device}});
}

absl::StatusOr<std::string> CaProcess::SignList(codec::CaSignList list) {
  return Ask({0, std::move(list)});
}

}  // namespace kapea::server
