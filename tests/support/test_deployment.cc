#include "tests/support/test_deployment.h"

#include <utility>

#include "common/base/macros.h"
#include "common/kv/open.h"
#include "common/pki/certificate.h"
#include "common/pki/request.h"
#include "common/rpc/channel.h"
#include "server/core/device_book.h"
#include "server/core/genesis.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) std::fprintf(stderr, "%s\n", value.status().ToString().c_str());
  KAPEA_CHECK(value.ok());
  return *std::move(value);
}

pki::Request RequestFor(const crypto::SigningKey& key) {
  return Must(pki::Request::FromDer(Must(pki::MakeRequest(key))));
}

}  // namespace

absl::StatusOr<std::string> LocalIssuer::IssueBootstrap(std::string_view request_der,
                                                        const ChangeId& enrolment) {
  KAPEA_ASSIGN(const pki::Request request, pki::Request::FromDer(request_der));
  return devices_.IssueBootstrap(request, pki::BootstrapId::FromPrefix(enrolment.view()),
                                 clock_.Now());
}

absl::StatusOr<std::string> LocalIssuer::IssueDevice(std::string_view request_der,
                                                     const PersonId& person,
                                                     const DeviceId& device) {
  KAPEA_ASSIGN(const pki::Request request, pki::Request::FromDer(request_der));
  return devices_.IssueDevice(request, person, device, clock_.Now());
}

TestDeployment::TestDeployment(const std::string& store_directory)
    : root_ca(Must(pki::Authority::CreateRoot(deployment, clock->Now()))),
      device_ca(Must(root_ca.IssueIntermediate(pki::AuthorityKind::kDevices, clock->Now()))),
      server_ca(Must(root_ca.IssueIntermediate(pki::AuthorityKind::kServers, clock->Now()))) {
  MakeDevice(registrar1, registry, domain::Role::kRegistrar);
  MakeDevice(registrar2, registry, domain::Role::kRegistrar);
  MakeDevice(registrar3, registry, domain::Role::kRegistrar);
  MakeDevice(lead, police, domain::Role::kUnitLead);
  MakeDevice(officer, police, domain::Role::kOfficer);
  MakeDevice(supervisor, police, domain::Role::kSupervisor);
  MakeDevice(intake, shelter, domain::Role::kIntakeOfficer);
  kv::OpenOptions options;
  options.tables = AllTables();
  options.master_key = &master_key;
  options.directory = store_directory;
  options.create_if_missing = true;
  store =
      Must(store_directory.empty() ? kv::OpenMemoryStore(options) : kv::OpenRocksStore(options));
  log_ = Must(Log::Open(LogLevel::kError, "", clock));
  InstallGenesisAndRows();
}

TestDeployment::~TestDeployment() { StopServer(); }

std::vector<TestDevice*> TestDeployment::Everybody() {
  return {&registrar1, &registrar2, &registrar3, &lead, &officer, &supervisor, &intake};
}

void TestDeployment::MakeDevice(TestDevice& device, const UnitId& unit, domain::Role role) {
  device.person = crypto::RandomId<PersonId>();
  device.device = crypto::RandomId<DeviceId>();
  device.unit = unit;
  device.role = role;
  device.chain_pem = Must(
      device_ca.IssueDevice(RequestFor(device.tls), device.person, device.device, clock->Now()));
}

domain::DeviceEntry TestDeployment::EntryOf(const TestDevice& device) {
  return {device.device, device.person, device.signing.verify_key().bytes(), device.receive_key,
          false};
}

domain::PersonEntry TestDeployment::PersonOf(const TestDevice& device) {
  return {device.person, 1, device.receive_key, {{device.role, device.unit}}, false};
}

domain::Member TestDeployment::Line(const TestDevice& device) {
  return {device.person, device.unit, device.role, {}};
}

void TestDeployment::InstallGenesisAndRows() {
  domain::Genesis genesis;
  genesis.deployment = deployment;
  genesis.log_key = log_key.public_key();
  genesis.root_certificate = root_ca.fingerprint();
  genesis.server_device = server_device;
  genesis.server_signing_key = server_key.verify_key().bytes();
  genesis.registrars = {registrar1.person, registrar2.person, registrar3.person};
  genesis.pack_owners = {registrar1.signing.verify_key().bytes()};
  domain::Header header = HeaderFor(registrar1, domain::Kind::kGenesis, {}, std::nullopt);
  header.file = codec::FileIdOf(deployment, registrar1.device, header.nonce);
  directory_file = header.file;
  codec::ChangeWriter writer(std::move(header));
  writer.Add(genesis);
  const std::pair<UnitId, domain::UnitKind> units[] = {{police, domain::UnitKind::kPolice},
                                                       {shelter, domain::UnitKind::kShelter},
                                                       {registry, domain::UnitKind::kRegistry}};
  int number = 0;
  for (const auto& [unit, kind] : units) {
    writer.Add(domain::UnitEntry{unit, kind, "U-" + std::to_string(++number), 0, "", false, "12"});
  }
  kv::Batch rows;
  for (const TestDevice* device : Everybody()) {
    writer.Add(PersonOf(*device));
    writer.Add(EntryOf(*device));
    const pki::Certificate leaf = Must(pki::ParseChain(device->chain_pem)).front();
    codec::DeviceRow row;
    row.person = device->person;
    row.device = EntryOf(*device);
    row.offered_person = PersonOf(*device);
    row.certificates = {leaf.fingerprint};
    row.certificate_expires = leaf.not_after;
    PutDevice(row, rows);
  }
  const codec::EncodedChange change = Must(std::move(writer).Finish());
  directory_roster = change.change->hash;
  genesis_hash = change.change->hash;
  const codec::Parcel parcel = Sign(registrar1, {change});
  const absl::Status installed = InstallGenesis(*store, *clock, log_key, parcel);
  if (!installed.ok()) std::fprintf(stderr, "%s\n", installed.ToString().c_str());
  KAPEA_CHECK(installed.ok());
  KAPEA_CHECK(store->Commit(rows, kv::Durability::kSynced).ok());
}

void TestDeployment::StartServer(ServerOptions options) {
  const codec::ServerKeys keys = Keys();
  options.listen = "127.0.0.1:0";
  options.root_pem = root_ca.certificate_pem();
  options.device_authorities_pem = device_ca.certificate_pem();
  options.identity = {keys.tls_chain_pem, std::string(keys.tls_key_pem.view())};
  server_ = Must(Server::Start(
      std::move(options), {*store, *used_issuer, *log_, metrics, clock,
                           Must(crypto::NoteSigningKey::FromSeed(log_key.Seed())), server_key}));
}

codec::ServerKeys TestDeployment::Keys() const {
  const crypto::SigningKey tls = crypto::SigningKey::Generate();
  codec::ServerKeys keys;
  keys.store_master_key = master_key.Copy();
  keys.log_seed = log_key.Seed();
  keys.device_scalar = server_key.Scalar();
  keys.tls_key_pem = tls.ToPem();
  keys.tls_chain_pem = Must(server_ca.IssueServer(RequestFor(tls), server_device,
                                                  {rpc::kServerDnsName}, clock->Now())) +
                       root_ca.certificate_pem();
  return keys;
}

void TestDeployment::StopServer() { server_.reset(); }

std::shared_ptr<grpc::Channel> TestDeployment::OpenAt(const std::string& address,
                                                      const std::string& chain_pem,
                                                      const crypto::SigningKey& key) const {
  rpc::ChannelOptions options;
  options.address = address;
  options.deployment = deployment;
  options.root_pem = root_ca.certificate_pem();
  options.server = server_device;
  options.chain_pem = chain_pem;
  options.private_key_pem = key.ToPem();
  options.clock = clock;
  return Must(rpc::OpenChannel(options));
}

domain::Header TestDeployment::HeaderFor(TestDevice& by, domain::Kind kind, const FileId& file,
                                         std::optional<Hash> roster) const {
  domain::Header header;
  header.deployment = deployment;
  header.nonce = crypto::RandomId<Nonce>();
  header.file = file;
  header.device = by.device;
  header.person = by.person;
  header.unit = by.unit;
  header.role = by.role;
  header.sequence = ++by.sequence;
  header.clock = clock->Read();
  header.roster = roster;
  header.kind = kind;
  return header;
}

codec::EncodedChange TestDeployment::Found(TestDevice& by, TestFile& file,
                                           const std::vector<const TestDevice*>& others,
                                           bool drill) const {
  domain::Header header = HeaderFor(by, domain::Kind::kRoster, {}, std::nullopt);
  header.file = codec::FileIdOf(deployment, by.device, header.nonce);
  file.file = header.file;
  codec::ChangeWriter writer(std::move(header));
  file.key_epoch = writer.id();
  writer.Add(domain::Founding{file.kind, drill});
  domain::RosterWrite roster;
  roster.added.push_back(Line(by));
  for (const TestDevice* other : others) roster.added.push_back(Line(*other));
  writer.Add(roster);
  writer.Add(domain::KeyOpening{domain::KeyClass::kGeneral,
                                Hash::FromPrefix(crypto::ClassKeyCommitment(
                                    file.key, deployment, file.file, file.key_epoch,
                                    static_cast<uint8_t>(domain::KeyClass::kGeneral))),
                                {},
                                {}});
  codec::EncodedChange change = Must(std::move(writer).Finish());
  file.roster = change.change->hash;
  return change;
}

codec::EncodedChange TestDeployment::RosterChange(TestDevice& by, TestFile& file,
                                                  domain::RosterWrite roster) const {
  codec::ChangeWriter writer(HeaderFor(by, domain::Kind::kRoster, file.file, file.roster));
  writer.Add(std::move(roster));
  codec::EncodedChange change = Must(std::move(writer).Finish());
  file.roster = change.change->hash;
  return change;
}

codec::EncodedChange TestDeployment::Edit(TestDevice& by, const TestFile& file, bool sealed) const {
  codec::ChangeWriter writer(HeaderFor(by, domain::Kind::kEdit, file.file, file.roster));
  domain::FieldWrite write;
  write.record = crypto::RandomId<RecordId>();
  write.form = domain::FormPin{"OP", 1};
  write.field = "place";
  if (sealed) {
    KAPEA_CHECK(writer
                    .AddSealed(write, domain::Value(domain::Text{"invented place"}), file.key_epoch,
                               domain::KeyClass::kGeneral, file.key)
                    .ok());
  } else {
    write.field = "count";
    write.clear = domain::Value(int64_t{3});
    writer.Add(write);
  }
  return Must(std::move(writer).Finish());
}

codec::Parcel TestDeployment::Sign(TestDevice& by,
                                   std::vector<codec::EncodedChange> changes) const {
  codec::Parcel parcel =
      Must(codec::SignParcel(std::move(changes), by.parcel, clock->Read(), by.signing));
  by.parcel = parcel.hash;
  return parcel;
}

codec::EncodedChange TestDeployment::Propose(TestDevice& by,
                                             std::vector<domain::WriteBody> bodies) const {
  codec::ChangeWriter writer(
      HeaderFor(by, domain::Kind::kDirectory, directory_file, directory_roster));
  for (domain::WriteBody& body : bodies) writer.Add(std::move(body));
  return Must(std::move(writer).Finish());
}

codec::EncodedChange TestDeployment::Approve(TestDevice& by,
                                             const codec::EncodedChange& proposal) const {
  domain::Header header = HeaderFor(by, domain::Kind::kApproval, directory_file, directory_roster);
  header.refs = {{proposal.change->id, proposal.change->hash}};
  codec::ChangeWriter writer(std::move(header));
  writer.Add(domain::Decision{});
  return Must(std::move(writer).Finish());
}

}  // namespace kapea::server
