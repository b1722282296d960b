// Units, persons and devices: the registrars' everyday work.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/crypto/secret.h"
#include "common/domain/change.h"
#include "tools/admin/deployment.h"
#include "tools/admin/registrars.h"

namespace kapea::admin {

struct RoleText {  // "unit_lead@PP-POLICE"
  domain::Role role = domain::Role::kNone;
  std::string unit_code;
  static absl::StatusOr<RoleText> Parse(std::string_view text);
};

// "police", "shelter" ...
absl::StatusOr<domain::UnitKind> ParseUnitKind(std::string_view text);

struct NewUnit {
  domain::UnitKind kind = domain::UnitKind::kNone;
  std::string code;
  std::string province;  // two digits of the national code; empty: none, or the whole country
};
// AlreadyExists for a code that is taken; InvalidArgument for a province that is none.
absl::StatusOr<UnitId> AddUnit(TwoRegistrars& registrars, const NewUnit& wanted);

struct NewCode {
  crypto::SecretBytes text;  // the enrolment code: whoever reads it can enrol once
  PersonId person;
  Time expires;
};
// A one-time code for a new person with these roles, or for another device of a known
// one (`person`, no roles).
absl::StatusOr<NewCode> MakeEnrolmentCode(TwoRegistrars& registrars, const Deployment& deployment,
                                          const Layout& layout,
                                          const std::optional<PersonId>& person,
                                          const std::vector<RoleText>& roles);

struct DeviceRow {
  domain::DeviceEntry device;
  domain::PersonEntry person;
  bool pending = false;
  std::string unit_receive_key;
  Time certificate_expires, last_seen;
  uint64_t last_sequence = 0;
};
absl::StatusOr<std::vector<DeviceRow>> ListDevices(TwoRegistrars& registrars);

// Two registrars put a device that enrolled into the directory: its keys, its person
// with her roles, and the key that it offered for a unit that has none.
// NotFound; FailedPrecondition when it is there already.
absl::Status ApproveDevice(TwoRegistrars& registrars, const DeviceId& device);
// From its Entry on it may not call, sign or be sent anything.
absl::Status RevokeDevice(TwoRegistrars& registrars, const DeviceId& device);

}  // namespace kapea::admin
