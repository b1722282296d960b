// Many devices at once, each with a connection of its own and one call in flight: the next
// one starts when the last one is answered. gRPC's own threads carry all of them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/codec/change_codec.h"
#include "kapea/v1/sync.pb.h"

namespace grpc {
class Channel;
}

namespace kapea::bench {

struct LoadResult {
  double per_second = 0;             // answers, while every device was busy
  std::vector<double> latencies_us;  // of those answers
};

// Whether an answer is the one that was asked for; an empty text: yes.
using CheckAnswer = std::function<std::string(const v1::PushResponse&)>;

// Sends each device's requests, in order, as Sync/Push. The clock runs until the first
// device has nothing left; the others finish uncounted. Aborted with the first failure.
absl::StatusOr<LoadResult> RunPushes(const std::vector<std::shared_ptr<grpc::Channel>>& channels,
                                     const std::vector<std::vector<v1::PushRequest>>& requests,
                                     const CheckAnswer& check);

v1::PushRequest RequestOf(const codec::Parcel& parcel);
// Every Change of the answer stands in the ledger and has effect.
std::string CheckAccepted(const v1::PushResponse& response);

// The same request from every device again and again for that long: Sync/Push, or Blob/Put
// of `bytes` where `durable`. For the floors.
absl::StatusOr<LoadResult> RunFloor(const std::vector<std::shared_ptr<grpc::Channel>>& channels,
                                    bool durable, size_t bytes, double seconds);

}  // namespace kapea::bench
