// The demonstration as a test: the shipped programs play one rescue over real mutual
// TLS, and what is left behind is looked at from outside. Promises 2, 3 and 4 of the
// design have their end-to-end test here.
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

#include "client/field/compliance.h"
#include "client/link/grpc_transport.h"
#include "client/link/query.h"
#include "client/vault/vault.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/codec/protobuf_log.h"
#include "common/codec/server_keys.h"
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
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Written into sealed fields, by the demonstration and by a test: name, birth date, phone,
// address, testimony, health.
const std::vector<std::string> kPlanted = {"Demonstrationname",
                                           "Zqyxveraname",
                                           "\u179f\u17bb\u1781\u179f\u17b6\u1780",
                                           "2011-03-29",
                                           "997314852",
                                           "Zqyxvera street",
                                           "zqyxveralocked me",
                                           "zqyxvera cannot sleep"};
// Written in clear.
const std::vector<std::string> kClear = {"A_15_17", "PP-SHELTER"};
const char kClearCode[] = "A_15_17 as it is";

using story::Search;
const Search& Planted() {
  static const Search search(kPlanted);
  return search;
}
const Search& Clear() {
  static const Search search(kClear);
  return search;
}
const std::set<std::string> kNothing;

std::string Slurp(const fs::path& path) {
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
    std::ofstream(Demo() / "again.textproto") << config << "metrics_address: \"127.0.0.1:0\"\n";
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

  // A night in which a hundred persons come to the shelter, each with all that is to stay sealed.
  static void ReceiveAHundred(const std::string& server) {
    const std::string lines = (Demo() / "hundred").string();
    std::ofstream out(lines);
    for (int i = 0; i < 100; ++i) {
      out << "intake new --walk-in --set arrival_at=-20m\n"
          << "intake fill $file --set given_name_latin=Zqyxveraname" << i
          << " --set birth_date=2011-03-29 --set guardian_phone=+855997314852 --set "
             "'last_address="
          << i << " Zqyxvera street' --set 'account=the one who zqyxveralocked me in'\n";
    }
    out.close();
    const std::string d = (Demo() / "intake").string();
    Run(std::string(KAPEA_BIN) + "/kapea --vault " + d + "/vault --passphrase-file " + d +
        "/pass --batch - < " + lines + " > " + d + "/again.out 2>&1");
    const auto before = FilesOf("intake");
    Kapea("intake", server, "sync");
    EXPECT_GE(before, 100u);
  }
  static size_t FilesOf(const char* who) {
    const SystemClock clock;
    const auto vault = OpenVault(who, clock);
    return vault == nullptr ? 0 : vault->Files().size();
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

  // The person whose name the demonstration wrote down. Adds a text about her health, as
  // the shelter's health worker, whom the program has no command for.
  static FileId WriteHealth(std::string_view text) {
    const SystemClock clock;
    const auto vault = OpenVault("intake", clock);
    for (const vault::FileLine& line : vault->Files()) {
      const auto state = vault->File(line.file);
      if (!state.ok()) continue;
      for (const auto& [id, record] : (*state)->records()) {
        if (record.Find("given_name_latin") == nullptr) continue;
        vault::Intent intent{.file = line.file, .kind = domain::Kind::kEdit};
        intent.acting = {domain::Role::kHealthWorker, vault->identity().unit};
        auto writer = vault->Begin(intent);
        EXPECT_TRUE(writer.ok()) << writer.status();
        domain::FieldWrite write;
        write.record = id;
        write.field = "mental_health_screen";
        const absl::Status sealed = vault->AddSealed(
            *writer, write, domain::Text{std::string(text)}, domain::KeyClass::kHealth);
        EXPECT_TRUE(sealed.ok()) << sealed;
        EXPECT_TRUE(vault->Commit(*std::move(writer)).ok());
        return line.file;
      }
    }
    ADD_FAILURE() << "want a name in one of the files";
    return {};
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
  ASSERT_NO_FATAL_FAILURE(Connect());
  int compared = 0;
  for (const vault::FileLine& line : vault_->Files()) {
    if (line.kind != domain::FileKind::kPerson && line.kind != domain::FileKind::kOperation) {
      continue;
    }
    link::ComplianceCall call;
    call.file = line.file;
    const auto answer = Ask(call);
    ASSERT_TRUE(answer.ok()) << answer.status();
    field::ReportRequest request;
    request.file = line.file;
    request.as_of = answer->as_of;
    const auto report = field::ReportCompliance(*vault_, request);
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

// What is overdue in a province, as the server keeps it, is what each file's own report says.
TEST_F(DemoStoryTest, WhatIsOverdueInAProvinceIsThatOfItsFiles) {
  ASSERT_NO_FATAL_FAILURE(Connect());
  const auto ask = [&](const link::ComplianceCall& call) {
    const auto answer = Ask(call);
    EXPECT_TRUE(answer.ok()) << answer.status();
    std::set<std::string> lines;
    for (const auto& one : answer.ok() ? answer->findings : std::vector<codec::ToldFinding>()) {
      if (one.finding.status != domain::FindingStatus::kOverdue) continue;
      lines.insert(one.finding.file.hex() + " " + one.finding.code + " " +
                   (one.finding.record ? one.finding.record->hex() : "") + one.explanation);
    }
    return lines;
  };
  link::ComplianceCall province;
  province.province = "12";
  province.statuses = {domain::FindingStatus::kOverdue};
  const auto overdue = ask(province);
  EXPECT_GT(overdue.size(), 5u);
  EXPECT_EQ(overdue, ask({}));
  province.province = "17";
  EXPECT_TRUE(ask(province).empty());
}

// What is written on one device and pulled by others passes a server that never has it in
// clear: not on the wire, not in its memory, not in what it says about itself.
TEST_F(DemoStoryTest, WhatIsSealedStaysOnTheDevices) {
  StopServer();
  const pid_t server = StartServerAgain();
  story::WireRelay relay(std::stoi(Slurp(Demo() / "deployment/server/address").substr(10)));
  const FileId child = WriteHealth("zqyxvera cannot sleep");
  Kapea("intake", relay.address(),
        "intake fill " + child.hex() +
            " --set given_name_latin=Zqyxveraname --set given_name_km=\u179f\u17bb\u1781\u179f"
            "\u17b6\u1780 --set birth_date=2011-03-29 --set guardian_phone=+855997314852 --set "
            "'last_address=12 Zqyxvera street' --set 'account=one who zqyxveralocked me in'");
  ReceiveAHundred(relay.address());
  Kapea("supervisor", relay.address(), "sync");
  Kapea("supervisor", relay.address(), "report compliance --file " + child.hex());
  EXPECT_EQ(Planted().In(Slurp(Demo() / "intake/again.out")), kNothing);

  ExpectCleanMemory(server);
  const std::string metrics = Metrics();
  EXPECT_NE(metrics.find("kapea_"), std::string::npos);
  EXPECT_EQ(Planted().In(metrics), kNothing);
  const std::string& wire = relay.Stop();
  EXPECT_GT(wire.size(), 10'000u);
  EXPECT_EQ(Planted().In(wire), kNothing);
  EXPECT_EQ(Clear().In(wire), kNothing) << "want nothing to be in clear under TLS";
  // That it was written at all: the device reads it.
  Kapea("intake", relay.address(), "intake show --open " + child.hex());
  EXPECT_GE(Planted().In(Slurp(Demo() / "intake/again.out")).size(), 6u)
      << Slurp(Demo() / "intake/again.out");
}

// The social worker's phone is lost, with the shipped programs alone: her keys end, the
// operation goes on under new ones, and her next phone reads when two registrars have let
// its keys stand.
TEST_F(DemoStoryTest, ALostPhoneIsShutOutAndReplaced) {
  StopServer();
  StartServerAgain();
  std::string server = Slurp(Demo() / "deployment/server/address");
  server.erase(server.find_last_not_of('\n') + 1);
  const json social = DeviceNamed("social");
  const auto members = [&server](const char* who) {
    Kapea(who, server, "--json file list");
    const json files = json::parse(Slurp(Demo() / who / "again.out")).at("files");
    const auto operation = std::find_if(files.begin(), files.end(), [](const json& file) {
      return file.at("kind") == "operation";
    });
    Kapea(who, server, "--json file members " + operation->at("code").get<std::string>());
    return json::parse(Slurp(Demo() / who / "again.out"));
  };
  const size_t epochs = members("lead").at("key_epochs");
  Admin("revoke " + social.at("device").get<std::string>());
  Kapea("lead", server, "sync");
  json now = members("lead");
  EXPECT_EQ(now.at("key_epochs"), epochs + 1);
  EXPECT_FALSE(now.at("rekey_due"));
  for (const json& line : now.at("members")) {
    const bool hers = line.at("role") == "social_worker";
    EXPECT_EQ(line.at("keys").empty(), hers) << line;
  }

  fs::create_directory(Demo() / "social2");
  fs::copy_file(Demo() / "social/pass", Demo() / "social2/pass");
  Admin("enrol --person " + social.at("person").get<std::string>() + " --out " +
        (Demo() / "code2").string());
  Kapea("social2", server, "enrol --code " + (Demo() / "code2").string());
  Admin("approve all");
  Kapea("social2", server, "sync");
  Kapea("social2", server, "--json whoami");
  const json offers = json::parse(Slurp(Demo() / "social2/again.out")).at("offers");
  ASSERT_EQ(offers.size(), 2u) << "hers, and that of her unit, of which she is the only one";
  Admin("--json offers");
  const json waiting = json::parse(Slurp(Demo() / "admin.out"));
  ASSERT_EQ(waiting.size(), 2u);
  for (const json& offer : waiting) {
    const bool same = std::any_of(offers.begin(), offers.end(), [&offer](const json& own) {
      return own.at("number") == offer.at("fingerprint");
    });
    EXPECT_TRUE(same) << "want the registrar to see the number that the phone shows";
  }
  Admin("approve-offer all");
  for (const char* who : {"social2", "lead", "social2"}) Kapea(who, server, "sync");
  now = members("social2");
  EXPECT_FALSE(now.at("rekey_due"));
  for (const json& line : now.at("members")) {
    EXPECT_EQ(line.at("keys"), line.at("may_read")) << line;
  }
}

// A client that sends what it should have sealed, where it does not belong, gets an
// answer without it; nor does it come into the log.
TEST_F(DemoStoryTest, NoErrorRepeatsWhatWasSent) {
  StopServer();
  StartServerAgain();
  const SystemClock clock;
  const auto vault = OpenVault("lead", clock);
  ASSERT_NE(vault, nullptr);
  const auto channel = OpenChannel(vault->identity());
  std::vector<grpc::Status> refused;
  for (const std::string& text : kPlanted) {
    v1::PushRequest push;
    push.add_parcels()->set_header(text);
    push.mutable_parcels(0)->set_signature(text);
    push.set_checkpoint(text);
    v1::PushResponse pushed;
    refused.push_back(Call(&v1::Sync::Stub::Push, v1::Sync::NewStub(channel), push, pushed));
    EXPECT_EQ(Planted().In(pushed.SerializeAsString()), kNothing);
    for (const char* end : {"", "\xff"}) {  // that is no UTF-8, and protobuf has words for it
      v1::QueryRequest query;
      query.set_question(text + end);
      query.set_file(text);
      query.set_page_token(text);
      v1::QueryResponse answered;
      refused.push_back(Call(&v1::View::Stub::Query, v1::View::NewStub(channel), query, answered));
    }
    v1::ProveRequest prove;
    prove.set_change(text);
    v1::ProveResponse proved;
    refused.push_back(Call(&v1::Ledger::Stub::Prove, v1::Ledger::NewStub(channel), prove, proved));
    v1::BlobPutRequest put;
    put.set_file(text);
    put.add_chunks(text);
    v1::BlobPutResponse stored;
    refused.push_back(Call(&v1::Blob::Stub::Put, v1::Blob::NewStub(channel), put, stored));
    v1::EnrolRequest enrol;
    enrol.set_certificate_request(text);
    enrol.set_signing_key(text);
    v1::EnrolResponse enrolled;
    refused.push_back(Call(&v1::Enrol::Stub::Enrol, v1::Enrol::NewStub(channel), enrol, enrolled));
  }
  int errors = 0;
  for (const grpc::Status& status : refused) {
    errors += status.ok() ? 0 : 1;
    EXPECT_EQ(Planted().In(status.error_message() + status.error_details()), kNothing);
  }
  EXPECT_GT(errors, 20);
  EXPECT_EQ(Planted().In(Metrics()), kNothing);
  EXPECT_EQ(Slurp(Demo() / "again.out"), "") << "want every word to go to the log";
}

TEST_F(DemoStoryTest, NothingSealedLiesAnywhereOnTheServer) {
  StopServer();
  size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(Demo() / "deployment/server")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(Planted().In(Slurp(entry.path())), kNothing) << entry.path();
    EXPECT_EQ(Planted().In(entry.path().string()), kNothing);
  }
  EXPECT_GT(files, 5u);
  // What kapead and kapea-ca printed, beside their log, which lies among those files.
  // A backup is a copy of these files: there is no other way out of the store.
  for (const char* out : {"kapead.out", "again.out"}) {
    EXPECT_EQ(Planted().In(Slurp(Demo() / out)), kNothing) << out;
  }
  EXPECT_NE(Slurp(Demo() / "deployment/server/kapead.log").find("serving"), std::string::npos);
}

// Not even for somebody who has all of the server's keys; the clear code is found, so
// the search works.
TEST_F(DemoStoryTest, NothingSealedOpensWithTheServersOwnKeys) {
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
      EXPECT_EQ(Planted().In(v), kNothing) << table.name;
      with_code += Clear().In(v).contains(kClearCode) ? 1 : 0;
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
  EXPECT_GT(report->entries, 300u);
}

}  // namespace
}  // namespace kapea
