// Runs the real program, and looks at what it says.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "common/base/macros.h"

namespace kapea::testing {

struct Ran {
  int exit_code = -1;  // -1: ended by a signal
  std::string out;
  std::string err;
};

// A running kapea with its three pipes. Threads: one at a time.
class RunningKapea {
 public:
  explicit RunningKapea(const std::vector<std::string>& words) {
    int in[2], out[2], err[2];
    KAPEA_CHECK(::pipe2(in, O_CLOEXEC) == 0 && ::pipe2(out, O_CLOEXEC) == 0 &&
                ::pipe2(err, O_CLOEXEC) == 0);
    std::vector<std::string> all{KAPEA_BIN "/kapea"};
    all.insert(all.end(), words.begin(), words.end());
    std::vector<char*> argv;
    for (std::string& word : all) argv.push_back(word.data());
    argv.push_back(nullptr);
    child_ = ::fork();
    KAPEA_CHECK(child_ >= 0);
    if (child_ == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      ::dup2(err[1], STDERR_FILENO);
      // No terminal to ask at.
      ::setsid();
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    ::close(err[1]);
    in_ = in[1];
    out_ = out[0];
    err_ = err[0];
  }
  ~RunningKapea() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    for (const int fd : {in_, out_, err_}) {
      if (fd >= 0) ::close(fd);
    }
  }
  RunningKapea(const RunningKapea&) = delete;
  RunningKapea& operator=(const RunningKapea&) = delete;

  void Write(const std::string& text) {
    for (size_t done = 0; done < text.size();) {
      const ssize_t put = ::write(in_, text.data() + done, text.size() - done);
      if (put <= 0) return;  // it has ended: its exit code says why
      done += static_cast<size_t>(put);
    }
  }
  void CloseInput() {
    if (in_ >= 0) ::close(in_);
    in_ = -1;
  }
  // The next line of its output; empty when it has ended.
  std::string ReadLine() {
    std::string line;
    char c = 0;
    while (::read(out_, &c, 1) == 1) {
      line += c;
      if (c == '\n') break;
    }
    return line;
  }
  void Kill() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }
  Ran Wait() {
    CloseInput();
    Ran ran;
    pollfd ends[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
    std::string* texts[2] = {&ran.out, &ran.err};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
      if (::poll(ends, 2, 120'000) <= 0) break;
      for (int i = 0; i < 2; ++i) {
        if (ends[i].revents == 0) continue;
        char buffer[4096];
        const ssize_t got = ::read(ends[i].fd, buffer, sizeof(buffer));
        if (got > 0) {
          texts[i]->append(buffer, static_cast<size_t>(got));
        } else if (got == 0 || errno != EINTR) {
          ends[i].fd = -1;
        }
      }
    }
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    if (WIFEXITED(status)) ran.exit_code = WEXITSTATUS(status);
    return ran;
  }

 private:
  pid_t child_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
};

inline Ran RunKapea(const std::vector<std::string>& words, const std::string& input = "") {
  RunningKapea running(words);
  running.Write(input);
  return running.Wait();
}

}  // namespace kapea::testing
