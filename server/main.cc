// kapead: the server.
//
// Exit codes: 0 stopped in order (or --verify found nothing); 1 could not start, or
// failed while running; 2 wrong arguments or configuration; 3 keys do not open; 4
// --verify found differences, or the ledger is damaged.

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/codec/protobuf_log.h"
#include "common/codec/server_keys.h"
#include "common/crypto/key_box.h"
#include "common/crypto/secret.h"
#include "common/homes/home_set.h"
#include "common/kv/open.h"
#include "common/pki/certificate.h"
#include "common/rpc/tls_profile.h"
#include "server/core/rebuild.h"
#include "server/core/verify.h"
#include "server/service/ca_process.h"
#include "server/service/config.h"
#include "server/service/log.h"
#include "server/service/metrics.h"
#include "server/service/server.h"
#include "server/service/side_door.h"
#include "server/store/tables.h"
#include "server/watch/sweeper.h"

namespace kapea::server {
namespace {

constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kKeys = 3;
constexpr int kDamaged = 4;
constexpr size_t kConfigBytesMax = 256 * 1024;
constexpr char kVersion[] = "kapead 0.1.0";

int Fail(int code, const absl::Status& status) {
  std::fprintf(stderr, "kapead: %s\n", std::string(status.message()).c_str());
  return code;
}

struct Arguments {
  std::string config;
  bool verify = false;
  bool rebuild = false;
  bool check_config = false;
};

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  KAPEA_ASSIGN(const std::string text, ReadFile(path, kConfigBytesMax));
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
  return ParseConfig(text, own.parent_path().string());
}

absl::StatusOr<codec::ServerKeys> LoadKeys(const Config& config) {
  KAPEA_ASSIGN(const std::string sealed, ReadFile(config.keys_file, crypto::kKeyBoxBytesMax));
  const homes::HomeSet homes(config.key_homes);
  return codec::ServerKeys::Open(homes.all(), sealed);
}

absl::StatusOr<std::unique_ptr<kv::Store>> OpenStore(const Config& config,
                                                     const codec::ServerKeys& keys,
                                                     bool read_only) {
  kv::OpenOptions options;
  options.directory = config.data_directory;
  options.tables = AllTables();
  options.master_key = &keys.store_master_key;
  if (!keys.next_store_master_key.empty()) options.next_master_key = &keys.next_store_master_key;
  options.read_only = read_only;
  options.write_buffer_bytes = config.write_buffer_bytes;
  options.block_cache_bytes = config.block_cache_bytes;
  return kv::OpenRocksStore(options);
}

int Verify(const Config& config, const codec::ServerKeys& keys) {
  const auto store = OpenStore(config, keys, true);
  if (!store.ok()) return Fail(kFailed, store.status());
  const auto log_key = crypto::NoteSigningKey::FromSeed(keys.log_seed);
  if (!log_key.ok()) return Fail(kKeys, log_key.status());
  const bool watched = isatty(STDERR_FILENO) != 0;
  const auto report = VerifyStore(**store, log_key->public_key(), [watched](int percent) {
    if (watched) std::fprintf(stderr, "\rverifying: %d %%", percent);
  });
  if (watched) std::fprintf(stderr, "\n");
  if (!report.ok()) return Fail(kDamaged, report.status());
  std::printf("entries %llu, changes %llu, parcels %llu, files %llu, views %llu\nroot %s\n",
              static_cast<unsigned long long>(report->entries),
              static_cast<unsigned long long>(report->changes),
              static_cast<unsigned long long>(report->parcels),
              static_cast<unsigned long long>(report->files),
              static_cast<unsigned long long>(report->views), report->root.hex().c_str());
  for (const std::string& difference : report->differences) {
    std::printf("differs: %s\n", difference.c_str());
  }
  if (!report->differences.empty()) return kDamaged;
  std::printf("all is as the ledger says\n");
  return kOk;
}

int Rebuild(const Config& config, const codec::ServerKeys& keys) {
  const auto store = OpenStore(config, keys, false);
  if (!store.ok()) return Fail(kFailed, store.status());
  const bool watched = isatty(STDERR_FILENO) != 0;
  const absl::Status rebuilt = RebuildViews(**store, [watched](uint64_t folded, uint64_t all) {
    if (watched) {
      std::fprintf(stderr, "\rviews: %llu of %llu changes", static_cast<unsigned long long>(folded),
                   static_cast<unsigned long long>(all));
    }
  });
  if (!rebuilt.ok()) return Fail(kDamaged, rebuilt);
  const auto files = SweepAll(**store, SystemClock().Now(), [watched](uint64_t done) {
    if (watched) {
      std::fprintf(stderr, "\rfindings: %llu files        ", static_cast<unsigned long long>(done));
    }
  });
  if (watched) std::fprintf(stderr, "\n");
  if (!files.ok()) return Fail(kDamaged, files.status());
  std::printf("views and findings of %llu files are built anew\n",
              static_cast<unsigned long long>(*files));
  return kOk;
}

// Blocked in every thread; taken one by one by the main thread.
sigset_t BlockSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return signals;
}

SideDoor::Reply AnswerOperator(const Server& server, Metrics& metrics, const std::string& path) {
  if (path == "/metrics") {
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics.Text()};
  }
  if (path != "/health") return {404, "text/plain", "want /health or /metrics\n"};
  const bool healthy = server.Healthy();
  return {healthy ? 200 : 503, "application/json",
          "{\"healthy\":" + std::string(healthy ? "true" : "false") +
              ",\"ledger_size\":" + std::to_string(server.published().tip()->size) + "}\n"};
}

void WaitForEnd(const sigset_t& signals, Log& log) {
  for (;;) {
    int signal = 0;
    if (::sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) {
      log.Info("stopping", {{"signal", int64_t{signal}}});
      return;
    }
    const absl::Status status = log.Reopen();
    if (!status.ok()) log.Error("log_not_reopened", status);
  }
}

absl::StatusOr<ServerOptions> OptionsOf(const Config& config, const codec::ServerKeys& keys) {
  ServerOptions options = config.server;
  KAPEA_ASSIGN(options.root_pem,
               ReadFile(config.root_certificate_file, pki::kCertificatePemBytesMax));
  KAPEA_ASSIGN(options.device_authorities_pem,
               ReadFile(config.device_authorities_file, pki::kCertificatePemBytesMax));
  options.identity = {keys.tls_chain_pem, std::string(keys.tls_key_pem.view())};
  return options;
}

// Which deployment this is, for kapea-ca: the store says it.
absl::StatusOr<DeploymentId> DeploymentOf(const kv::Store& store) {
  KAPEA_ASSIGN(const auto row, store.Find(kMeta, "head"));
  if (!row) {
    return absl::FailedPreconditionError(
        "the store has no genesis: run kapea-admin init first, nothing was changed");
  }
  KAPEA_ASSIGN(const codec::LedgerHead head, codec::LedgerHead::Decode(*row));
  return head.deployment;
}

absl::Status Run(const Config& config, const codec::ServerKeys& keys, const sigset_t& signals) {
  const auto clock = std::make_shared<SystemClock>();
  KAPEA_ASSIGN(const auto log, Log::Open(config.log_level, config.log_file, clock));
  Metrics metrics;
  KAPEA_ASSIGN(const auto store, OpenStore(config, keys, false));
  if (!keys.next_store_master_key.empty()) {
    log->Warn("master_key_half_replaced", {{"do", "stop, and run kapea-admin keys rotate"}});
  }
  CaOptions ca_options = config.ca;
  KAPEA_ASSIGN(const DeploymentId deployment, DeploymentOf(*store));
  ca_options.deployment = deployment.hex();
  KAPEA_ASSIGN(const auto ca, CaProcess::Start(ca_options, clock, [&](const std::string& how) {
                 metrics.Restarted("kapea-ca");
                 log->Warn("kapea_ca_restarted", {{"how", how}});
               }));
  KAPEA_ASSIGN(crypto::NoteSigningKey log_key, crypto::NoteSigningKey::FromSeed(keys.log_seed));
  KAPEA_ASSIGN(crypto::SigningKey device_key, crypto::SigningKey::FromScalar(keys.device_scalar));
  KAPEA_ASSIGN(ServerOptions options, OptionsOf(config, keys));
  KAPEA_ASSIGN(const auto server,
               Server::Start(std::move(options), {*store, *ca, *log, metrics, clock,
                                                  std::move(log_key), std::move(device_key)}));
  metrics.SetGauges([&server] { return server->Gauges(); });
  std::unique_ptr<SideDoor> side_door;
  if (!config.metrics_address.empty()) {
    KAPEA_ASSIGN(side_door, SideDoor::Open(config.metrics_address, [&](const std::string& path) {
                   return AnswerOperator(*server, metrics, path);
                 }));
  }
  if (!config.port_file.empty()) {
    KAPEA_TRY(WriteFileAtomically(config.port_file, server->address() + "\n", kPublicFileMode));
  }
  if (!config.pid_file.empty()) {
    KAPEA_TRY(
        WriteFileAtomically(config.pid_file, std::to_string(::getpid()) + "\n", kPublicFileMode));
  }
  log->Info("serving", {{"address", server->address()},
                        {"metrics", side_door ? side_door->address() : ""},
                        {"ledger_size", static_cast<int64_t>(server->published().tip()->size)}});
  WaitForEnd(signals, *log);
  server->Drain();
  side_door.reset();
  metrics.SetGauges(nullptr);
  if (!config.pid_file.empty()) ::unlink(config.pid_file.c_str());
  if (!config.port_file.empty()) ::unlink(config.port_file.c_str());
  log->Info("stopped");
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  crypto::HardenProcess();
  codec::QuietProtobuf();
  CLI::App app("kapead: the server of a Kapea deployment");
  Arguments arguments;
  app.add_option("--config", arguments.config, "configuration, textproto")->required();
  app.add_flag("--verify", arguments.verify,
               "replay the ledger, compare everything with it, and end");
  app.add_flag("--rebuild", arguments.rebuild,
               "throw every view and finding away, build them from the ledger, and end");
  app.add_flag("--check-config", arguments.check_config, "read the configuration and end");
  app.set_version_flag("--version", kVersion);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  const absl::Status profile = rpc::InstallTlsProfile();
  if (!profile.ok()) return Fail(kFailed, profile);
  const auto config = LoadConfig(arguments.config);
  if (!config.ok()) return Fail(kUsage, config.status());
  if (arguments.check_config) {
    std::printf("the configuration is well-formed\n");
    return kOk;
  }
  const auto keys = LoadKeys(*config);
  if (!keys.ok()) return Fail(kKeys, keys.status());
  if (arguments.verify) return Verify(*config, *keys);
  if (arguments.rebuild) return Rebuild(*config, *keys);
  const sigset_t signals = BlockSignals();
  const absl::Status status = Run(*config, *keys, signals);
  if (status.ok()) return kOk;
  return Fail(absl::IsDataLoss(status) ? kDamaged : kFailed, status);
}

}  // namespace
}  // namespace kapea::server

int main(int argc, char** argv) { return kapea::server::Main(argc, argv); }
