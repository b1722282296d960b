#include "client/link/grpc_transport.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>

#include "client/link/plain_words.h"
#include "client/link/wire.h"
#include "common/base/macros.h"
#include "common/codec/wire.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "kapea/v1/sync_service.grpc.pb.h"

namespace kapea::link {
namespace {

void SetDeadline(grpc::ClientContext& context, Duration after) {
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(after.milliseconds()));
}

}  // namespace

ClockReading FlooredClock::Read() const {
  ClockReading reading = clock_.Read();
  reading.wall = std::max(reading.wall, floor_);
  return reading;
}

struct GrpcTransport::Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel)
      : sync(v1::Sync::NewStub(channel)),
        blob(v1::Blob::NewStub(channel)),
        ledger(v1::Ledger::NewStub(channel)) {}
  std::unique_ptr<v1::Sync::Stub> sync;
  std::unique_ptr<v1::Blob::Stub> blob;
  std::unique_ptr<v1::Ledger::Stub> ledger;
};

GrpcTransport::GrpcTransport(std::shared_ptr<grpc::Channel> channel, std::string server,
                             Deadlines deadlines)
    : server_(std::move(server)),
      deadlines_(deadlines),
      channel_(std::move(channel)),
      stubs_(std::make_unique<Stubs>(channel_)) {}
GrpcTransport::~GrpcTransport() { GiveUpPush(); }

absl::StatusOr<std::unique_ptr<GrpcTransport>> GrpcTransport::Connect(
    const vault::Identity& identity, const Clock& clock, Time server_time, Deadlines deadlines) {
  KAPEA_TRY(CheckOwnCertificate(identity.certificate_chain_pem, clock.Now(), server_time));
  rpc::ChannelOptions options;
  options.address = identity.server;
  options.deployment = identity.deployment;
  options.root_pem = identity.root_certificate_pem;
  options.root = identity.root;
  options.chain_pem = identity.certificate_chain_pem;
  options.private_key_pem = identity.tls_key_pem.Copy();
  options.clock = std::make_shared<FlooredClock>(clock, server_time);
  KAPEA_ASSIGN(std::shared_ptr<grpc::Channel> channel, rpc::OpenChannel(options));
  return std::unique_ptr<GrpcTransport>(
      new GrpcTransport(std::move(channel), identity.server, deadlines));
}

// What gRPC's threads share with the caller's while a push is on the wire.
struct GrpcTransport::PushCall {
  grpc::ClientContext context;
  v1::PushRequest request;
  v1::PushResponse response;
  grpc::Status status;
  Mutex mutex;
  CondVar ended;
  bool has_ended KAPEA_GUARDED_BY(mutex) = false;
};

void GrpcTransport::BeginPush(const std::vector<codec::Parcel>& parcels,
                              const std::string& checkpoint) {
  GiveUpPush();
  push_ = std::make_unique<PushCall>();
  v1::PushRequest& request = push_->request;
  for (const codec::Parcel& parcel : parcels) codec::ParcelToWire(parcel, *request.add_parcels());
  request.set_checkpoint(checkpoint);
  const auto seconds = static_cast<int64_t>(request.ByteSizeLong()) / kSlowLineBytesPerSecond;
  SetDeadline(push_->context, deadlines_.push + Duration::Seconds(seconds));
  stubs_->sync->async()->Push(&push_->context, &request, &push_->response,
                              [call = push_.get()](const grpc::Status& status) {
                                MutexLock lock(call->mutex);
                                call->status = status;
                                call->has_ended = true;
                                call->ended.NotifyAll();
                              });
}

void GrpcTransport::Await(PushCall& call) {
  MutexLock lock(call.mutex);
  // The call has a deadline, so this ends.
  while (!call.has_ended) call.ended.WaitFor(call.mutex, Duration::Seconds(60));
}

void GrpcTransport::GiveUpPush() {
  if (push_ == nullptr) return;
  push_->context.TryCancel();
  Await(*push_);
  push_.reset();
}

absl::StatusOr<sync::PushReply> GrpcTransport::FinishPush() {
  if (push_ == nullptr) return absl::FailedPreconditionError("no push was begun");
  const std::unique_ptr<PushCall> call = std::move(push_);
  Await(*call);
  KAPEA_TRY(InPlainWords(rpc::FromGrpc(call->status), server_));
  return ReplyFrom(call->response);
}

absl::Status GrpcTransport::Pull(const sync::PullCall& call, const Visit& visit) {
  v1::PullRequest request;
  for (const auto& [file, number] : call.cursors) {
    v1::FileCursor& cursor = *request.add_cursors();
    cursor.set_file(file.str());
    cursor.set_number(number);
  }
  request.set_held_to(call.held_to);
  request.set_checkpoint(call.checkpoint);
  request.set_follow(call.follow);
  grpc::ClientContext context;
  if (!call.follow) SetDeadline(context, deadlines_.pull);
  {
    MutexLock lock(mutex_);
    if (cancelled_) return absl::CancelledError("stopped");
    pulling_ = &context;
  }
  auto stream = stubs_->sync->Pull(&context, request);
  v1::PullResponse response;
  absl::Status visited;
  while (visited.ok() && stream->Read(&response)) {
    auto message = MessageFrom(response);
    visited = message.ok() ? visit(*std::move(message)) : message.status();
  }
  if (!visited.ok()) context.TryCancel();
  const grpc::Status ended = stream->Finish();
  {
    MutexLock lock(mutex_);
    pulling_ = nullptr;
  }
  KAPEA_TRY(visited);
  return InPlainWords(rpc::FromGrpc(ended), server_);
}

void GrpcTransport::Cancel() {
  MutexLock lock(mutex_);
  cancelled_ = true;
  if (pulling_ != nullptr) pulling_->TryCancel();
}

absl::StatusOr<ledger::Proof> GrpcTransport::ProveConsistency(uint64_t from_size,
                                                              uint64_t to_size) {
  v1::ProveRequest request;
  request.mutable_consistency()->set_from_size(from_size);
  request.mutable_consistency()->set_to_size(to_size);
  v1::ProveResponse response;
  grpc::ClientContext context;
  SetDeadline(context, deadlines_.prove);
  const grpc::Status status = stubs_->ledger->Prove(&context, request, &response);
  KAPEA_TRY(InPlainWords(rpc::FromGrpc(status), server_));
  return ProofFrom(response.proof());
}

absl::StatusOr<std::vector<bool>> GrpcTransport::BlobHave(const FileId& file,
                                                          const std::vector<Hash>& chunks) {
  v1::BlobHaveRequest request;
  request.set_file(file.str());
  for (const Hash& chunk : chunks) request.add_chunks(chunk.str());
  v1::BlobHaveResponse response;
  grpc::ClientContext context;
  SetDeadline(context, deadlines_.blob);
  const grpc::Status status = stubs_->blob->Have(&context, request, &response);
  KAPEA_TRY(InPlainWords(rpc::FromGrpc(status), server_));
  return std::vector<bool>(response.have().begin(), response.have().end());
}

absl::Status GrpcTransport::BlobPut(const FileId& file, const std::vector<std::string>& chunks) {
  v1::BlobPutRequest request;
  request.set_file(file.str());
  for (const std::string& chunk : chunks) request.add_chunks(chunk);
  v1::BlobPutResponse response;
  grpc::ClientContext context;
  SetDeadline(context, deadlines_.blob);
  return InPlainWords(rpc::FromGrpc(stubs_->blob->Put(&context, request, &response)), server_);
}

absl::StatusOr<std::vector<std::string>> GrpcTransport::BlobGet(const FileId& file,
                                                                const std::vector<Hash>& chunks) {
  v1::BlobGetRequest request;
  request.set_file(file.str());
  for (const Hash& chunk : chunks) request.add_chunks(chunk.str());
  v1::BlobGetResponse response;
  grpc::ClientContext context;
  SetDeadline(context, deadlines_.blob);
  const grpc::Status status = stubs_->blob->Get(&context, request, &response);
  KAPEA_TRY(InPlainWords(rpc::FromGrpc(status), server_));
  return std::vector<std::string>(response.chunks().begin(), response.chunks().end());
}

}  // namespace kapea::link
