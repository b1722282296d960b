#include "client/link/query.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "client/link/plain_words.h"
#include "common/base/macros.h"
#include "common/codec/finding_codec.h"
#include "common/rpc/status.h"
#include "kapea/v1/view_service.grpc.pb.h"

namespace kapea::link {
namespace {

constexpr auto kQueryDeadline = std::chrono::seconds(60);
constexpr uint32_t kRowsAPage = 1000;
constexpr int kPagesMax = 10'000;  // a server that never ends is not waited for

// Asks page after page, each as of the same moment, until `take` has enough.
template <typename Take>
absl::Status AskAll(GrpcTransport& transport, const std::string& server, v1::QueryRequest request,
                    const Take& take) {
  const auto stub = v1::View::NewStub(transport.channel());
  for (int page = 0; page < kPagesMax; ++page) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kQueryDeadline);
    v1::QueryResponse response;
    KAPEA_TRY(InPlainWords(rpc::FromGrpc(stub->Query(&context, request, &response)), server));
    KAPEA_ASSIGN(const bool enough, take(response));
    if (enough || response.next_page_token().empty()) return absl::OkStatus();
    request.set_page_token(response.next_page_token());
    request.set_as_of_ms(response.as_of_ms());
  }
  return absl::DataLossError("the server's answer does not end");
}

// What every answer says of where it stands.
template <typename Reply>
absl::Status TakePlace(const v1::QueryResponse& response, Reply& reply) {
  reply.ledger_size = response.ledger_size();
  reply.as_of = Time::FromUnixMs(response.as_of_ms());
  KAPEA_ASSIGN(reply.ledger_root, Hash::FromBytes(response.ledger_root()));
  return absl::OkStatus();
}

// The rows of a page go behind those of the pages before.
absl::Status TakeMeasures(const v1::QueryResponse& response, MeasureReply& reply) {
  const bool first = reply.answers.empty();
  for (int i = 0; i < response.measures_size(); ++i) {
    const v1::MeasureAnswered& wire = response.measures(i);
    KAPEA_ASSIGN(standards::MeasureResult result, codec::AnsweredFromWire(wire));
    if (first) {
      reply.answers.push_back({wire.measure(), std::move(result)});
      continue;
    }
    const auto at = static_cast<size_t>(i);
    if (at >= reply.answers.size() || reply.answers[at].measure != wire.measure()) {
      return absl::DataLossError("the pages of the server's answer are of different questions");
    }
    auto& rows = reply.answers[at].result.rows;
    std::move(result.rows.begin(), result.rows.end(), std::back_inserter(rows));
  }
  reply.files = response.files();
  reply.pack = response.pack();
  reply.pack_version = response.pack_version();
  KAPEA_ASSIGN(reply.pack_hash, Hash::FromBytes(response.pack_hash()));
  return TakePlace(response, reply);
}

}  // namespace

absl::StatusOr<MeasureReply> AskMeasures(GrpcTransport& transport, const std::string& server,
                                         const MeasureCall& call) {
  v1::QueryRequest request;
  request.set_question("measure");
  codec::AskToWire(call.ask, *request.mutable_measure());
  if (call.unit) request.set_unit(call.unit->str());
  request.set_province(call.province);
  if (call.as_of) request.set_as_of_ms(call.as_of->unix_ms());
  MeasureReply reply;
  request.set_page_size(kRowsAPage);
  const auto take = [&](const v1::QueryResponse& response) -> absl::StatusOr<bool> {
    KAPEA_TRY(TakeMeasures(response, reply));
    size_t rows = 0;
    for (const MeasureReply::One& one : reply.answers) rows += one.result.rows.size();
    return rows >= call.rows_max;
  };
  KAPEA_TRY(AskAll(transport, server, std::move(request), take));
  return reply;
}

absl::StatusOr<ComplianceReply> AskCompliance(GrpcTransport& transport, const std::string& server,
                                              const ComplianceCall& call) {
  v1::QueryRequest request;
  request.set_question("compliance");
  if (call.file) request.set_file(call.file->str());
  if (call.unit) request.set_unit(call.unit->str());
  request.set_province(call.province);
  for (const domain::FindingStatus status : call.statuses) {
    request.add_statuses(static_cast<v1::FindingStatus>(status));
  }
  if (call.as_of) request.set_as_of_ms(call.as_of->unix_ms());
  ComplianceReply reply;
  const auto take = [&reply](const v1::QueryResponse& response) -> absl::StatusOr<bool> {
    for (const v1::Finding& wire : response.findings()) {
      KAPEA_ASSIGN(codec::ToldFinding told, codec::FindingFromWire(wire));
      reply.findings.push_back(std::move(told));
    }
    KAPEA_TRY(TakePlace(response, reply));
    return false;
  };
  KAPEA_TRY(AskAll(transport, server, std::move(request), take));
  return reply;
}

}  // namespace kapea::link
