// The demonstration, played once for all cases by the shipped programs, and what looks at what
// it leaves behind.
#pragma once

#include <grpcpp/grpcpp.h>
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
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client/field/calendar.h"
#include "client/field/compliance.h"
#include "client/field/measures.h"
#include "client/link/grpc_transport.h"
#include "client/link/query.h"
#include "client/vault/vault.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/codec/protobuf_log.h"
#include "common/codec/server_keys.h"
#include "common/crypto/hash.h"
#include "common/kv/open.h"
#include "common/rpc/channel.h"
#include "common/rpc/tls_profile.h"
#include "kapea/v1/enrol_service.grpc.pb.h"
#include "kapea/v1/sync_service.grpc.pb.h"
#include "kapea/v1/view_service.grpc.pb.h"
#include "server/core/verify.h"
#include "server/store/tables.h"
#include "tests/story/search.h"
#include "tests/story/wire_relay.h"

namespace kapea {

namespace fs = std::filesystem;
using nlohmann::json;

// Written into sealed fields, by the demonstration and by a test: name, birth date, phone,
// address, testimony, health, the place of a raid, and a paper that was scanned.
inline const std::vector<std::string> kPlanted = {"Demonstrationname",
                                                  "Zqyxveraname",
                                                  "\u179f\u17bb\u1781\u179f\u17b6\u1780",
                                                  "2011-03-29",
                                                  "997314852",
                                                  "Zqyxvera street",
                                                  "zqyxveralocked me",
                                                  "zqyxvera cannot sleep",
                                                  "Zqyxvera market",
                                                  "zqyxveraraid",
                                                  "zqyxverapaper"};
// Written in clear.
inline const std::vector<std::string> kClear = {"A_15_17", "PP-SHELTER"};
inline const char kClearCode[] = "A_15_17 as it is";

using story::Search;
inline const Search& Planted() {
  static const Search search(kPlanted);
  return search;
}
inline const Search& Clear() {
  static const Search search(kClear);
  return search;
}
inline const std::set<std::string> kNothing;

inline std::string Slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class DemoStoryTest : public testing::Test {
 protected:
  // Once for all cases: it takes most of a minute.
  static void SetUpTestSuite() {
    ASSERT_TRUE(rpc::InstallTlsProfile().ok());
    codec::QuietProtobuf();
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

  // Over the same deployment, with its metrics and every line of its log; what it prints
  // goes to Demo()/again.out.
  static pid_t StartServerAgain() {
    std::string config = Slurp(Demo() / "deployment/server/kapead.textproto");
    const std::string log = "log { file:";
    config.replace(config.find(log), log.size(), "log { level: LOG_LEVEL_DEBUG file:");
    std::ofstream(Demo() / "again.textproto") << config << "metrics_address: \"127.0.0.1:0\"\n"
                                              << "duplicates { enabled: true }\n";
    fs::remove(Demo() / "deployment/server/address");
    const std::string d = Demo().string();
    Run(std::string(KAPEA_BIN) + "/kapead --config " + d + "/again.textproto > " + d +
        "/again.out 2>&1 & echo $! > " + d + "/kapead.pid");
    stopped_ = false;
    for (int i = 0; i < 1000 && !fs::exists(Demo() / "deployment/server/address"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // no event for a stranger
    }
    return static_cast<pid_t>(std::stol(Slurp(Demo() / "kapead.pid")));
  }

  static void Run(const std::string& command) {
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }
  // The client's program, as that person, with the server where `server` says.
  static void Kapea(const std::string& who, const std::string& server, const std::string& words) {
    const std::string d = (Demo() / who).string();
    Run(std::string(KAPEA_BIN) + "/kapea --vault " + d + "/vault --passphrase-file " + d +
        "/pass --server " + server + " " + words + " > " + d + "/again.out");
  }

  // The same for what is to be refused: its exit code.
  static int Refused(const std::string& who, const std::string& server, const std::string& words) {
    const std::string d = (Demo() / who).string();
    const int status = std::system(  // NOLINT(cert-env33-c): a test's own words
        (std::string(KAPEA_BIN) + "/kapea --vault " + d + "/vault --passphrase-file " + d +
         "/pass --server " + server + " " + words + " > " + d + "/again.out 2>&1")
            .c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // A night in which a hundred persons come to the shelter, each with all that is to stay sealed.
  static void ReceiveAHundred(const std::string& server) {
    const std::string lines = (Demo() / "hundred").string();
    const std::string paper = (Demo() / "paper").string();
    std::ofstream(paper) << "a list of zqyxverapaper, in clear on this device alone";
    std::ofstream out(lines);
    for (int i = 0; i < 100; ++i) {
      out << "intake new --walk-in --set arrival_at=-20m\n"
          << "intake fill $file --set given_name_latin=Zqyxveraname" << i
          << " --set birth_date=2011-03-29 --set guardian_phone=+855997314852 --set "
             "'last_address="
          << i << " Zqyxvera street' --set 'account=the one who zqyxveralocked me in'"
          << (i % 5 == 0 ? " --set handover_record=@" + paper : "") << "\n";
    }
    out.close();
    const std::string d = (Demo() / "intake").string();
    Run(std::string(KAPEA_BIN) + "/kapea --vault " + d + "/vault --passphrase-file " + d +
        "/pass --batch - < " + lines + " > " + d + "/again.out 2>&1");
    EXPECT_GE(WriteHealth("zqyxvera cannot sleep").size(), 100u);
    // The server lets a device send only so much at once; what waits goes with the next.
    json report;
    int papers = 0;
    for (int i = 0; i < 40 && (i == 0 || report.at("waiting_attachments") != 0); ++i) {
      Kapea("intake", server, "--json sync");
      report = json::parse(Slurp(Demo() / "intake/again.out"));
      papers += report.at("uploaded").get<int>();
    }
    EXPECT_GE(papers, 20);
    EXPECT_EQ(report.at("waiting"), 0);
    EXPECT_EQ(report.at("waiting_attachments"), 0);
  }

  // Both registrars at their machine.
  static void Admin(const std::string& words) {
    const std::string d = Demo().string();
    Run(std::string(KAPEA_BIN) + "/kapea-admin --dir " + d +
        "/deployment --registrar-passphrase-file " + d + "/registrars.pass " + words + " > " + d +
        "/admin.out");
  }
  static json DeviceNamed(const std::string& name) {
    const json deployment = Deployment();
    for (const json& device : deployment.at("devices")) {
      if (device.at("name") == name) return device;
    }
    ADD_FAILURE() << "want a device named " << name;
    return {};
  }

  static std::string Metrics() {
    const std::string log = Slurp(Demo() / "deployment/server/kapead.log");
    const json line = json::parse(LastLineWith(log, "\"serving\""));
    std::string address = line.at("metrics");
    std::replace(address.begin(), address.end(), ':', '/');
    Run("bash -c 'exec 3<>/dev/tcp/" + address +
        "; printf \"GET /metrics HTTP/1.0\\r\\n\\r\\n\" >&3; cat <&3' > " +
        (Demo() / "metrics").string());
    return Slurp(Demo() / "metrics");
  }
  static std::string LastLineWith(const std::string& text, const std::string& word) {
    const size_t begin = text.rfind('\n', text.rfind(word)) + 1;
    return text.substr(begin, text.find('\n', begin) - begin);
  }

  static uintmax_t LogBytes(const fs::path& store) {
    uintmax_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(store)) {
      if (entry.path().extension() == ".log") bytes += entry.file_size();
    }
    return bytes;
  }

  static void ExpectCleanMemory(pid_t server) {
    const auto planted = story::SearchMemory(server, Planted());
    if (absl::IsPermissionDenied(planted.status())) {
      std::printf("the server's memory is not searched: %s\n", planted.status().ToString().c_str());
      return;
    }
    ASSERT_TRUE(planted.ok()) << planted.status();
    EXPECT_EQ(*planted, kNothing) << "in the server's memory";
    const auto clear = story::SearchMemory(server, Clear());
    ASSERT_TRUE(clear.ok()) << clear.status();
    EXPECT_TRUE(clear->contains(kClearCode)) << "want the search to find what is there";
  }

  // What no command of the program seals under this class: one field, as a member of that role.
  static void WriteSealed(vault::Vault& vault, const FileId& file, domain::Role role,
                          domain::FieldWrite write, std::string_view text,
                          domain::KeyClass key_class) {
    vault::Intent intent{.file = file, .kind = domain::Kind::kEdit};
    intent.acting = {role, vault.identity().unit};
    auto writer = vault.Begin(intent);
    ASSERT_TRUE(writer.ok()) << writer.status();
    const absl::Status sealed =
        vault.AddSealed(*writer, write, domain::Text{std::string(text)}, key_class);
    ASSERT_TRUE(sealed.ok()) << sealed;
    ASSERT_TRUE(vault.Commit(*std::move(writer)).ok());
  }
  // About the health of everybody whose name is known at the shelter, as its health worker.
  static std::vector<FileId> WriteHealth(std::string_view text) {
    const SystemClock clock;
    const auto vault = OpenVault("intake", clock);
    std::vector<FileId> written;
    for (const vault::FileLine& line : vault->Files()) {
      const auto state = vault->File(line.file);
      if (!state.ok()) continue;
      for (const auto& [id, record] : (*state)->records()) {
        if (record.Find("given_name_latin") == nullptr) continue;
        domain::FieldWrite write;
        write.record = id;
        write.field = "mental_health_screen";
        WriteSealed(*vault, line.file, domain::Role::kHealthWorker, write, text,
                    domain::KeyClass::kHealth);
        written.push_back(line.file);
        break;
      }
    }
    return written;
  }
  // A raid that is being planned: with the program, and under the key of the plan.
  static void PlanARaid(const std::string& server) {
    Kapea("lead", server, "--json operation new --variant venue");
    const json operation = json::parse(Slurp(Demo() / "lead/again.out"));
    const std::string file = operation.at("file");
    Kapea("lead", server,
          "operation plan --op " + file + " --set 'target_place=Behind the Zqyxvera market'");
    {
      const SystemClock clock;
      const auto vault = OpenVault("lead", clock);
      domain::FieldWrite write;
      write.record = crypto::RandomId<RecordId>();
      write.form = domain::FormPin{"KH-OP-PLAN", 1};
      write.field = "target_place";
      WriteSealed(*vault, FileId::FromHexText(file).value(), vault->identity().role, write,
                  "zqyxveraraid at dawn", domain::KeyClass::kPlan);
    }
    Kapea("lead", server, "sync");
  }

  static std::shared_ptr<grpc::Channel> OpenChannel(const vault::Identity& identity) {
    rpc::ChannelOptions options;
    options.address = identity.server;
    options.deployment = identity.deployment;
    options.root_pem = identity.root_certificate_pem;
    options.root = identity.root;
    options.chain_pem = identity.certificate_chain_pem;
    options.private_key_pem = identity.tls_key_pem.Copy();
    options.clock = std::make_shared<SystemClock>();
    auto channel = rpc::OpenChannel(options);
    EXPECT_TRUE(channel.ok()) << channel.status();
    return *channel;
  }
  template <typename Stub, typename Request, typename Response>
  static grpc::Status Call(grpc::Status (Stub::*call)(grpc::ClientContext*, const Request&,
                                                      Response*),
                           std::unique_ptr<Stub> stub, const Request& request, Response& response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    return (stub.get()->*call)(&context, request, &response);
  }

  static std::unique_ptr<vault::Vault> OpenVault(const char* who, const Clock& clock) {
    const std::string pass = Slurp(Demo() / who / "pass");
    auto vault = vault::Vault::Open(Demo() / who / "vault", pass.substr(0, pass.find('\n')), clock);
    EXPECT_TRUE(vault.ok()) << vault.status();
    return vault.ok() ? *std::move(vault) : nullptr;
  }

  // The supervisor, with a line to the server.
  void Connect() {
    ASSERT_FALSE(stopped_);
    vault_ = OpenVault("supervisor", clock_);
    ASSERT_NE(vault_, nullptr);
    auto transport = link::GrpcTransport::Connect(vault_->identity(), clock_);
    ASSERT_TRUE(transport.ok()) << transport.status();
    transport_ = *std::move(transport);
  }
  absl::StatusOr<link::ComplianceReply> Ask(const link::ComplianceCall& call) {
    return link::AskCompliance(*transport_, vault_->identity().server, call);
  }

  const SystemClock clock_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<link::GrpcTransport> transport_;

  inline static fs::path* dir_ = nullptr;
  inline static int exit_code_ = -1;
  inline static bool stopped_ = false;
};

}  // namespace kapea
