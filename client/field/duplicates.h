// Persons who are possibly known to another unit, without either showing the other a name.
// Tokens go to the server, which compares them and cannot read them; an equal one is a
// reason to ask, and nothing happens by itself. docs/duplicates.md: how, and what it leaks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/field/casework.h"
#include "client/sync/match_line.h"
#include "client/vault/vault.h"
#include "common/base/time.h"
#include "common/domain/match.h"

namespace kapea::field {

// Threads: one at a time for all. Errors: as Vault.

// A programme file whose newest live record of KH-MATCHING says yes, in which this person
// works for a unit of its roster. Its general class key is what tokens are made under.
struct MatchProgramme {
  FileId file;
  KeyEpochId epoch;
  UnitId mine;
  std::set<UnitId> units;
  bool names = false;
};
absl::StatusOr<std::vector<MatchProgramme>> MatchProgrammes(vault::Vault& vault);

struct DuplicateCheck {
  size_t programmes = 0;               // in which something was compared
  size_t files = 0;                    // with tokens
  size_t offered = 0;                  // now: new, altered or to be renewed
  size_t waiting = 0;                  // over what this device may offer today: they go tomorrow
  size_t withdrawn = 0;                // erased, or not the unit's any more
  size_t found = 0;                    // persons that another unit possibly knows
  size_t fresh = 0;                    // of those, not known here before
  std::vector<std::string> sentences;  // what did not work, and what to do
};
// Brings the server's tokens of this unit to what the files here say, and keeps what it
// found. Does nothing, and sends nothing, without such a programme. A value that more than
// kMatchCommonFilesMax files here have (an office's telephone) is not compared. Refusals of
// the server are sentences; errors of the network are errors.
inline constexpr size_t kMatchCommonFilesMax = 3;
absl::StatusOr<DuplicateCheck> CheckDuplicates(vault::Vault& vault, sync::MatchLine& line);
// Drops all that the unit has offered, and what is kept here of what was found.
absl::Status WithdrawDuplicates(vault::Vault& vault, sync::MatchLine& line);

enum class DuplicateState : uint8_t {
  kOpen = 1,       // nobody has done anything about it
  kAsked = 2,      // a colleague has asked the other unit
  kDismissed = 3,  // another person, or not pursued
  kSame = 4,       // the same person: said so, or linked
};
std::string_view NameOf(DuplicateState state);

struct DuplicateLine {
  FileId file;
  UnitId unit;                           // that possibly knows her too
  std::vector<domain::MatchKind> kinds;  // what is equal, ascending
  Time since;                            // the day, by the server, since when both have it
  DuplicateState state = DuplicateState::kOpen;
  PersonId by;  // who said so last; zeros: nobody
};
// What was found when it was last checked; open ones first. A file that was erased is none.
absl::StatusOr<std::vector<DuplicateLine>> ListDuplicates(vault::Vault& vault);

// A signed record of KH-DUPLICATE in the person's file: every colleague of the file sees it,
// and who silences a match answers for it. `answer` is a code of CL_DUPLICATE. NotFound where
// nothing of the kind was found; InvalidArgument without a reason; as WriteRecord.
absl::StatusOr<Written> AnswerDuplicate(vault::Vault& vault, const FileId& file, const UnitId& unit,
                                        std::string_view answer, std::string_view reason);
// Links two persons' files that are both here as one person: proposed in the first, approved
// in the second. Figures count one from then on. FailedPrecondition where they are linked.
absl::Status LinkSamePerson(vault::Vault& vault, const FileId& file, const FileId& other);

}  // namespace kapea::field
