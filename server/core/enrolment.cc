#include "server/core/enrolment.h"

#include <algorithm>
#include <set>

#include "common/base/macros.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "common/crypto/signature.h"
#include "common/pki/authority.h"
#include "common/pki/certificate.h"
#include "common/pki/enrolment_code.h"
#include "common/pki/request.h"
#include "server/access/readable.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

constexpr size_t kSecretBytes = 16;
constexpr size_t kReceiveKeyBytes = 32;

absl::Status CheckRoles(const std::vector<domain::RoleAt>& roles,
                        const domain::Directory& directory) {
  if (roles.empty() || roles.size() > kRolesPerPersonMax) {
    return absl::InvalidArgumentError("want 1 to 16 roles for a new person, got " +
                                      std::to_string(roles.size()));
  }
  for (const domain::RoleAt& at : roles) {
    if (at.role == domain::Role::kNone || at.role >= domain::Role::kServer) {
      return absl::InvalidArgumentError("want a role of a person");
    }
    const domain::UnitEntry* unit = directory.FindUnit(at.unit);
    if (unit == nullptr || unit->ended) {
      return absl::InvalidArgumentError("the directory has no such unit, or not any more");
    }
  }
  return absl::OkStatus();
}

// The TLS key of the request, when all offered keys are keys and not one another's.
absl::StatusOr<pki::Request> CheckKeys(const OfferedKeys& keys) {
  KAPEA_ASSIGN(pki::Request request, pki::Request::FromDer(keys.certificate_request));
  KAPEA_TRY(crypto::VerifyKey::FromBytes(keys.signing_key).status());
  if (request.point() == keys.signing_key) {
    return absl::InvalidArgumentError("want two keys for TLS and for signing, got one");
  }
  const std::set<std::string> receive = {keys.device_receive_key, keys.person_receive_key,
                                         keys.unit_receive_key};
  const bool sized = std::all_of(receive.begin(), receive.end(), [](const std::string& key) {
    return key.size() == kReceiveKeyBytes;
  });
  if (!sized || receive.size() != 3) {
    return absl::InvalidArgumentError("want three different receive keys of 32 bytes");
  }
  return request;
}

absl::StatusOr<pki::Certificate> LeafOf(const std::string& chain) {
  KAPEA_ASSIGN(const std::vector<pki::Certificate> certificates, pki::ParseChain(chain));
  return certificates.front();
}

std::optional<FileId> StandardsFile(const kv::Snapshot& store, const FileId& directory) {
  std::optional<FileId> found;
  const std::string prefix = EverybodyPrefix();
  const absl::Status status = store.Scan(
      kReaders, prefix, kv::PrefixEnd(prefix), [&](std::string_view key, std::string_view) {
        const auto file = FileId::FromPrefix(key.substr(prefix.size()));
        if (file != directory) found = file;
        return !found.has_value();
      });
  return status.ok() ? found : std::nullopt;
}

}  // namespace

absl::StatusOr<PersonId> Enrolment::PersonFor(const NewEnrolment& wanted) const {
  const auto view = published_.directory();
  if (!wanted.person) {
    KAPEA_TRY(CheckRoles(wanted.roles, view->directory));
    return crypto::RandomId<PersonId>();
  }
  const domain::PersonEntry* person = view->directory.FindPerson(*wanted.person);
  if (person == nullptr || person->ended || person->roles.empty()) {
    return absl::NotFoundError("the directory has no such person, or not any more");
  }
  if (!wanted.roles.empty()) {
    return absl::InvalidArgumentError("want no roles for a person who is in the directory");
  }
  return *wanted.person;
}

absl::Status Enrolment::DropExpired(Time now, kv::Batch& batch) const {
  size_t open = 0;
  absl::Status failed;
  KAPEA_TRY(store_.Scan(kEnrolments, "", "", [&](std::string_view key, std::string_view bytes) {
    const auto row = codec::EnrolmentRow::Decode(bytes);
    failed = row.status();
    if (!failed.ok()) return false;
    if (row->expires <= now) {
      batch.Delete(kEnrolments, key);
    } else {
      ++open;
    }
    return true;
  }));
  KAPEA_TRY(failed);
  if (open < kOpenEnrolmentsMax) return absl::OkStatus();
  return absl::ResourceExhaustedError("want fewer than 1,000 open enrolment codes");
}

absl::StatusOr<MadeEnrolment> Enrolment::Create(const Principal& by, const NewEnrolment& wanted) {
  if (!published_.directory()->directory.IsRegistrar(by.person)) {
    return absl::PermissionDeniedError("only registrars make enrolment codes");
  }
  if (wanted.secret.size() != kSecretBytes) {
    return absl::InvalidArgumentError("want a secret of 16 bytes, got " +
                                      std::to_string(wanted.secret.size()));
  }
  KAPEA_TRY(pki::Request::FromDer(wanted.certificate_request).status());
  const Time now = clock_.Now();
  kv::Batch batch;
  KAPEA_TRY(DropExpired(now, batch));

  MadeEnrolment made;
  KAPEA_ASSIGN(made.person, PersonFor(wanted));
  made.enrolment = crypto::RandomId<ChangeId>();
  made.expires = now + pki::kBootstrapLifetime;
  KAPEA_ASSIGN(made.certificate_chain,
               issuer_.IssueBootstrap(wanted.certificate_request, made.enrolment));
  codec::EnrolmentRow row;
  row.person = made.person;
  row.roles = wanted.roles;
  row.secret = wanted.secret;
  row.expires = made.expires;
  row.tries_left = kEnrolmentTries;
  batch.Put(kEnrolments, made.enrolment.view(), row.Encode());
  KAPEA_TRY(store_.Commit(batch, kv::Durability::kSynced));
  return made;
}

absl::StatusOr<codec::EnrolmentRow> Enrolment::RowOf(const ChangeId& enrolment,
                                                     std::string* bytes) const {
  KAPEA_ASSIGN(const auto found, store_.Find(kEnrolments, enrolment.view()));
  if (!found) return absl::UnauthenticatedError("there is no such enrolment code, or not any more");
  *bytes = *found;
  KAPEA_ASSIGN(codec::EnrolmentRow row, codec::EnrolmentRow::Decode(*found));
  if (row.device) {
    return absl::FailedPreconditionError("this enrolment code was used: ask for a new one");
  }
  if (row.expires <= clock_.Now()) {
    return absl::UnauthenticatedError("this enrolment code has expired: ask for a new one");
  }
  if (row.tries_left == 0) {
    return absl::UnauthenticatedError("this enrolment code was tried too often: ask for a new one");
  }
  return row;
}

absl::Status Enrolment::UseUpTry(const ChangeId& enrolment, const std::string& bytes,
                                 codec::EnrolmentRow row) {
  row.tries_left -= 1;
  kv::Batch batch;
  batch.Require(kEnrolments, enrolment.view(), bytes);
  batch.Put(kEnrolments, enrolment.view(), row.Encode());
  KAPEA_TRY(store_.Commit(batch, kv::Durability::kSynced));
  return absl::UnauthenticatedError("the new keys were not sent by whoever read the code");
}

absl::StatusOr<Enrolled> Enrolment::Enrol(const ChangeId& enrolment, const OfferedKeys& keys) {
  std::string bytes;
  KAPEA_ASSIGN(codec::EnrolmentRow row, RowOf(enrolment, &bytes));
  KAPEA_ASSIGN(const pki::Request request, CheckKeys(keys));
  const pki::NewDeviceKeys offered{keys.signing_key, keys.device_receive_key,
                                   keys.person_receive_key, keys.unit_receive_key};
  const absl::Status proof = pki::CheckEnrolmentMac(row.secret, request.spki(), offered, keys.mac);
  if (absl::IsUnauthenticated(proof)) return UseUpTry(enrolment, bytes, row);
  KAPEA_TRY(proof);
  const auto view = published_.directory();
  const domain::PersonEntry* known = view->directory.FindPerson(row.person);

  Enrolled enrolled;
  enrolled.device = crypto::RandomId<DeviceId>();
  enrolled.person = row.person;
  enrolled.directory_file = view->directory.file();
  enrolled.standards_file = StandardsFile(store_, enrolled.directory_file);
  KAPEA_ASSIGN(enrolled.certificate_chain,
               issuer_.IssueDevice(keys.certificate_request, row.person, enrolled.device));
  KAPEA_ASSIGN(const pki::Certificate leaf, LeafOf(enrolled.certificate_chain));

  codec::DeviceRow device;
  device.person = row.person;
  device.device = {enrolled.device, row.person, keys.signing_key, keys.device_receive_key, false};
  if (known != nullptr) {
    device.offered_person = *known;  // she has keys and roles already
  } else {
    device.offered_person = {row.person, 1, keys.person_receive_key, row.roles, false};
  }
  if (device.offered_person.roles.empty()) {
    return absl::FailedPreconditionError("the person has no role any more");
  }
  enrolled.first_role = device.offered_person.roles.front();
  device.unit_receive_key = keys.unit_receive_key;
  device.certificates = {leaf.fingerprint};
  device.certificate_expires = leaf.not_after;
  device.last_seen = clock_.Now();

  row.device = enrolled.device;
  row.secret.clear();
  kv::Batch batch;
  batch.Require(kEnrolments, enrolment.view(), bytes);  // of two at once, one
  batch.Put(kEnrolments, enrolment.view(), row.Encode());
  const absl::Status status = book_.Commit(device, std::move(batch));
  if (absl::IsAborted(status)) {
    return absl::FailedPreconditionError("this enrolment code was used: ask for a new one");
  }
  KAPEA_TRY(status);
  return enrolled;
}

absl::StatusOr<std::string> Enrolment::Renew(const Principal& by, const Hash& current,
                                             const std::string& certificate_request,
                                             const std::string& signature) {
  const auto view = published_.directory();
  const auto key = view->keys.find(by.device);
  if (key == view->keys.end())
    return absl::UnauthenticatedError("the directory has no such device");
  const std::string signed_bytes = std::string(crypto::kRenewDomain) + certificate_request;
  if (!key->second.Verify(signed_bytes, signature).ok()) {
    return absl::UnauthenticatedError("the request is not signed by the device's signing key");
  }
  KAPEA_ASSIGN(const pki::Request request, pki::Request::FromDer(certificate_request));
  if (request.point() == key->second.bytes()) {
    return absl::InvalidArgumentError("want two keys for TLS and for signing, got one");
  }
  auto row = book_.Find(by.device);
  if (!row) return absl::UnauthenticatedError("the device has no certificate of this server");
  KAPEA_ASSIGN(const std::string chain,
               issuer_.IssueDevice(certificate_request, by.person, by.device));
  KAPEA_ASSIGN(const pki::Certificate leaf, LeafOf(chain));
  // The one in use must not fall out before the new one has arrived.
  std::erase(row->certificates, current);
  row->certificates.push_back(current);
  row->certificates.push_back(leaf.fingerprint);
  if (row->certificates.size() > kCertificatesPerDeviceMax) {
    row->certificates.erase(row->certificates.begin(),
                            row->certificates.end() - kCertificatesPerDeviceMax);
  }
  row->certificate_expires = leaf.not_after;
  row->last_seen = clock_.Now();
  KAPEA_TRY(book_.Commit(*row, {}));
  return chain;
}

absl::StatusOr<DeviceLine> Enrolment::LineOf(const DeviceId& device, const kv::Snapshot& snapshot,
                                             const domain::Directory& directory) const {
  DeviceLine line;
  const domain::DeviceEntry* entry = directory.FindDevice(device);
  const auto row = book_.Find(device);
  line.pending = entry == nullptr;
  if (row) {
    line.device = row->device;
    line.person = row->offered_person;
    line.unit_receive_key = line.pending ? row->unit_receive_key : "";
    line.certificate_expires = row->certificate_expires;
    line.last_seen = row->last_seen;
  }
  if (entry != nullptr) {
    line.device = *entry;
    const domain::PersonEntry* person = directory.FindPerson(entry->person);
    if (person != nullptr) line.person = *person;
  }
  KAPEA_ASSIGN(const auto chain, snapshot.Find(kChains, device.view()));
  if (chain) {
    KAPEA_ASSIGN(const codec::ChainHead head, codec::ChainHead::Decode(*chain));
    line.last_sequence = head.last_sequence;
  }
  return line;
}

absl::StatusOr<DevicePage> Enrolment::List(const Principal& by, size_t page_size,
                                           const std::string& page_token) const {
  const auto view = published_.directory();
  const domain::Directory& directory = view->directory;
  if (!directory.IsRegistrar(by.person) &&
      !HoldsRoleAnywhere(directory, by.person, domain::Role::kAdministrator)) {
    return absl::PermissionDeniedError("only registrars and administrators list devices");
  }
  DeviceId after;
  if (!page_token.empty()) {
    KAPEA_ASSIGN(after, DeviceId::FromHexText(page_token));
  }
  std::set<DeviceId> all;
  for (const DeviceId& device : book_.Devices()) all.insert(device);
  for (const domain::DeviceEntry* entry : directory.Devices()) all.insert(entry->device);

  DevicePage page;
  page.ledger_size = published_.tip()->size;
  const auto snapshot = store_.TakeSnapshot();
  for (auto it = all.upper_bound(after); it != all.end(); ++it) {
    if (page.lines.size() == page_size) {
      page.next_page_token = page.lines.back().device.device.hex();
      break;
    }
    KAPEA_ASSIGN(DeviceLine line, LineOf(*it, *snapshot, directory));
    page.lines.push_back(std::move(line));
  }
  return page;
}

}  // namespace kapea::server
