// Keys that people offer for themselves or their unit when the last one ended: what the
// registrars see of them, and their approval.
#pragma once

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "tools/admin/arguments.h"

namespace kapea::admin {

// Lists what waits.
absl::Status RunOffers(const Arguments& arguments, const Clock& clock);
// Approves one, or with "all" every one, by both registrars. NotFound for one that does not
// wait (any more).
absl::Status RunApproveOffer(const Arguments& arguments, const Clock& clock);

}  // namespace kapea::admin
