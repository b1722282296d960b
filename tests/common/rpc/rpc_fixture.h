// A deployment in miniature for the tests of this room: authorities, a server with a
// Listener on a loopback port, a service without a proto, and clients.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/crypto/hash.h"
#include "common/pki/authority.h"
#include "common/rpc/acceptor.h"
#include "common/rpc/channel.h"
#include "common/rpc/peer.h"
#include "common/rpc/server_credentials.h"
#include "tests/common/pki/forge.h"

namespace kapea::rpc {

// The system's clock, which can be set forward.
class SettableClock : public Clock {
 public:
  ClockReading Read() const override {
    ClockReading reading = system_.Read();
    reading.wall = reading.wall + Duration::Milliseconds(offset_ms_);
    return reading;
  }
  void Advance(Duration by) { offset_ms_ += by.milliseconds(); }

 private:
  const SystemClock system_;
  std::atomic<int64_t> offset_ms_ = 0;
};

// A client's certificate with its key.
struct Identity {
  std::string chain_pem;
  crypto::SigningKey key;
};

// Answers /test/Echo with what it got, keeps /test/Follow open, and lets a newcomer
// call /test/Enrol alone, as the real services do.
class TestService : public grpc::CallbackGenericService {
 public:
  TestService(Listener* listener, const DeploymentId& deployment)
      : listener_(listener), reader_(deployment) {}
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;

  int calls() const { return calls_; }
  std::vector<pki::PeerName> peers() const;

 private:
  absl::Status Admit(const grpc::GenericCallbackServerContext& context);

  Listener* const listener_;
  const PeerReader reader_;
  std::atomic<int> calls_ = 0;
  mutable Mutex mutex_;
  std::vector<pki::PeerName> peers_ KAPEA_GUARDED_BY(mutex_);
};

class RpcFixture : public testing::Test {
 protected:
  RpcFixture();
  ~RpcFixture() override;

  // With the fixture's options, which a test may change first.
  void StartServer();
  void StopServer();

  pki::Request RequestFor(const crypto::SigningKey& key) const;
  Identity NewDevice(const DeviceId& device, Duration age = Duration());
  Identity NewDevice() { return NewDevice(device_); }
  Identity Forged(const pki::Authority& issuer, const std::string& names,
                  const std::string& usage) const;

  ChannelOptions OptionsFor(const Identity& identity) const;
  std::shared_ptr<grpc::Channel> Open(const Identity& identity) const;
  // A channel without any of our limits and checks, for hostile clients.
  std::shared_ptr<grpc::Channel> OpenHostile(const Identity* identity) const;

  std::string Url() const { return listener_->address(); }
  std::string Refused() const;  // the reasons of all refused handshakes

  const DeploymentId deployment_ = crypto::RandomId<DeploymentId>();
  const DeviceId server_id_ = crypto::RandomId<DeviceId>();
  const DeviceId device_ = crypto::RandomId<DeviceId>();
  const std::shared_ptr<SettableClock> clock_ = std::make_shared<SettableClock>();
  const Time now_ = clock_->Now();
  const pki::Authority root_;
  const pki::Authority devices_;
  const pki::Authority servers_;
  const std::shared_ptr<DenySet> deny_ = std::make_shared<DenySet>();
  ServerIdentity identity_;
  std::variant<ServerIdentity, ServerIdentityFiles> served_;
  ListenerOptions listener_options_;
  std::string bind_address_ = "127.0.0.1:0";

  std::unique_ptr<Listener> listener_;
  std::unique_ptr<TestService> service_;
  std::unique_ptr<grpc::Server> server_;

 private:
  mutable Mutex mutex_;
  std::string refused_ KAPEA_GUARDED_BY(mutex_);
};

struct Reply {
  grpc::Status status;
  std::string bytes;
};
// One call, with 5 seconds to end; `prepare` may change its context.
Reply Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
           const std::string& message,
           const std::function<void(grpc::ClientContext&)>& prepare = nullptr);

// An open /test/Follow. Begin() waits for the first message; End() for the end.
class Follower {
 public:
  explicit Follower(std::shared_ptr<grpc::Channel> channel);
  ~Follower();
  bool Begin();
  // The status, and after how many milliseconds; a status of OK when it is still open.
  grpc::Status End(Duration at_most, int64_t* waited_ms);

 private:
  bool Next(Duration at_most, void* wanted);

  std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  grpc::ByteBuffer message_;
  grpc::Status status_;
  bool finishing_ = false;
  bool ended_ = false;
};

// Waits for `condition`, at most 3 seconds; whether it came true.
bool Eventually(const std::function<bool()>& condition);

}  // namespace kapea::rpc
