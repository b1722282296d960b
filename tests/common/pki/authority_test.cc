// What the authorities issue, and what a pinned root believes.
#include "common/pki/authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "common/crypto/hash.h"
#include "common/pki/verify.h"
#include "tests/common/pki/forge.h"

namespace kapea::pki {
namespace {

using testing::HasSubstr;

const Time kNow = Time::FromUnixMs(1'795'000'000'000);

class AuthorityTest : public testing::Test {
 protected:
  AuthorityTest()
      : root_(*Authority::CreateRoot(deployment_, kNow)),
        devices_(*root_.IssueIntermediate(AuthorityKind::kDevices, kNow)),
        servers_(*root_.IssueIntermediate(AuthorityKind::kServers, kNow)),
        anchor_(*TrustAnchor::FromPem(root_.certificate_pem())) {}

  Request NewRequest() { return *Request::FromDer(*MakeRequest(crypto::SigningKey::Generate())); }
  std::string DeviceChain(Time now = kNow) {
    return *devices_.IssueDevice(NewRequest(), person_, device_, now);
  }
  // Verifies at kNow as a client, and answers the sentence of the refusal.
  std::string Refusal(const std::string& chain, Purpose purpose = Purpose::kClient,
                      Time at = kNow) {
    const auto verified = anchor_.Verify(chain, purpose, at);
    EXPECT_EQ(verified.status().code(), absl::StatusCode::kUnauthenticated) << verified.status();
    return std::string(verified.status().message());
  }
  Forgery ClientForgery() {
    Forgery forgery;
    forgery.alternative_names = "URI:" + ToUri(deployment_, DeviceName{person_, device_});
    forgery.usage = "clientAuth";
    forgery.not_before = kNow - Duration::Days(1);
    forgery.not_after = kNow + Duration::Days(1);
    return forgery;
  }

  const DeploymentId deployment_ = crypto::RandomId<DeploymentId>();
  const PersonId person_ = crypto::RandomId<PersonId>();
  const DeviceId device_ = crypto::RandomId<DeviceId>();
  const Authority root_;
  const Authority devices_;
  const Authority servers_;
  const TrustAnchor anchor_;
};

TEST_F(AuthorityTest, IssuesWhatTheStrictVerifierAccepts) {
  const auto device = anchor_.Verify(DeviceChain(), Purpose::kClient, kNow);
  ASSERT_TRUE(device.ok()) << device.status();
  EXPECT_EQ(std::get<DeviceName>(*NameOf(*device, deployment_)), (DeviceName{person_, device_}));

  const auto server = servers_.IssueServer(NewRequest(), device_, {"kapea-server"}, kNow);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_TRUE(anchor_.Verify(*server, Purpose::kServer, kNow).ok());

  const auto bootstrap =
      devices_.IssueBootstrap(NewRequest(), crypto::RandomId<BootstrapId>(), kNow);
  ASSERT_TRUE(bootstrap.ok());
  EXPECT_TRUE(anchor_.Verify(*bootstrap, Purpose::kClient, kNow + Duration::Minutes(14)).ok());
  EXPECT_THAT(Refusal(*bootstrap, Purpose::kClient, kNow + Duration::Minutes(16)),
              HasSubstr("expired"));
  EXPECT_TRUE(anchor_
                  .Verify(*devices_.IssueWitness(NewRequest(), crypto::RandomId<WitnessId>(), kNow),
                          Purpose::kClient, kNow)
                  .ok());
}

TEST_F(AuthorityTest, IgnoresTheNamesOfARequest) {
  const auto request =
      Request::FromDer(ForgeRequest("admin", "URI:" + ToUri(deployment_, ServerName{device_}), 0));
  ASSERT_TRUE(request.ok()) << request.status();
  const auto chain = devices_.IssueDevice(*request, person_, device_, kNow);
  const auto leaf = anchor_.Verify(*chain, Purpose::kClient, kNow);
  ASSERT_TRUE(leaf.ok());
  EXPECT_EQ(std::get<DeviceName>(*NameOf(*leaf, deployment_)), (DeviceName{person_, device_}));
  EXPECT_EQ(leaf->der.find("admin"), std::string::npos);
  EXPECT_EQ(leaf->spki, request->spki());
}

TEST_F(AuthorityTest, RefusesRequestsWithoutProofOrOfOtherKeys) {
  EXPECT_EQ(Request::FromDer(ForgeRequest("a", "", 1024)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(Request::FromDer("").ok());
  const std::string der = *MakeRequest(crypto::SigningKey::Generate());
  EXPECT_FALSE(Request::FromDer(der + "x").ok());
  // Any other byte anywhere: another key, another signature, or no request at all.
  for (size_t i = 0; i < der.size(); ++i) {
    std::string altered = der;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    EXPECT_FALSE(Request::FromDer(altered).ok()) << i;
  }
}

TEST_F(AuthorityTest, SaysWhyAChainIsNotBelieved) {
  const std::string chain = DeviceChain();
  EXPECT_THAT(Refusal(chain, Purpose::kClient, kNow + Duration::Days(31)), HasSubstr("expired"));
  EXPECT_THAT(Refusal(chain, Purpose::kClient, kNow - Duration::Days(1)),
              HasSubstr("not yet valid"));
  EXPECT_THAT(Refusal(chain, Purpose::kServer), HasSubstr("wrong usage"));
  const auto server = servers_.IssueServer(NewRequest(), device_, {"kapea-server"}, kNow);
  EXPECT_THAT(Refusal(*server, Purpose::kClient), HasSubstr("wrong usage"));
  EXPECT_THAT(Refusal(root_.certificate_pem()), HasSubstr("wrong usage"));

  // Another deployment of the same id: the same names, another root.
  const Authority other_root = *Authority::CreateRoot(deployment_, kNow);
  const Authority other = *other_root.IssueIntermediate(AuthorityKind::kDevices, kNow);
  const std::string foreign = *other.IssueDevice(NewRequest(), person_, device_, kNow);
  EXPECT_THAT(Refusal(foreign), HasSubstr("foreign root"));
  EXPECT_THAT(Refusal(foreign + other_root.certificate_pem()), HasSubstr("foreign root"));
  EXPECT_THAT(Refusal("junk"), HasSubstr("PEM"));
}

TEST_F(AuthorityTest, BindsItsIntermediates) {
  Forgery outside = ClientForgery();
  outside.alternative_names =
      "URI:" + ToUri(crypto::RandomId<DeploymentId>(), DeviceName{person_, device_});
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  EXPECT_THAT(Refusal(Forge(devices_, outside, key)), HasSubstr("trust domain"));

  Forgery server = ClientForgery();
  server.usage = "serverAuth";
  EXPECT_THAT(Refusal(Forge(devices_, server, key), Purpose::kServer), HasSubstr("wrong usage"));
  EXPECT_THAT(Refusal(Forge(devices_, server, key), Purpose::kClient), HasSubstr("wrong usage"));

  Forgery silent = ClientForgery();
  silent.usage = "";
  EXPECT_THAT(Refusal(Forge(devices_, silent, key)), HasSubstr("wrong usage"));
  Forgery both = ClientForgery();
  both.usage = "clientAuth,serverAuth";
  EXPECT_THAT(Refusal(Forge(devices_, both, key)), HasSubstr("wrong usage"));

  // A device cannot issue, whatever it was called.
  Forgery authority = ClientForgery();
  authority.basic_constraints = "critical,CA:TRUE";
  authority.key_usage = "critical,keyCertSign";
  EXPECT_FALSE(anchor_.Verify(Forge(devices_, authority, key), Purpose::kClient, kNow).ok());
}

TEST_F(AuthorityTest, FindsAnAuthorityThatThePeerDidNotSend) {
  const std::string leaf = ParseChain(DeviceChain())->front().ToPem();
  EXPECT_THAT(Refusal(leaf), HasSubstr("foreign root"));
  const auto knowing = TrustAnchor::FromPem(root_.certificate_pem(), devices_.certificate_pem());
  ASSERT_TRUE(knowing.ok()) << knowing.status();
  EXPECT_TRUE(knowing->Verify(leaf, Purpose::kClient, kNow).ok());
  // Known is not trusted: an intermediate is no root.
  EXPECT_FALSE(TrustAnchor::FromPem(devices_.certificate_pem()).ok());
}

TEST_F(AuthorityTest, PinsTheRootByItsHash) {
  const std::string chain = *servers_.IssueServer(NewRequest(), device_, {"kapea-server"}, kNow) +
                            root_.certificate_pem();
  const auto anchor = TrustAnchor::FromChain(chain, root_.fingerprint());
  ASSERT_TRUE(anchor.ok()) << anchor.status();
  EXPECT_TRUE(anchor->Verify(chain, Purpose::kServer, kNow).ok());
  EXPECT_EQ(anchor->root_pem(), root_.certificate_pem());
  EXPECT_EQ(TrustAnchor::FromChain(chain, crypto::Sha256("other")).status().code(),
            absl::StatusCode::kUnauthenticated);
  // The hash of something else in the chain does not make a root of it.
  EXPECT_FALSE(TrustAnchor::FromChain(chain, servers_.fingerprint()).ok());
}

TEST_F(AuthorityTest, RevokesByAList) {
  const std::string bad = DeviceChain();
  const std::string good = DeviceChain();
  const Certificate leaf = ParseChain(bad)->front();
  const auto crl = devices_.SignCrl({{leaf.serial, kNow}}, 7, kNow, kNow + Duration::Days(2));
  ASSERT_TRUE(crl.ok()) << crl.status();
  const auto strict = anchor_.WithRevocationList(*crl);
  ASSERT_TRUE(strict.ok()) << strict.status();
  EXPECT_THAT(std::string(strict->Verify(bad, Purpose::kClient, kNow).status().message()),
              HasSubstr("revoked"));
  EXPECT_TRUE(strict->Verify(good, Purpose::kClient, kNow).ok());
  // A list that has run out, or none of this authority, refuses: it never fails open.
  EXPECT_THAT(
      std::string(
          strict->Verify(good, Purpose::kClient, kNow + Duration::Days(3)).status().message()),
      HasSubstr("revocation list"));
  const auto server = servers_.IssueServer(NewRequest(), device_, {"kapea-server"}, kNow);
  EXPECT_FALSE(strict->Verify(*server, Purpose::kServer, kNow).ok());
  EXPECT_TRUE(anchor_.Verify(bad, Purpose::kClient, kNow).ok());  // unchanged
  EXPECT_FALSE(anchor_.WithRevocationList("junk").ok());
}

TEST_F(AuthorityTest, IssuesOnlyWhatItsKindMay) {
  const Request request = NewRequest();
  EXPECT_EQ(servers_.IssueDevice(request, person_, device_, kNow).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(devices_.IssueServer(request, device_, {"a"}, kNow).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(root_.IssueDevice(request, person_, device_, kNow).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(devices_.IssueIntermediate(AuthorityKind::kDevices, kNow).ok());
  EXPECT_FALSE(root_.IssueIntermediate(AuthorityKind::kRoot, kNow).ok());
  EXPECT_FALSE(root_.IssueIntermediate(AuthorityKind::kDevices, kNow + Duration::Days(3600)).ok());
  EXPECT_FALSE(devices_.IssueDevice(request, person_, device_, kNow + Duration::Days(366)).ok());
  EXPECT_FALSE(servers_.IssueServer(request, device_, {}, kNow).ok());
  for (const char* host : {"a,URI:spiffe://x/y", "A.example", "", "a b", "-a", "a\n"}) {
    SCOPED_TRACE(host);
    EXPECT_EQ(servers_.IssueServer(request, device_, {host}, kNow).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(AuthorityTest, NeverOutlivesItself) {
  const Time late = kNow + Duration::Days(360);
  const auto leaf = ParseChain(DeviceChain(late))->front();
  EXPECT_EQ(leaf.not_after, Certificate::FromPem(devices_.certificate_pem())->not_after);
}

TEST_F(AuthorityTest, NeverRepeatsASerial) {
  std::set<std::string> serials;
  const Request request = NewRequest();
  for (int i = 0; i < 50; ++i) {
    serials.insert(
        ParseChain(*devices_.IssueDevice(request, person_, device_, kNow))->front().serial);
  }
  EXPECT_EQ(serials.size(), 50u);
}

TEST_F(AuthorityTest, ComesBackFromItsKeyAndCertificate) {
  const auto again = Authority::Load(deployment_, devices_.key(), devices_.certificate_pem());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->kind(), AuthorityKind::kDevices);
  const auto chain = again->IssueDevice(NewRequest(), person_, device_, kNow);
  EXPECT_TRUE(anchor_.Verify(*chain, Purpose::kClient, kNow).ok());
  EXPECT_FALSE(Authority::Load(deployment_, servers_.key(), devices_.certificate_pem()).ok());
  EXPECT_FALSE(
      Authority::Load(crypto::RandomId<DeploymentId>(), devices_.key(), devices_.certificate_pem())
          .ok());
}

}  // namespace
}  // namespace kapea::pki
