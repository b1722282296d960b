#include "tools/admin/init.h"

#include <filesystem>

#include "client/vault/vault.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/codec/change_codec.h"
#include "common/codec/ledger_codec.h"
#include "common/codec/server_keys.h"
#include "common/crypto/hash.h"
#include "common/kv/open.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/tree.h"
#include "common/pki/authority.h"
#include "common/pki/certificate.h"
#include "common/pki/key_file.h"
#include "server/core/device_book.h"
#include "server/core/genesis.h"
#include "server/core/group.h"
#include "server/store/tables.h"
#include "tools/admin/renew.h"

namespace kapea::admin {
namespace {

namespace fs = std::filesystem;

// A registrar before her vault is made.
struct Registrar {
  PersonId person = crypto::RandomId<PersonId>();
  vault::Identity identity;
};

class Initialiser {
 public:
  Initialiser(const InitOptions& options, const Clock& clock,
              const std::function<void(const std::string&)>& say)
      : options_(options), clock_(clock), say_(say), layout_{options.directory} {}

  absl::StatusOr<Deployment> Run() {
    KAPEA_TRY(MakeFolders());
    deployment_.id = crypto::RandomId<DeploymentId>();
    deployment_.registry = crypto::RandomId<UnitId>();
    deployment_.server = options_.server;
    KAPEA_TRY(MakeAuthorities());
    KAPEA_TRY(MakeServerKeys());
    KAPEA_TRY(MakeRegistrars());
    KAPEA_TRY(MakeLedger());
    KAPEA_TRY(MakeVaults());
    KAPEA_TRY(deployment_.Write(layout_.deployment_file()));
    return deployment_;
  }

 private:
  absl::Status MakeFolders() {
    std::error_code error;
    if (fs::exists(layout_.root, error) && !fs::is_empty(layout_.root, error)) {
      return absl::AlreadyExistsError(layout_.root +
                                      " is not empty: choose another --dir; nothing was changed");
    }
    for (const char* name : {"ca", "server", "packs", "registrars"}) {
      fs::create_directories(layout_.Path(name), error);
      if (error) return absl::UnavailableError("cannot make " + layout_.Path(name));
      fs::permissions(layout_.Path(name), fs::perms::owner_all, error);
    }
    return absl::OkStatus();
  }

  absl::Status MakeAuthorities() {
    say_("making the certificate authorities");
    const Time now = clock_.Now();
    KAPEA_ASSIGN(const pki::Authority root, pki::Authority::CreateRoot(deployment_.id, now));
    KAPEA_ASSIGN(const pki::Authority devices,
                 root.IssueIntermediate(pki::AuthorityKind::kDevices, now));
    KAPEA_ASSIGN(const pki::Authority servers,
                 root.IssueIntermediate(pki::AuthorityKind::kServers, now));
    KAPEA_TRY(Keep(layout_.root_certificate(), layout_.root_key(), root));
    KAPEA_TRY(Keep(layout_.device_authority(), layout_.device_authority_key(), devices));
    KAPEA_TRY(Keep(layout_.server_authority(), layout_.server_authority_key(), servers));
    root_ = root;
    devices_ = devices;
    servers_ = servers;
    return absl::OkStatus();
  }

  static absl::Status Keep(const std::string& certificate, const std::string& key,
                           const pki::Authority& authority) {
    KAPEA_TRY(WriteFileAtomically(certificate, authority.certificate_pem(), kPublicFileMode));
    return pki::WritePrivateKey(key, authority.key());
  }

  absl::Status MakeServerKeys() {
    say_("making the server's keys");
    KAPEA_TRY(GiveCertificate(*servers_, root_->certificate_pem(), server_device_, options_.hosts,
                              clock_.Now(), keys_)
                  .status());
    keys_.store_master_key = crypto::SecretBytes::Random(32);
    keys_.log_seed = log_key_.Seed();
    keys_.device_scalar = server_key_.Scalar();
    return WriteServerKeys(layout_, keys_, options_.server_passphrase.view(),
                           options_.kdf_target_ms);
  }

  absl::Status MakeRegistrars() {
    for (Registrar& registrar : registrars_) {
      vault::Identity& identity = registrar.identity;
      identity.deployment = deployment_.id;
      identity.device = crypto::RandomId<DeviceId>();
      identity.person = registrar.person;
      identity.unit = deployment_.registry;
      identity.role = domain::Role::kRegistrar;
      identity.person_keys.emplace(1, crypto::ReceiveKey::Generate());
      const crypto::SigningKey tls = crypto::SigningKey::Generate();
      KAPEA_ASSIGN(const std::string der, pki::MakeRequest(tls));
      KAPEA_ASSIGN(const pki::Request request, pki::Request::FromDer(der));
      KAPEA_ASSIGN(identity.certificate_chain_pem,
                   devices_->IssueDevice(request, identity.person, identity.device, clock_.Now()));
      identity.tls_key_pem = tls.ToPem();
      identity.root_certificate_pem = root_->certificate_pem();
      identity.server = options_.server;
    }
    return absl::OkStatus();
  }

  // A header of the founding device: made for these two Changes, its key kept nowhere.
  domain::Header FounderHeader(uint64_t sequence, domain::Kind kind) const {
    domain::Header header;
    header.deployment = deployment_.id;
    header.nonce = crypto::RandomId<Nonce>();
    header.device = founder_;
    header.person = registrars_[0].person;
    header.unit = deployment_.registry;
    header.role = domain::Role::kRegistrar;
    header.sequence = sequence;
    header.clock = clock_.Read();
    header.kind = kind;
    header.file = codec::FileIdOf(deployment_.id, founder_, header.nonce);
    return header;
  }

  absl::StatusOr<codec::EncodedChange> WriteGenesis() {
    codec::ChangeWriter writer(FounderHeader(1, domain::Kind::kGenesis));
    deployment_.directory_file = writer.header().file;
    domain::Genesis genesis;
    genesis.deployment = deployment_.id;
    genesis.log_key = log_key_.public_key();
    genesis.root_certificate = root_->fingerprint();
    genesis.server_device = server_device_;
    genesis.server_signing_key = server_key_.verify_key().bytes();
    for (const Registrar& registrar : registrars_) genesis.registrars.push_back(registrar.person);
    genesis.pack_owners.push_back(pack_owner_.verify_key().bytes());
    writer.Add(std::move(genesis));
    writer.Add(domain::UnitEntry{deployment_.registry, domain::UnitKind::kRegistry, "REGISTRY", 0,
                                 "", false});
    for (const Registrar& registrar : registrars_) {
      const vault::Identity& identity = registrar.identity;
      writer.Add(domain::PersonEntry{registrar.person,
                                     1,
                                     identity.person_keys.at(1).public_key(),
                                     {{domain::Role::kRegistrar, deployment_.registry}},
                                     false});
      writer.Add(domain::DeviceEntry{identity.device, registrar.person,
                                     identity.signing_key.verify_key().bytes(),
                                     identity.device_key.public_key(), false});
    }
    writer.Add(domain::DeviceEntry{founder_, registrars_[0].person,
                                   founder_key_.verify_key().bytes(),
                                   crypto::ReceiveKey::Generate().public_key(), false});
    writer.Add(domain::DeviceEntry{server_device_, PersonId::FromPrefix(server_device_.view()),
                                   server_key_.verify_key().bytes(),
                                   crypto::ReceiveKey::Generate().public_key(), false});
    return std::move(writer).Finish();
  }

  absl::StatusOr<codec::EncodedChange> WriteStandardsFile() {
    codec::ChangeWriter writer(FounderHeader(2, domain::Kind::kRoster));
    deployment_.standards_file = writer.header().file;
    writer.Add(domain::Founding{domain::FileKind::kStandards, false});
    domain::RosterWrite roster;
    roster.added.push_back({std::nullopt, deployment_.registry, domain::Role::kRegistrar, {}});
    writer.Add(std::move(roster));
    return std::move(writer).Finish();
  }

  absl::Status MakeLedger() {
    say_("writing the genesis and the standards file");
    KAPEA_ASSIGN(codec::EncodedChange genesis, WriteGenesis());
    KAPEA_ASSIGN(codec::EncodedChange standards, WriteStandardsFile());
    KAPEA_ASSIGN(const codec::Parcel first,
                 codec::SignParcel({std::move(genesis)}, Hash(), clock_.Read(), founder_key_));
    KAPEA_ASSIGN(const codec::Parcel second, codec::SignParcel({std::move(standards)}, first.hash,
                                                               clock_.Read(), founder_key_));
    kv::OpenOptions open;
    open.directory = layout_.store();
    open.tables = server::AllTables();
    open.master_key = &keys_.store_master_key;
    open.create_if_missing = true;
    KAPEA_ASSIGN(const auto store, kv::OpenRocksStore(open));
    KAPEA_TRY(server::InstallGenesis(*store, clock_, log_key_, first));
    KAPEA_TRY(Append(*store, second));
    KAPEA_TRY(KeepDevices(*store));
    KAPEA_ASSIGN(const std::string entry, store->Get(server::kEntries, server::EntryKey(0)));
    deployment_.genesis = ledger::LeafHash(entry);
    deployment_.log_key =
        ledger::ToVerifierKey(ledger::OriginOf(deployment_.id, 1), log_key_.public_key());
    return absl::OkStatus();
  }

  // The server knows a device's certificates from its enrolment; these had none.
  absl::Status KeepDevices(kv::Store& store) {
    kv::Batch batch;
    for (const Registrar& registrar : registrars_) {
      const vault::Identity& identity = registrar.identity;
      KAPEA_ASSIGN(const auto chain, pki::ParseChain(identity.certificate_chain_pem));
      codec::DeviceRow row;
      row.person = identity.person;
      row.device = {identity.device, identity.person, identity.signing_key.verify_key().bytes(),
                    identity.device_key.public_key(), false};
      row.offered_person = {identity.person,
                            1,
                            identity.person_keys.at(1).public_key(),
                            {{domain::Role::kRegistrar, deployment_.registry}},
                            false};
      row.certificates = {chain.front().fingerprint};
      row.certificate_expires = chain.front().not_after;
      server::PutDevice(row, batch);
    }
    return store.Commit(batch, kv::Durability::kSynced);
  }

  // The standards file, by the same code that the server appends with.
  absl::Status Append(kv::Store& store, const codec::Parcel& parcel) {
    KAPEA_ASSIGN(auto key, crypto::NoteSigningKey::FromSeed(log_key_.Seed()));
    KAPEA_ASSIGN(auto builder, server::GroupBuilder::Open(store, clock_, std::move(key)));
    builder->Begin();
    server::Submission submission;
    submission.parcels.push_back(parcel);
    builder->Add(submission, 0);
    KAPEA_ASSIGN(const kv::Batch batch, builder->Finish());
    const auto results = builder->TakeResults();
    KAPEA_TRY(results.at(0).status);
    if (results[0].refusal) return absl::InternalError(results[0].refusal->message);
    KAPEA_ASSIGN(const domain::Entry entry,
                 codec::DecodeEntry(results[0].receipts.at(0).runs.at(0).entries.at(0)));
    if (entry.verdict != domain::Verdict::kAccepted) {
      return absl::InternalError("the standards file got a verdict: " +
                                 domain::FileState::Explain(entry.verdict));
    }
    return store.Commit(batch, kv::Durability::kSynced);
  }

  absl::Status MakeVaults() {
    KAPEA_TRY(pki::WritePrivateKey(layout_.pack_owner_key(), pack_owner_));
    for (size_t i = 0; i < registrars_.size(); ++i) {
      say_("making the vault of registrar " + std::to_string(i + 1) + " of " +
           std::to_string(registrars_.size()));
      vault::Identity identity = std::move(registrars_[i].identity);
      identity.log_verifier_key = deployment_.log_key;
      identity.genesis = deployment_.genesis;
      identity.directory_file = deployment_.directory_file;
      identity.standards_file = deployment_.standards_file;
      KAPEA_TRY(vault::Vault::Create(layout_.registrar(static_cast<int>(i) + 1),
                                     options_.registrar_passphrases[i].view(), std::move(identity),
                                     clock_, options_.kdf_target_ms)
                    .status());
    }
    return absl::OkStatus();
  }

  const InitOptions& options_;
  const Clock& clock_;
  const std::function<void(const std::string&)>& say_;
  const Layout layout_;
  Deployment deployment_;
  std::optional<pki::Authority> root_, devices_, servers_;
  codec::ServerKeys keys_;
  const crypto::NoteSigningKey log_key_ = crypto::NoteSigningKey::Generate();
  const DeviceId server_device_ = crypto::RandomId<DeviceId>();
  const crypto::SigningKey server_key_ = crypto::SigningKey::Generate();
  const DeviceId founder_ = crypto::RandomId<DeviceId>();
  const crypto::SigningKey founder_key_ = crypto::SigningKey::Generate();
  const crypto::SigningKey pack_owner_ = crypto::SigningKey::Generate();
  std::array<Registrar, kRegistrars> registrars_;
};

}  // namespace

absl::StatusOr<Deployment> Init(const InitOptions& options, const Clock& clock,
                                const std::function<void(const std::string&)>& say) {
  return Initialiser(options, clock, say).Run();
}

}  // namespace kapea::admin
