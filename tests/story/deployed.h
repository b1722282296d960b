// A deployment made with the shipped programs alone, over real mutual TLS, for stories.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace kapea {

namespace fs = std::filesystem;
using nlohmann::json;

inline std::string Slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A port that is free now: the programs want to know it before they listen.
inline int FreePort() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

// Two police units with these people, enrolled and synced; vaults are called as they are.
class DeployedStory : public testing::Test {
 protected:
  // Name of a vault, and what its owner is: role@unit.
  using People = std::vector<std::pair<std::string, std::string>>;
  void Deploy(const People& people) {
    ::umask(077);
    char folder[] = "/tmp/kapea-recovery.XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    dir_ = folder;
    std::ofstream(At("pass")) << "an invented passphrase\n";
    const std::string address = "127.0.0.1:" + std::to_string(FreePort());
    Admin("init --server " + address + " --passphrase-file " + At("pass"));
    Admin("serve-config --passphrase-file " + At("pass"));
    ASSERT_NO_FATAL_FAILURE(StartServer());
    for (const char* unit : {"PP-POLICE", "PP-HEAD"}) {
      Admin("unit add --code " + std::string(unit) + " --kind police");
    }
    Admin("pack sign " KAPEA_SOURCE "/common/packs/kh --out " + At("kh.pack"));
    Admin("pack publish " + At("kh.pack"));
    for (const auto& [name, role] : people) {
      Admin("enrol --role " + role + " --out " + At("code"));
      Kapea(name, "enrol --code " + At("code"));
    }
    Admin("approve all");
    for (const auto& [name, role] : people) Kapea(name, "sync");
  }
  void TearDown() override {
    if (server_ > 0) {
      ::kill(server_, SIGTERM);
      ::waitpid(server_, nullptr, 0);
    }
    fs::remove_all(dir_);
  }

  std::string At(const std::string& name) const { return (dir_ / name).string(); }

  void StartServer() {
    server_ = ::fork();
    ASSERT_GE(server_, 0);
    const std::string config = At("deployment/server/kapead.textproto");
    if (server_ == 0) {
      ::execl(KAPEA_BIN "/kapead", "kapead", "--config", config.c_str(), nullptr);
      ::_exit(127);
    }
    const fs::path address = dir_ / "deployment/server/address";
    for (int i = 0; i < 1000 && Slurp(address).empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // no event for a stranger
    }
    ASSERT_FALSE(Slurp(address).empty()) << "kapead did not start";
  }

  // What the command printed; a failure unless it ends as `want`.
  std::string Run(const std::string& command, bool want = true) {
    const std::string whole = command + " > " + At("out") + " 2>&1";
    const bool ok = std::system(whole.c_str()) == 0;
    EXPECT_EQ(ok, want) << command << "\n" << Slurp(At("out"));
    return Slurp(At("out"));
  }
  // Both registrars at their machine.
  std::string Admin(const std::string& words) {
    return Run(KAPEA_BIN "/kapea-admin --dir " + At("deployment") +
               " --registrar-passphrase-file " + At("pass") + " " + words);
  }
  // The machine without a network: it knows nothing of the deployment.
  std::string Offline(const std::string& words, bool want = true) {
    return Run(KAPEA_BIN "/kapea-admin " + words, want);
  }
  std::string Kapea(const std::string& who, const std::string& words, bool want = true) {
    return Run(
        KAPEA_BIN "/kapea --vault " + At(who) + " --passphrase-file " + At("pass") + " " + words,
        want);
  }
  static json Parse(const std::string& text) {
    const json parsed = json::parse(text, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << text;
    return parsed;
  }
  std::string Sheets(std::initializer_list<int> which) const {
    std::string words;
    for (const int i : which) words += " " + At("ceremony/sheet-" + std::to_string(i) + ".txt");
    return words;
  }
  // Another phone of that person, with her next key.
  void Replace(const std::string& role, const std::string& vault) {
    for (const json& device : Parse(Admin("--json devices"))) {
      if (device.at("roles") != role || device.at("state") == "pending") continue;
      Admin("enrol --person " + device.at("person").get<std::string>() + " --out " + At("code"));
      break;
    }
    Kapea(vault, "enrol --code " + At("code"));
    Admin("approve all");
    Kapea(vault, "sync");
    Admin("approve-offer all");
    Kapea(vault, "sync");
  }

  fs::path dir_;
  pid_t server_ = -1;
};

}  // namespace kapea
