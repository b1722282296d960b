// Plays a history with the use cases that screens call, on devices of a fake deployment
// under the national pack.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/field/typed_value.h"
#include "common/standards/finding.h"
#include "tests/client/field/town.h"
#include "tests/golden/histories/history.h"

namespace kapea::golden {

inline constexpr Time kStart = Time::FromUnixMs(1'772'413'200'000);  // 2026-03-02 08:00 in Cambodia

// The files at the other end of links, as the ledger had them.
class ServerLinks : public domain::LinkedFiles {
 public:
  ServerLinks(const testing::FakeServer& server, Time as_of) : server_(server), as_of_(as_of) {}
  std::vector<const domain::FileState*> Find(const domain::FileState& from,
                                             std::string_view relation) const override;

 private:
  const testing::FakeServer& server_;
  const Time as_of_;
  mutable std::vector<std::shared_ptr<domain::FileState>> folded_;
};

// Threads: one at a time.
class Player : public testing::Town {
 public:
  // Each failure as "LINE: what"; empty: all is as expected.
  std::vector<std::string> Play(const History& history);

 private:
  using Words = std::vector<std::string>;
  using Verb = absl::Status (Player::*)(const std::string& who, const Words& words);
  static Verb FindVerb(std::string_view name);

  absl::Status Act(const Step& step);
  absl::Status SyncAll(const std::string& who);

  absl::Status Operation(const std::string& who, const Words& words);
  absl::Status Tick(const std::string& who, const Words& words);
  absl::Status NotDone(const std::string& who, const Words& words);
  absl::Status Fact(const std::string& who, const Words& words);
  absl::Status Found(const std::string& who, const Words& words);
  absl::Status EditOperation(const std::string& who, const Words& words);
  absl::Status Intake(const std::string& who, const Words& words);
  absl::Status Open(const std::string& who, const Words& words);
  absl::Status Write(const std::string& who, const Words& words);
  absl::Status Void(const std::string& who, const Words& words);
  absl::Status Restore(const std::string& who, const Words& words);
  absl::Status Read(const std::string& who, const Words& words);
  absl::Status Waive(const std::string& who, const Words& words);
  absl::Status EndWaiver(const std::string& who, const Words& words);
  absl::Status Offer(const std::string& who, const Words& words);
  absl::Status Answer(const std::string& who, const Words& words);
  absl::Status Resolve(const std::string& who, const Words& words);
  absl::Status Offline(const std::string& who, const Words& words);
  absl::Status Online(const std::string& who, const Words& words);
  absl::Status Reboot(const std::string& who, const Words& words);

  // CODE=VALUE; `file:NAME` and `record:FORM#N` (of `file`) stand for ids.
  absl::StatusOr<std::vector<field::Entry>> EntriesOf(const std::string& file,
                                                      const Words& sets) const;
  absl::StatusOr<FileId> FileNamed(const std::string& name) const;
  absl::StatusOr<RecordId> RecordNamed(const std::string& file, const std::string& name) const;
  std::string Check(const Step& step);
  std::string CheckAnswer(const Step& step);
  std::string CheckNeed(const standards::Asked& asked, const Words& words) const;

  std::map<std::string, FileId> files_;
  std::map<std::string, RecordId> records_;  // "FILE FORM#2"
  std::map<std::string, ChangeId> handovers_;
  std::set<std::string> offline_;
  uint8_t boots_ = 1;
};

}  // namespace kapea::golden
