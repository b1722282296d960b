#include "server/service/sync_service.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/macros.h"
#include "common/codec/ledger_codec.h"
#include "common/domain/roles.h"
#include "server/core/receive.h"
#include "server/service/pull_stream.h"
#include "server/service/wire.h"

namespace kapea::server {
namespace {

// The parcels of a request up to the first that cannot be read.
struct Decoded {
  std::vector<codec::Parcel> parcels;
  std::optional<Refusal> refusal;
};

Decoded Decode(const v1::PushRequest& request, size_t parcels_max) {
  Decoded decoded;
  for (const v1::Parcel& wire : request.parcels()) {
    if (decoded.parcels.size() == parcels_max) {
      decoded.refusal = Refusal{RefusalReason::kLimit, 0, "too many parcels in one push"};
      break;
    }
    auto parcel = codec::ParcelFromWire(wire);
    if (!parcel.ok()) {
      const bool limit = absl::IsResourceExhausted(parcel.status());
      decoded.refusal = Refusal{limit ? RefusalReason::kLimit : RefusalReason::kMalformed, 0,
                                std::string(parcel.status().message())};
      break;
    }
    decoded.parcels.push_back(*std::move(parcel));
  }
  return decoded;
}

void CountResult(const SubmissionResult& result, Metrics& metrics) {
  if (result.refusal) metrics.Refused(NameOf(result.refusal->reason));
  std::map<domain::Verdict, uint64_t> verdicts;
  for (const ParcelReceipt& receipt : result.receipts) {
    for (const codec::EntryRun& run : receipt.runs) {
      for (const std::string& bytes : run.entries) {
        const auto entry = codec::DecodeEntry(bytes);
        if (entry.ok()) ++verdicts[entry->verdict];
      }
    }
  }
  for (const auto& [verdict, count] : verdicts) {
    metrics.Verdict(std::string(domain::NameOf(verdict)).c_str(), count);
  }
}

absl::StatusOr<PullStream::Wanted> WantedFromWire(const v1::PullRequest& request) {
  PullStream::Wanted wanted;
  for (const v1::FileCursor& cursor : request.cursors()) {
    KAPEA_ASSIGN(const FileId file, IdFromWire<FileId>(cursor.file(), "cursors.file"));
    if (!wanted.held.numbers.emplace(file, cursor.number()).second) {
      return absl::InvalidArgumentError("cursors: want each file once");
    }
  }
  wanted.held.ledger = request.held_to();
  if (wanted.held.ledger != 0 && (request.follow() || !wanted.held.numbers.empty())) {
    return absl::InvalidArgumentError("held_to: want no cursors and no follow beside it");
  }
  wanted.checkpoint = request.checkpoint();
  wanted.follow = request.follow();
  return wanted;
}

// A stream that ends before it began.
class RefusedPull : public grpc::ServerWriteReactor<v1::PullResponse> {
 public:
  explicit RefusedPull(const absl::Status& status) { Finish(ToWireStatus(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerUnaryReactor* SyncService::Push(grpc::CallbackServerContext* context,
                                            const v1::PushRequest* request,
                                            v1::PushResponse* response) {
  auto call = std::make_shared<UnaryCall>(parts_, context, "Sync/Push");
  const auto caller = parts_.door.Admit(*context, request->ByteSizeLong());
  if (!caller.ok()) {
    call->Finish(caller.status());
    return call->reactor();
  }
  Decoded decoded = Decode(*request, parts_.parcels_per_push_max);
  const auto directory = parts_.published.directory();
  Submission submission = Receive(std::move(decoded.parcels), *directory);
  if (!submission.refused_after) submission.refused_after = std::move(decoded.refusal);
  const bool empty = submission.parcels.empty();
  auto refusal = submission.refused_after;
  submission.done = [this, call, response](SubmissionResult result) {
    CountResult(result, parts_.metrics);
    if (result.status.ok()) ResultToWire(result, *response);
    call->Finish(result.status);
  };
  if (empty) {  // nothing for the ledger to decide
    SubmissionResult result;
    result.refusal = std::move(refusal);
    result.checkpoint = parts_.published.tip()->checkpoint;
    submission.done(std::move(result));
  } else {
    parts_.sequencer.Submit(std::move(submission));
  }
  return call->reactor();
}

grpc::ServerWriteReactor<v1::PullResponse>* SyncService::Pull(grpc::CallbackServerContext* context,
                                                              const v1::PullRequest* request) {
  const auto refuse = [&](const absl::Status& status) {
    NoteStreamEnd(parts_, "Sync/Pull", status);
    return new RefusedPull(status);
  };
  auto caller =
      parts_.door.Admit(*context, request->ByteSizeLong(),
                        request->follow() ? Door::Deadline::kOptional : Door::Deadline::kWanted);
  if (!caller.ok()) return refuse(caller.status());
  auto wanted = WantedFromWire(*request);
  if (!wanted.ok()) return refuse(wanted.status());
  return PullStream::Start(parts_, *std::move(caller), *std::move(wanted));
}

}  // namespace kapea::server
