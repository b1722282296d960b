#include "client/cli/passphrase.h"

#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <string_view>

#include "common/base/file.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

constexpr size_t kPassphraseBytesMax = 1024;
constexpr size_t kPassphraseBytesMin = 8;

// The terminal with its echo off, until the end of the scope.
class SilentTerminal {
 public:
  SilentTerminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (fd_ < 0 || ::tcgetattr(fd_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
  }
  ~SilentTerminal() {
    if (changed_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
    if (fd_ >= 0) ::close(fd_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  bool open() const { return changed_; }

  absl::StatusOr<std::string> Ask(std::string_view question) {
    Write(question);
    std::string answer;
    char c = 0;
    while (answer.size() < kPassphraseBytesMax && ::read(fd_, &c, 1) == 1 && c != '\n') {
      answer += c;
    }
    Write("\n");
    if (answer.empty()) return absl::UnauthenticatedError("no passphrase was given");
    return answer;
  }

 private:
  void Write(std::string_view text) {
    // A prompt that cannot be shown is no reason to stop.
    [[maybe_unused]] const ssize_t written = ::write(fd_, text.data(), text.size());
  }
  int fd_;
  termios before_{};
  bool changed_ = false;
};

absl::StatusOr<std::string> FromFile(const std::string& path) {
  auto text = ReadFile(path, kPassphraseBytesMax + 2);
  if (!text.ok()) return absl::UnauthenticatedError("the passphrase file cannot be read");
  const size_t end = text->find('\n');
  std::string first = text->substr(0, end);
  Wipe(*text);
  if (!first.empty() && first.back() == '\r') first.pop_back();
  if (first.empty()) return absl::UnauthenticatedError("the passphrase file is empty");
  return first;
}

}  // namespace

absl::StatusOr<std::string> ReadPassphrase(const Options& options, bool anew) {
  std::string passphrase;
  if (!options.passphrase_file.empty()) {
    KAPEA_ASSIGN(passphrase, FromFile(options.passphrase_file));
  } else {
    SilentTerminal terminal;
    if (!terminal.open()) {
      return absl::UnauthenticatedError(
          "locked: there is no terminal to ask for the passphrase; use --passphrase-file, or "
          "kapea unlock");
    }
    KAPEA_ASSIGN(passphrase, terminal.Ask(anew ? "New passphrase: " : "Passphrase: "));
    if (anew) {
      KAPEA_ASSIGN(std::string again, terminal.Ask("Once more: "));
      const bool same = again == passphrase;
      Wipe(again);
      if (!same) {
        Wipe(passphrase);
        return absl::InvalidArgumentError("the two passphrases differ");
      }
    }
  }
  if (anew && passphrase.size() < kPassphraseBytesMin) {
    Wipe(passphrase);
    return absl::InvalidArgumentError("want a passphrase of at least 8 characters");
  }
  return passphrase;
}

void Wipe(std::string& secret) {
  ::explicit_bzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace kapea::cli
