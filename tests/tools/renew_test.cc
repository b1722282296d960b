// A server's certificate made anew: the names stay, the key does not, and nothing else of
// the server's keys is touched.
#include "tools/admin/renew.h"

#include <gtest/gtest.h>

#include "common/base/file.h"
#include "common/codec/server_keys.h"
#include "common/crypto/key_box.h"
#include "common/pki/certificate.h"
#include "common/pki/verify.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"
#include "tools/admin/init.h"

namespace kapea::admin {
namespace {

constexpr char kPassphrase[] = "an invented passphrase";

class RenewTest : public ::testing::Test {
 protected:
  void SetUp() override {
    InitOptions init;
    init.directory = layout_.root;
    init.server = "127.0.0.1:1";
    init.hosts = {"kapea-server", "127.0.0.1"};
    init.server_passphrase = crypto::SecretBytes::CopyOf(kPassphrase);
    for (auto& one : init.registrar_passphrases) one = crypto::SecretBytes::CopyOf(kPassphrase);
    init.kdf_target_ms = 1;
    auto made = Init(init, clock_, [](const std::string&) {});
    ASSERT_TRUE(made.ok()) << made.status();
    deployment_ = *std::move(made);
  }
  KeysAt At(const std::string& passphrase) const {
    const std::string file = folder_ / "passphrase";
    EXPECT_TRUE(WriteFileAtomically(file, passphrase + "\n", kPrivateFileMode).ok());
    auto at = FindKeys(layout_, "", file);
    EXPECT_TRUE(at.ok()) << at.status();
    at->kdf_target_ms = 1;
    return *at;
  }
  std::string File() const { return *ReadFile(layout_.server_keys(), crypto::kKeyBoxBytesMax); }
  codec::ServerKeys Keys() const { return *codec::ServerKeys::Open(kPassphrase, File()); }

  testing::TempFolder folder_;
  const Layout layout_{folder_ / "deployment"};
  ManualClock clock_;
  Deployment deployment_;
};

TEST_F(RenewTest, TheNamesStayAndTheKeyDoesNot) {
  const codec::ServerKeys old = Keys();
  const auto before = *pki::ParseChain(old.tls_chain_pem);
  clock_.Advance(Duration::Days(60));
  const auto until = RenewServer(At(kPassphrase), layout_, deployment_, clock_);
  ASSERT_TRUE(until.ok()) << until.status();
  const codec::ServerKeys anew = Keys();
  const auto after = *pki::ParseChain(anew.tls_chain_pem);
  ASSERT_EQ(after.size(), before.size());
  EXPECT_EQ(after.front().dns_names, before.front().dns_names);
  EXPECT_EQ(after.front().ip_addresses, before.front().ip_addresses);
  EXPECT_EQ(after.front().uris, before.front().uris);
  EXPECT_NE(after.front().spki, before.front().spki);
  EXPECT_EQ(after.front().not_after, *until);
  EXPECT_GT(*until, clock_.Now() + Duration::Days(80));
  EXPECT_EQ(after.back().der, before.back().der) << "the root, which devices pin";
  EXPECT_NE(anew.tls_key_pem.view(), old.tls_key_pem.view());
  EXPECT_EQ(anew.store_master_key.view(), old.store_master_key.view());
  EXPECT_EQ(anew.log_seed.view(), old.log_seed.view());
  EXPECT_EQ(anew.device_scalar.view(), old.device_scalar.view());
}

TEST_F(RenewTest, ChangesNothingWhereItCannot) {
  const std::string before = File();
  EXPECT_TRUE(
      absl::IsUnauthenticated(RenewServer(At("another"), layout_, deployment_, clock_).status()));
  ASSERT_TRUE(std::filesystem::remove(layout_.server_authority_key()));
  EXPECT_TRUE(
      absl::IsNotFound(RenewServer(At(kPassphrase), layout_, deployment_, clock_).status()));
  EXPECT_EQ(File(), before);
}

}  // namespace
}  // namespace kapea::admin
