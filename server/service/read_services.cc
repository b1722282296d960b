#include "server/service/read_services.h"

#include <memory>
#include <utility>

#include "common/base/macros.h"
#include "server/core/figures.h"
#include "server/core/prove.h"
#include "server/core/query.h"
#include "server/service/wire.h"

namespace kapea::server {

grpc::ServerUnaryReactor* LedgerService::Prove(grpc::CallbackServerContext* context,
                                               const v1::ProveRequest* request,
                                               v1::ProveResponse* response) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Ledger/Prove");
  auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, by = caller->principal, request, response] {
    return Answer(by, *request, *response);
  });
  return call->reactor();
}

absl::Status LedgerService::Answer(const Principal& by, const v1::ProveRequest& request,
                                   v1::ProveResponse& response) const {
  const auto tip = parts_.published.tip();  // before the snapshot, which then has all of it
  const auto directory = parts_.published.directory();
  const auto snapshot = parts_.store.TakeSnapshot();
  response.set_checkpoint(tip->checkpoint);
  switch (request.what_case()) {
    case v1::ProveRequest::kChange: {
      KAPEA_ASSIGN(const ChangeId change, IdFromWire<ChangeId>(request.change(), "change"));
      KAPEA_ASSIGN(const codec::EntryRun run,
                   ProveChange(*snapshot, *tip, *directory, by, change, parts_.clock.Now()));
      codec::RunToWire(run, *response.mutable_receipt()->mutable_run());
      response.mutable_receipt()->set_checkpoint(tip->checkpoint);
      return absl::OkStatus();
    }
    case v1::ProveRequest::kConsistency: {
      KAPEA_ASSIGN(const ledger::Proof proof,
                   ProveConsistency(*snapshot, *tip, request.consistency().from_size(),
                                    request.consistency().to_size()));
      for (const Hash& hash : proof) response.add_proof(hash.str());
      return absl::OkStatus();
    }
    case v1::ProveRequest::kTile: {
      const v1::TileName& tile = request.tile();
      KAPEA_ASSIGN(*response.mutable_tile(),
                   TileOf(*snapshot, *tip, tile.level(), tile.index(), tile.width()));
      return absl::OkStatus();
    }
    case v1::ProveRequest::WHAT_NOT_SET:
      break;
  }
  return absl::OkStatus();  // the checkpoint alone
}

grpc::ServerUnaryReactor* ViewService::Query(grpc::CallbackServerContext* context,
                                             const v1::QueryRequest* request,
                                             v1::QueryResponse* response) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "View/Query");
  auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, by = caller->principal, request, response] {
    return Answer(by, *request, *response);
  });
  return call->reactor();
}

absl::Status ViewService::Answer(const Principal& by, const v1::QueryRequest& request,
                                 v1::QueryResponse& response) const {
  const Time now = parts_.clock.Now();
  if (request.question() == "compliance") {
    KAPEA_ASSIGN(const ComplianceQuestion question, QuestionFromWire(request));
    KAPEA_ASSIGN(const ComplianceAnswer answer,
                 AnswerCompliance(parts_.store, parts_.published, by, now, question));
    AnswerToWire(answer, response);
    return absl::OkStatus();
  }
  if (request.question() == "measure") {
    KAPEA_ASSIGN(const MeasureQuery query, MeasureQueryFromWire(request));
    KAPEA_ASSIGN(const MeasureReply reply, AnswerMeasures(parts_.store, parts_.published, by, now,
                                                          query, sweeper_.FilesBehind()));
    ReplyToWire(reply, response);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("question: want compliance or measure");
}

}  // namespace kapea::server
