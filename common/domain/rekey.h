// When a file must go on under new keys.
#pragma once

#include "common/domain/file_state.h"

namespace kapea::domain {

// Whether somebody may be able to open the newest key epoch of the file who should not: it
// was granted to a key that ended since (Directory::KeyEnded: a lost device, somebody who
// left the unit), whether or not that wrap took effect, or to somebody whom no line of the roster
// lets have that class any more, or a half of it to who is no supervisor any more; or an opening by
// break-glass ended before `now`. The next lead or supervisor to sync opens another. False for a
// file without keys.
bool RekeyDue(const FileState& file, const Directory& directory, Time now = Time::Min());

}  // namespace kapea::domain
