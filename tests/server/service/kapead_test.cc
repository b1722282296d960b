// kapead and kapea-ca as processes over a store on a disk: started from a configuration,
// used over mutual TLS, killed and stopped, started again.
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>
#include <thread>

#include "common/base/file.h"
#include "common/crypto/passphrase.h"
#include "common/pki/key_file.h"
#include "tests/server/service/service_fixture.h"

namespace kapea::server {
namespace {

// A program that a test started; dies with the test.
class Process {
 public:
  explicit Process(std::vector<std::string> words) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    EXPECT_EQ(::posix_spawn(&pid_, arguments[0], nullptr, nullptr, arguments.data(), environ), 0);
  }
  ~Process() {
    if (pid_ > 0) End(SIGKILL);
  }
  // The exit code, or minus the signal.
  int Wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int End(int signal) {
    ::kill(pid_, signal);
    return Wait();
  }

 private:
  pid_t pid_ = 0;
};

class KapeadTest : public testing::Test {
 protected:
  KapeadTest() : folder_(MakeFolder()), world_(folder_ + "/store") {
    crypto::PassphraseParameters parameters;
    parameters.salt = crypto::RandomBytes(crypto::PassphraseParameters::kSaltBytes);
    Write("server.keys", *world_.Keys().Seal("correct horse", parameters));
    Write("passphrase", "correct horse\n");
    Write("root.pem", world_.root_ca.certificate_pem());
    Write("devices.pem", world_.device_ca.certificate_pem());
    EXPECT_TRUE(pki::WritePrivateKey(folder_ + "/devices.key", world_.device_ca.key()).ok());
    const std::string f = "\"" + folder_;
    Write("kapead.textproto",
          "listen: \"127.0.0.1:0\" port_file: " + f + "/port\" data_directory: " + f +
              "/store\" keys { file: " + f + "/server.keys\" passphrase_file: " + f +
              "/passphrase\" } root_certificate_file: " + f +
              "/root.pem\" device_authorities_file: " + f +
              "/devices.pem\" ca { certificate_file: " + f + "/devices.pem\" key_file: " + f +
              "/devices.key\" } log { file: " + f + "/log\" } metrics_address: \"unix:" + folder_ +
              "/side\" pid_file: " + f + "/pid\" store { write_buffer_mib: 4 block_cache_mib: 4 }");
    world_.CloseStore();
  }
  ~KapeadTest() override { std::filesystem::remove_all(folder_); }

  static std::string MakeFolder() {
    std::string folder =
        testing::TempDir() + "kapead-" + crypto::RandomId<ChangeId>().hex().substr(0, 12);
    std::filesystem::create_directories(folder + "/store");
    return folder;
  }
  void Write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(WriteFileAtomically(folder_ + "/" + name, bytes, kPrivateFileMode).ok());
  }
  std::string Read(const std::string& name) {
    const auto bytes = ReadFile(folder_ + "/" + name, 1 << 20);
    return bytes.ok() ? *bytes : "";
  }
  std::unique_ptr<Process> Start(const std::string& more = "") {
    std::vector<std::string> words = {std::string(KAPEA_BIN) + "/kapead", "--config",
                                      folder_ + "/kapead.textproto"};
    if (!more.empty()) words.push_back(more);
    return std::make_unique<Process>(std::move(words));
  }
  // The address, once the server has written it; no other event tells of a process's readiness.
  std::string Address() {
    for (int i = 0; i < 400 && Read("port").empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    const std::string text = Read("port");
    return text.empty() ? "127.0.0.1:1" : text.substr(0, text.size() - 1);
  }
  grpc::Status Push(const std::string& address, const codec::Parcel& parcel,
                    v1::PushResponse& response) {
    v1::PushRequest request;
    codec::ParcelToWire(parcel, *request.add_parcels());
    grpc::ClientContext context;
    SetDeadline(context);
    const auto channel = world_.OpenAt(address, world_.lead.chain_pem, world_.lead.tls);
    return v1::Sync::NewStub(channel)->Push(&context, request, &response);
  }

  const std::string folder_;
  TestDeployment world_;
};

TEST_F(KapeadTest, WhatHasAReceiptSurvivesAKill) {
  TestFile file;
  const auto parcel = world_.Sign(world_.lead, {world_.Found(world_.lead, file)});
  v1::PushResponse first, again;
  {
    const auto server = Start();
    const grpc::Status status = Push(Address(), parcel, first);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(first.receipts_size(), 1);
    EXPECT_EQ(server->End(SIGKILL), -SIGKILL);
    std::filesystem::remove(folder_ + "/port");
  }
  const auto server = Start();
  ASSERT_TRUE(Push(Address(), parcel, again).ok());
  ASSERT_EQ(again.receipts_size(), 1);
  EXPECT_EQ(again.receipts(0).receipts(0).run().entries(0),
            first.receipts(0).receipts(0).run().entries(0));
  EXPECT_EQ(server->End(SIGTERM), 0);
  EXPECT_EQ(Read("port"), "");
  EXPECT_EQ(Read("pid"), "");
  EXPECT_THAT(Read("log"), testing::HasSubstr("\"event\":\"stopped\""));
  EXPECT_EQ(Start("--verify")->Wait(), 0);
}

TEST_F(KapeadTest, SaysByItsExitCodeWhyItDoesNotStart) {
  EXPECT_EQ(Start("--check-config")->Wait(), 0);
  EXPECT_EQ(Start("--no-such-flag")->Wait(), 2);
  Write("passphrase", "another\n");
  EXPECT_EQ(Start()->Wait(), 3);
  Write("passphrase", "correct horse\n");
  std::filesystem::remove(folder_ + "/devices.key");
  EXPECT_EQ(Start()->Wait(), 1);
  Write("kapead.textproto", "listen: ");
  EXPECT_EQ(Start()->Wait(), 2);
}

}  // namespace
}  // namespace kapea::server
