// What an open connection may do, and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>

#include "common/rpc/server_limits.h"
#include "tests/common/rpc/raw_client.h"
#include "tests/common/rpc/rpc_fixture.h"

namespace kapea::rpc {
namespace {

using testing::HasSubstr;

class ListenerTest : public RpcFixture {};

TEST_F(ListenerTest, CutsTheOpenStreamOfADeniedDevice) {
  StartServer();
  Follower denied(Open(NewDevice()));
  Follower other(Open(NewDevice(crypto::RandomId<DeviceId>())));
  ASSERT_TRUE(denied.Begin());
  ASSERT_TRUE(other.Begin());
  deny_->Deny(device_);
  int64_t waited_ms = 0;
  EXPECT_EQ(denied.End(Duration::Seconds(3), &waited_ms).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_LT(waited_ms, 1000);
  EXPECT_TRUE(other.End(Duration::Milliseconds(200), &waited_ms).ok());  // still open
  EXPECT_EQ(listener_->Counts().cut_denied, 1u);
}

TEST_F(ListenerTest, CutsADeviceAtOnceWhenTold) {
  listener_options_.janitor_period = Duration::Seconds(30);
  StartServer();
  Follower stream(Open(NewDevice()));
  ASSERT_TRUE(stream.Begin());
  EXPECT_EQ(listener_->Cut(crypto::RandomId<DeviceId>()), 0u);
  EXPECT_EQ(listener_->Cut(device_), 1u);
  int64_t waited_ms = 0;
  EXPECT_FALSE(stream.End(Duration::Seconds(3), &waited_ms).ok());
  EXPECT_LT(waited_ms, 1000);
}

// A call that is already on its way when the denial comes finds the deny set again.
TEST_F(ListenerTest, RefusesTheCallOfADeniedDeviceOnAnOpenConnection) {
  listener_options_.janitor_period = Duration::Seconds(30);
  StartServer();
  const auto channel = Open(NewDevice());
  ASSERT_TRUE(Call(channel, "/test/Echo", "x").status.ok());
  deny_->Deny(device_);
  EXPECT_EQ(Call(channel, "/test/Echo", "x").status.error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(ListenerTest, CutsAStreamWhenItsCertificateEnds) {
  StartServer();
  Follower stream(Open(NewDevice()));
  ASSERT_TRUE(stream.Begin());
  clock_->Advance(Duration::Days(31));
  int64_t waited_ms = 0;
  EXPECT_FALSE(stream.End(Duration::Seconds(3), &waited_ms).ok());
  EXPECT_EQ(listener_->Counts().cut_expired, 1u);
}

TEST_F(ListenerTest, CutsWhoeverAuthorisesNothingInTime) {
  listener_options_.limits.authorise_within = Duration::Milliseconds(300);
  StartServer();
  RawSocket silent(listener_->port());
  const Identity device = NewDevice();
  RawTls talker(listener_->port(), &device, {});  // a good certificate, and no call
  ASSERT_TRUE(talker.Handshake());
  Follower stream(Open(NewDevice()));
  ASSERT_TRUE(stream.Begin());
  EXPECT_TRUE(silent.ClosesWithin(Duration::Seconds(2)));
  while (!talker.ReadSome().empty()) {
  }
  EXPECT_TRUE(Eventually([this] { return listener_->Counts().cut_silent == 2; }));
  int64_t waited_ms = 0;
  EXPECT_TRUE(stream.End(Duration::Milliseconds(400), &waited_ms).ok());  // still open
}

TEST_F(ListenerTest, KeepsTheNewestConnectionsOfADevice) {
  StartServer();
  const Identity device = NewDevice();
  Follower oldest(Open(device));
  Follower middle(Open(device));
  ASSERT_TRUE(oldest.Begin());
  ASSERT_TRUE(middle.Begin());
  const auto newest = Open(device);
  EXPECT_TRUE(Call(newest, "/test/Echo", "x").status.ok());
  int64_t waited_ms = 0;
  EXPECT_FALSE(oldest.End(Duration::Seconds(3), &waited_ms).ok());
  EXPECT_TRUE(middle.End(Duration::Milliseconds(100), &waited_ms).ok());  // still open
  EXPECT_EQ(listener_->Counts().cut_crowded, 1u);
  EXPECT_EQ(listener_->Counts().open, 2u);
}

TEST_F(ListenerTest, ServesWhileAHundredConnectionsIdle) {
  StartServer();
  std::vector<std::unique_ptr<RawSocket>> idle;
  for (int i = 0; i < 100; ++i) idle.push_back(std::make_unique<RawSocket>(listener_->port()));
  const auto begin = std::chrono::steady_clock::now();
  const Reply reply = Call(Open(NewDevice()), "/test/Echo", "hello");
  EXPECT_TRUE(reply.status.ok()) << reply.status.error_message();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_LE(listener_->Counts().open, 65u);  // 64 strangers of the address, and the device
  EXPECT_TRUE(idle.front()->ClosesWithin(Duration::Seconds(1)));
}

// CVE-2023-4785: gRPC's own listener never comes back from this. Server and clients
// share this process's descriptors, so the clients' are made before they get scarce.
TEST_F(ListenerTest, ComesBackWhenDescriptorsRunOut) {
  StartServer();
  const Identity device = NewDevice();
  ASSERT_TRUE(Call(Open(device), "/test/Echo", "x").status.ok());
  std::vector<std::unique_ptr<RawSocket>> idle;
  for (int i = 0; i < 40; ++i) idle.push_back(std::make_unique<RawSocket>());
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  rlimit low = old;
  low.rlim_cur = static_cast<rlim_t>(idle.back()->fd()) + 6;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  for (const auto& socket : idle) socket->Connect(listener_->port());
  EXPECT_TRUE(Eventually([this] { return listener_->Counts().cut_crowded > 10; }));
  EXPECT_LT(listener_->Counts().open, 10u);
  idle.clear();
  const Reply reply = Call(Open(device), "/test/Echo", "hello");
  EXPECT_TRUE(reply.status.ok()) << reply.status.error_message();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
}

TEST_F(ListenerTest, RefusesAMessageOverTheLimit) {
  StartServer();
  const Identity device = NewDevice();
  const auto channel = OpenHostile(&device);
  EXPECT_TRUE(Call(channel, "/test/Echo", std::string(kMessageBytesMax, 'x')).status.ok());
  EXPECT_EQ(Call(channel, "/test/Echo", std::string(kMessageBytesMax + 1, 'x')).status.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(ListenerTest, RefusesACompressedCall) {
  StartServer();
  const Identity device = NewDevice();
  const auto channel = OpenHostile(&device);
  EXPECT_EQ(Call(channel, "/test/Echo", std::string(5000, 'x'),
                 [](grpc::ClientContext& context) {
                   context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
                 })
                .status.error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(ListenerTest, RefusesLongHeaders) {
  StartServer();
  const Identity device = NewDevice();
  const auto channel = OpenHostile(&device);
  ASSERT_TRUE(Call(channel, "/test/Echo", "x").status.ok());
  EXPECT_EQ(Call(channel, "/test/Echo", "x",
                 [](grpc::ClientContext& context) {
                   context.AddMetadata("padding", std::string(20'000, 'x'));
                 })
                .status.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

std::string Frame(char type, char flags, char stream, const std::string& payload) {
  std::string frame;
  frame.push_back(static_cast<char>(payload.size() >> 16));
  frame.push_back(static_cast<char>(payload.size() >> 8));
  frame.push_back(static_cast<char>(payload.size()));
  frame.push_back(type);
  frame.push_back(flags);
  frame.append(3, '\0');
  frame.push_back(stream);
  return frame + payload;
}

// CVE-2023-33953: one enrolled client sends one header without end, and gRPC 1.51
// collects it.
TEST_F(ListenerTest, CutsAFloodOfHeaders) {
  StartServer();
  const Identity device = NewDevice();
  RawTls flood(listener_->port(), &device, {});
  ASSERT_TRUE(flood.Handshake());
  ASSERT_TRUE(flood.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(4, 0, 0, "")));
  // A literal header "a" whose value says that it has 2^28 bytes.
  ASSERT_TRUE(flood.Write(Frame(1, 0, 1,
                                std::string("\x00\x01"
                                            "a\x7f\x81\xff\xff\x7f",
                                            8))));
  const std::string more = Frame(9, 0, 1, std::string(16 * 1024, 'x'));
  size_t sent = 0;
  while (sent < (256u << 20) && flood.Write(more)) sent += more.size();
  EXPECT_LT(sent, 256u << 20);
  EXPECT_TRUE(Eventually([this] { return listener_->Counts().cut_bytes == 1; })) << sent;
  EXPECT_TRUE(Call(Open(NewDevice()), "/test/Echo", "x").status.ok());
}

TEST_F(ListenerTest, LetsABusyClientSendMoreThanTheWindowInAll) {
  StartServer();
  const auto channel = Open(NewDevice());
  for (int i = 0; i < 6; ++i) {
    const Reply reply = Call(channel, "/test/Echo", std::string(1'000'000, 'x'));
    ASSERT_TRUE(reply.status.ok()) << i << reply.status.error_message();
  }
  EXPECT_EQ(listener_->Counts().cut_bytes, 0u);
}

TEST_F(ListenerTest, ForgetsWhatHasClosed) {
  StartServer();
  {
    RawSocket shortlived(listener_->port());
    EXPECT_TRUE(Eventually([this] { return listener_->Counts().open == 1; }));
  }
  EXPECT_TRUE(Eventually([this] { return listener_->Counts().open == 0; }));
}

TEST_F(ListenerTest, ListensOnIpv6AndKnowsItsPeersThere) {
  bind_address_ = "[::1]:0";
  StartServer();
  EXPECT_THAT(listener_->address(), HasSubstr("[::1]:"));
  const Reply reply = Call(Open(NewDevice()), "/test/Echo", "x");
  EXPECT_TRUE(reply.status.ok()) << reply.status.error_message();
}

TEST_F(ListenerTest, SaysWhatAnAddressShouldLookLike) {
  for (const char* bad : {"", "8443", "localhost:1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                          "127.0.0.1:x", ":1", "::1:1", "[::1]", "[127.0.0.1]:1", "1.2.3:4"}) {
    SCOPED_TRACE(bad);
    const auto listener = Listener::Bind(bad, {}, deny_, clock_);
    EXPECT_EQ(listener.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(listener.status().message()), HasSubstr("want an address such as"));
  }
  const auto first = Listener::Bind("127.0.0.1:0", {}, deny_, clock_);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(Listener::Bind((*first)->address(), {}, deny_, clock_).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(NormalPeerTest, SpellsOutWhatGrpcEscapes) {
  EXPECT_EQ(NormalPeer("ipv6:%5B::1%5D:443"), "ipv6:[::1]:443");
  EXPECT_EQ(NormalPeer("ipv4:127.0.0.1:443"), "ipv4:127.0.0.1:443");
  EXPECT_EQ(NormalPeer("%5"), "%5");
  EXPECT_EQ(NormalPeer("%zz"), "%zz");
}

}  // namespace
}  // namespace kapea::rpc
