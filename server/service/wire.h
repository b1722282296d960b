// Between messages and values, for the services alone.
#pragma once

#include <grpcpp/support/status.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/codec/wire.h"
#include "kapea/v1/enrol.pb.h"
#include "kapea/v1/sync.pb.h"
#include "kapea/v1/view.pb.h"
#include "server/core/alarms.h"
#include "server/core/enrolment.h"
#include "server/core/figures.h"
#include "server/core/pull.h"
#include "server/core/query.h"
#include "server/core/submission.h"

namespace kapea::server {

// Adds what a program can read to a status: a reason, how long to wait, which limit.
absl::Status WithDetail(absl::Status status, std::string_view reason,
                        Duration retry_after = Duration(), std::string_view limit = "");
// The one place where a status becomes gRPC's; without a detail it gets one named for
// its code.
grpc::Status ToWireStatus(const absl::Status& status);
const char* CodeName(absl::StatusCode code);  // "PERMISSION_DENIED"

// InvalidArgument that names the field.
template <typename Id>
absl::StatusOr<Id> IdFromWire(std::string_view bytes, const char* field) {
  auto id = Id::FromBytes(bytes);
  if (id.ok()) return id;
  return absl::InvalidArgumentError(std::string(field) + ": " + std::string(id.status().message()));
}
template <typename Id>
absl::StatusOr<std::optional<Id>> OptionalIdFromWire(std::string_view bytes, const char* field) {
  if (bytes.empty()) return std::optional<Id>();
  auto id = IdFromWire<Id>(bytes, field);
  if (!id.ok()) return id.status();
  return std::optional<Id>(*id);
}

void ResultToWire(const SubmissionResult& result, v1::PushResponse& wire);
void BatchToWire(const PulledBatch& batch, v1::PullResponse& wire);
absl::StatusOr<NewEnrolment> NewEnrolmentFromWire(const v1::CreateEnrolmentRequest& wire);
OfferedKeys KeysFromWire(const v1::EnrolRequest& wire);
void EnrolledToWire(const Enrolled& enrolled, v1::EnrolResponse& wire);
void PageToWire(const DevicePage& page, v1::ListDevicesResponse& wire);
absl::StatusOr<ComplianceQuestion> QuestionFromWire(const v1::QueryRequest& wire);
absl::StatusOr<MeasureQuery> MeasureQueryFromWire(const v1::QueryRequest& wire);
void AnswerToWire(const ComplianceAnswer& answer, v1::QueryResponse& wire);
void ReplyToWire(const MeasureReply& reply, v1::QueryResponse& wire);
const char* NameOf(RefusalReason reason);

// The answer to a device that has opened as many new files today as it may.
absl::Status TooManyFiles(uint32_t per_day, size_t waiting);

void AlarmsToWire(const AlarmPage& page, v1::ListAlarmsResponse& wire);

}  // namespace kapea::server
