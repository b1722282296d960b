#include "tests/common/rpc/rpc_fixture.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <chrono>
#include <thread>

#include "common/base/macros.h"
#include "common/pki/certificate.h"
#include "common/rpc/server_limits.h"
#include "common/rpc/status.h"

namespace kapea::rpc {
namespace {

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return "";
  std::string out;
  for (const grpc::Slice& slice : slices) {
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return out;
}

std::chrono::system_clock::time_point In(Duration duration) {
  return std::chrono::system_clock::now() + std::chrono::milliseconds(duration.milliseconds());
}

class RefuseReactor : public grpc::ServerGenericBidiReactor {
 public:
  explicit RefuseReactor(const absl::Status& status) { Finish(ToGrpc(status)); }
  void OnDone() override { delete this; }
};

class EchoReactor : public grpc::ServerGenericBidiReactor {
 public:
  EchoReactor() { StartRead(&message_); }
  void OnReadDone(bool ok) override {
    if (!ok) return Finish({grpc::StatusCode::INVALID_ARGUMENT, "want a message"});
    StartWriteAndFinish(&message_, grpc::WriteOptions(), grpc::Status::OK);
  }
  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer message_;
};

class FollowReactor : public grpc::ServerGenericBidiReactor {
 public:
  FollowReactor() : message_(BufferOf("begun")) { StartWrite(&message_); }
  void OnCancel() override { Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer message_;
};

}  // namespace

absl::Status TestService::Admit(const grpc::GenericCallbackServerContext& context) {
  KAPEA_ASSIGN(const Peer peer, reader_.Read(context));
  {
    MutexLock lock(mutex_);
    peers_.push_back(peer.name);
  }
  const bool newcomer = std::holds_alternative<pki::BootstrapName>(peer.name);
  if (newcomer != (context.method() == "/test/Enrol")) {
    return absl::PermissionDeniedError("want a device, or a newcomer who enrols");
  }
  return listener_->Authorise(peer);
}

grpc::ServerGenericBidiReactor* TestService::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  ++calls_;
  if (const absl::Status status = Admit(*context); !status.ok()) return new RefuseReactor(status);
  if (context->method() == "/test/Follow") return new FollowReactor;
  return new EchoReactor;
}

std::vector<pki::PeerName> TestService::peers() const {
  MutexLock lock(mutex_);
  return peers_;
}

// Sixty days old, so that certificates which have expired can be issued in the past.
RpcFixture::RpcFixture()
    : root_(*pki::Authority::CreateRoot(deployment_, now_ - Duration::Days(60))),
      devices_(*root_.IssueIntermediate(pki::AuthorityKind::kDevices, now_ - Duration::Days(60))),
      servers_(*root_.IssueIntermediate(pki::AuthorityKind::kServers, now_ - Duration::Days(60))) {
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  identity_.chain_pem = *servers_.IssueServer(RequestFor(key), server_id_, {kServerDnsName}, now_) +
                        root_.certificate_pem();
  identity_.private_key_pem = std::string(key.ToPem().view());
  served_ = identity_;
  listener_options_.janitor_period = Duration::Milliseconds(50);
}

RpcFixture::~RpcFixture() { StopServer(); }

void RpcFixture::StartServer() {
  ServerCredentialsOptions options;
  options.deployment = deployment_;
  options.root_pem = root_.certificate_pem();
  options.device_authorities_pem = devices_.certificate_pem();
  options.identity = served_;
  options.deny = deny_;
  options.clock = clock_;
  options.on_refused = [this](const absl::Status& status) {
    MutexLock lock(mutex_);
    refused_ += status.ToString() + "\n";
  };
  auto credentials = MakeServerCredentials(options);
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  auto listener = Listener::Bind(bind_address_, listener_options_, deny_, clock_);
  ASSERT_TRUE(listener.ok()) << listener.status();
  listener_ = *std::move(listener);
  service_ = std::make_unique<TestService>(listener_.get(), deployment_);
  grpc::ServerBuilder builder;
  ApplyServerLimits(builder);
  builder.RegisterCallbackGenericService(service_.get());
  listener_->Attach(builder, *credentials);
  server_ = builder.BuildAndStart();
  ASSERT_NE(server_, nullptr);
  listener_->Start();
}

void RpcFixture::StopServer() {
  if (server_ == nullptr) return;
  listener_->StopAccepting();
  server_->Shutdown(In(Duration::Milliseconds(100)));
  server_.reset();
  listener_.reset();
}

pki::Request RpcFixture::RequestFor(const crypto::SigningKey& key) const {
  return *pki::Request::FromDer(*pki::MakeRequest(key));
}

Identity RpcFixture::NewDevice(const DeviceId& device, Duration age) {
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  return {*devices_.IssueDevice(RequestFor(key), crypto::RandomId<PersonId>(), device, now_ - age),
          key};
}

Identity RpcFixture::Forged(const pki::Authority& issuer, const std::string& names,
                            const std::string& usage) const {
  pki::Forgery forgery;
  forgery.alternative_names = names;
  forgery.usage = usage;
  forgery.not_before = now_ - Duration::Days(1);
  forgery.not_after = now_ + Duration::Days(1);
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  return {pki::Forge(issuer, forgery, key), key};
}

ChannelOptions RpcFixture::OptionsFor(const Identity& identity) const {
  ChannelOptions options;
  options.address = Url();
  options.deployment = deployment_;
  options.root_pem = root_.certificate_pem();
  options.server = server_id_;
  options.chain_pem = identity.chain_pem;
  options.private_key_pem = identity.key.ToPem();
  options.clock = clock_;
  return options;
}

std::shared_ptr<grpc::Channel> RpcFixture::Open(const Identity& identity) const {
  return *OpenChannel(OptionsFor(identity));
}

std::shared_ptr<grpc::Channel> RpcFixture::OpenHostile(const Identity* identity) const {
  namespace tls = grpc::experimental;
  tls::TlsChannelCredentialsOptions options;
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(std::make_shared<tls::NoOpCertificateVerifier>());
  std::vector<tls::IdentityKeyCertPair> pairs;
  if (identity != nullptr) {
    pairs.push_back({std::string(identity->key.ToPem().view()), identity->chain_pem});
  }
  options.set_certificate_provider(
      std::make_shared<tls::StaticDataCertificateProvider>(root_.certificate_pem(), pairs));
  options.watch_root_certs();
  if (identity != nullptr) options.watch_identity_key_cert_pairs();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(Url(), tls::TlsCredentials(options), arguments);
}

std::string RpcFixture::Refused() const {
  MutexLock lock(mutex_);
  return refused_;
}

Reply Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
           const std::string& message, const std::function<void(grpc::ClientContext&)>& prepare) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(In(Duration::Seconds(5)));
  if (prepare) prepare(context);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, method, BufferOf(message), &queue);
  call->StartCall();
  Reply reply;
  grpc::ByteBuffer bytes;
  call->Finish(&bytes, &reply.status, &reply);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  reply.bytes = BytesOf(bytes);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return reply;
}

Follower::Follower(std::shared_ptr<grpc::Channel> channel)
    : channel_(std::move(channel)), stub_(channel_) {}

Follower::~Follower() {
  context_.TryCancel();
  if (call_ != nullptr && !ended_) {
    if (!finishing_) call_->Finish(&status_, &status_);
    Next(Duration::Seconds(5), &status_);
  }
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

bool Follower::Next(Duration at_most, void* wanted) {
  const auto deadline = In(at_most);
  void* tag = nullptr;
  bool ok = false;
  while (queue_.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::GOT_EVENT) {
    if (tag == wanted) return ok;
  }
  return false;
}

bool Follower::Begin() {
  call_ = stub_.PrepareCall(&context_, "/test/Follow", &queue_);
  call_->StartCall(this);
  if (!Next(Duration::Seconds(5), this)) return false;
  call_->Read(&message_, &message_);
  return Next(Duration::Seconds(5), &message_);
}

grpc::Status Follower::End(Duration at_most, int64_t* waited_ms) {
  const auto begin = std::chrono::steady_clock::now();
  if (!finishing_) call_->Finish(&status_, &status_);
  finishing_ = true;
  ended_ = Next(at_most, &status_);
  *waited_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::steady_clock::now() - begin)
                   .count();
  return ended_ ? status_ : grpc::Status::OK;
}

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 300; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

}  // namespace kapea::rpc
