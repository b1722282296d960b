// What went wrong between device and server, as a sentence for the person who holds the
// device: what happened, and what to do.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/vault/identity.h"
#include "common/base/time.h"

namespace kapea::link {

// FailedPrecondition, with such a sentence, when this device's own certificate cannot be
// used `now`; `server_time` is the last time that the server signed (zero: none), by
// which a clock that is behind shows.
absl::Status CheckOwnCertificate(const std::string& chain_pem, Time now, Time server_time);

// The code stays, the message becomes a sentence. `server` is host:port.
absl::Status InPlainWords(const absl::Status& status, const std::string& server);

}  // namespace kapea::link
