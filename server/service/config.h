// The configuration file, read and checked.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/crypto/key_home.h"
#include "server/service/ca_process.h"
#include "server/service/log.h"
#include "server/service/server.h"

namespace kapea::server {

// proto/kapea/store/v1/config.proto with its defaults filled in; docs/kapead.example.textproto
// explains every field.
struct Config {
  std::string listen;
  std::string port_file;
  std::string data_directory;
  std::string keys_file;
  crypto::KeyHomeSettings key_homes;
  std::string root_certificate_file;
  std::string device_authorities_file;
  CaOptions ca;  // without the deployment
  LogLevel log_level = LogLevel::kInfo;
  std::string log_file;
  std::string metrics_address;
  std::string pid_file;
  size_t write_buffer_bytes = 0;
  size_t block_cache_bytes = 0;
  ServerOptions server;  // limits and intervals; no keys and certificates
};

// `own_folder`: where kapead lies; kapea-ca is looked for there. InvalidArgument, naming
// line or field, for text that is no configuration, for what is missing, and for a
// metrics address that others could reach.
absl::StatusOr<Config> ParseConfig(const std::string& text, const std::string& own_folder);

}  // namespace kapea::server
