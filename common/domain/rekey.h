// When a file must go on under new keys.
#pragma once

#include <string_view>
#include <vector>

#include "common/domain/file_state.h"

namespace kapea::domain {

// Whether somebody may be able to open the newest key epoch of the file who should not: it
// was granted to a key that ended since (Directory::KeyEnded: a lost device, somebody who
// left the unit), whether or not that wrap took effect, or to somebody whom no line of the roster
// lets have that class any more, or a half of it to who is no supervisor any more; or an opening by
// break-glass ended before `now`. The next lead or supervisor to sync opens another. False for a
// file without keys.
bool RekeyDue(const FileState& file, const Directory& directory, Time now = Time::Min());

// Wraps of earlier key epochs that serve nobody any more, and would serve a thief who has the
// key they were made for: its owner got the same key again under a later generation, or may not
// have it by any; or it never had an effect. Who keeps the file for others may drop them.
std::vector<WrapAt> SpentWraps(const FileState& file, const Directory& directory);

// The reason of the one Decision that a roster Change may have: behind it stand wraps of whole
// keys alone (judge_shape.cc), each of which may be dropped one day.
inline constexpr std::string_view kGrantsFollow = "grants";
bool IsGrantsFollow(const Write& write);

// Whether all that the Change lacks of its writes are such wraps: it is a grant, which has no
// others, or has the mark before the first that is gone.
bool LacksWrapsAlone(const Change& change);

}  // namespace kapea::domain
