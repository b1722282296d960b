#include "common/pki/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/hash.h"
#include "common/pki/authority.h"
#include "tests/common/pki/forge.h"

namespace kapea::pki {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Time kNow = Time::FromUnixMs(1'795'000'000'000);

class CertificateTest : public testing::Test {
 protected:
  CertificateTest()
      : root_(*Authority::CreateRoot(deployment_, kNow)),
        devices_(*root_.IssueIntermediate(AuthorityKind::kDevices, kNow)) {}

  absl::StatusOr<PeerName> NameOfForged(const std::string& names) {
    Forgery forgery;
    forgery.alternative_names = names;
    forgery.usage = "clientAuth";
    forgery.not_before = kNow;
    forgery.not_after = kNow + Duration::Days(1);
    const auto chain = ParseChain(Forge(devices_, forgery, crypto::SigningKey::Generate()));
    if (!chain.ok()) return chain.status();
    return NameOf(chain->front(), deployment_);
  }
  std::string Uri(const PeerName& name) const { return "URI:" + ToUri(deployment_, name); }

  const DeploymentId deployment_ = crypto::RandomId<DeploymentId>();
  const DeviceName name_{crypto::RandomId<PersonId>(), crypto::RandomId<DeviceId>()};
  const Authority root_;
  const Authority devices_;
};

TEST_F(CertificateTest, NamesThePersonAndTheDevice) {
  const auto name = NameOfForged(Uri(name_));
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(std::get<DeviceName>(*name), name_);
}

TEST_F(CertificateTest, RefusesTwoUrisEvenIfBothAreGood) {
  const DeviceName other{crypto::RandomId<PersonId>(), crypto::RandomId<DeviceId>()};
  const auto name = NameOfForged(Uri(name_) + "," + Uri(other));
  EXPECT_EQ(name.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(std::string(name.status().message()), HasSubstr("exactly one URI"));
  EXPECT_FALSE(NameOfForged(Uri(name_) + ",URI:https://example.org/").ok());
}

TEST_F(CertificateTest, RefusesACertificateWithoutUri) {
  EXPECT_EQ(NameOfForged("DNS:phone.example").status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(NameOfForged("").status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(CertificateTest, RefusesAnAuthority) {
  const auto root = Certificate::FromPem(root_.certificate_pem());
  ASSERT_TRUE(root.ok());
  EXPECT_TRUE(root->is_authority);
  EXPECT_EQ(NameOf(*root, deployment_).status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(CertificateTest, ReadsWhatAServerCertificateSays) {
  const auto servers = root_.IssueIntermediate(AuthorityKind::kServers, kNow);
  ASSERT_TRUE(servers.ok());
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  const auto request = Request::FromDer(*MakeRequest(key));
  const DeviceId server = crypto::RandomId<DeviceId>();
  const auto pem =
      servers->IssueServer(*request, server, {"kapea.example", "192.0.2.7", "2001:db8::1"}, kNow);
  ASSERT_TRUE(pem.ok()) << pem.status();
  const auto chain = ParseChain(*pem);
  ASSERT_TRUE(chain.ok()) << chain.status();
  ASSERT_EQ(chain->size(), 2u);
  const Certificate& leaf = chain->front();
  EXPECT_EQ(leaf.not_before, Time::FromUnixMs((kNow - kBackdating).unix_ms() / 1000 * 1000));
  EXPECT_EQ(leaf.not_after, Time::FromUnixMs((kNow + kServerLifetime).unix_ms() / 1000 * 1000));
  EXPECT_THAT(leaf.dns_names, ElementsAre("kapea.example"));
  EXPECT_THAT(leaf.ip_addresses, ElementsAre("192.0.2.7", "2001:db8::1"));
  EXPECT_EQ(leaf.fingerprint, crypto::Sha256(leaf.der));
  EXPECT_EQ(leaf.spki, request->spki());
  EXPECT_EQ(leaf.serial.size(), 32u);
  EXPECT_EQ(std::get<ServerName>(*NameOf(leaf, deployment_)).device, server);
}

TEST_F(CertificateTest, RefusesTextThatIsNotWhollyCertificates) {
  const std::string pem = root_.certificate_pem();
  EXPECT_FALSE(Certificate::FromPem("").ok());
  EXPECT_FALSE(Certificate::FromPem("hello").ok());
  EXPECT_FALSE(Certificate::FromPem(pem + pem).ok());
  EXPECT_FALSE(ParseChain(pem + "-----BEGIN CERTIFICATE-----\nAAAA\n").ok());
  EXPECT_FALSE(ParseChain(pem + "trailing").ok());
  EXPECT_TRUE(Certificate::FromPem(pem + "\n \n").ok());
  std::string seven;
  for (int i = 0; i < 7; ++i) seven += pem;
  EXPECT_FALSE(ParseChain(seven).ok());
  const Certificate root = *Certificate::FromPem(pem);
  EXPECT_FALSE(Certificate::FromDer(root.der + "x").ok());
  EXPECT_EQ(root.ToPem(), pem);
}

// The same certificate with a length written longer than it need be, as BER allows: its
// fingerprint would not be that of the bytes that were shown.
TEST_F(CertificateTest, RefusesASecondTextOfTheSameCertificate) {
  const Certificate root = *Certificate::FromPem(root_.certificate_pem());
  ASSERT_EQ(root.der.substr(0, 2), "\x30\x82");
  const std::string longer = std::string("\x30\x83\x00", 3) + root.der.substr(2);
  EXPECT_FALSE(Certificate::FromDer(longer).ok());
  EXPECT_TRUE(Certificate::FromDer(root.der).ok());
}

TEST_F(CertificateTest, RefusesAPemBlockOfAnotherKind) {
  std::string pem = root_.certificate_pem();
  for (size_t at = 0; (at = pem.find(" CERTIFICATE", at)) != std::string::npos; at += 6) {
    pem.insert(at, " X509");
  }
  EXPECT_FALSE(Certificate::FromPem(pem).ok());
}

// Every prefix of the DER: no crash and no success.
TEST_F(CertificateTest, RefusesEveryCut) {
  const Certificate root = *Certificate::FromPem(root_.certificate_pem());
  for (size_t size = 0; size < root.der.size(); ++size) {
    EXPECT_FALSE(Certificate::FromDer(root.der.substr(0, size)).ok()) << size;
  }
}

TEST_F(CertificateTest, GivesEachKindOfNameOneSpelling) {
  const std::string hex = "00112233445566778899aabbccddeeff";
  const std::string base = "spiffe://" + TrustDomain(deployment_);
  EXPECT_TRUE(ParsePeerUri(base + "/bootstrap/" + hex, deployment_).ok());
  EXPECT_TRUE(ParsePeerUri(base + "/server/" + hex, deployment_).ok());
  EXPECT_TRUE(ParsePeerUri(base + "/witness/" + hex, deployment_).ok());
  EXPECT_TRUE(ParsePeerUri(base + "/person/" + hex + "/device/" + hex, deployment_).ok());
  const std::string bad[] = {
      "",
      base,
      base + "/",
      base + "/admin/" + hex,
      base + "/person/" + hex,
      base + "/person/" + hex + "/device/" + hex + "/",
      base + "/person/" + hex + "/device/" + hex + "?x=1",
      base + "/person/" + hex + "/device/" + hex.substr(1),
      base + "/person/" + hex + "//device/" + hex,
      base + "/server/00112233445566778899AABBCCDDEEFF",
      base + "/server/" + hex + "00",
      base + "/server/" + hex + std::string(1, '\0'),
      base + ":443/server/" + hex,
      "https://" + TrustDomain(deployment_) + "/server/" + hex,
      "spiffe://" + TrustDomain(crypto::RandomId<DeploymentId>()) + "/server/" + hex,
      "spiffe://x" + TrustDomain(deployment_) + "/server/" + hex,
  };
  for (const std::string& uri : bad) {
    SCOPED_TRACE(uri);
    EXPECT_EQ(ParsePeerUri(uri, deployment_).status().code(), absl::StatusCode::kUnauthenticated);
  }
}

}  // namespace
}  // namespace kapea::pki
