#include "server/service/config.h"

#include "common/base/macros.h"
#include "common/codec/erasure_list.h"
#include "common/codec/keys_config.h"
#include "common/homes/home_set.h"
#include "kapea/store/v1/config.pb.h"
#include "server/service/side_door.h"

namespace kapea::server {
namespace {

namespace store = kapea::store::v1;

template <typename T>
T Or(T value, T fallback) {
  return value == T{} ? fallback : value;
}

absl::Status Missing(const char* field) {
  return absl::InvalidArgumentError(std::string("configuration: want ") + field);
}

void ReadLimits(const store::LimitsConfig& wire, ServerOptions& out) {
  out.rates.calls_per_second = Or(wire.calls_per_second(), out.rates.calls_per_second);
  out.rates.calls_burst = Or(wire.calls_burst(), out.rates.calls_burst);
  out.rates.bytes_per_second = Or(wire.bytes_per_second(), out.rates.bytes_per_second);
  out.rates.bytes_burst = Or(wire.bytes_burst(), out.rates.bytes_burst);
  out.parcels_per_push = Or<size_t>(wire.parcels_per_push(), out.parcels_per_push);
  out.follows_per_device = Or<size_t>(wire.follows_per_device(), out.follows_per_device);
  auto& connections = out.listener.limits;
  connections.connections_max = Or<size_t>(wire.connections(), connections.connections_max);
  connections.per_device_max =
      Or<size_t>(wire.connections_per_device(), connections.per_device_max);
  out.sequencer.queue_max = Or<size_t>(wire.queue(), out.sequencer.queue_max);
  out.workers = Or<size_t>(wire.workers(), out.workers);
  out.blob_bytes_per_file = Or<uint64_t>(wire.blob_bytes_per_file(), out.blob_bytes_per_file);
  if (wire.drain_seconds() != 0) out.drain = Duration::Seconds(wire.drain_seconds());
}

LogLevel LevelOf(store::LogLevel level) {
  switch (level) {
    case store::LOG_LEVEL_DEBUG:
      return LogLevel::kDebug;
    case store::LOG_LEVEL_WARNING:
      return LogLevel::kWarning;
    case store::LOG_LEVEL_ERROR:
      return LogLevel::kError;
    default:
      return LogLevel::kInfo;
  }
}

absl::Status ReadCa(const store::CaConfig& wire, const std::string& own_folder, CaOptions& out) {
  out.socket = wire.socket();
  if (!out.socket.empty()) {
    const bool both = !wire.program().empty() || !wire.key_file().empty();
    if (both) return Missing("either ca.socket or the files of a kapea-ca to start");
    return absl::OkStatus();
  }
  out.program = wire.program().empty() ? own_folder + "/kapea-ca" : wire.program();
  out.certificate_file = wire.certificate_file();
  out.key_file = wire.key_file();
  if (out.certificate_file.empty()) return Missing("ca.certificate_file");
  if (out.key_file.empty()) return Missing("ca.key_file");
  return absl::OkStatus();
}

absl::Status CheckConfig(const Config& config) {
  if (config.listen.empty()) return Missing("listen");
  if (config.data_directory.empty()) return Missing("data_directory");
  if (config.keys_file.empty()) return Missing("keys.file");
  if (config.root_certificate_file.empty()) return Missing("root_certificate_file");
  if (config.device_authorities_file.empty()) return Missing("device_authorities_file");
  if (config.server.workers > 256) return Missing("limits.workers of at most 256");
  if (config.metrics_address.empty()) return absl::OkStatus();
  return SideDoor::CheckAddress(config.metrics_address);
}

}  // namespace

absl::StatusOr<Config> ParseConfig(const std::string& text, const std::string& own_folder) {
  KAPEA_ASSIGN(const store::ServerConfig wire, codec::ReadServerConfig(text));
  Config config;
  config.listen = wire.listen();
  config.port_file = wire.port_file();
  config.data_directory = wire.data_directory();
  config.keys_file = wire.keys().file();
  config.key_homes = codec::KeyHomeSettingsOf(wire.keys());
  config.root_certificate_file = wire.root_certificate_file();
  config.device_authorities_file = wire.device_authorities_file();
  KAPEA_TRY(ReadCa(wire.ca(), own_folder, config.ca));
  ReadLimits(wire.limits(), config.server);
  config.log_level = LevelOf(wire.log().level());
  config.log_file = wire.log().file();
  config.metrics_address = wire.metrics_address();
  config.pid_file = wire.pid_file();
  if (wire.deliveries().interval_seconds() != 0) {
    config.server.delivery_interval = Duration::Seconds(wire.deliveries().interval_seconds());
  }
  config.write_buffer_bytes = size_t{Or(wire.store().write_buffer_mib(), 8u)} << 20;
  config.block_cache_bytes = size_t{Or(wire.store().block_cache_mib(), 8u)} << 20;
  config.server.opened.per_day = Or(wire.limits().new_files_per_day(), 200u);
  for (const std::string& file : wire.canary_files()) {
    const auto id = FileId::FromHexText(file);
    if (!id.ok()) return Missing("canary_files as file ids in hex");
    config.server.opened.canaries.insert(*id);
  }
  config.server.erasure_list = codec::ErasureListPath(config.keys_file);
  config.server.listen = config.listen;
  KAPEA_TRY(CheckConfig(config));
  KAPEA_TRY(homes::CheckSettings(config.key_homes));
  return config;
}

}  // namespace kapea::server
