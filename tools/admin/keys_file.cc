#include "tools/admin/keys_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/codec/keys_config.h"
#include "common/crypto/key_box.h"
#include "common/kv/open.h"
#include "server/store/tables.h"

namespace kapea::admin {
namespace {

using crypto::HomeKind;

constexpr size_t kConfigBytesMax = 256 * 1024;
constexpr size_t kMasterKeyBytes = 32;

// Of the folder: the file itself is replaced. -1 when somebody has it, or it is not there.
int Lock(const std::string& file) {
  const std::string folder = std::filesystem::absolute(file).parent_path().string();
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || ::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  ::close(fd);
  return -1;
}

kv::OpenOptions StoreOptions(const KeysAt& at, const codec::ServerKeys& keys) {
  kv::OpenOptions options;
  options.directory = at.store;
  options.tables = server::AllTables();
  options.master_key = &keys.store_master_key;
  if (!keys.next_store_master_key.empty()) options.next_master_key = &keys.next_store_master_key;
  return options;
}

absl::Status Unfinished(const char* what, const absl::Status& why) {
  return absl::Status(why.code(),
                      std::string(what) + ": " + std::string(why.message()) +
                          ". The keys file has the old key and the new one, and kapead starts with "
                          "either; run `keys rotate` again to finish");
}

}  // namespace

absl::StatusOr<KeysAt> FindKeys(const Layout& layout, const std::string& config,
                                const std::string& passphrase_file) {
  KeysAt at;
  at.file = layout.server_keys();
  at.store = layout.store();
  auto text = ReadFile(config.empty() ? layout.server_config() : config, kConfigBytesMax);
  const bool none_yet = config.empty() && absl::IsNotFound(text.status());
  if (!none_yet) {
    KAPEA_TRY(text.status());
    KAPEA_ASSIGN(const store::v1::ServerConfig wire, codec::ReadServerConfig(*text));
    if (wire.keys().file().empty() || wire.data_directory().empty()) {
      return absl::InvalidArgumentError("configuration: want keys.file and data_directory");
    }
    at.file = wire.keys().file();
    at.store = wire.data_directory();
    at.homes = codec::KeyHomeSettingsOf(wire.keys());
  }
  if (!passphrase_file.empty()) at.homes.passphrase = {passphrase_file, ""};
  KAPEA_TRY(homes::CheckSettings(at.homes));
  return at;
}

KeysFile::KeysFile(const KeysAt& at, int lock)
    : path_(at.file),
      homes_(std::make_unique<homes::HomeSet>(at.homes, at.kdf_target_ms)),
      lock_(lock) {}

KeysFile::KeysFile(KeysFile&& other) noexcept
    : path_(std::move(other.path_)),
      homes_(std::move(other.homes_)),
      kinds_(std::move(other.kinds_)),
      keys_(std::move(other.keys_)),
      lock_(std::exchange(other.lock_, -1)) {}

KeysFile::~KeysFile() {
  if (lock_ >= 0) ::close(lock_);
}

absl::StatusOr<KeysFile> KeysFile::Open(const KeysAt& at) {
  KeysFile file(at, Lock(at.file));
  KAPEA_ASSIGN(const std::string box, ReadFile(at.file, crypto::kKeyBoxBytesMax));
  if (file.lock_ < 0) {
    return absl::AbortedError("another command works on " + at.file +
                              " just now: nothing was changed. Try again when it has ended");
  }
  KAPEA_ASSIGN(file.kinds_, crypto::HomesOf(box));
  KAPEA_ASSIGN(file.keys_, codec::ServerKeys::Open(file.homes_->all(), box));
  return file;
}

absl::Status KeysFile::WriteTo(const std::string& path, const std::vector<HomeKind>& kinds,
                               const homes::HomeSet& set) {
  KAPEA_ASSIGN(const auto homes, set.Of(kinds));
  KAPEA_ASSIGN(const std::string box, keys_.Seal(homes));
  KAPEA_TRY(codec::ServerKeys::Open(set.all(), box).status());
  return WriteFileAtomically(path, box, kPrivateFileMode);
}

absl::StatusOr<std::vector<HomeKind>> HomesOfKeys(const KeysAt& at) {
  KAPEA_ASSIGN(const std::string box, ReadFile(at.file, crypto::kKeyBoxBytesMax));
  return crypto::HomesOf(box);
}

absl::Status MoveKeys(const KeysAt& at, const MoveOptions& options) {
  std::vector<HomeKind> kinds = {options.to};
  const bool passphrase = options.to == HomeKind::kPassphrase || options.with_passphrase;
  if (passphrase && options.to != HomeKind::kPassphrase) kinds.push_back(HomeKind::kPassphrase);
  KAPEA_TRY(homes::HomeSet(at.homes).Of(kinds).status());  // before anybody is asked
  KAPEA_ASSIGN(KeysFile file, KeysFile::Open(at));
  const auto& old = file.kinds();
  const bool had_one = std::find(old.begin(), old.end(), HomeKind::kPassphrase) != old.end();
  // The passphrase that opened the file stays, and nobody is asked for it again.
  if (!passphrase || (had_one && options.new_passphrase_file.empty())) return file.Write(kinds);
  crypto::KeyHomeSettings settings = at.homes;
  if (!options.new_passphrase_file.empty()) settings.passphrase = {options.new_passphrase_file, ""};
  return file.Write(kinds, homes::HomeSet(settings, at.kdf_target_ms, homes::Passphrase::kNew));
}

absl::Status CopyKeys(const KeysAt& at, const std::string& out,
                      const std::string& passphrase_file) {
  std::error_code error;
  if (std::filesystem::exists(out, error)) {
    return absl::AlreadyExistsError(out + " is there already: nothing was written");
  }
  KAPEA_ASSIGN(KeysFile file, KeysFile::Open(at));
  crypto::KeyHomeSettings settings;
  settings.passphrase.file = passphrase_file;
  return file.WriteTo(out, {HomeKind::kPassphrase},
                      homes::HomeSet(settings, at.kdf_target_ms, homes::Passphrase::kNew));
}

absl::StatusOr<Replaced> ReplaceStoreKey(const KeysAt& at) {
  KAPEA_ASSIGN(KeysFile file, KeysFile::Open(at));
  codec::ServerKeys& keys = file.keys();
  // Whether it is there, at rest, and opens under these keys, before anything is changed.
  KAPEA_TRY(kv::OpenRocksStore(StoreOptions(at, keys)).status());
  Replaced replaced;
  replaced.resumed = !keys.next_store_master_key.empty();
  if (!replaced.resumed) {
    keys.next_store_master_key = crypto::SecretBytes::Random(kMasterKeyBytes);
    KAPEA_TRY(file.Write());
  }
  const auto generation = kv::ReplaceMasterKey(StoreOptions(at, keys));
  if (!generation.ok()) return Unfinished("the store has its old key", generation.status());
  replaced.generation = *generation;
  keys.store_master_key = std::exchange(keys.next_store_master_key, {});
  const absl::Status written = file.Write();
  if (!written.ok()) return Unfinished("the store has its new key", written);
  return replaced;
}

}  // namespace kapea::admin
