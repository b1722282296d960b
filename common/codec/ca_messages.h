// What kapead asks of kapea-ca: values <-> the messages of proto/kapea/store/v1/ca.proto.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"

namespace kapea::codec {

inline constexpr size_t kCaMessageBytesMax = 64 * 1024;

struct CaIssueBootstrap {
  std::string certificate_request;  // DER
  ChangeId bootstrap;               // 16 bytes
};
struct CaIssueDevice {
  std::string certificate_request;  // DER
  PersonId person;
  DeviceId device;
};
struct CaRevoked {
  std::string serial;
  Time since;
};
struct CaSignList {
  std::vector<CaRevoked> revoked;
  uint64_t number = 0;
  Time next_update;
};

struct CaRequest {
  uint64_t id = 0;
  std::variant<CaIssueBootstrap, CaIssueDevice, CaSignList> what;

  std::string Encode() const;
  // InvalidArgument for bytes that are no request.
  static absl::StatusOr<CaRequest> Decode(std::string_view bytes);
};

struct CaReply {
  uint64_t id = 0;
  absl::Status status;
  std::string pem;

  std::string Encode() const;
  static absl::StatusOr<CaReply> Decode(std::string_view bytes);
};

}  // namespace kapea::codec
