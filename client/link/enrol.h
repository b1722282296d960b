// How a device comes to belong to somebody, and how it stays so.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/base/clock.h"

namespace kapea::link {

// Reads an enrolment code, makes this device's keys and has them enrolled. What comes
// back belongs into a vault at once: the code works only once. The person's keys and the
// unit's are offered; whether the directory takes them, its registrars decide.
// Errors, in plain words: InvalidArgument (the code cannot be read), FailedPrecondition
// (it has expired), Unauthenticated (used before, or refused), Unavailable.
absl::StatusOr<vault::Identity> Enrol(std::string_view code, const Clock& clock);

// A new TLS key and certificate for an enrolled device, into the vault. Wait for it: it
// holds no lock while the server is asked, but one while it stores.
absl::Status Renew(vault::Vault& vault, Time server_time = Time());
// Whether it is time to: a week after the certificate was issued.
bool RenewalDue(const vault::Identity& identity, Time now);

}  // namespace kapea::link
