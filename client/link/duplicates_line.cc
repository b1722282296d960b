#include "client/link/duplicates_line.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <utility>

#include "client/link/plain_words.h"
#include "common/base/macros.h"
#include "common/codec/match_codec.h"
#include "common/rpc/status.h"
#include "kapea/v1/duplicates_service.grpc.pb.h"

namespace kapea::link {
namespace {

constexpr auto kDeadline = std::chrono::seconds(60);
// More than a unit can have; a server that says more says nonsense.
constexpr int kHeldMax = 100'000;

absl::Status OtherForm() {
  return absl::DataLossError(
      "the server's answer about duplicates cannot be read; nothing was changed, try again, "
      "and tell the people who run it if it stays");
}

void ScopeTo(const sync::MatchAsker& asker, v1::MatchScope& wire) {
  wire.set_programme(asker.programme.str());
  wire.set_key_epoch(asker.epoch.str());
  wire.set_unit(asker.unit.str());
}

void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
}

}  // namespace

absl::StatusOr<sync::MatchState> MatchStateFrom(const v1::DuplicatesCheckResponse& wire) {
  if (wire.held_size() > kHeldMax || wire.found_size() > kHeldMax) return OtherForm();
  sync::MatchState state;
  state.names = wire.names();
  state.tokens_left = wire.tokens_left();
  for (const v1::HeldMatch& one : wire.held()) {
    const auto alias = domain::MatchAlias::FromBytes(one.alias());
    const auto digest = Hash::FromBytes(one.digest());
    if (!alias.ok() || !digest.ok()) return OtherForm();
    state.held.push_back({*alias, *digest, one.day()});
  }
  for (const v1::FoundMatch& one : wire.found()) {
    const auto alias = domain::MatchAlias::FromBytes(one.alias());
    const auto unit = UnitId::FromBytes(one.unit());
    const bool known = one.kind() >= v1::MATCH_KIND_DOCUMENT && one.kind() <= v1::MATCH_KIND_NAME;
    if (!alias.ok() || !unit.ok() || !known) return OtherForm();
    state.found.push_back({*alias, static_cast<domain::MatchKind>(one.kind()), *unit, one.day()});
  }
  return state;
}

struct GrpcMatchLine::Stub {
  std::unique_ptr<v1::Duplicates::Stub> calls;
};

GrpcMatchLine::GrpcMatchLine(GrpcTransport& transport, std::string server)
    : stub_(std::make_unique<Stub>(Stub{v1::Duplicates::NewStub(transport.channel())})),
      server_(std::move(server)) {}
GrpcMatchLine::~GrpcMatchLine() = default;

absl::StatusOr<sync::MatchState> GrpcMatchLine::Check(const sync::MatchAsker& asker) {
  v1::DuplicatesCheckRequest request;
  ScopeTo(asker, *request.mutable_scope());
  grpc::ClientContext context;
  SetDeadline(context);
  v1::DuplicatesCheckResponse response;
  KAPEA_TRY(
      InPlainWords(rpc::FromGrpc(stub_->calls->Check(&context, request, &response)), server_));
  return MatchStateFrom(response);
}

absl::StatusOr<uint32_t> GrpcMatchLine::Offer(const sync::MatchAsker& asker,
                                              const std::vector<sync::OfferedFile>& files) {
  v1::DuplicatesOfferRequest request;
  ScopeTo(asker, *request.mutable_scope());
  for (const sync::OfferedFile& file : files) {
    codec::MatchedFileToWire({file.alias, file.tokens}, *request.add_files());
  }
  grpc::ClientContext context;
  SetDeadline(context);
  v1::DuplicatesOfferResponse response;
  KAPEA_TRY(
      InPlainWords(rpc::FromGrpc(stub_->calls->Offer(&context, request, &response)), server_));
  return response.taken();
}

absl::Status GrpcMatchLine::Withdraw(const sync::MatchAsker& asker,
                                     const std::vector<domain::MatchAlias>& aliases) {
  v1::DuplicatesWithdrawRequest request;
  ScopeTo(asker, *request.mutable_scope());
  for (const domain::MatchAlias& alias : aliases) request.add_aliases(alias.str());
  grpc::ClientContext context;
  SetDeadline(context);
  v1::DuplicatesWithdrawResponse response;
  return InPlainWords(rpc::FromGrpc(stub_->calls->Withdraw(&context, request, &response)), server_);
}

absl::Status GrpcMatchLine::WithdrawAll(const sync::MatchAsker& asker) {
  v1::DuplicatesWithdrawRequest request;
  ScopeTo(asker, *request.mutable_scope());
  request.set_all(true);
  grpc::ClientContext context;
  SetDeadline(context);
  v1::DuplicatesWithdrawResponse response;
  return InPlainWords(rpc::FromGrpc(stub_->calls->Withdraw(&context, request, &response)), server_);
}

}  // namespace kapea::link
