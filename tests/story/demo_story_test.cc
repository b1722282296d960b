// The demonstration as a test: the shipped programs play one rescue over real mutual
// TLS, and what is left behind is looked at from outside. Promises 2, 3 and 4 of the
// design have their end-to-end test here.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "client/field/compliance.h"
#include "client/link/grpc_transport.h"
#include "client/link/query.h"
#include "client/vault/vault.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/codec/server_keys.h"
#include "common/kv/open.h"
#include "common/rpc/tls_profile.h"
#include "server/core/verify.h"
#include "server/store/tables.h"

namespace kapea {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Written by the demonstration into a sealed field, and into a clear one.
const char kPlantedName[] = "Demonstrationname";
const char kPlantedCode[] = "A_15_17";

std::string Slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class DemoStoryTest : public testing::Test {
 protected:
  // Once for all cases: it takes most of a minute.
  static void SetUpTestSuite() {
    ASSERT_TRUE(rpc::InstallTlsProfile().ok());
    char folder[] = "/tmp/kapea-story.XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    dir_ = new fs::path(folder);
    setenv("KAPEA_BIN", KAPEA_BIN, 1);
    const std::string command = std::string(KAPEA_SOURCE "/tools/demo --no-build --keep --dir ") +
                                folder + "/d > " + folder + "/out 2>&1";
    exit_code_ = std::system(command.c_str());
  }
  static void TearDownTestSuite() {
    StopServer();
    if (dir_ != nullptr) fs::remove_all(*dir_);
    delete dir_;
    dir_ = nullptr;
  }

  void SetUp() override { ASSERT_EQ(exit_code_, 0) << Slurp(*dir_ / "out"); }

  static fs::path Demo() { return *dir_ / "d"; }
  static json Deployment() { return json::parse(Slurp(Demo() / "deployment.json")); }

  // SIGTERM, and wait until it is gone: it is no child of ours any more.
  static void StopServer() {
    if (dir_ == nullptr) return;
    std::ifstream in(Demo() / "kapead.pid");
    pid_t pid = 0;
    if (!(in >> pid) || stopped_) return;
    stopped_ = true;
    if (kill(pid, SIGTERM) != 0) return;
    for (int i = 0; i < 1000 && kill(pid, 0) == 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // no event for a stranger's end
    }
  }

  static std::unique_ptr<vault::Vault> OpenVault(const char* who, const Clock& clock) {
    const std::string pass = Slurp(Demo() / who / "pass");
    auto vault = vault::Vault::Open(Demo() / who / "vault", pass.substr(0, pass.find('\n')), clock);
    EXPECT_TRUE(vault.ok()) << vault.status();
    return vault.ok() ? *std::move(vault) : nullptr;
  }

  static fs::path* dir_;
  static int exit_code_;
  static bool stopped_;
};

fs::path* DemoStoryTest::dir_ = nullptr;
int DemoStoryTest::exit_code_ = -1;
bool DemoStoryTest::stopped_ = false;

TEST_F(DemoStoryTest, DescribesTheDeploymentForOtherPrograms) {
  const json deployment = Deployment();
  EXPECT_NE(deployment.at("server").get<std::string>().find(':'), std::string::npos);
  EXPECT_TRUE(fs::exists(deployment.at("ca").get<std::string>()));
  ASSERT_EQ(deployment.at("devices").size(), 4u);
  for (const json& device : deployment.at("devices")) {
    EXPECT_EQ(device.at("person").get<std::string>().size(), 32u);
    EXPECT_FALSE(device.at("role").get<std::string>().empty());
    for (const char* file : {"vault", "passphrase_file", "certificate", "key"}) {
      EXPECT_TRUE(fs::exists(device.at(file).get<std::string>())) << file;
    }
  }
}

// What the server found and what a device computes from what it pulled are the same.
TEST_F(DemoStoryTest, ServerAndDeviceComeToTheSameFindings) {
  ASSERT_FALSE(stopped_);
  const SystemClock clock;
  const auto vault = OpenVault("supervisor", clock);
  ASSERT_NE(vault, nullptr);
  auto transport = link::GrpcTransport::Connect(vault->identity(), clock);
  ASSERT_TRUE(transport.ok()) << transport.status();
  int compared = 0;
  for (const vault::FileLine& line : vault->Files()) {
    if (line.kind != domain::FileKind::kPerson && line.kind != domain::FileKind::kOperation) {
      continue;
    }
    link::ComplianceCall call;
    call.file = line.file;
    const auto answer = link::AskCompliance(**transport, vault->identity().server, call);
    ASSERT_TRUE(answer.ok()) << answer.status();
    field::ReportRequest request;
    request.file = line.file;
    request.as_of = answer->as_of;
    const auto report = field::ReportCompliance(*vault, request);
    ASSERT_TRUE(report.ok()) << report.status();
    std::map<std::pair<std::string, std::string>, std::string> there, here;
    const auto say = [](const standards::Finding& finding) {
      std::string said = std::to_string(static_cast<int>(finding.status));
      said += finding.certain ? " certain" : " by the device's clock";
      if (finding.done) said += " " + std::to_string(finding.done->soft.latest.unix_ms());
      if (finding.due) said += " due " + std::to_string(finding.due->soft.latest.unix_ms());
      return said;
    };
    for (const auto& one : answer->findings) {
      const auto& finding = one.finding;
      there[{finding.code, finding.record ? finding.record->hex() : ""}] = say(finding);
    }
    for (const auto& file : report->files) {
      for (const auto& clause : file.lines) {
        const auto& finding = clause.finding;
        here[{finding.code, finding.record ? finding.record->hex() : ""}] = say(finding);
      }
    }
    EXPECT_EQ(there, here) << line.file.hex();
    EXPECT_GT(there.size(), 50u);
    ++compared;
  }
  EXPECT_EQ(compared, 4);  // the operation and three persons
}

TEST_F(DemoStoryTest, NoNameLiesAnywhereOnTheServer) {
  StopServer();
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(Demo() / "deployment/server")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(Slurp(entry.path()).find(kPlantedName), std::string::npos) << entry.path();
  }
  EXPECT_GT(files, 5u);
}

// Not even for somebody who has all of the server's keys; the clear code is found, so
// the search works.
TEST_F(DemoStoryTest, NoNameOpensWithTheServersOwnKeys) {
  StopServer();
  const std::string pass = Slurp(Demo() / "server.pass");
  const auto keys = codec::ServerKeys::Open(pass.substr(0, pass.find('\n')),
                                            Slurp(Demo() / "deployment/server/keys.sealed"));
  ASSERT_TRUE(keys.ok()) << keys.status();
  kv::OpenOptions open;
  open.directory = Demo() / "deployment/server/store";
  open.tables = server::AllTables();
  open.master_key = &keys->store_master_key;
  open.read_only = true;
  const auto store = kv::OpenRocksStore(open);
  ASSERT_TRUE(store.ok()) << store.status();
  size_t values = 0;
  size_t with_code = 0;
  for (const kv::Table& table : server::AllTables()) {
    const auto scanned = (*store)->Scan(table, "", "", [&](std::string_view, std::string_view v) {
      ++values;
      EXPECT_EQ(v.find(kPlantedName), std::string_view::npos) << table.name;
      with_code += v.find(kPlantedCode) != std::string_view::npos ? 1 : 0;
      return true;
    });
    EXPECT_TRUE(scanned.ok()) << table.name << " " << scanned;
  }
  EXPECT_GT(values, 300u);
  EXPECT_GT(with_code, 0u);

  // And everything derived is what a replay of the ledger gives.
  const auto log_key = crypto::NoteSigningKey::FromSeed(keys->log_seed);
  ASSERT_TRUE(log_key.ok());
  const auto report = server::VerifyStore(**store, log_key->public_key(), [](int) {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->differences, std::vector<std::string>());
  EXPECT_GT(report->entries, 100u);
}

}  // namespace
}  // namespace kapea
