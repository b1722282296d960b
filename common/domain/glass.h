// Break-glass: a file whose leads cannot be reached is opened by two supervisors together,
// never by one, and never quietly. Each class key is the xor of two halves, which the opening
// of a key epoch gives to supervisors on duty; a request and an approval, each a Change of
// its own, bring two halves together on the device of who asked.
//
// The duty rule: supervisors of the founding unit's organisation (for the file of a person in
// custody, of the unit that has her), which is all units of one kind, shelters and social
// affairs being one. Those who are not on the roster come first, then the same unit, then the
// same province, then by id; at most kHalfHoldersMax. They get half 1 and half 2 by turns.
// Fewer than two of them: no halves. Which half somebody got says nothing about the key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/domain/directory.h"
#include "common/domain/file_parts.h"

namespace kapea::domain {

class FileState;

// By receive time: within which a request has to be approved, and how long the server then
// serves the file to who asked.
inline constexpr Duration kGlassLapses = Duration::Hours(1);
inline constexpr Duration kGlassStaysOpen = Duration::Hours(24);
inline constexpr size_t kHalfHoldersMax = 6;
// Reasons of the Decisions of an approval, and of the opening by who asked.
inline constexpr std::string_view kGlassApproved = "approved";
inline constexpr std::string_view kGlassOpened = "opened";

struct GlassAt {
  Ref request;
  PersonId by;
  DeviceId device;
  UnitId unit;
  uint32_t generation = 0;  // of her key, to which the other half is wrapped
  std::vector<KeyClass> classes;
  std::string reason;  // a code
  EventTime time;
  Time requested = Time::Min();  // received; Min: not in the Ledger yet
  bool too_late = false;         // another agreed after the hour; what she handed over is astray
  std::optional<Ref> approval;
  PersonId approved_by;
  Time approved;               // received
  std::vector<WrapAt> halves;  // of the approver's, wrapped to who asked
  std::vector<Time> opened;    // each device that joined the halves said so
  std::vector<SealedNote> why;

  Time until() const { return approved + kGlassStaysOpen; }
};

enum class GlassStatus : uint8_t { kWaiting = 1, kLapsed = 2, kOpen = 3, kExpired = 4 };
std::string_view NameOf(GlassStatus status);  // "waiting", "lapsed", "open", "expired"
GlassStatus StatusOf(const GlassAt& glass, Time now);
// When that becomes another though nobody does anything. Max: never.
Time TurnOf(const GlassAt& glass);

// What a request asks for; no classes where the Change does not say it.
struct GlassAsk {
  std::vector<KeyClass> classes;
  uint32_t generation = 0;
  std::string reason;
};
GlassAsk AskOf(const Change& request);

bool IsSupervisor(const Directory& directory, const PersonId& person,
                  uint64_t at = Directory::kNow);
// Whether she was given that half, by a wrap that took effect.
bool HoldsHalf(const FileState& file, const PersonId& person, const KeyEpochId& epoch,
               KeyClass key_class, uint32_t half);
// Whether any half of any key epoch of that class; kNone: of any class.
bool HoldsHalf(const FileState& file, const PersonId& person, KeyClass key_class);

// Whether this Change approves that request as of `at`: another person on another device,
// with the missing halves of what was asked for.
Verdict JudgeGlassApproval(const FileState& file, const GlassAt& glass, const Change& approval,
                           const Directory& directory, uint64_t at);

struct HalfHolder {
  PersonId person;
  uint32_t half = 0;
};
// By the rule above; empty, or both halves are held by somebody.
std::vector<HalfHolder> HalfHolders(const Directory& directory, const UnitId& unit,
                                    const std::vector<Member>& roster);
// The unit whose organisation keeps the halves of the file.
UnitId DutyUnitOf(const FileState& file);

// What somebody gets to see. kKeys: Changes of the kinds of ShownToHalfHolders whole, of all
// others the header alone.
enum class Sight : uint8_t { kNone = 0, kKeys = 1, kAll = 2 };
Sight SightOf(const FileState& file, const PersonId& person, const Directory& directory, Time now);
bool ShownToHalfHolders(Kind kind);
// Whether she ever came in by an approved request: then her read notices are heard.
bool CameByGlass(const FileState& file, const PersonId& person);

// When the file wants another key epoch because the newest was opened by break-glass: when the
// first of these openings ends. Max: never.
Time GlassEndsKeysAt(const FileState& file);

}  // namespace kapea::domain
