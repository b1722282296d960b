// The server's keys moved from home to home, and the store's master key replaced, with the
// programs that ship: kapead starts after each step, or says why not and touches nothing.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/crypto/hash.h"
#include "common/crypto/key_box.h"
#include "common/kv/open.h"
#include "server/store/tables.h"
#include "tests/common/homes/devices.h"
#include "tests/support/manual_clock.h"
#include "tests/support/rounds.h"
#include "tools/admin/config.h"
#include "tools/admin/init.h"
#include "tools/admin/keys_file.h"

namespace kapea::admin {
namespace {

using crypto::HomeKind;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kWords[] = "an invented passphrase";
constexpr char kVictimVariable[] = "KAPEA_KEYS_VICTIM";
constexpr int kOk = 0, kFailed = 1, kUsage = 2, kKeys = 3;

// One deployment for all tests; each has a copy of it.
class KeysTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    made_ = new homes::DeviceFolder();
    InitOptions init;
    init.directory = *made_ / "deployment";
    init.server = "127.0.0.1:1";
    init.hosts = {"kapea-server"};
    init.server_passphrase = crypto::SecretBytes::CopyOf(kWords);
    for (auto& one : init.registrar_passphrases) one = crypto::SecretBytes::CopyOf(kWords);
    init.kdf_target_ms = 1;
    const ManualClock clock;
    ASSERT_TRUE(Init(init, clock, [](const std::string&) {}).ok());
  }
  static void TearDownTestSuite() { delete made_; }

  void SetUp() override {
    std::filesystem::copy(*made_ / "deployment", layout_.root,
                          std::filesystem::copy_options::recursive);
    Write("words", std::string(kWords) + "\n");
    Write("pin", std::string(homes::SoftToken::kPin) + "\n");
    Write("kek", crypto::RandomBytes(32));
    setenv("CREDENTIALS_DIRECTORY", folder_.path().c_str(), 1);
    Configure("");
  }
  void TearDown() override { unsetenv("CREDENTIALS_DIRECTORY"); }

  void Write(const std::string& name, const std::string& bytes) const {
    ASSERT_TRUE(WriteFileAtomically(folder_ / name, bytes, kPrivateFileMode).ok());
  }
  // kapead's configuration with this beside the passphrase in `keys`.
  void Configure(const std::string& homes) const {
    ASSERT_TRUE(WriteServerConfig(layout_, {"127.0.0.1:0", folder_ / "words", ""}).ok());
    auto text = ReadFile(layout_.server_config(), 64 * 1024);
    ASSERT_TRUE(text.ok());
    text->insert(text->find("keys {") + 6, " " + homes);
    ASSERT_TRUE(WriteFileAtomically(layout_.server_config(), *text, kPublicFileMode).ok());
  }
  KeysAt At() const {
    auto at = FindKeys(layout_, "", "");
    EXPECT_TRUE(at.ok()) << at.status();
    at->kdf_target_ms = 0;
    return *at;
  }
  std::vector<HomeKind> Homes() const { return *HomesOfKeys(At()); }
  std::string File() const { return *ReadFile(layout_.server_keys(), crypto::kKeyBoxBytesMax); }

  // The exit code; what it says on standard error is in said_.
  int Run(std::vector<std::string> words) {
    words[0] = std::string(KAPEA_BIN) + "/" + words[0];
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const std::string out = folder_ / "said";
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    pid_t pid = 0;
    EXPECT_EQ(posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    waitpid(pid, &status, 0);
    said_ = *ReadFile(out, 64 * 1024);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int Admin(const std::vector<std::string>& words) {
    std::vector<std::string> all = {"kapea-admin", "--dir", layout_.root};
    all.insert(all.end(), words.begin(), words.end());
    return Run(all);
  }
  // With its keys and its store: it replays the ledger.
  int Verify() { return Run({"kapead", "--config", layout_.server_config(), "--verify"}); }
  // As a server; only where it must refuse.
  int Start() { return Run({"kapead", "--config", layout_.server_config()}); }

  std::map<std::string, Hash> StoreFiles() const {
    std::map<std::string, Hash> files;
    for (const auto& file : std::filesystem::directory_iterator(layout_.store())) {
      files[file.path().filename()] = crypto::Sha256(*ReadFile(file.path(), 64 << 20));
    }
    return files;
  }
  void ExpectRefusal(const std::string& why) {
    SCOPED_TRACE(why);
    const auto store = StoreFiles();
    const std::string file = File();
    EXPECT_EQ(Start(), kKeys);
    EXPECT_THAT(said_, HasSubstr(why));
    EXPECT_THAT(said_, testing::StartsWith("kapead: "));
    EXPECT_EQ(StoreFiles(), store);
    EXPECT_EQ(File(), file);
  }
  static kv::OpenOptions Store(const KeysAt& at, const codec::ServerKeys& keys) {
    kv::OpenOptions options;
    options.directory = at.store;
    options.tables = server::AllTables();
    options.master_key = &keys.store_master_key;
    if (!keys.next_store_master_key.empty()) options.next_master_key = &keys.next_store_master_key;
    return options;
  }

  static homes::DeviceFolder* made_;
  const homes::DeviceFolder folder_;
  const Layout layout_{folder_ / "deployment"};
  std::string said_;
};
homes::DeviceFolder* KeysTest::made_ = nullptr;

TEST_F(KeysTest, ACredentialBesideThePassphraseAndAlone) {
  EXPECT_THAT(Homes(), ElementsAre(HomeKind::kPassphrase));
  EXPECT_EQ(Admin({"keys", "move", "--to", "credential"}), kFailed);
  EXPECT_THAT(said_, HasSubstr("no keys.key_credential"));
  Configure("key_credential: \"kek\"");
  ASSERT_EQ(Admin({"keys", "move", "--to", "credential"}), kOk) << said_;
  EXPECT_THAT(Homes(), ElementsAre(HomeKind::kCredential, HomeKind::kPassphrase));
  EXPECT_EQ(Verify(), kOk) << said_;

  const std::string key = *ReadFile(folder_ / "kek", 64);
  Write("kek", crypto::RandomBytes(32));
  ExpectRefusal("this is another one");
  std::filesystem::remove(folder_ / "kek");
  ExpectRefusal("there is no credential kek");
  Write("kek", key);
  Write("words", "another\n");
  ExpectRefusal("the passphrase is another one");
  Configure("");
  ExpectRefusal("sealed under a credential");

  Configure("key_credential: \"kek\"");
  Write("words", std::string(kWords) + "\n");
  ASSERT_EQ(Admin({"keys", "move", "--to", "credential", "--no-passphrase"}), kOk) << said_;
  EXPECT_THAT(Homes(), ElementsAre(HomeKind::kCredential));
  std::filesystem::remove(folder_ / "words");
  EXPECT_EQ(Verify(), kOk) << said_;
}

TEST_F(KeysTest, ATokenAndBack) {
  homes::SoftToken token;
  token.Add("kapea");
  Configure("pkcs11 { module: \"" + std::string(homes::SoftToken::kModule) +
            "\" token: \"kapea\" key: \"kek\" pin_file: \"" + folder_ / "pin" + "\" }");
  ASSERT_EQ(Admin({"keys", "move", "--to", "pkcs11"}), kOk) << said_;
  EXPECT_THAT(Homes(), ElementsAre(HomeKind::kToken, HomeKind::kPassphrase));
  EXPECT_EQ(Verify(), kOk) << said_;
  EXPECT_EQ(Admin({"renew-server"}), kOk) << said_;
  EXPECT_THAT(Homes(), ElementsAre(HomeKind::kToken, HomeKind::kPassphrase));
  Write("pin", "654321\n");
  ExpectRefusal("refused the PIN");
  Write("pin", std::string(homes::SoftToken::kPin) + "\n");
  Write("new", "other words\n");
  ASSERT_EQ(Admin({"keys", "move", "--to", "passphrase", "--new-passphrase-file", folder_ / "new"}),
            kOk)
      << said_;
  EXPECT_THAT(Homes(), ElementsAre(HomeKind::kPassphrase));
  token.RemoveAll();
  ExpectRefusal("the passphrase is another one");
  Write("words", "other words\n");
  EXPECT_EQ(Verify(), kOk) << said_;
}

TEST_F(KeysTest, ATpmThatIsLost) {
  {
    homes::SoftTpm tpm;
    Configure("tpm { tcti: \"" + tpm.tcti() + "\" }");
    ASSERT_EQ(Admin({"keys", "move", "--to", "tpm", "--no-passphrase"}), kOk) << said_;
    EXPECT_THAT(Homes(), ElementsAre(HomeKind::kTpm));
    EXPECT_EQ(Verify(), kOk) << said_;
    tpm.Restart();
    Configure("tpm { tcti: \"" + tpm.tcti() + "\" }");
    EXPECT_EQ(Verify(), kOk) << said_;
    const std::string safe = folder_ / "safe";
    ASSERT_EQ(Admin({"keys", "copy", "--out", safe, "--new-passphrase-file", folder_ / "words"}),
              kOk)
        << said_;
    EXPECT_EQ(Admin({"keys", "copy", "--out", safe, "--new-passphrase-file", folder_ / "words"}),
              kFailed);
    EXPECT_THAT(Homes(), ElementsAre(HomeKind::kTpm));
    tpm.Stop();
    ExpectRefusal("there is no TPM at");
  }
  const homes::SoftTpm other;
  Configure("tpm { tcti: \"" + other.tcti() + "\" }");
  ExpectRefusal("this is another TPM");
  std::filesystem::rename(folder_ / "safe", layout_.server_keys());
  EXPECT_EQ(Verify(), kOk) << said_;
}

TEST_F(KeysTest, AMoveThatFailsLeavesTheFile) {
  const std::string before = File();
  Configure("pkcs11 { module: \"/nonexistent.so\" token: \"t\" key: \"k\" pin_file: \"" +
            folder_ / "pin" + "\" }");
  EXPECT_EQ(Verify(), kOk) << "a module that is not needed need not be there: " << said_;
  EXPECT_EQ(Admin({"keys", "move", "--to", "pkcs11"}), kFailed);
  EXPECT_THAT(said_, HasSubstr("cannot be loaded"));
  EXPECT_EQ(Admin({"keys", "move", "--to", "passphrase", "--no-passphrase"}), kUsage);
  EXPECT_EQ(Admin({"keys", "move", "--to", "cloud"}), kUsage);
  Write("words", "another\n");
  EXPECT_EQ(Admin({"keys", "move", "--to", "passphrase", "--new-passphrase-file", folder_ / "pin"}),
            kFailed);
  EXPECT_EQ(File(), before);
  for (const auto& file : std::filesystem::directory_iterator(layout_.server_folder())) {
    EXPECT_THAT(file.path().filename().string(), testing::Not(HasSubstr("keys.sealed.")));
  }
}

TEST_F(KeysTest, AnAlteredFileIsRefused) {
  const std::string before = File();
  std::string altered = before;
  altered[altered.size() - 1] ^= 1;
  ASSERT_TRUE(WriteFileAtomically(layout_.server_keys(), altered, kPrivateFileMode).ok());
  ExpectRefusal("the file was altered");
  ASSERT_TRUE(WriteFileAtomically(layout_.server_keys(), "H\x01", kPrivateFileMode).ok());
  ExpectRefusal("no file of sealed keys");
}

TEST_F(KeysTest, OneCommandAtATimeChangesTheFile) {
  const auto held = KeysFile::Open(At());
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_EQ(Admin({"keys", "rotate"}), kFailed);
  EXPECT_THAT(said_, HasSubstr("another command works on"));
}

TEST_F(KeysTest, ANewMasterKeyTakesThePlaceOfTheOld) {
  const auto old = codec::ServerKeys::Open(kWords, File());
  ASSERT_TRUE(old.ok());
  ASSERT_EQ(Admin({"keys", "rotate"}), kOk) << said_;
  const auto anew = codec::ServerKeys::Open(kWords, File());
  ASSERT_TRUE(anew.ok());
  EXPECT_FALSE(anew->store_master_key == old->store_master_key);
  EXPECT_TRUE(anew->next_store_master_key.empty());
  EXPECT_EQ(anew->log_seed, old->log_seed);
  EXPECT_EQ(anew->tls_chain_pem, old->tls_chain_pem);
  EXPECT_EQ(Verify(), kOk) << said_;
  EXPECT_TRUE(absl::IsFailedPrecondition(kv::OpenRocksStore(Store(At(), *old)).status()));
}

TEST_F(KeysTest, AStoreThatIsOpenIsLeftAlone) {
  const auto keys = codec::ServerKeys::Open(kWords, File());
  ASSERT_TRUE(keys.ok());
  const auto store = kv::OpenRocksStore(Store(At(), *keys));
  ASSERT_TRUE(store.ok()) << store.status();
  const std::string before = File();
  EXPECT_EQ(Admin({"keys", "rotate"}), kFailed);
  EXPECT_THAT(said_, HasSubstr("open already"));
  EXPECT_EQ(File(), before);
}

// Where a rotation can be cut off: after the new key is in the file, and after the store has
// it. kapead starts from both, and the next run goes on with that key, not with a third one.
TEST_F(KeysTest, ARotationThatWasCutOffIsFinished) {
  for (const bool store_has_it : {false, true}) {
    SCOPED_TRACE(store_has_it);
    crypto::SecretBytes next = crypto::SecretBytes::Random(32);
    {
      auto file = KeysFile::Open(At());
      ASSERT_TRUE(file.ok()) << file.status();
      file->keys().next_store_master_key = next.Copy();
      ASSERT_TRUE(file->Write().ok());
      if (store_has_it) {
        ASSERT_TRUE(kv::ReplaceMasterKey(Store(At(), file->keys())).ok());
      }
    }
    EXPECT_EQ(Verify(), kOk) << said_;
    const auto replaced = ReplaceStoreKey(At());
    ASSERT_TRUE(replaced.ok()) << replaced.status();
    EXPECT_TRUE(replaced->resumed);
    const auto keys = codec::ServerKeys::Open(kWords, File());
    ASSERT_TRUE(keys.ok());
    EXPECT_EQ(keys->store_master_key, next);
    EXPECT_TRUE(keys->next_store_master_key.empty());
    EXPECT_EQ(Verify(), kOk) << said_;
  }
}

// The victim: a process of its own that rotates until it is killed.
TEST(KeysVictim, DISABLED_RotatesUntilKilled) {
  const char* const folder = std::getenv(kVictimVariable);
  ASSERT_NE(folder, nullptr) << "runs as a child of KeysTest only";
  auto at = FindKeys(Layout{folder}, "", "");
  ASSERT_TRUE(at.ok()) << at.status();
  for (;;) {
    const auto replaced = ReplaceStoreKey(*at);
    ASSERT_TRUE(replaced.ok()) << replaced.status();
  }
}

TEST_F(KeysTest, WheneverItIsKilledTheFileOpensTheStore) {
  Configure("key_credential: \"kek\"");  // costs no Argon2, so that more is killed
  ASSERT_EQ(Admin({"keys", "move", "--to", "credential", "--no-passphrase"}), kOk) << said_;
  setenv(kVictimVariable, layout_.root.c_str(), 1);
  std::mt19937 random(20'261'127);
  int cut_off = 0;
  for (int round = 0; round < Rounds(40, 400); ++round) {
    SCOPED_TRACE(round);
    const pid_t child = fork();
    if (child == 0) {
      execl("/proc/self/exe", "victim", "--gtest_also_run_disabled_tests",
            "--gtest_filter=KeysVictim.*", "--gtest_brief=1", static_cast<char*>(nullptr));
      _exit(127);
    }
    // Waits for an end that does not come, to kill it at any moment.
    pollfd ended = {static_cast<int>(syscall(SYS_pidfd_open, child, 0)), POLLIN, 0};
    EXPECT_EQ(poll(&ended, 1, static_cast<int>(60 + random() % 200)), 0) << "it ended by itself";
    close(ended.fd);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);

    auto file = KeysFile::Open(At());
    ASSERT_TRUE(file.ok()) << file.status();
    const auto store = kv::OpenRocksStore(Store(At(), file->keys()));
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->Get(server::kMeta, "head").ok());
    cut_off += file->keys().next_store_master_key.empty() ? 0 : 1;
  }
  unsetenv(kVictimVariable);
  EXPECT_GT(cut_off, 0) << "no kill hit a rotation";
  EXPECT_EQ(Verify(), kOk) << said_;
}

}  // namespace
}  // namespace kapea::admin
