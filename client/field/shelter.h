// What this device knows of a shelter as an actor.
#pragma once

#include <optional>

#include "client/vault/vault.h"
#include "common/base/id.h"
#include "common/base/time.h"

namespace kapea::field {

// Until when the shelter's permit holds and its newest inspection is no older than a year:
// the earlier of both, and of several files of one shelter the earliest. Absent where this
// device holds no file of the shelter, where one lacks either, and where the newest
// inspection was not in order (clause R01.7 of the national standard asks for both).
// Threads: one at a time.
std::optional<Time> CentreValidUntil(vault::Vault& vault, const UnitId& shelter);

}  // namespace kapea::field
