#include "server/service/duplicates_service.h"

#include <memory>
#include <utility>
#include <vector>

#include "common/base/macros.h"
#include "common/codec/match_codec.h"
#include "server/service/wire.h"

namespace kapea::server {
namespace {

constexpr int kAliasesMax = 4096;

void AnswerToWire(const MatchAnswer& answer, v1::DuplicatesCheckResponse& wire) {
  wire.set_names(answer.names);
  wire.set_tokens_left(answer.tokens_left);
  for (const MatchAnswer::Held& held : answer.held) {
    v1::HeldMatch& one = *wire.add_held();
    one.set_alias(held.alias.str());
    one.set_digest(held.digest.str());
    one.set_day(held.day);
  }
  for (const MatchAnswer::Found& found : answer.found) {
    v1::FoundMatch& one = *wire.add_found();
    one.set_alias(found.alias.str());
    one.set_kind(static_cast<v1::MatchKind>(found.kind));
    one.set_unit(found.unit.str());
    one.set_day(found.day);
  }
}

}  // namespace

absl::StatusOr<MatchCaller> DuplicatesService::CallerOf(const Principal& by,
                                                        const v1::MatchScope& scope) {
  KAPEA_TRY(book_.CheckEnabled());
  KAPEA_ASSIGN(const FileId programme, IdFromWire<FileId>(scope.programme(), "scope.programme"));
  KAPEA_ASSIGN(const KeyEpochId epoch,
               IdFromWire<KeyEpochId>(scope.key_epoch(), "scope.key_epoch"));
  KAPEA_ASSIGN(const UnitId unit, IdFromWire<UnitId>(scope.unit(), "scope.unit"));
  return access_.Admit(by, programme, epoch, unit);
}

grpc::ServerUnaryReactor* DuplicatesService::Check(grpc::CallbackServerContext* context,
                                                   const v1::DuplicatesCheckRequest* request,
                                                   v1::DuplicatesCheckResponse* response) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Duplicates/Check");
  auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, by = caller->principal, request, response]() -> absl::Status {
    KAPEA_ASSIGN(const MatchCaller asker, CallerOf(by, request->scope()));
    KAPEA_ASSIGN(const MatchAnswer answer, book_.Check(asker));
    AnswerToWire(answer, *response);
    return absl::OkStatus();
  });
  return call->reactor();
}

grpc::ServerUnaryReactor* DuplicatesService::Offer(grpc::CallbackServerContext* context,
                                                   const v1::DuplicatesOfferRequest* request,
                                                   v1::DuplicatesOfferResponse* response) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Duplicates/Offer");
  auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, by = caller->principal, request, response]() -> absl::Status {
    KAPEA_ASSIGN(const MatchCaller asker, CallerOf(by, request->scope()));
    std::vector<codec::MatchedFile> files;
    for (const v1::MatchFile& wire : request->files()) {
      KAPEA_ASSIGN(files.emplace_back(), codec::MatchedFileFromWire(wire));
    }
    KAPEA_ASSIGN(const uint32_t taken, book_.Offer(asker, files));
    response->set_taken(taken);
    return absl::OkStatus();
  });
  return call->reactor();
}

grpc::ServerUnaryReactor* DuplicatesService::Withdraw(grpc::CallbackServerContext* context,
                                                      const v1::DuplicatesWithdrawRequest* request,
                                                      v1::DuplicatesWithdrawResponse* response) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Duplicates/Withdraw");
  auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, by = caller->principal, request, response]() -> absl::Status {
    if (request->aliases_size() > kAliasesMax) {
      return absl::InvalidArgumentError("want at most 4,096 aliases");
    }
    KAPEA_ASSIGN(const MatchCaller asker, CallerOf(by, request->scope()));
    std::vector<domain::MatchAlias> aliases;
    for (const std::string& wire : request->aliases()) {
      KAPEA_ASSIGN(aliases.emplace_back(), IdFromWire<domain::MatchAlias>(wire, "aliases"));
    }
    KAPEA_ASSIGN(const uint32_t dropped,
                 request->all() ? book_.WithdrawAll(asker) : book_.Withdraw(asker, aliases));
    response->set_dropped(dropped);
    return absl::OkStatus();
  });
  return call->reactor();
}

}  // namespace kapea::server
