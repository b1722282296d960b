#include "client/vault/vault.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "client/vault/attachments.h"
#include "client/vault/core.h"
#include "client/vault/head.h"
#include "client/vault/keys.h"
#include "client/vault/outbox.h"
#include "client/vault/parts.h"
#include "client/vault/replica.h"
#include "client/vault/rows.h"
#include "client/vault/tables.h"
#include "common/base/macros.h"
#include "common/kv/open.h"

namespace kapea::vault {
namespace {

namespace fs = std::filesystem;

inline constexpr size_t kMasterKeyBytes = 32;

std::string HeadPath(const std::string& directory) { return directory + "/head"; }
std::string StorePath(const std::string& directory) { return directory + "/store"; }
// Holds the store until the head is written: then, and only then, there is a vault.
std::string Unborn(const std::string& directory) { return directory + "/store.new"; }

absl::Status SystemError(const char* verb, const std::string& path, const std::error_code& error) {
  const std::string message = std::string("cannot ") + verb + " " + path + ": " + error.message();
  if (error.value() == ENOSPC) return absl::ResourceExhaustedError(message);
  return absl::UnavailableError(message);
}

// The directory itself, readable for nobody else.
absl::Status MakeDirectory(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return SystemError("create", directory, error);
  fs::permissions(directory, fs::perms::owner_all, error);
  if (error) return SystemError("protect", directory, error);
  return absl::OkStatus();
}

absl::Status WriteFirstStore(const std::string& path, const crypto::SecretBytes& master_key,
                             const Identity& identity) {
  kv::OpenOptions options;
  options.directory = path;
  options.tables = AllTables();
  options.master_key = &master_key;
  options.create_if_missing = true;
  KAPEA_ASSIGN(const std::unique_ptr<kv::Store> store, kv::OpenRocksStore(options));
  const crypto::SecretBytes bytes = identity.Encode();
  kv::Batch batch;
  batch.Put(kMetaTable, kIdentityKey, std::string(bytes.view()));
  return store->Commit(batch, kv::Durability::kSynced);
}

// Moves a store into place whose head is there already: a creation that was cut.
absl::Status FinishCreation(const std::string& directory) {
  std::error_code error;
  if (fs::exists(StorePath(directory), error)) return absl::OkStatus();
  if (!fs::exists(Unborn(directory), error)) {
    return absl::DataLossError("vault store: missing beside its head");
  }
  fs::rename(Unborn(directory), StorePath(directory), error);
  if (error) return SystemError("move", Unborn(directory), error);
  return absl::OkStatus();
}

}  // namespace

bool ReadNotice::Covers(std::string_view field) const {
  return std::find(fields_.begin(), fields_.end(), field) != fields_.end();
}

Vault::Vault(std::unique_ptr<Core> core)
    : core_(std::move(core)), parts_(std::make_unique<Parts>(*core_)) {}
Vault::~Vault() = default;

absl::StatusOr<std::unique_ptr<Vault>> Vault::Create(const std::string& directory,
                                                     std::string_view passphrase, Identity identity,
                                                     const Clock& clock, int64_t kdf_target_ms) {
  std::error_code error;
  if (fs::exists(HeadPath(directory), error)) {
    return absl::AlreadyExistsError("there is a vault in " + directory);
  }
  if (fs::exists(StorePath(directory), error)) {
    return absl::FailedPreconditionError("a vault without its head lies in " + directory +
                                         "; put the head back, or move it away");
  }
  KAPEA_TRY(MakeDirectory(directory));
  // Without a head nothing can open what an earlier try left.
  fs::remove_all(Unborn(directory), error);
  if (error) return SystemError("remove", Unborn(directory), error);
  const crypto::SecretBytes master_key = crypto::SecretBytes::Random(kMasterKeyBytes);
  KAPEA_ASSIGN(const Head head, Head::Make(passphrase, master_key, kdf_target_ms));
  KAPEA_TRY(WriteFirstStore(Unborn(directory), master_key, identity));
  KAPEA_TRY(head.Write(HeadPath(directory)));
  KAPEA_TRY(FinishCreation(directory));
  auto core = std::make_unique<Core>(clock, directory);
  KAPEA_TRY(core->Open(master_key, StorePath(directory)));
  return std::unique_ptr<Vault>(new Vault(std::move(core)));
}

absl::StatusOr<std::unique_ptr<Vault>> Vault::Open(const std::string& directory,
                                                   std::string_view passphrase,
                                                   const Clock& clock) {
  auto head = Head::Read(HeadPath(directory));
  if (absl::IsNotFound(head.status())) {
    return absl::NotFoundError("there is no vault in " + directory);
  }
  if (!head.ok()) return head.status();
  KAPEA_ASSIGN(const crypto::SecretBytes master_key,
               head->Unlock(HeadPath(directory), passphrase, clock));
  KAPEA_TRY(FinishCreation(directory));
  auto core = std::make_unique<Core>(clock, directory);
  KAPEA_TRY(core->Open(master_key, StorePath(directory)));
  KAPEA_TRY(TakeReceiveKeys(*core));
  return std::unique_ptr<Vault>(new Vault(std::move(core)));
}

absl::Status Vault::ChangePassphrase(std::string_view old_passphrase, std::string_view passphrase) {
  const std::string path = HeadPath(core_->path);
  KAPEA_ASSIGN(Head head, Head::Read(path));
  KAPEA_ASSIGN(const crypto::SecretBytes key, head.Unlock(path, old_passphrase, core_->clock));
  KAPEA_ASSIGN(const Head renewed, head.Reseal(passphrase, key));
  return renewed.Write(path);
}

Mutex& Vault::mutex() { return core_->mutex; }
const Clock& Vault::clock() const { return core_->clock; }
const Identity& Vault::identity() const { return core_->identity; }

absl::Status Vault::SetCertificate(crypto::SecretBytes tls_key_pem, std::string chain_pem) {
  crypto::SecretBytes old_key = std::move(core_->identity.tls_key_pem);
  std::string old_chain = std::move(core_->identity.certificate_chain_pem);
  core_->identity.tls_key_pem = std::move(tls_key_pem);
  core_->identity.certificate_chain_pem = std::move(chain_pem);
  const absl::Status saved = core_->SaveIdentity();
  if (!saved.ok()) {
    core_->identity.tls_key_pem = std::move(old_key);
    core_->identity.certificate_chain_pem = std::move(old_chain);
  }
  return saved;
}

std::vector<FileLine> Vault::Files() {
  std::vector<FileLine> lines;
  for (const auto& [file, row] : core_->files) {
    if (core_->IsGuarded(file)) continue;
    FileLine line;
    line.file = file;
    line.kind = row.kind;
    line.drill = row.drill;
    line.number = row.number;
    line.incomplete = row.known > row.number;
    line.waiting = parts_->outbox.waiting(file);
    lines.push_back(line);
  }
  return lines;
}

absl::StatusOr<std::shared_ptr<const domain::FileState>> Vault::File(const FileId& file) {
  KAPEA_ASSIGN(std::shared_ptr<domain::FileState> state, core_->State(file));
  return std::shared_ptr<const domain::FileState>(std::move(state));
}

std::shared_ptr<const domain::Directory> Vault::directory() { return core_->directory; }
const codec::PackRegistry& Vault::packs() { return core_->packs; }
domain::Surroundings Vault::around() { return core_->Around(); }

const domain::Pack* Vault::NewestPack(std::string_view id) {
  if (!id.empty()) return core_->packs.Newest(id);
  return core_->packs.Newest();
}

Outbox& Vault::outbox() { return parts_->outbox; }
Replica& Vault::replica() { return parts_->replica; }
Attachments& Vault::attachments() { return parts_->attachments; }
NameStore& Vault::name_store() { return parts_->names; }
BreakGlass& Vault::break_glass() { return parts_->break_glass; }

absl::Status Vault::PutSetting(std::string_view name, std::string_view value) {
  kv::Batch batch;
  if (value.empty()) {
    batch.Delete(kSettingTable, core_->Blind(name));
  } else {
    batch.Put(kSettingTable, core_->Blind(name), std::string(value));
  }
  return core_->Commit(batch, kv::Durability::kSynced);
}

absl::StatusOr<std::optional<std::string>> Vault::FindSetting(std::string_view name) {
  return core_->store->Find(kSettingTable, core_->Blind(name));
}

}  // namespace kapea::vault
