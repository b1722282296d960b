// Who is let in, at the handshake and at the call. Each refusal stands beside a call
// that is the same but for the one thing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <filesystem>

#include "common/base/file.h"
#include "common/pki/certificate.h"
#include "common/rpc/tls_profile.h"
#include "tests/common/rpc/raw_client.h"
#include "tests/common/rpc/rpc_fixture.h"

namespace kapea::rpc {
namespace {

using testing::HasSubstr;

class HandshakeTest : public RpcFixture {
 protected:
  HandshakeTest() { StartServer(); }

  // It gets no answer, and no service ever hears of it.
  void ExpectRefused(const std::shared_ptr<grpc::Channel>& channel) {
    const int before = service_->calls();
    const Reply reply = Call(channel, "/test/Echo", "hello");
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::UNAVAILABLE)
        << reply.status.error_message();
    EXPECT_EQ(service_->calls(), before);
  }
  std::string Uri(const DeviceId& device) const {
    return "URI:" + pki::ToUri(deployment_, pki::DeviceName{crypto::RandomId<PersonId>(), device});
  }
};

TEST_F(HandshakeTest, LetsAnEnrolledDeviceInAndNamesIt) {
  const Reply reply = Call(Open(NewDevice()), "/test/Echo", "hello");
  ASSERT_TRUE(reply.status.ok()) << reply.status.error_message() << Refused();
  EXPECT_EQ(reply.bytes, "hello");
  ASSERT_EQ(service_->peers().size(), 1u);
  EXPECT_EQ(std::get<pki::DeviceName>(service_->peers()[0]).device, device_);
}

TEST_F(HandshakeTest, RefusesAClientWithoutCertificate) { ExpectRefused(OpenHostile(nullptr)); }

TEST_F(HandshakeTest, RefusesAnExpiredCertificate) {
  ExpectRefused(Open(NewDevice(device_, Duration::Days(40))));
}

TEST_F(HandshakeTest, RefusesACertificateThatIsNotYetValid) {
  ExpectRefused(Open(NewDevice(device_, Duration::Days(0) - Duration::Days(2))));
}

// gRPC judges by the machine's clock, we by ours; both must agree.
TEST_F(HandshakeTest, RefusesByTheServersOwnClockToo) {
  const Identity device = NewDevice();
  const auto channel = Open(device);
  clock_->Advance(Duration::Days(31));
  ExpectRefused(channel);
  EXPECT_THAT(Refused(), HasSubstr("expired"));
}

TEST_F(HandshakeTest, RefusesAForeignRoot) {
  const auto root = pki::Authority::CreateRoot(deployment_, now_);
  const auto devices = root->IssueIntermediate(pki::AuthorityKind::kDevices, now_);
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  ExpectRefused(Open(
      {*devices->IssueDevice(RequestFor(key), crypto::RandomId<PersonId>(), device_, now_), key}));
}

TEST_F(HandshakeTest, RefusesAServersCertificateAsAClient) {
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  ExpectRefused(
      Open({*servers_.IssueServer(RequestFor(key), server_id_, {kServerDnsName}, now_), key}));
  ExpectRefused(Open(Forged(devices_, Uri(device_), "serverAuth")));
}

TEST_F(HandshakeTest, RefusesTwoNames) {
  EXPECT_TRUE(
      Call(Open(Forged(devices_, Uri(device_), "clientAuth")), "/test/Echo", "x").status.ok());
  const DeviceId other = crypto::RandomId<DeviceId>();
  ExpectRefused(Open(Forged(devices_, Uri(device_) + "," + Uri(other), "clientAuth")));
  EXPECT_THAT(Refused(), HasSubstr("exactly one URI"));
}

TEST_F(HandshakeTest, RefusesANameThatIsNone) {
  ExpectRefused(Open(Forged(
      devices_, "URI:spiffe://" + pki::TrustDomain(deployment_) + "/officer/admin", "clientAuth")));
  ExpectRefused(Open(Forged(devices_, "DNS:phone", "clientAuth")));
}

TEST_F(HandshakeTest, RefusesADeniedDeviceAndADeniedCertificate) {
  const Identity denied = NewDevice();
  const Identity stolen = NewDevice(crypto::RandomId<DeviceId>());
  EXPECT_TRUE(Call(Open(denied), "/test/Echo", "x").status.ok());
  EXPECT_TRUE(Call(Open(stolen), "/test/Echo", "x").status.ok());
  deny_->Deny(device_);
  deny_->DenyFingerprint(pki::ParseChain(stolen.chain_pem)->front().fingerprint);
  ExpectRefused(Open(denied));
  EXPECT_THAT(Refused(), HasSubstr("revoked"));
  ExpectRefused(Open(stolen));
  EXPECT_TRUE(Call(Open(NewDevice(crypto::RandomId<DeviceId>())), "/test/Echo", "x").status.ok());
}

// The code of a newcomer holds the leaf alone and the hash of the root.
TEST_F(HandshakeTest, LetsANewcomerCallEnrolAlone) {
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  const std::string chain =
      *devices_.IssueBootstrap(RequestFor(key), crypto::RandomId<pki::BootstrapId>(), now_);
  ChannelOptions options = OptionsFor({pki::ParseChain(chain)->front().ToPem(), key});
  options.root_pem.clear();
  options.root = root_.fingerprint();
  const auto channel = OpenChannel(options);
  ASSERT_TRUE(channel.ok()) << channel.status();
  const Reply enrolled = Call(*channel, "/test/Enrol", "keys");
  EXPECT_TRUE(enrolled.status.ok()) << enrolled.status.error_message() << Refused();
  EXPECT_EQ(Call(*channel, "/test/Echo", "x").status.error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Call(Open(NewDevice()), "/test/Enrol", "x").status.error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(HandshakeTest, ServesACertificateFromFiles) {
  StopServer();
  std::string folder = testing::TempDir() + "/kapea-tls-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  ServerIdentityFiles files{folder + "/chain", folder + "/key", folder + "/roots"};
  ASSERT_TRUE(WriteFileAtomically(files.chain_path, identity_.chain_pem, kPublicFileMode).ok());
  ASSERT_TRUE(
      WriteFileAtomically(files.private_key_path, identity_.private_key_pem, kPrivateFileMode)
          .ok());
  ASSERT_TRUE(WriteFileAtomically(files.roots_path,
                                  root_.certificate_pem() + devices_.certificate_pem(),
                                  kPublicFileMode)
                  .ok());
  served_ = files;
  StartServer();
  const Reply reply = Call(Open(NewDevice()), "/test/Echo", "hello");
  EXPECT_TRUE(reply.status.ok()) << reply.status.error_message();
  StopServer();
  std::filesystem::remove_all(folder);
}

class ServerCheckTest : public HandshakeTest {
 protected:
  void ExpectRefusedByClient(const ChannelOptions& options) {
    const auto channel = OpenChannel(options);
    ASSERT_TRUE(channel.ok()) << channel.status();
    ExpectRefused(*channel);
  }
  void Serve(const std::string& chain_pem, const crypto::SigningKey& key) {
    StopServer();
    served_ = ServerIdentity{chain_pem, std::string(key.ToPem().view())};
    StartServer();
  }
};

TEST_F(ServerCheckTest, ClientRefusesAServerOfAnotherRoot) {
  ChannelOptions options = OptionsFor(NewDevice());
  options.root_pem = pki::Authority::CreateRoot(deployment_, now_)->certificate_pem();
  ExpectRefusedByClient(options);
}

TEST_F(ServerCheckTest, ClientRefusesARootOfAnotherHash) {
  ChannelOptions options = OptionsFor(NewDevice());
  options.root_pem.clear();
  options.root = crypto::Sha256("another");
  ExpectRefusedByClient(options);
  options.root = Hash();
  EXPECT_EQ(OpenChannel(options).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ServerCheckTest, ClientRefusesAnotherServerAndAnotherName) {
  ChannelOptions options = OptionsFor(NewDevice());
  options.server = crypto::RandomId<DeviceId>();
  ExpectRefusedByClient(options);
  options.server = std::nullopt;
  options.server_name = "other-server";
  ExpectRefusedByClient(options);
}

TEST_F(ServerCheckTest, ClientRefusesADeviceThatPlaysTheServer) {
  const Identity device = NewDevice();
  Serve(device.chain_pem + root_.certificate_pem(), device.key);
  ExpectRefused(Open(NewDevice()));
}

TEST_F(ServerCheckTest, ClientJudgesTheServerByItsOwnClock) {
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  Serve(*servers_.IssueServer(RequestFor(key), server_id_, {kServerDnsName},
                              now_ - Duration::Days(50), Duration::Days(20)),
        key);
  ExpectRefused(Open(NewDevice()));
  // A client that lives in the past sees nothing wrong: time comes from its clock alone.
  class Past : public Clock {
   public:
    ClockReading Read() const override {
      ClockReading reading = SystemClock().Read();
      reading.wall = reading.wall - Duration::Days(40);
      return reading;
    }
  };
  ChannelOptions options = OptionsFor(NewDevice());
  options.clock = std::make_shared<Past>();
  EXPECT_TRUE(Call(*OpenChannel(options), "/test/Echo", "x").status.ok());
}

TEST_F(ServerCheckTest, ClientRefusesAnAddressThatIsNone) {
  ChannelOptions options = OptionsFor(NewDevice());
  options.address = "nowhere";
  EXPECT_EQ(OpenChannel(options).status().code(), absl::StatusCode::kInvalidArgument);
}

using TlsProfileTest = HandshakeTest;

TEST_F(TlsProfileTest, SpeaksNothingButTls13) {
  const Identity device = NewDevice();
  EXPECT_TRUE(RawTls(listener_->port(), &device, {}).Handshake());
  RawTls::Wish old;
  old.version = TLS1_2_VERSION;
  EXPECT_FALSE(RawTls(listener_->port(), &device, old).Handshake());
  RawTls::Wish short_key;
  short_key.suites = "TLS_AES_128_GCM_SHA256";
  EXPECT_FALSE(RawTls(listener_->port(), &device, short_key).Handshake());
}

// A session that can be resumed would pass by the revocation of its certificate.
TEST_F(TlsProfileTest, GivesNoSessionTickets) {
  const Identity device = NewDevice();
  RawTls client(listener_->port(), &device, {});
  ASSERT_TRUE(client.Handshake());
  // The server's first HTTP/2 frame would come after its tickets.
  EXPECT_FALSE(client.ReadSome().empty());
  EXPECT_EQ(client.tickets(), 0);
}

TEST_F(TlsProfileTest, HoldsWhenInstalledAgain) {
  ASSERT_EQ(::setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
  ASSERT_EQ(::setenv("GRPC_TRACE", "all", 1), 0);
  EXPECT_TRUE(InstallTlsProfile().ok());
  EXPECT_EQ(::getenv("http_proxy"), nullptr);
  EXPECT_EQ(::getenv("GRPC_TRACE"), nullptr);
}

}  // namespace
}  // namespace kapea::rpc
