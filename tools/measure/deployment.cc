#include "tools/measure/deployment.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/codec/pack_compiler.h"
#include "common/codec/server_keys.h"
#include "common/codec/store_rows.h"
#include "common/crypto/hash.h"
#include "common/crypto/key_box.h"
#include "common/kv/open.h"
#include "common/pki/authority.h"
#include "common/pki/certificate.h"
#include "common/pki/key_file.h"
#include "common/pki/request.h"
#include "common/rpc/channel.h"
#include "server/core/device_book.h"
#include "server/store/tables.h"
#include "tools/admin/config.h"
#include "tools/admin/init.h"
#include "tools/admin/packs.h"
#include "tools/admin/registrars.h"
#include "tools/measure/case.h"

namespace kapea::bench {
namespace {

constexpr int kStartSeconds = 60;
constexpr size_t kEntriesPerChange = 40;  // persons with their devices, in one proposal
constexpr char kRates[] =
    "limits { calls_per_second: 1000000 calls_burst: 1000000 bytes_per_second: 2000000000 "
    "bytes_burst: 2000000000 }\n";

domain::PersonEntry PersonOf(const Device& device) {
  return {device.person, 1, device.person_key.public_key(), device.roles, false};
}

domain::DeviceEntry EntryOf(const Device& device) {
  return {device.device, device.person, device.signing.verify_key().bytes(),
          device.device_key.public_key(), false};
}

}  // namespace

absl::StatusOr<std::unique_ptr<BenchDeployment>> BenchDeployment::Make(
    const DeploymentOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  std::unique_ptr<BenchDeployment> made(new BenchDeployment(options));
  made->passphrase_ = ToHex(crypto::RandomBytes(16));
  KAPEA_TRY(WriteFileAtomically(made->passphrase_file_, made->passphrase_, kPrivateFileMode));
  KAPEA_ASSIGN(const int port, FreePort());
  admin::InitOptions init;
  init.directory = made->layout_.root;
  init.server = "127.0.0.1:" + std::to_string(port);
  init.hosts = {rpc::kServerDnsName, "127.0.0.1"};
  init.server_passphrase = crypto::SecretBytes::CopyOf(made->passphrase_);
  for (auto& passphrase : init.registrar_passphrases) {
    passphrase = crypto::SecretBytes::CopyOf(made->passphrase_);
  }
  init.kdf_target_ms = 1;  // the floor of the cost: nothing here outlives the run
  KAPEA_ASSIGN(made->facts_, admin::Init(init, *made->clock_, [](const std::string&) {}));
  KAPEA_ASSIGN(made->root_pem_,
               ReadFile(made->layout_.root_certificate(), pki::kCertificatePemBytesMax));
  made->MakeShelters();
  KAPEA_TRY(made->MakeDevices());
  admin::ServeOptions serve;
  serve.listen = init.server;
  serve.passphrase_file = made->passphrase_file_;
  KAPEA_TRY(admin::WriteServerConfig(made->layout_, serve));
  KAPEA_TRY(made->RaiseLimits());
  KAPEA_TRY(made->StartServer());
  KAPEA_TRY(made->Populate());
  return made;
}

void BenchDeployment::MakeShelters() {
  for (size_t i = 1; i <= options_.provinces; ++i) {
    domain::UnitEntry shelter;
    shelter.unit = crypto::RandomId<UnitId>();
    shelter.kind = domain::UnitKind::kShelter;
    shelter.code = "BENCH-" + std::to_string(i);
    shelter.province = {static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
    shelters_.push_back(std::move(shelter));
  }
}

std::vector<domain::RoleAt> BenchDeployment::RolesOf(size_t device) const {
  if (options_.provinces == 1) return {{domain::Role::kIntakeOfficer, shelter()}};
  std::vector<domain::RoleAt> roles;
  if (device + 1 < options_.devices) {
    return {{domain::Role::kCaseManager, shelters_[device % shelters_.size()].unit}};
  }
  for (const domain::UnitEntry& each : shelters_) {
    roles.push_back({domain::Role::kSupervisor, each.unit});
  }
  return roles;
}

// Certificates for everybody, and the rows by which the server knows them again.
absl::Status BenchDeployment::MakeDevices() {
  KAPEA_ASSIGN(const crypto::SigningKey ca_key,
               pki::ReadPrivateKey(layout_.device_authority_key()));
  KAPEA_ASSIGN(const std::string ca_pem,
               ReadFile(layout_.device_authority(), pki::kCertificatePemBytesMax));
  KAPEA_ASSIGN(const pki::Authority authority, pki::Authority::Load(facts_.id, ca_key, ca_pem));
  kv::Batch rows;
  devices_.resize(options_.devices);
  for (Device& device : devices_) {
    device.roles = RolesOf(static_cast<size_t>(&device - devices_.data()));
    device.person = crypto::RandomId<PersonId>();
    device.device = crypto::RandomId<DeviceId>();
    KAPEA_ASSIGN(const std::string der, pki::MakeRequest(device.tls));
    KAPEA_ASSIGN(const pki::Request request, pki::Request::FromDer(der));
    KAPEA_ASSIGN(device.chain_pem,
                 authority.IssueDevice(request, device.person, device.device, clock_->Now()));
    KAPEA_ASSIGN(const auto chain, pki::ParseChain(device.chain_pem));
    codec::DeviceRow row;
    row.person = device.person;
    row.device = EntryOf(device);
    row.offered_person = PersonOf(device);
    row.certificates = {chain.front().fingerprint};
    row.certificate_expires = chain.front().not_after;
    server::PutDevice(row, rows);
  }
  KAPEA_ASSIGN(const std::string sealed, ReadFile(layout_.server_keys(), crypto::kKeyBoxBytesMax));
  KAPEA_ASSIGN(const codec::ServerKeys keys, codec::ServerKeys::Open(passphrase_, sealed));
  kv::OpenOptions open;
  open.directory = layout_.store();
  open.tables = server::AllTables();
  open.master_key = &keys.store_master_key;
  KAPEA_ASSIGN(const auto store, kv::OpenRocksStore(open));
  return store->Commit(rows, kv::Durability::kSynced);
}

// The limiter stays in the way of every call; only its rates are out of reach.
absl::Status BenchDeployment::RaiseLimits() {
  KAPEA_ASSIGN(const std::string config, ReadFile(layout_.server_config(), 1 << 20));
  Say(std::string("kapead runs with ") + std::string(kRates, sizeof(kRates) - 2));
  return WriteFileAtomically(layout_.server_config(), config + kRates, kPublicFileMode);
}

absl::Status BenchDeployment::StartServer() {
  KAPEA_ASSIGN(server_, Process::Start({options_.kapead, "--config", layout_.server_config()}));
  const std::string address = layout_.Path("server/address");
  for (int i = 0; i < kStartSeconds * 100; ++i) {
    if (std::filesystem::exists(address)) return absl::OkStatus();
    if (!server_->running()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return absl::UnavailableError("kapead did not start; its log is " +
                                layout_.Path("server/kapead.log"));
}

absl::Status BenchDeployment::RunServer(const std::string& option) {
  KAPEA_ASSIGN(const auto process,
               Process::Start({options_.kapead, "--config", layout_.server_config(), option}));
  if (process->Wait() == 0) return absl::OkStatus();
  return absl::UnavailableError("kapead " + option + " failed");
}

// The shelters, the persons, the devices and the national pack, through the ledger.
absl::Status BenchDeployment::Populate() {
  KAPEA_ASSIGN(auto registrars,
               admin::TwoRegistrars::Open({layout_.registrar(1), passphrase_},
                                          {layout_.registrar(2), passphrase_}, *clock_));
  std::vector<domain::WriteBody> entries;
  for (const domain::UnitEntry& shelter : shelters_) entries.push_back(shelter);
  for (const Device& device : devices_) {
    entries.push_back(PersonOf(device));
    entries.push_back(EntryOf(device));
    if (entries.size() < kEntriesPerChange) continue;
    KAPEA_TRY(registrars.Enter(std::move(entries)));
    entries.clear();
  }
  if (!entries.empty()) KAPEA_TRY(registrars.Enter(std::move(entries)));
  KAPEA_ASSIGN(const std::string pack,
               admin::SignPackFiles({options_.packs}, layout_.pack_owner_key()));
  KAPEA_TRY(admin::PublishPack(registrars.proposer(), pack).status());
  const auto& genesis = registrars.proposer().vault().directory()->genesis();
  KAPEA_ASSIGN(const auto opened, codec::OpenSignedPack(pack, genesis->pack_owners));
  KAPEA_ASSIGN(pack_, codec::OpenPack(opened.pack));
  return absl::OkStatus();
}

vault::Identity BenchDeployment::IdentityOf(const Device& device) const {
  vault::Identity identity;
  identity.deployment = facts_.id;
  identity.device = device.device;
  identity.person = device.person;
  identity.unit = device.roles.front().unit;
  identity.role = device.roles.front().role;
  identity.signing_key = device.signing;
  identity.device_key = *crypto::ReceiveKey::FromPrivate(device.device_key.Private());
  identity.person_keys.emplace(1, *crypto::ReceiveKey::FromPrivate(device.person_key.Private()));
  identity.tls_key_pem = device.tls.ToPem();
  identity.certificate_chain_pem = device.chain_pem;
  identity.root_certificate_pem = root_pem_;
  identity.server = facts_.server;
  identity.log_verifier_key = facts_.log_key;
  identity.genesis = facts_.genesis;
  identity.directory_file = facts_.directory_file;
  identity.standards_file = facts_.standards_file;
  return identity;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> BenchDeployment::Open(const Device& device) const {
  rpc::ChannelOptions options;
  options.address = facts_.server;
  options.deployment = facts_.id;
  options.root_pem = root_pem_;
  options.chain_pem = device.chain_pem;
  options.private_key_pem = device.tls.ToPem();
  options.clock = clock_;
  return rpc::OpenChannel(options);
}

}  // namespace kapea::bench
