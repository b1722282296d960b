#include "server/service/config.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "common/base/file.h"
#include "common/base/macros.h"
#include "kapea/store/v1/config.pb.h"
#include "server/service/side_door.h"

namespace kapea::server {
namespace {

namespace store = kapea::store::v1;
constexpr size_t kPassphraseBytesMax = 1024;

// Keeps the first complaint of the parser.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!text.empty()) return;
    text = "line " + std::to_string(line + 1) + ", column " + std::to_string(column + 1) + ": " +
           message;
  }
  std::string text;
};

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
  if (!config.passphrase_file.empty() && !config.credential.empty()) {
    return Missing("one of keys.passphrase_file and keys.credential");
  }
  if (config.credential.find('/') != std::string::npos) {
    return Missing("keys.credential without a slash: it is a name, no path");
  }
  if (config.server.workers > 256) return Missing("limits.workers of at most 256");
  if (config.metrics_address.empty()) return absl::OkStatus();
  return SideDoor::CheckAddress(config.metrics_address);
}

absl::StatusOr<crypto::SecretBytes> FirstLine(std::string text) {
  const size_t end = text.find_first_of("\r\n");
  crypto::SecretBytes secret = crypto::SecretBytes::CopyOf(std::string_view(text).substr(0, end));
  crypto::Wipe(text);
  if (secret.empty()) return absl::InvalidArgumentError("the passphrase is empty");
  return secret;
}

absl::StatusOr<crypto::SecretBytes> ReadSecretFile(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(path + ": want a file that only its owner can read");
  }
  KAPEA_ASSIGN(std::string text, ReadFile(path, kPassphraseBytesMax));
  return FirstLine(std::move(text));
}

}  // namespace

absl::StatusOr<Config> ParseConfig(const std::string& text, const std::string& own_folder) {
  store::ServerConfig wire;
  google::protobuf::TextFormat::Parser parser;
  FirstError error;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(text, &wire)) {
    return absl::InvalidArgumentError("configuration: " + error.text);
  }
  Config config;
  config.listen = wire.listen();
  config.port_file = wire.port_file();
  config.data_directory = wire.data_directory();
  config.keys_file = wire.keys().file();
  config.passphrase_file = wire.keys().passphrase_file();
  config.credential = wire.keys().credential();
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
  config.server.listen = config.listen;
  KAPEA_TRY(CheckConfig(config));
  return config;
}

absl::StatusOr<crypto::SecretBytes> ReadPassphrase(const Config& config) {
  if (!config.passphrase_file.empty()) return ReadSecretFile(config.passphrase_file);
  if (!config.credential.empty()) {
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr) {
      return absl::FailedPreconditionError(
          "want a systemd credential, but CREDENTIALS_DIRECTORY is not set");
    }
    KAPEA_ASSIGN(std::string text,
                 ReadFile(std::string(folder) + "/" + config.credential, kPassphraseBytesMax));
    return FirstLine(std::move(text));
  }
  if (::isatty(STDIN_FILENO) == 0) {
    return absl::FailedPreconditionError(
        "want keys.passphrase_file, keys.credential, or a terminal to ask for the passphrase");
  }
  char* typed = ::getpass("Passphrase of the server's keys: ");
  if (typed == nullptr) return absl::FailedPreconditionError("no passphrase was typed");
  std::string text(typed);
  explicit_bzero(typed, text.size());
  return FirstLine(std::move(text));
}

}  // namespace kapea::server
