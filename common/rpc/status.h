// absl::Status on our side, grpc::Status on the wire's: the numbers are the same.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace kapea::rpc {

// Under this name a Status carries a serialized kapea.v1.ErrorDetail, which travels
// beside the message.
inline constexpr char kErrorDetailPayload[] = "kapea.v1.ErrorDetail";
// A status travels in the headers, which are limited to 8 KiB in all.
inline constexpr size_t kStatusMessageBytesMax = 1024;
inline constexpr size_t kErrorDetailBytesMax = 4096;

#define KAPEA_SAME_CODE(absl_code, grpc_code)                    \
  static_assert(static_cast<int>(absl::StatusCode::absl_code) == \
                static_cast<int>(grpc::StatusCode::grpc_code))
KAPEA_SAME_CODE(kOk, OK);
KAPEA_SAME_CODE(kCancelled, CANCELLED);
KAPEA_SAME_CODE(kUnknown, UNKNOWN);
KAPEA_SAME_CODE(kInvalidArgument, INVALID_ARGUMENT);
KAPEA_SAME_CODE(kDeadlineExceeded, DEADLINE_EXCEEDED);
KAPEA_SAME_CODE(kNotFound, NOT_FOUND);
KAPEA_SAME_CODE(kAlreadyExists, ALREADY_EXISTS);
KAPEA_SAME_CODE(kPermissionDenied, PERMISSION_DENIED);
KAPEA_SAME_CODE(kResourceExhausted, RESOURCE_EXHAUSTED);
KAPEA_SAME_CODE(kFailedPrecondition, FAILED_PRECONDITION);
KAPEA_SAME_CODE(kAborted, ABORTED);
KAPEA_SAME_CODE(kOutOfRange, OUT_OF_RANGE);
KAPEA_SAME_CODE(kUnimplemented, UNIMPLEMENTED);
KAPEA_SAME_CODE(kInternal, INTERNAL);
KAPEA_SAME_CODE(kUnavailable, UNAVAILABLE);
KAPEA_SAME_CODE(kDataLoss, DATA_LOSS);
KAPEA_SAME_CODE(kUnauthenticated, UNAUTHENTICATED);
#undef KAPEA_SAME_CODE

inline grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message(status.message().substr(0, kStatusMessageBytesMax));
  const auto detail = status.GetPayload(kErrorDetailPayload);
  const bool carried = detail.has_value() && detail->size() <= kErrorDetailBytesMax;
  return {static_cast<grpc::StatusCode>(status.code()), message,
          carried ? std::string(*detail) : std::string()};
}

// What the other side said: it is shown, never trusted.
inline absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status out(static_cast<absl::StatusCode>(status.error_code()),
                   status.error_message().substr(0, kStatusMessageBytesMax));
  if (!status.error_details().empty()) {
    out.SetPayload(kErrorDetailPayload, absl::Cord(status.error_details()));
  }
  return out;
}

}  // namespace kapea::rpc
