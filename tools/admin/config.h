// `kapea-admin serve-config`: the configuration that kapead starts with.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "tools/admin/deployment.h"

namespace kapea::admin {

struct ServeOptions {
  std::string listen;           // host:port
  std::string passphrase_file;  // of the server's keys; empty: kapead asks
  std::string metrics;          // address; empty: none
};

// Writes the layout's server/kapead.textproto, with every path in it.
absl::Status WriteServerConfig(const Layout& layout, const ServeOptions& options);

}  // namespace kapea::admin
