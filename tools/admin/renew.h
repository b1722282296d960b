// The server's certificate and keys: `kapea-admin renew-server`, and what init shares with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/codec/server_keys.h"
#include "common/pki/authority.h"
#include "tools/admin/deployment.h"
#include "tools/admin/keys_file.h"

namespace kapea::admin {

// Gives the keys a new TLS key and a certificate for it, with the root behind it: a newcomer
// knows only the root's hash. Until when it is valid.
absl::StatusOr<Time> GiveCertificate(const pki::Authority& servers, const std::string& root_pem,
                                     const DeviceId& server, const std::vector<std::string>& hosts,
                                     Time now, codec::ServerKeys& keys);
// Seals the keys into the layout's file.
absl::Status WriteServerKeys(const Layout& layout, const codec::ServerKeys& keys,
                             std::string_view passphrase, int64_t kdf_target_ms);

// Issues it for the names of the old one, and seals the server's keys anew for the same
// homes. kapead uses it from its next start on; everything else of the keys stays.
// Until when it is valid. Errors of KeysFile::Open; NotFound where the Server CA's key does
// not lie in the layout: then nothing was changed.
absl::StatusOr<Time> RenewServer(const KeysAt& at, const Layout& layout,
                                 const Deployment& deployment, const Clock& clock);

}  // namespace kapea::admin
