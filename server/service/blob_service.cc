#include "server/service/blob_service.h"

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "common/base/macros.h"
#include "server/service/wire.h"

namespace kapea::server {
namespace {

absl::StatusOr<std::vector<Hash>> ChunksFromWire(
    const google::protobuf::RepeatedPtrField<std::string>& wire) {
  std::vector<Hash> chunks;
  for (const std::string& bytes : wire) {
    KAPEA_ASSIGN(const Hash chunk, IdFromWire<Hash>(bytes, "chunks"));
    chunks.push_back(chunk);
  }
  return chunks;
}

}  // namespace

grpc::ServerUnaryReactor* BlobService::Have(grpc::CallbackServerContext* context,
                                            const v1::BlobHaveRequest* request,
                                            v1::BlobHaveResponse* response) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Blob/Have");
  auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, by = caller->principal, request, response]() -> absl::Status {
    KAPEA_ASSIGN(const FileId file, IdFromWire<FileId>(request->file(), "file"));
    KAPEA_ASSIGN(const std::vector<Hash> chunks, ChunksFromWire(request->chunks()));
    KAPEA_ASSIGN(const std::vector<bool> have, parts_.blobs.Have(by, file, chunks));
    for (const bool there : have) response->add_have(there);
    return absl::OkStatus();
  });
  return call->reactor();
}

grpc::ServerUnaryReactor* BlobService::Put(grpc::CallbackServerContext* context,
                                           const v1::BlobPutRequest* request,
                                           v1::BlobPutResponse*) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Blob/Put");
  auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, by = caller->principal, request]() -> absl::Status {
    KAPEA_ASSIGN(const FileId file, IdFromWire<FileId>(request->file(), "file"));
    return parts_.blobs.Put(by, file, {request->chunks().begin(), request->chunks().end()});
  });
  return call->reactor();
}

grpc::ServerUnaryReactor* BlobService::Get(grpc::CallbackServerContext* context,
                                           const v1::BlobGetRequest* request,
                                           v1::BlobGetResponse* response) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Blob/Get");
  auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  UnaryCall::Run(call, [this, by = caller->principal, request, response]() -> absl::Status {
    KAPEA_ASSIGN(const FileId file, IdFromWire<FileId>(request->file(), "file"));
    KAPEA_ASSIGN(const std::vector<Hash> chunks, ChunksFromWire(request->chunks()));
    KAPEA_ASSIGN(std::vector<std::string> got, parts_.blobs.Get(by, file, chunks));
    // Its Changes name the chunks; who asks without having got them has the names from elsewhere.
    KAPEA_ASSIGN(const std::set<FileId> admitted, parts_.opened.Admit(by.device, {file}));
    if (!admitted.contains(file)) return TooManyFiles(parts_.opened.options().per_day, 1);
    for (std::string& chunk : got) response->add_chunks(std::move(chunk));
    return absl::OkStatus();
  });
  return call->reactor();
}

}  // namespace kapea::server
