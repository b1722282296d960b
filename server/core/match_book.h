// Tokens that units have offered, compared: who has an equal one is told to both. The server
// cannot read a token, and nobody can ask about a value without offering it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/mutex.h"
#include "common/codec/match_codec.h"
#include "common/domain/match.h"
#include "common/kv/store.h"

namespace kapea::server {

struct MatchOptions {
  bool enabled = false;
  bool names = false;
  // Tokens that an alias did not have, of one device in one UTC day.
  uint32_t tokens_per_day = 100;
  // What a unit has not offered again for so long is dropped, and what was found with it.
  uint32_t keep_days = 60;
};

// Who calls, as match_access.h found it out.
struct MatchCaller {
  DeviceId device;
  FileId programme;
  KeyEpochId epoch;        // the programme's newest
  uint64_t number = 0;     // of its last Entry, as of which that is so
  std::set<UnitId> units;  // on its roster
  UnitId unit;             // the caller's, one of them
  size_t files_max = 0;    // on whose rosters that unit stands: it has no more to offer
};

struct MatchAnswer {
  struct Held {
    domain::MatchAlias alias;
    Hash digest;
    uint32_t day = 0;
  };
  struct Found {
    domain::MatchAlias alias;
    domain::MatchKind kind = domain::MatchKind::kNone;
    UnitId unit;
    uint32_t day = 0;
  };
  bool names = false;
  uint32_t tokens_left = 0;
  std::vector<Held> held;
  std::vector<Found> found;
};

// What is found is written down for both sides at the moment of the offer. Taking an offer
// back takes what its own side was told, not what the other was: who tries values leaves a
// notice with everybody who has them. A new key epoch of the programme drops all tokens of
// the old one; a unit that left the roster loses its own.
// Threads: any. Durable when it returns.
// Errors of all: FailedPrecondition where it is not enabled; as the store.
class MatchBook {
 public:
  // `store` must live longer. `limit` is called, without locks, when a device met the limit
  // for the first time on a day (since the start), with how many tokens it offered.
  MatchBook(kv::Store& store, const Clock& clock, MatchOptions options,
            std::function<void(const DeviceId& device, uint32_t tokens)> limit)
      : store_(store), clock_(clock), options_(options), limit_(std::move(limit)) {}

  const MatchOptions& options() const { return options_; }
  // FailedPrecondition, in words, unless comparing is enabled.
  absl::Status CheckEnabled() const;

  absl::StatusOr<MatchAnswer> Check(const MatchCaller& caller);
  // Each file takes the place of what its alias had. How many were taken, from the first.
  // InvalidArgument for names where they are not compared, and for more files than
  // kMatchFilesPerOfferMax; ResourceExhausted for more aliases than files.
  absl::StatusOr<uint32_t> Offer(const MatchCaller& caller,
                                 const std::vector<codec::MatchedFile>& files);
  // How many were dropped.
  absl::StatusOr<uint32_t> Withdraw(const MatchCaller& caller,
                                    const std::vector<domain::MatchAlias>& aliases);
  absl::StatusOr<uint32_t> WithdrawAll(const MatchCaller& caller);

 private:
  struct Offered {
    uint32_t day = 0;
    std::vector<domain::MatchToken> tokens;
  };
  struct Taking;  // one Offer's work

  uint32_t Today() const;
  absl::Status TakeFile(Taking& taking, const codec::MatchedFile& file);
  absl::Status Meet(Taking& taking, const domain::MatchAlias& alias,
                    const domain::MatchToken& token, kv::Batch& batch);
  // Drops what the programme's roster, its key epoch or time has ended.
  absl::Status Tidy(const MatchCaller& caller) KAPEA_REQUIRES(mutex_);
  absl::Status DropOld(const MatchCaller& caller, kv::Batch& batch) KAPEA_REQUIRES(mutex_);
  void Drop(const FileId& programme, const UnitId& unit, const domain::MatchAlias& alias,
            const Offered& offered, kv::Batch& batch) const;
  absl::StatusOr<std::map<domain::MatchAlias, Offered>> OfferedBy(const FileId& programme,
                                                                  const UnitId& unit) const;
  absl::StatusOr<uint32_t> UsedToday(const DeviceId& device, uint32_t today) const;

  kv::Store& store_;
  const Clock& clock_;
  const MatchOptions options_;
  const std::function<void(const DeviceId&, uint32_t)> limit_;
  Mutex mutex_;  // of all that is written
  // Of each programme the units and the day when it was tidied last.
  std::map<FileId, std::pair<std::set<UnitId>, uint32_t>> tidied_ KAPEA_GUARDED_BY(mutex_);
  std::map<DeviceId, uint32_t> told_ KAPEA_GUARDED_BY(mutex_);  // the day of the alarm
};

}  // namespace kapea::server
