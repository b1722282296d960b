// What looking for duplicates needs of a server. client/link speaks gRPC behind it; tests put
// a server of their own there. Nothing here is believed: a false answer is a false notice.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/domain/match.h"

namespace kapea::sync {

// For which programme, under which of its key epochs, and for which unit.
struct MatchAsker {
  FileId programme;
  KeyEpochId epoch;
  UnitId unit;
};

// What the server has of one file of the unit.
struct HeldMatch {
  domain::MatchAlias alias;
  Hash digest;       // codec::MatchDigest of its tokens
  uint32_t day = 0;  // UTC day since 1970 when it was offered last
};
// Another unit has offered an equal token.
struct FoundMatch {
  domain::MatchAlias alias;  // of the asker's file
  domain::MatchKind kind = domain::MatchKind::kNone;
  UnitId unit;
  uint32_t day = 0;  // when both had it
};
struct MatchState {
  bool names = false;        // whether this deployment compares names
  uint32_t tokens_left = 0;  // new ones that this device may offer today
  std::vector<HeldMatch> held;
  std::vector<FoundMatch> found;
};
struct OfferedFile {
  domain::MatchAlias alias;
  std::vector<domain::MatchToken> tokens;  // all of it
};

// Threads: one at a time. Errors: those of the call; FailedPrecondition where this deployment
// does not compare, or not under this key epoch any more; ResourceExhausted at a limit.
class MatchLine {
 public:
  virtual ~MatchLine() = default;
  virtual absl::StatusOr<MatchState> Check(const MatchAsker& asker) = 0;
  // At most kMatchFilesPerOfferMax. How many of the files, from the first, were taken: the
  // others are over what this device may offer in a day.
  virtual absl::StatusOr<uint32_t> Offer(const MatchAsker& asker,
                                         const std::vector<OfferedFile>& files) = 0;
  // Drops what the unit has offered of these files.
  virtual absl::Status Withdraw(const MatchAsker& asker,
                                const std::vector<domain::MatchAlias>& aliases) = 0;
  // Drops all that the unit has offered.
  virtual absl::Status WithdrawAll(const MatchAsker& asker) = 0;
};

}  // namespace kapea::sync
