// kapea-ca as a process: it issues, it dies, it comes back; and it gives nothing to a
// caller whose request is none.
#include "server/service/ca_process.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>

#include "common/base/file.h"
#include "common/crypto/hash.h"
#include "common/pki/authority.h"
#include "common/pki/certificate.h"
#include "common/pki/key_file.h"
#include "common/pki/verify.h"

namespace kapea::server {
namespace {

class CaProcessTest : public testing::Test {
 protected:
  CaProcessTest() {
    folder_ = testing::TempDir() + "kapea-ca-" + crypto::RandomId<ChangeId>().hex();
    std::filesystem::create_directory(folder_);
    options_.program = std::string(KAPEA_BIN) + "/kapea-ca";
    options_.deployment = deployment_.hex();
    options_.certificate_file = folder_ + "/ca.pem";
    options_.key_file = folder_ + "/ca.key";
    options_.restart_after = Duration();
    EXPECT_TRUE(
        WriteFileAtomically(options_.certificate_file, devices_.certificate_pem(), kPublicFileMode)
            .ok());
    EXPECT_TRUE(pki::WritePrivateKey(options_.key_file, devices_.key()).ok());
  }
  ~CaProcessTest() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<std::unique_ptr<CaProcess>> Start() {
    return CaProcess::Start(options_, clock_,
                            [this](const std::string& how) { ended_.push_back(how); });
  }
  // Issued in the right name by this authority, however it got there.
  void ExpectIssues(CaProcess& process) {
    const auto person = crypto::RandomId<PersonId>();
    const auto device = crypto::RandomId<DeviceId>();
    const auto chain =
        process.IssueDevice(*pki::MakeRequest(crypto::SigningKey::Generate()), person, device);
    ASSERT_TRUE(chain.ok()) << chain.status();
    const auto leaf = pki::TrustAnchor::FromPem(root_.certificate_pem())
                          ->Verify(*chain, pki::Purpose::kClient, clock_->Now());
    ASSERT_TRUE(leaf.ok()) << leaf.status();
    const pki::PeerName wanted = pki::DeviceName{person, device};
    EXPECT_EQ(*pki::NameOf(*leaf, deployment_), wanted);
  }

  const DeploymentId deployment_ = crypto::RandomId<DeploymentId>();
  const std::shared_ptr<const Clock> clock_ = std::make_shared<SystemClock>();
  const pki::Authority root_ = *pki::Authority::CreateRoot(deployment_, clock_->Now());
  const pki::Authority devices_ =
      *root_.IssueIntermediate(pki::AuthorityKind::kDevices, clock_->Now());
  std::string folder_;
  CaOptions options_;
  std::vector<std::string> ended_;
};

TEST_F(CaProcessTest, IssuesInTheNamesThatItIsTold) {
  auto process = Start();
  ASSERT_TRUE(process.ok()) << process.status();
  ExpectIssues(**process);
  const auto enrolment = crypto::RandomId<ChangeId>();
  const auto chain =
      (*process)->IssueBootstrap(*pki::MakeRequest(crypto::SigningKey::Generate()), enrolment);
  ASSERT_TRUE(chain.ok());
  const pki::PeerName wanted = pki::BootstrapName{pki::BootstrapId::FromPrefix(enrolment.view())};
  EXPECT_EQ(*pki::NameOf(pki::ParseChain(*chain)->front(), deployment_), wanted);
  const auto list =
      (*process)->SignList({{{"0a1b", clock_->Now()}}, 1, clock_->Now() + Duration::Days(1)});
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(*list, testing::HasSubstr("BEGIN X509 CRL"));
}

TEST_F(CaProcessTest, IsStartedAgainWhenItDies) {
  auto process = Start();
  ASSERT_TRUE(process.ok()) << process.status();
  const pid_t first = (*process)->pid();
  ASSERT_GT(first, 0);
  ASSERT_EQ(::kill(first, SIGKILL), 0);
  ExpectIssues(**process);
  EXPECT_NE((*process)->pid(), first);
  ASSERT_EQ(ended_.size(), 1u);
  EXPECT_EQ(ended_[0], "killed by signal 9");
}

TEST_F(CaProcessTest, IsNotStartedAgainAndAgain) {
  options_.restart_after = Duration::Hours(1);
  auto process = Start();
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_EQ(::kill((*process)->pid(), SIGKILL), 0);
  const auto refused = (*process)->IssueBootstrap("", {});
  EXPECT_TRUE(absl::IsUnavailable(refused.status())) << refused.status();
}

TEST_F(CaProcessTest, EndsWithItsParent) {
  auto process = Start();
  ASSERT_TRUE(process.ok()) << process.status();
  const pid_t pid = (*process)->pid();
  process->reset();
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(CaProcessTest, RefusesWhatIsNoRequest) {
  auto process = Start();
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_TRUE(absl::IsInvalidArgument((*process)->IssueDevice("noise", {}, {}).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument((*process)->IssueDevice(std::string(100'000, 'x'), {}, {}).status()));
  ExpectIssues(**process);
}

TEST_F(CaProcessTest, DoesNotStartOverAKeyThatOthersCanRead) {
  std::filesystem::permissions(options_.key_file, std::filesystem::perms::group_read,
                               std::filesystem::perm_options::add);
  const auto process = Start();
  EXPECT_TRUE(absl::IsUnavailable(process.status()));
  EXPECT_THAT(std::string(process.status().message()), testing::HasSubstr("ended with code 1"));
}

}  // namespace
}  // namespace kapea::server
