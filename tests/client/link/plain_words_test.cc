// Every trouble between device and server has a sentence that says what to do.
#include "client/link/plain_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/hash.h"
#include "common/pki/authority.h"
#include "common/pki/request.h"

namespace kapea::link {
namespace {

using ::testing::HasSubstr;

std::string Words(absl::StatusCode code, const std::string& said) {
  return std::string(InPlainWords(absl::Status(code, said), "kapea.example:8443").message());
}

class OwnCertificateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto deployment = crypto::RandomId<DeploymentId>();
    const auto root = pki::Authority::CreateRoot(deployment, now_);
    ASSERT_TRUE(root.ok()) << root.status();
    const auto devices = root->IssueIntermediate(pki::AuthorityKind::kDevices, now_);
    ASSERT_TRUE(devices.ok()) << devices.status();
    const auto request = pki::MakeRequest(crypto::SigningKey::Generate());
    ASSERT_TRUE(request.ok());
    const auto parsed = pki::Request::FromDer(*request);
    ASSERT_TRUE(parsed.ok());
    const auto chain = devices->IssueDevice(*parsed, crypto::RandomId<PersonId>(),
                                            crypto::RandomId<DeviceId>(), now_);
    ASSERT_TRUE(chain.ok()) << chain.status();
    chain_ = *chain;
  }
  std::string Said(Time at, Time server_time = Time()) {
    return std::string(CheckOwnCertificate(chain_, at, server_time).message());
  }
  const Time now_ = Time::FromUnixMs(1'795'000'000'000);
  std::string chain_;
};

TEST_F(OwnCertificateTest, GoodNow) { EXPECT_TRUE(CheckOwnCertificate(chain_, now_, now_).ok()); }

TEST_F(OwnCertificateTest, Expired) {
  EXPECT_THAT(Said(now_ + Duration::Days(31)), HasSubstr("expired on"));
}

TEST_F(OwnCertificateTest, NotYetValid) {
  EXPECT_THAT(Said(now_ - Duration::Days(365)), HasSubstr("not valid before"));
}

TEST_F(OwnCertificateTest, AClockThatIsBehindTheServers) {
  EXPECT_THAT(Said(now_, now_ + Duration::Hours(2)), HasSubstr("clock is behind"));
}

TEST_F(OwnCertificateTest, None) {
  EXPECT_THAT(std::string(CheckOwnCertificate("", now_, now_).message()), HasSubstr("enrol it"));
}

TEST(PlainWords, KeepTheCodeAndSayWhatToDo) {
  EXPECT_THAT(Words(absl::StatusCode::kUnavailable, "failed to connect to all addresses"),
              HasSubstr("safe on this device"));
  EXPECT_THAT(Words(absl::StatusCode::kUnavailable, "Ssl handshake failed"),
              HasSubstr("no safe connection"));
  EXPECT_THAT(Words(absl::StatusCode::kUnavailable, "the certificate has expired"),
              HasSubstr("has expired"));
  EXPECT_THAT(Words(absl::StatusCode::kUnavailable, "DNS resolution failed"),
              HasSubstr("kapea.example:8443 is not known"));
  EXPECT_THAT(Words(absl::StatusCode::kUnauthenticated, "revoked"), HasSubstr("registrar"));
  EXPECT_THAT(Words(absl::StatusCode::kDeadlineExceeded, ""), HasSubstr("too slow"));
  EXPECT_THAT(Words(absl::StatusCode::kUnimplemented, ""), HasSubstr("older"));
  const absl::Status lost = InPlainWords(absl::DataLossError("x"), "h:1");
  EXPECT_EQ(lost.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(InPlainWords(absl::OkStatus(), "h:1").ok());
}

}  // namespace
}  // namespace kapea::link
