// The release of an operation's plan: where and when stays with the leads and supervisors on
// the roster until two of them, by a proposal and an approval, release it to the team.
#pragma once

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/domain/change.h"

namespace kapea::domain {

struct ReleaseAt {
  Ref proposal, approval;
  PersonId proposed_by, approved_by;
  uint64_t number = 0;  // of the Entry that completed it
  Time at;              // when that was received
};

}  // namespace kapea::domain
