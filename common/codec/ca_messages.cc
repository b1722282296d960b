#include "common/codec/ca_messages.h"

#include "common/base/macros.h"
#include "common/codec/wire_values.h"
#include "kapea/store/v1/ca.pb.h"

namespace kapea::codec {
namespace {

namespace store = kapea::store::v1;

void Write(const CaIssueBootstrap& from, store::CaRequest& to) {
  to.mutable_issue_bootstrap()->set_certificate_request(from.certificate_request);
  to.mutable_issue_bootstrap()->set_bootstrap(from.bootstrap.str());
}

void Write(const CaIssueDevice& from, store::CaRequest& to) {
  to.mutable_issue_device()->set_certificate_request(from.certificate_request);
  to.mutable_issue_device()->set_person(from.person.str());
  to.mutable_issue_device()->set_device(from.device.str());
}

void Write(const CaSignList& from, store::CaRequest& to) {
  auto* list = to.mutable_sign_list();
  for (const CaRevoked& revoked : from.revoked) {
    auto* line = list->add_revoked();
    line->set_serial(revoked.serial);
    line->set_since_ms(revoked.since.unix_ms());
  }
  list->set_number(from.number);
  list->set_next_update_ms(from.next_update.unix_ms());
}

template <typename Message>
absl::Status Parse(std::string_view bytes, Message& message) {
  if (bytes.size() > kCaMessageBytesMax ||
      !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("malformed message between kapead and kapea-ca");
  }
  return absl::OkStatus();
}

}  // namespace

std::string CaRequest::Encode() const {
  store::CaRequest wire;
  wire.set_id(id);
  std::visit([&](const auto& request) { Write(request, wire); }, what);
  return wire.SerializeAsString();
}

absl::StatusOr<CaRequest> CaRequest::Decode(std::string_view bytes) {
  store::CaRequest wire;
  KAPEA_TRY(Parse(bytes, wire));
  CaRequest request;
  request.id = wire.id();
  switch (wire.what_case()) {
    case store::CaRequest::kIssueBootstrap: {
      CaIssueBootstrap to{wire.issue_bootstrap().certificate_request(), {}};
      KAPEA_TRY(ReadId(wire.issue_bootstrap().bootstrap(), to.bootstrap));
      request.what = std::move(to);
      return request;
    }
    case store::CaRequest::kIssueDevice: {
      CaIssueDevice to{wire.issue_device().certificate_request(), {}, {}};
      KAPEA_TRY(ReadId(wire.issue_device().person(), to.person));
      KAPEA_TRY(ReadId(wire.issue_device().device(), to.device));
      request.what = std::move(to);
      return request;
    }
    case store::CaRequest::kSignList: {
      CaSignList to;
      for (const auto& line : wire.sign_list().revoked()) {
        to.revoked.push_back({line.serial(), Time::FromUnixMs(line.since_ms())});
      }
      to.number = wire.sign_list().number();
      to.next_update = Time::FromUnixMs(wire.sign_list().next_update_ms());
      request.what = std::move(to);
      return request;
    }
    case store::CaRequest::WHAT_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("want one of the three requests of kapea-ca");
}

std::string CaReply::Encode() const {
  store::CaReply wire;
  wire.set_id(id);
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(std::string(status.message()));
  wire.set_pem(pem);
  return wire.SerializeAsString();
}

absl::StatusOr<CaReply> CaReply::Decode(std::string_view bytes) {
  store::CaReply wire;
  KAPEA_TRY(Parse(bytes, wire));
  return CaReply{wire.id(),
                 absl::Status(static_cast<absl::StatusCode>(wire.code()), wire.message()),
                 wire.pem()};
}

}  // namespace kapea::codec
