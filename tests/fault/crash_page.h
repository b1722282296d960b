// What a crash test and the program that it kills share: a page of memory that outlives
// the program. The program itself knows nothing of it: crash_preload.cc, loaded before
// it, stands between it and the system's calls.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace kapea::testing {

// Names the file that is mapped as the page.
inline constexpr const char* kCrashPageVariable = "KAPEA_CRASH_PAGE";

// Where a program can be killed, told by the calls that it makes.
enum class CrashStage : uint32_t {
  kNone,
  kOpening,      // opening its store: any write, sync, rename or removal of that
  kReceived,     // a message was read from a client's socket
  kVerified,     // a parcel's signature was checked
  kGrouped,      // the group is built and its checkpoint signed
  kBeforeWrite,  // about to write the commit to the store's log
  kWithinWrite,  // half of it is written
  kWritten,      // written, not synced
  kSynced,       // synced, nobody has been told
  kAnswering,    // after one of the answers
  kAtAnyTime,    // from outside, wherever it was
  kStages,
};

// Both sides write the page without a lock between them: the program is stopped while
// the test changes more than the plan.
struct CrashPage {
  static constexpr size_t kFilesMax = 4096;
  static constexpr size_t kOperationsMax = 4096;
  static constexpr size_t kPathBytes = 256;
  static constexpr size_t kNameBytes = 48;

  // Set by the test.
  char program[kNameBytes];       // the others that inherit the library do as ever
  char directory[kPathBytes];     // the store: what lies in it is watched
  char attic[kPathBytes];         // beside it: what was removed and may come back
  std::atomic<uint32_t> serving;  // 0: every call is of the stage kOpening
  std::atomic<uint32_t> lying;    // 1: syncs of the log say yes and do nothing
  std::atomic<uint32_t> plan_stage;
  std::atomic<int32_t> plan_left;  // dies when the stage is reached for this time

  // Set by the program.
  std::atomic<uint32_t> died_at;
  std::atomic<uint32_t> problem;  // the library met what it does not know: errno-like

  // Power loss: what of each file has reached the disk. Files that are not named here
  // have reached it as they are.
  struct File {
    uint64_t inode;
    uint64_t synced_bytes;
  };
  std::atomic<uint32_t> files;
  File file[kFilesMax];

  // What was done to the directory since it was last synced.
  struct Operation {
    enum class Kind : uint32_t { kMade, kRenamed, kRemoved } kind;
    char name[kNameBytes];   // made, removed, or renamed from
    char to[kNameBytes];     // renamed to
    char saved[kNameBytes];  // in the attic: what was removed or replaced; or empty
  };
  std::atomic<uint32_t> operations;
  std::atomic<uint32_t> saved;  // counts names in the attic
  Operation operation[kOperationsMax];
};

}  // namespace kapea::testing
