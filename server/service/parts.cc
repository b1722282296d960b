#include "server/service/parts.h"

#include <grpcpp/server_context.h>

#include <utility>

#include "server/service/wire.h"

namespace kapea::server {

void NoteFault(const Parts& parts, const char* method, const absl::Status& status) {
  const bool ours = absl::IsInternal(status) || absl::IsDataLoss(status) ||
                    absl::IsUnknown(status) || absl::IsUnimplemented(status);
  if (!ours) return;
  parts.log.Write(LogLevel::kError, "call_failed",
                  {{"method", std::string(method)},
                   {"code", std::string(CodeName(status.code()))},
                   {"message", std::string(status.message())}});
}

void NoteStreamEnd(const Parts& parts, const char* method, const absl::Status& status) {
  parts.metrics.Stream(method, CodeName(status.code()));
  NoteFault(parts, method, status);
}

UnaryCall::UnaryCall(const Parts& parts, grpc::CallbackServerContext* context, const char* method)
    : parts_(parts),
      reactor_(context->DefaultReactor()),
      method_(method),
      began_(parts.clock.Read().elapsed) {}

void UnaryCall::Finish(const absl::Status& status) {
  parts_.metrics.Call(method_, CodeName(status.code()), parts_.clock.Read().elapsed - began_);
  NoteFault(parts_, method_, status);
  reactor_->Finish(ToWireStatus(status));
}

void UnaryCall::Run(const std::shared_ptr<UnaryCall>& call, std::function<absl::Status()> work) {
  const bool taken =
      call->parts_.workers.Submit([call, work = std::move(work)] { call->Finish(work()); });
  if (taken) return;
  call->Finish(WithDetail(absl::ResourceExhaustedError("the server is busy; try again"), "busy",
                          Duration::Seconds(1), "workers"));
}

}  // namespace kapea::server
