// A disclosure: sealed fields of a file go to somebody who is not of it, with what, to whom,
// for what and until when in one signed Change; by the person's consent, or by two roles with
// a reason where there is none.
#pragma once

#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/domain/change.h"

namespace kapea::domain {

class FileState;

struct DisclosureAt {
  Disclosure what;
  Ref self;
  PersonId by;
  UnitId unit;  // that she acted for
  Role role = Role::kNone;
  EventTime time;
  bool by_consent = false;  // else with a reason, once a second person has agreed
  bool approved = false;
  PersonId approved_by;
  bool taken_back = false;  // by its author
};

enum class DisclosureStatus : uint8_t {
  kWaiting = 1,  // for the second person
  kInForce = 2,
  kExpired = 3,       // also one that nobody approved within kProposalLapses
  kConsentEnded = 4,  // the person took it back, or it ran out
  kTakenBack = 5,
};
// "waiting", "in_force", "expired", "consent_ended", "taken_back".
std::string_view NameOf(DisclosureStatus status);

// As of `at`. Nothing may be handed out under one that is not in force.
DisclosureStatus StatusOf(const FileState& file, const DisclosureAt& disclosure, Time at);

}  // namespace kapea::domain
