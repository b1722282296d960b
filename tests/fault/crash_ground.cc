#include "tests/fault/crash_ground.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <new>

#include "common/base/clock.h"
#include "common/base/macros.h"

namespace kapea::testing {

namespace fs = std::filesystem;

std::string_view NameOf(CrashStage stage) {
  switch (stage) {
    case CrashStage::kOpening:
      return "opening the store";
    case CrashStage::kReceived:
      return "message received";
    case CrashStage::kVerified:
      return "signature verified";
    case CrashStage::kGrouped:
      return "group built";
    case CrashStage::kBeforeWrite:
      return "before the log is written";
    case CrashStage::kWithinWrite:
      return "half of the log written";
    case CrashStage::kWritten:
      return "written, not synced";
    case CrashStage::kSynced:
      return "synced, not answered";
    case CrashStage::kAnswering:
      return "while answering";
    case CrashStage::kAtAnyTime:
      return "at any time";
    case CrashStage::kNone:
    case CrashStage::kStages:
      break;
  }
  return "none";
}

Child::Child(std::vector<std::string> words, const std::vector<std::string>& environment,
             int input) {
  std::vector<char*> arguments, variables;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<std::string> own = environment;
  for (std::string& variable : own) variables.push_back(variable.data());
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  variables.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (input >= 0) ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  const std::string program = words[0] == "writer" ? "/proc/self/exe" : words[0];
  KAPEA_CHECK(::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(),
                            variables.data()) == 0);
  ::posix_spawn_file_actions_destroy(&actions);
  ended_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  KAPEA_CHECK(ended_ >= 0);
}

Child::~Child() {
  if (pid_ > 0) {
    Kill();
    Wait();
  }
  ::close(ended_);
}

void Child::Kill() const { ::kill(pid_, SIGKILL); }

int Child::Wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool Child::AwaitEnd(Duration at_most) {
  pollfd event{ended_, POLLIN, 0};
  return ::poll(&event, 1, static_cast<int>(at_most.milliseconds())) == 1;
}

bool Child::AwaitFile(const std::string& folder, const std::string& name, Duration at_most) {
  const int changes = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  KAPEA_CHECK(::inotify_add_watch(changes, folder.c_str(), IN_MOVED_TO) >= 0);
  const SystemClock clock;
  const Duration until = clock.Read().elapsed + at_most;
  bool there = false;
  bool ended = false;
  while (!(there = fs::exists(folder + "/" + name)) && !ended && clock.Read().elapsed < until) {
    pollfd events[] = {{changes, POLLIN, 0}, {ended_, POLLIN, 0}};
    ::poll(events, 2, 1000);
    ended = (events[1].revents & POLLIN) != 0;
    char buffer[4096];
    while (::read(changes, buffer, sizeof buffer) > 0) {
    }
  }
  ::close(changes);
  return there && !ended;
}

CrashGround::CrashGround(const std::string& folder, std::string_view program,
                         const std::string& directory)
    : page_path_(folder + "/page"), directory_(directory), attic_(folder + "/attic") {
  KAPEA_CHECK(directory.size() < CrashPage::kPathBytes && attic_.size() < CrashPage::kPathBytes &&
              program.size() < CrashPage::kNameBytes);
  fs::create_directories(attic_);
  const int descriptor = ::open(page_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  KAPEA_CHECK(descriptor >= 0 && ::ftruncate(descriptor, sizeof(CrashPage)) == 0);
  void* const mapped =
      ::mmap(nullptr, sizeof(CrashPage), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  KAPEA_CHECK(mapped != MAP_FAILED);
  page_ = new (mapped) CrashPage();
  page_->program[program.copy(page_->program, program.size())] = '\0';
  std::strcpy(page_->directory, directory_.c_str());
  std::strcpy(page_->attic, attic_.c_str());
}

CrashGround::~CrashGround() { ::munmap(page_, sizeof(CrashPage)); }

std::vector<std::string> CrashGround::Environment() const {
  return {std::string(kCrashPageVariable) + "=" + page_path_,
          std::string("LD_PRELOAD=") + KAPEA_CRASH_PRELOAD};
}

void CrashGround::Plan(CrashStage stage, int n) {
  page_->plan_stage = static_cast<uint32_t>(CrashStage::kNone);
  page_->died_at = static_cast<uint32_t>(CrashStage::kNone);
  page_->plan_left = n;
  page_->plan_stage = static_cast<uint32_t>(stage);
}

namespace {

// What follows `synced` is gone, or is there in part, or is there with a hole before it.
void Forget(const fs::path& path, uint64_t synced, uint64_t size, std::mt19937& dice) {
  constexpr uint64_t kPageBytes = 4096;
  const uint64_t more = dice() % (size - synced + 1);
  const uint64_t page_end = std::min(size, (synced + more) / kPageBytes * kPageBytes + kPageBytes);
  switch (dice() % 3) {
    case 0:
      return fs::resize_file(path, synced);
    case 1:
      return fs::resize_file(path, synced + more);
    default:
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(synced));
      file << std::string(page_end - synced, '\0');
  }
}

}  // namespace

void CrashGround::CutPower(std::mt19937& dice) {
  ASSERT_EQ(page_->problem, 0u) << "the library met more than it can note";
  using Kind = CrashPage::Operation::Kind;
  const uint32_t operations = page_->operations;
  const uint32_t kept = dice() % 2 == 0 ? 0 : static_cast<uint32_t>(dice() % (operations + 1));
  for (uint32_t i = operations; i-- > kept;) {
    const CrashPage::Operation& operation = page_->operation[i];
    const std::string name = directory_ + "/" + operation.name;
    const std::string to = directory_ + "/" + operation.to;
    const std::string saved = attic_ + "/" + operation.saved;
    if (operation.kind == Kind::kMade) fs::remove(name);
    if (operation.kind == Kind::kRenamed) fs::rename(to, name);
    if (operation.saved[0] != '\0') {
      fs::rename(saved, operation.kind == Kind::kRenamed ? to : name);
    }
  }
  std::map<uint64_t, uint64_t> synced;
  for (uint32_t i = 0; i < page_->files; ++i) {
    synced[page_->file[i].inode] = page_->file[i].synced_bytes;
  }
  for (const auto& entry : fs::directory_iterator(directory_)) {
    struct stat status {};
    if (::stat(entry.path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    const auto found = synced.find(status.st_ino);
    const auto size = static_cast<uint64_t>(status.st_size);
    if (found == synced.end() || size <= found->second) continue;
    if (page_->lying != 0) {
      fs::resize_file(entry.path(), found->second);  // nothing but the loss is to be seen
    } else {
      Forget(entry.path(), found->second, size, dice);
    }
  }
  Settle();
}

void CrashGround::Settle() {
  page_->files = 0;
  page_->operations = 0;
  fs::remove_all(attic_);
  fs::create_directories(attic_);
}

void CrashCounters::Count(CrashStage stage, bool power_cut) {
  ++stages_[static_cast<size_t>(stage)];
  ++all_;
  power_cuts_ += power_cut ? 1 : 0;
}

std::string CrashCounters::Table(const std::vector<CrashStage>& stages) const {
  std::string text;
  for (const CrashStage stage : stages) {
    text += std::to_string(at(stage)) + "\t" + std::string(NameOf(stage)) + "\n";
  }
  return text + std::to_string(all_) + "\tin all, " + std::to_string(power_cuts_) +
         " of them with loss of power\n";
}

}  // namespace kapea::testing
