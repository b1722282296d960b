#include "client/link/query.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "client/link/plain_words.h"
#include "common/base/macros.h"
#include "common/codec/finding_codec.h"
#include "common/rpc/status.h"
#include "kapea/v1/view_service.grpc.pb.h"

namespace kapea::link {
namespace {

constexpr auto kQueryDeadline = std::chrono::seconds(60);
constexpr int kPagesMax = 10'000;  // a server that never ends is not waited for

}  // namespace

absl::StatusOr<ComplianceReply> AskCompliance(GrpcTransport& transport, const std::string& server,
                                              const ComplianceCall& call) {
  const auto stub = v1::View::NewStub(transport.channel());
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
  for (int page = 0; page < kPagesMax; ++page) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kQueryDeadline);
    v1::QueryResponse response;
    KAPEA_TRY(InPlainWords(rpc::FromGrpc(stub->Query(&context, request, &response)), server));
    for (const v1::Finding& wire : response.findings()) {
      KAPEA_ASSIGN(codec::ToldFinding told, codec::FindingFromWire(wire));
      reply.findings.push_back(std::move(told));
    }
    reply.ledger_size = response.ledger_size();
    reply.as_of = Time::FromUnixMs(response.as_of_ms());
    KAPEA_ASSIGN(reply.ledger_root, Hash::FromBytes(response.ledger_root()));
    if (response.next_page_token().empty()) return reply;
    request.set_page_token(response.next_page_token());
    request.set_as_of_ms(response.as_of_ms());  // every page as of the same moment
  }
  return absl::DataLossError("the server's answer does not end");
}

}  // namespace kapea::link
