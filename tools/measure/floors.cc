#include "tools/measure/floors.h"

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <rocksdb/db.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/pki/authority.h"
#include "common/pki/request.h"
#include "common/rpc/channel.h"
#include "tools/measure/case.h"
#include "tools/measure/device_load.h"

namespace kapea::bench {
namespace {

constexpr double kSeconds = 1.5;
constexpr size_t kWriters = 64;

absl::StatusOr<pki::Request> RequestFor(const crypto::SigningKey& key) {
  KAPEA_ASSIGN(const std::string der, pki::MakeRequest(key));
  return pki::Request::FromDer(der);
}

// The port that the child prints when it serves.
absl::StatusOr<int> ReadPort(int fd) {
  std::string text;
  for (char c = 0; ::read(fd, &c, 1) == 1 && c != '\n';) text.push_back(c);
  const int port = std::atoi(text.c_str());
  if (port == 0) return absl::UnavailableError("the floors' server did not start");
  return port;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Floors>> Floors::Start(const std::string& program,
                                                      const std::string& folder, size_t clients) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const Time now = SystemClock().Now();
  const auto deployment = crypto::RandomId<DeploymentId>();
  KAPEA_ASSIGN(const auto root, pki::Authority::CreateRoot(deployment, now));
  KAPEA_ASSIGN(const auto servers, root.IssueIntermediate(pki::AuthorityKind::kServers, now));
  KAPEA_ASSIGN(const auto devices, root.IssueIntermediate(pki::AuthorityKind::kDevices, now));
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  KAPEA_ASSIGN(const pki::Request request, RequestFor(key));
  KAPEA_ASSIGN(const std::string chain, servers.IssueServer(request, crypto::RandomId<DeviceId>(),
                                                            {rpc::kServerDnsName}, now));
  KAPEA_TRY(WriteFileAtomically(folder + "/root.pem", root.certificate_pem(), kPublicFileMode));
  KAPEA_TRY(WriteFileAtomically(folder + "/chain.pem", chain, kPublicFileMode));
  KAPEA_TRY(WriteFileAtomically(folder + "/key.pem", key.ToPem().view(), kPrivateFileMode));

  std::unique_ptr<Floors> floors(new Floors(folder));
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return absl::UnavailableError("no pipe");
  auto server = Process::Start({program, "--floor-server", folder}, pipe[1]);
  ::close(pipe[1]);
  const auto port = ReadPort(pipe[0]);
  ::close(pipe[0]);
  KAPEA_TRY(server.status());
  KAPEA_TRY(port.status());
  floors->server_ = *std::move(server);
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(rpc::kServerDnsName);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  for (size_t i = 0; i < clients; ++i) {
    const crypto::SigningKey own = crypto::SigningKey::Generate();
    KAPEA_ASSIGN(const pki::Request wanted, RequestFor(own));
    KAPEA_ASSIGN(const std::string leaf, devices.IssueDevice(wanted, crypto::RandomId<PersonId>(),
                                                             crypto::RandomId<DeviceId>(), now));
    floors->channels_.push_back(grpc::CreateCustomChannel(
        "127.0.0.1:" + std::to_string(*port),
        grpc::SslCredentials({root.certificate_pem(), std::string(own.ToPem().view()), leaf}),
        arguments));
  }
  // Connects everybody before anything is measured.
  KAPEA_TRY(RunFloor(floors->channels_, false, kFloorBytes, 0.5).status());
  return floors;
}

absl::StatusOr<double> Floors::Echo64() {
  KAPEA_ASSIGN(const LoadResult load, RunFloor(channels_, false, kFloorBytes, kSeconds));
  return load.per_second;
}

absl::StatusOr<double> Floors::Echo1() {
  KAPEA_ASSIGN(LoadResult load, RunFloor({channels_[0]}, false, kFloorBytes, kSeconds / 3));
  return Quantile(load.latencies_us, 0.5);
}

absl::StatusOr<double> Floors::Composite() {
  KAPEA_ASSIGN(const LoadResult load, RunFloor(channels_, true, kFloorBytes, kSeconds));
  return load.per_second;
}

absl::StatusOr<double> Floors::RocksSync64() const {
  const std::string path = folder_ + "/rocks64";
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::Open(options, path, &opened).ok()) {
    return absl::UnavailableError("rocksdb does not open");
  }
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::atomic<uint64_t> puts = 0;
  std::atomic<bool> failed = false;
  const double began = NowMicros();
  const double until = began + kSeconds * 1e6;
  std::vector<std::thread> writers;
  for (size_t i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      const std::string value = crypto::RandomBytes(kFloorBytes);
      rocksdb::WriteOptions synced;
      synced.sync = true;
      while (NowMicros() < until && !failed) {
        if (!db->Put(synced, crypto::RandomBytes(16), value).ok()) failed = true;
        ++puts;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  if (failed) return absl::UnavailableError("a put into rocksdb failed");
  return static_cast<double>(puts) / ((NowMicros() - began) / 1e6);
}

}  // namespace kapea::bench
