#include "tools/admin/people.h"

#include <algorithm>
#include <chrono>

#include <grpcpp/grpcpp.h>

#include "client/link/plain_words.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/base/text.h"
#include "common/codec/wire_values.h"
#include "common/crypto/hash.h"
#include "common/domain/roles.h"
#include "common/pki/certificate.h"
#include "common/pki/enrolment_code.h"
#include "common/pki/request.h"
#include "common/rpc/status.h"
#include "kapea/v1/enrol_service.grpc.pb.h"

namespace kapea::admin {
namespace {

constexpr int kDeadlineSeconds = 30;

void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(kDeadlineSeconds));
}

std::unique_ptr<v1::Admin::Stub> AdminOf(TwoRegistrars& registrars) {
  return v1::Admin::NewStub(registrars.proposer().transport().channel());
}

absl::Status PlainStatus(TwoRegistrars& registrars, const grpc::Status& status) {
  return link::InPlainWords(rpc::FromGrpc(status), registrars.proposer().vault().identity().server);
}

absl::StatusOr<domain::RoleAt> Resolve(const domain::Directory& directory, const RoleText& role) {
  const domain::UnitEntry* unit = directory.FindUnitByCode(role.unit_code);
  if (unit == nullptr || unit->ended) {
    return absl::NotFoundError("there is no unit " + role.unit_code +
                               ": add it with `kapea-admin unit add`");
  }
  return domain::RoleAt{role.role, unit->unit};
}

absl::StatusOr<DeviceRow> FromWire(const v1::DeviceLine& line) {
  DeviceRow row;
  v1::Write device;
  *device.mutable_device() = line.device();
  KAPEA_ASSIGN(const domain::WriteBody device_body, codec::FromWire(device));
  row.device = std::get<domain::DeviceEntry>(device_body);
  v1::Write person;
  *person.mutable_person() = line.person();
  KAPEA_ASSIGN(const domain::WriteBody person_body, codec::FromWire(person));
  row.person = std::get<domain::PersonEntry>(person_body);
  row.pending = line.pending();
  row.unit_receive_key = line.unit_receive_key();
  row.certificate_expires = Time::FromUnixMs(line.certificate_expires_ms());
  row.last_seen = Time::FromUnixMs(line.last_seen_ms());
  row.last_sequence = line.last_sequence();
  return row;
}

absl::StatusOr<DeviceRow> FindDevice(TwoRegistrars& registrars, const DeviceId& device) {
  KAPEA_ASSIGN(const std::vector<DeviceRow> rows, ListDevices(registrars));
  for (const DeviceRow& row : rows) {
    if (row.device.device == device) return row;
  }
  return absl::NotFoundError("no device " + device.hex() +
                             " has enrolled; `kapea-admin devices` lists those that have");
}

}  // namespace

absl::StatusOr<RoleText> RoleText::Parse(std::string_view text) {
  const auto at = text.find('@');
  RoleText role;
  if (at != std::string_view::npos) {
    role.role = domain::RoleNamed(text.substr(0, at));
    role.unit_code = std::string(text.substr(at + 1));
  }
  if (role.role == domain::Role::kNone || role.unit_code.empty()) {
    return absl::InvalidArgumentError("want a role at a unit, like unit_lead@PP-POLICE, got " +
                                      std::string(text));
  }
  return role;
}

absl::StatusOr<domain::UnitKind> ParseUnitKind(std::string_view text) {
  const domain::UnitKind kind = domain::UnitKindNamed(text);
  if (kind != domain::UnitKind::kNone) return kind;
  return absl::InvalidArgumentError(
      "want a kind of unit (police, shelter, social_affairs, health, legal, court, committee), "
      "got " +
      std::string(text));
}

absl::StatusOr<UnitId> AddUnit(TwoRegistrars& registrars, const NewUnit& wanted) {
  const auto directory = registrars.proposer().vault().directory();
  if (directory->FindUnitByCode(wanted.code) != nullptr || wanted.code == domain::kRecoveryCode) {
    return absl::AlreadyExistsError("there is a unit " + wanted.code +
                                    " already; nothing was changed");
  }
  if (!wanted.province.empty() && !domain::IsProvinceCode(wanted.province)) {
    return absl::InvalidArgumentError("want a province by its two digits, like 12 or 01, got " +
                                      wanted.province + "; nothing was changed");
  }
  domain::UnitEntry unit;
  unit.unit = crypto::RandomId<UnitId>();
  unit.kind = wanted.kind;
  unit.code = wanted.code;
  unit.province = wanted.province;
  KAPEA_TRY(registrars.Enter({unit}));
  return unit.unit;
}

absl::StatusOr<NewCode> MakeEnrolmentCode(TwoRegistrars& registrars, const Deployment& deployment,
                                          const Layout& layout,
                                          const std::optional<PersonId>& person,
                                          const std::vector<RoleText>& roles) {
  const auto directory = registrars.proposer().vault().directory();
  pki::EnrolmentCode code;
  code.bootstrap_key = crypto::SigningKey::Generate();
  code.secret = crypto::SecretBytes::Random(pki::kEnrolmentSecretBytes);
  v1::CreateEnrolmentRequest request;
  if (person) request.set_person(person->str());
  for (const RoleText& role : roles) {
    KAPEA_ASSIGN(const domain::RoleAt at, Resolve(*directory, role));
    v1::RoleAt& out = *request.add_roles();
    out.set_role(static_cast<v1::Role>(at.role));
    out.set_unit(at.unit.str());
  }
  KAPEA_ASSIGN(*request.mutable_certificate_request(), pki::MakeRequest(code.bootstrap_key));
  request.set_secret(std::string(code.secret.view()));
  grpc::ClientContext context;
  SetDeadline(context);
  v1::CreateEnrolmentResponse response;
  KAPEA_TRY(
      PlainStatus(registrars, AdminOf(registrars)->CreateEnrolment(&context, request, &response)));

  KAPEA_ASSIGN(const std::string root_pem, ReadFile(layout.root_certificate(), 64 * 1024));
  KAPEA_ASSIGN(const pki::Certificate root, pki::Certificate::FromPem(root_pem));
  KAPEA_ASSIGN(const auto chain, pki::ParseChain(response.certificate_chain()));
  code.deployment = deployment.id;
  code.genesis = deployment.genesis;
  code.root = root.fingerprint;
  code.expires = Time::FromUnixMs(response.expires_ms());
  code.log_key = deployment.log_key;
  code.server = deployment.server;
  code.bootstrap_certificate = chain.front().der;
  NewCode made;
  KAPEA_ASSIGN(made.text, code.Encode());
  KAPEA_ASSIGN(made.person, PersonId::FromBytes(response.person()));
  made.expires = code.expires;
  return made;
}

absl::StatusOr<std::vector<DeviceRow>> ListDevices(TwoRegistrars& registrars) {
  std::vector<DeviceRow> rows;
  v1::ListDevicesRequest request;
  do {
    grpc::ClientContext context;
    SetDeadline(context);
    v1::ListDevicesResponse response;
    KAPEA_TRY(
        PlainStatus(registrars, AdminOf(registrars)->ListDevices(&context, request, &response)));
    for (const v1::DeviceLine& line : response.devices()) {
      KAPEA_ASSIGN(DeviceRow row, FromWire(line));
      rows.push_back(std::move(row));
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return rows;
}

absl::Status ApproveDevice(TwoRegistrars& registrars, const DeviceId& device) {
  KAPEA_ASSIGN(const DeviceRow row, FindDevice(registrars, device));
  if (!row.pending) {
    return absl::FailedPreconditionError("that device is in the directory already");
  }
  const auto directory = registrars.proposer().vault().directory();
  std::vector<domain::WriteBody> entries = {row.device};
  if (directory->FindPerson(row.person.person) == nullptr) {
    entries.push_back(row.person);
  }
  const domain::UnitEntry* unit =
      row.person.roles.empty() ? nullptr : directory->FindUnit(row.person.roles.front().unit);
  const bool shares =
      unit != nullptr && domain::SharesUnitKey(unit->kind, row.person.roles.front().role);
  if (shares && unit->generation == 0 && !row.unit_receive_key.empty()) {
    domain::UnitEntry keyed = *unit;
    keyed.generation = 1;
    keyed.receive_key = row.unit_receive_key;
    entries.push_back(std::move(keyed));
  }
  return registrars.Enter(std::move(entries));
}

absl::Status RevokeDevice(TwoRegistrars& registrars, const DeviceId& device) {
  const auto directory = registrars.proposer().vault().directory();
  const domain::DeviceEntry* known = directory->FindDevice(device);
  if (known == nullptr) {
    return absl::NotFoundError("no device " + device.hex() + " is in the directory");
  }
  if (known->revoked) return absl::FailedPreconditionError("that device is revoked already");
  domain::DeviceEntry revoked = *known;
  revoked.revoked = true;
  return registrars.Enter({revoked});
}

}  // namespace kapea::admin
