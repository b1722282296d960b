#include "server/service/wire.h"

#include "absl/strings/cord.h"
#include "common/base/macros.h"
#include "common/codec/finding_codec.h"
#include "common/codec/measure_codec.h"
#include "common/rpc/status.h"
#include "kapea/v1/error.pb.h"

namespace kapea::server {
namespace {

constexpr uint32_t kFindingsPerPageMax = 2000;
constexpr uint32_t kFindingsPerPage = 500;

void RolesToWire(const std::vector<domain::RoleAt>& roles, v1::PersonEntry& wire) {
  for (const domain::RoleAt& at : roles) {
    auto* out = wire.add_roles();
    out->set_role(static_cast<v1::Role>(at.role));
    out->set_unit(at.unit.str());
  }
}

void LineToWire(const DeviceLine& line, v1::DeviceLine& wire) {
  auto* device = wire.mutable_device();
  device->set_device(line.device.device.str());
  device->set_person(line.device.person.str());
  device->set_signing_key(line.device.signing_key);
  device->set_receive_key(line.device.receive_key);
  device->set_revoked(line.device.revoked);
  auto* person = wire.mutable_person();
  person->set_person(line.person.person.str());
  person->set_generation(line.person.generation);
  person->set_receive_key(line.person.receive_key);
  RolesToWire(line.person.roles, *person);
  person->set_ended(line.person.ended);
  wire.set_pending(line.pending);
  wire.set_unit_receive_key(line.unit_receive_key);
  wire.set_certificate_expires_ms(line.certificate_expires.unix_ms());
  wire.set_last_seen_ms(line.last_seen.unix_ms());
  wire.set_last_sequence(line.last_sequence);
}

void FileToWire(const PulledFile& file, v1::PulledFile& wire) {
  wire.set_file(file.file.str());
  for (const PulledChange& change : file.changes) {
    auto* out = wire.add_changes();
    out->set_change(change.change);
    out->set_parcel(change.parcel);
    out->set_index(change.index);
    for (const Hash& hash : change.path) out->add_path(hash.str());
  }
  for (const codec::EntryRun& run : file.runs) codec::RunToWire(run, *wire.add_runs());
  for (const PulledParcel& parcel : file.parcels) {
    auto* out = wire.add_parcels();
    out->set_header(parcel.header);
    out->set_signature(parcel.signature);
  }
  wire.set_for_halves(file.for_halves);
}

}  // namespace

const char* CodeName(absl::StatusCode code) {
  static constexpr const char* kNames[] = {"OK",
                                           "CANCELLED",
                                           "UNKNOWN",
                                           "INVALID_ARGUMENT",
                                           "DEADLINE_EXCEEDED",
                                           "NOT_FOUND",
                                           "ALREADY_EXISTS",
                                           "PERMISSION_DENIED",
                                           "RESOURCE_EXHAUSTED",
                                           "FAILED_PRECONDITION",
                                           "ABORTED",
                                           "OUT_OF_RANGE",
                                           "UNIMPLEMENTED",
                                           "INTERNAL",
                                           "UNAVAILABLE",
                                           "DATA_LOSS",
                                           "UNAUTHENTICATED"};
  const auto number = static_cast<size_t>(code);
  return number < std::size(kNames) ? kNames[number] : "UNKNOWN";
}

absl::Status WithDetail(absl::Status status, std::string_view reason, Duration retry_after,
                        std::string_view limit) {
  v1::ErrorDetail detail;
  detail.set_reason(std::string(reason));
  detail.set_retry_after_ms(retry_after.milliseconds());
  detail.set_limit(std::string(limit));
  status.SetPayload(rpc::kErrorDetailPayload, absl::Cord(detail.SerializeAsString()));
  return status;
}

grpc::Status ToWireStatus(const absl::Status& status) {
  if (status.ok() || status.GetPayload(rpc::kErrorDetailPayload)) return rpc::ToGrpc(status);
  std::string reason = CodeName(status.code());
  for (char& c : reason) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return rpc::ToGrpc(WithDetail(status, reason));
}

const char* NameOf(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::kMalformed:
      return "malformed";
    case RefusalReason::kBadSignature:
      return "bad_signature";
    case RefusalReason::kUnknownDevice:
      return "unknown_device";
    case RefusalReason::kSequenceGap:
      return "sequence_gap";
    case RefusalReason::kContradicts:
      return "contradicts";
    case RefusalReason::kOtherDeployment:
      return "other_deployment";
    case RefusalReason::kFutureEpoch:
      return "future_epoch";
    case RefusalReason::kLimit:
      return "limit";
  }
  return "unknown";
}

void ResultToWire(const SubmissionResult& result, v1::PushResponse& wire) {
  for (const ParcelReceipt& parcel : result.receipts) {
    auto* receipts = wire.add_receipts();
    receipts->set_parcel_hash(parcel.parcel.str());
    for (const codec::EntryRun& run : parcel.runs) {
      auto* receipt = receipts->add_receipts();
      codec::RunToWire(run, *receipt->mutable_run());
      receipt->set_checkpoint(result.checkpoint);
    }
  }
  if (result.refusal) {
    auto* refusal = wire.mutable_refusal();
    refusal->set_parcel(result.refused_parcel);
    refusal->set_reason(static_cast<v1::RefusalReason>(result.refusal->reason));
    refusal->set_wanted_sequence(result.refusal->wanted_sequence);
    refusal->set_message(result.refusal->message);
  }
  wire.set_server_time(result.checkpoint);
}

void BatchToWire(const PulledBatch& batch, v1::PullResponse& wire) {
  for (const PulledFile& file : batch.files) FileToWire(file, *wire.add_files());
  wire.set_caught_up(batch.caught_up);
  wire.set_checkpoint(batch.tip->checkpoint);
}

absl::StatusOr<NewEnrolment> NewEnrolmentFromWire(const v1::CreateEnrolmentRequest& wire) {
  NewEnrolment wanted;
  KAPEA_ASSIGN(wanted.person, OptionalIdFromWire<PersonId>(wire.person(), "person"));
  for (const v1::RoleAt& at : wire.roles()) {
    if (at.role() < v1::ROLE_UNIT_LEAD || at.role() > v1::ROLE_ADMINISTRATOR) {
      return absl::InvalidArgumentError("roles: want a role of a person");
    }
    domain::RoleAt& role = wanted.roles.emplace_back();
    role.role = static_cast<domain::Role>(at.role());
    KAPEA_ASSIGN(role.unit, IdFromWire<UnitId>(at.unit(), "roles.unit"));
  }
  wanted.certificate_request = wire.certificate_request();
  wanted.secret = wire.secret();
  return wanted;
}

OfferedKeys KeysFromWire(const v1::EnrolRequest& wire) {
  return {wire.certificate_request(), wire.signing_key(),      wire.device_receive_key(),
          wire.person_receive_key(),  wire.unit_receive_key(), wire.mac()};
}

void EnrolledToWire(const Enrolled& enrolled, v1::EnrolResponse& wire) {
  wire.set_device(enrolled.device.str());
  wire.set_person(enrolled.person.str());
  wire.set_certificate_chain(enrolled.certificate_chain);
  wire.set_unit(enrolled.first_role.unit.str());
  wire.set_role(static_cast<v1::Role>(enrolled.first_role.role));
  wire.set_directory_file(enrolled.directory_file.str());
  if (enrolled.standards_file) wire.set_standards_file(enrolled.standards_file->str());
}

void PageToWire(const DevicePage& page, v1::ListDevicesResponse& wire) {
  for (const DeviceLine& line : page.lines) LineToWire(line, *wire.add_devices());
  wire.set_next_page_token(page.next_page_token);
  wire.set_ledger_size(page.ledger_size);
}

absl::Status TooManyFiles(uint32_t per_day, size_t waiting) {
  return WithDetail(
      absl::ResourceExhaustedError(
          "this device has opened " + std::to_string(per_day) +
          " files today that were new to it, which is the limit; " + std::to_string(waiting) +
          " more wait. What it has stays and goes on, and what you write is sent; sync again "
          "tomorrow, or ask a registrar to lift the limit for today"),
      "files_per_day");
}

void AlarmsToWire(const AlarmPage& page, v1::ListAlarmsResponse& wire) {
  for (const Alarm& alarm : page.alarms) {
    v1::AlarmLine& line = *wire.add_alarms();
    line.set_kind(static_cast<v1::AlarmKind>(alarm.kind));
    line.set_device(alarm.device.str());
    if (alarm.file != FileId()) line.set_file(alarm.file.str());
    line.set_first_ms(alarm.first.unix_ms());
    line.set_last_ms(alarm.last.unix_ms());
    line.set_times(alarm.times);
  }
  wire.set_next_page_token(page.next_page_token);
}

namespace {

// What every question has.
absl::StatusOr<QueryScope> ScopeFromWire(const v1::QueryRequest& wire) {
  if (wire.page_size() > kFindingsPerPageMax) {
    return absl::InvalidArgumentError("page_size: want 1 to 2,000, got " +
                                      std::to_string(wire.page_size()));
  }
  QueryScope scope;
  KAPEA_ASSIGN(scope.file, OptionalIdFromWire<FileId>(wire.file(), "file"));
  KAPEA_ASSIGN(scope.unit, OptionalIdFromWire<UnitId>(wire.unit(), "unit"));
  scope.province = wire.province();
  return scope;
}

size_t PageSizeOf(const v1::QueryRequest& wire) {
  return wire.page_size() == 0 ? kFindingsPerPage : wire.page_size();
}

std::optional<Time> MomentOf(const v1::QueryRequest& wire) {
  if (wire.as_of_ms() == 0) return std::nullopt;
  return Time::FromUnixMs(wire.as_of_ms());
}

}  // namespace

absl::StatusOr<ComplianceQuestion> QuestionFromWire(const v1::QueryRequest& wire) {
  if (wire.has_measure()) return absl::InvalidArgumentError("measure: want it with that question");
  ComplianceQuestion question;
  KAPEA_ASSIGN(question.scope, ScopeFromWire(wire));
  for (const int status : wire.statuses()) {
    if (status < v1::FINDING_STATUS_MET || status > v1::FINDING_STATUS_WAIVED) {
      return absl::InvalidArgumentError("statuses: want those of a finding");
    }
    question.statuses.insert(static_cast<domain::FindingStatus>(status));
  }
  question.as_of = MomentOf(wire);
  question.page_size = PageSizeOf(wire);
  question.page_token = wire.page_token();
  return question;
}

absl::StatusOr<MeasureQuery> MeasureQueryFromWire(const v1::QueryRequest& wire) {
  if (!wire.file().empty() || wire.statuses_size() > 0) {
    return absl::InvalidArgumentError("measure: want it without a file and without statuses");
  }
  MeasureQuery query;
  KAPEA_ASSIGN(query.scope, ScopeFromWire(wire));
  KAPEA_ASSIGN(query.ask, codec::AskFromWire(wire.measure()));
  query.as_of = MomentOf(wire);
  query.page_size = PageSizeOf(wire);
  query.page_token = wire.page_token();
  return query;
}

void ReplyToWire(const MeasureReply& reply, v1::QueryResponse& wire) {
  for (const MeasureReply::One& one : reply.answers) {
    v1::MeasureAnswered& answered = *wire.add_measures();
    answered.set_measure(one.measure);
    codec::CountsToWire(one.result, answered);
    for (const standards::MeasureRow& row : one.result.rows) {
      codec::RowToWire(row, *answered.add_rows());
    }
  }
  wire.set_next_page_token(reply.next_page_token);
  wire.set_files(reply.files);
  wire.set_pack(reply.pack);
  wire.set_pack_version(reply.pack_version);
  wire.set_pack_hash(reply.pack_hash.str());
  wire.set_ledger_size(reply.ledger_size);
  wire.set_ledger_root(reply.ledger_root.str());
  wire.set_as_of_ms(reply.as_of.unix_ms());
}

void AnswerToWire(const ComplianceAnswer& answer, v1::QueryResponse& wire) {
  for (const codec::ToldFinding& told : answer.findings) {
    codec::FindingToWire(told, *wire.add_findings());
  }
  wire.set_next_page_token(answer.next_page_token);
  wire.set_ledger_size(answer.ledger_size);
  wire.set_ledger_root(answer.ledger_root.str());
  wire.set_as_of_ms(answer.as_of.unix_ms());
}

}  // namespace kapea::server
