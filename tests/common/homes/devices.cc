#include "tests/common/homes/devices.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/base/macros.h"

namespace kapea::homes {
namespace {

constexpr int kStartMs = 20'000;
constexpr int kTriesMax = 20;  // somebody else may take a port before the TPM does

int Run(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int spawned = posix_spawnp(&pid, arguments[0], &quiet, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&quiet);
  if (spawned != 0) return -1;
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

// Bound to a port of the loopback; 0 for any. -1 when it is taken.
int Bind(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return fd;
  close(fd);
  return -1;
}

// The first of two ports that follow each other and are free just now: the TPM's commands
// and its switches.
int FreePorts() {
  for (;;) {
    const int first = Bind(0);
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    getsockname(first, reinterpret_cast<sockaddr*>(&address), &size);
    const int port = ntohs(address.sin_port);
    const int second = Bind(port + 1);
    close(first);
    if (second < 0) continue;
    close(second);
    return port;
  }
}

// Until the file is written, or the process has ended: false.
bool AwaitFile(int changes, const std::string& path, pid_t pid) {
  const int ended = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  bool there = false, over = false;
  while (!there && !over) {
    pollfd events[] = {{changes, POLLIN, 0}, {ended, POLLIN, 0}};
    if (poll(events, 2, kStartMs) <= 0) break;
    over = (events[1].revents & POLLIN) != 0;
    char buffer[4096];
    while (read(changes, buffer, sizeof(buffer)) > 0) {
    }
    std::error_code error;
    there = std::filesystem::file_size(path, error) > 0 && !error;
  }
  close(ended);
  return there && !over;
}

}  // namespace

DeviceFolder::DeviceFolder() : path_(testing::TempDir() + "kapea-home-XXXXXX") {
  KAPEA_CHECK(mkdtemp(path_.data()) != nullptr);
}
DeviceFolder::~DeviceFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

SoftToken::SoftToken() {
  std::filesystem::create_directory(folder_ / "tokens");
  std::ofstream(folder_ / "softhsm2.conf") << "directories.tokendir = " << folder_ / "tokens"
                                           << "\nlog.level = ERROR\n";
  setenv("SOFTHSM2_CONF", (folder_ / "softhsm2.conf").c_str(), 1);
}
SoftToken::~SoftToken() { unsetenv("SOFTHSM2_CONF"); }

void SoftToken::Add(const std::string& label) {
  ASSERT_EQ(Run({"softhsm2-util", "--init-token", "--free", "--label", label, "--pin", kPin,
                 "--so-pin", "87654321"}),
            0);
}

void SoftToken::RemoveAll() {
  std::filesystem::remove_all(folder_ / "tokens");
  std::filesystem::create_directory(folder_ / "tokens");
}

crypto::KeyHomeSettings::Token SoftToken::Settings(const std::string& label) const {
  return {kModule, label, "kapea-kek", {}};
}

SoftTpm::SoftTpm() { Start(); }
SoftTpm::~SoftTpm() { Stop(); }

void SoftTpm::Stop() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void SoftTpm::Restart() {
  // Ended in order, so that its state is written.
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
  Start();
}

void SoftTpm::Start() {
  const std::string ready = folder_ / "pid";
  for (int i = 0; i < kTriesMax; ++i) {
    std::filesystem::remove(ready);
    const int changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    KAPEA_CHECK(inotify_add_watch(changes, folder_.path().c_str(), IN_CLOSE_WRITE) >= 0);
    port_ = FreePorts();
    const std::string state = "dir=" + folder_.path();
    const std::string server = "type=tcp,port=" + std::to_string(port_);
    const std::string control = "type=tcp,port=" + std::to_string(port_ + 1);
    const std::string pid_file = "file=" + ready;
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state.c_str(), "--server",
             server.c_str(), "--ctrl", control.c_str(), "--pid", pid_file.c_str(), "--flags",
             "not-need-init,startup-clear", static_cast<char*>(nullptr));
      _exit(127);
    }
    // It writes the file once it listens.
    const bool started = AwaitFile(changes, ready, pid_);
    close(changes);
    if (started) return;
    Stop();
  }
  FAIL() << "swtpm does not start";
}

}  // namespace kapea::homes
