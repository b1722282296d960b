// `kapea-admin renew-server`: a new certificate for the server, with a new key.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "tools/admin/deployment.h"

namespace kapea::admin {

// Issues it for the names of the old one, and seals the server's keys anew under the same
// passphrase. kapead uses it from its next start on; everything else of the keys stays.
// Until when it is valid. Unauthenticated for another passphrase; NotFound where the keys
// or the Server CA's key do not lie in the layout: then nothing was changed.
absl::StatusOr<Time> RenewServer(const Layout& layout, const Deployment& deployment,
                                 std::string_view passphrase, const Clock& clock,
                                 int64_t kdf_target_ms = 1000);

}  // namespace kapea::admin
