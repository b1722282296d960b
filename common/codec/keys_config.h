// The part of kapead's configuration that says where its keys are, for kapead and for
// kapea-admin, which works on the same file.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/crypto/key_home.h"
#include "kapea/store/v1/config.pb.h"

namespace kapea::codec {

// Only read: homes::CheckSettings says whether they can be used.
crypto::KeyHomeSettings KeyHomeSettingsOf(const store::v1::KeysConfig& wire);

// A configuration's text, without its meaning. InvalidArgument, naming line and column.
absl::StatusOr<store::v1::ServerConfig> ReadServerConfig(const std::string& text);

}  // namespace kapea::codec
