// A program run to be killed: where it dies, and what is left of its store.
#pragma once

#include <sys/types.h>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.h"
#include "tests/fault/crash_page.h"

namespace kapea::testing {

std::string_view NameOf(CrashStage stage);

// A program that a test started; dies with the test. Threads: one at a time.
class Child {
 public:
  // Standard input is `input` where it is not negative.
  Child(std::vector<std::string> words, const std::vector<std::string>& environment,
        int input = -1);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void Kill() const;  // SIGKILL; Wait comes after
  // The exit code, or minus the signal.
  int Wait();
  bool AwaitEnd(Duration at_most);  // true: it has ended; Wait comes after
  // Until it has ended or the folder holds the file: true when it does.
  bool AwaitFile(const std::string& folder, const std::string& name, Duration at_most);

 private:
  pid_t pid_ = 0;
  int ended_ = -1;  // becomes readable when the program ends
};

// The page and the store beside it. Files of the store that are there at first have
// reached the disk.
// Threads: one at a time.
class CrashGround {
 public:
  // `folder` gets the page and the attic; `directory` is the store of `program`.
  CrashGround(const std::string& folder, std::string_view program, const std::string& directory);
  ~CrashGround();
  CrashGround(const CrashGround&) = delete;
  CrashGround& operator=(const CrashGround&) = delete;

  std::vector<std::string> Environment() const;

  // The program is to die when it reaches the stage for the n-th time from now.
  void Plan(CrashStage stage, int n);
  void SetServing(bool serving) { page_->serving = serving ? 1 : 0; }
  void SetLying(bool lying) { page_->lying = lying ? 1 : 0; }
  // Where it died by plan since the last Plan; kNone: it did not.
  CrashStage died_at() const { return static_cast<CrashStage>(page_->died_at.load()); }

  // Makes the store what a power cut at the program's end would have left: names since
  // the last sync of the directory are as they were, but for some first few; of what was
  // not synced of a file, nothing is left, or a part, or a part with a hole before it.
  // The program has ended.
  void CutPower(std::mt19937& dice);
  // All that is there has reached the disk: another program goes on with the store.
  void Settle();

 private:
  const std::string page_path_, directory_, attic_;
  CrashPage* page_ = nullptr;
};

// How often a program died where.
class CrashCounters {
 public:
  void Count(CrashStage stage, bool power_cut);
  int at(CrashStage stage) const { return stages_[static_cast<size_t>(stage)]; }
  int all() const { return all_; }
  int power_cuts() const { return power_cuts_; }
  // One line for each stage of these.
  std::string Table(const std::vector<CrashStage>& stages) const;

 private:
  std::array<int, static_cast<size_t>(CrashStage::kStages)> stages_{};
  int all_ = 0, power_cuts_ = 0;
};

}  // namespace kapea::testing
