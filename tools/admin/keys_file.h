// The file of the server's keys, where kapead's configuration says it is: moved to another
// home, and the store's master key in it replaced.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/codec/server_keys.h"
#include "common/crypto/key_home.h"
#include "common/homes/home_set.h"
#include "tools/admin/deployment.h"

namespace kapea::admin {

struct KeysAt {
  std::string file;
  std::string store;  // the directory that the master key in it opens
  crypto::KeyHomeSettings homes;
  int64_t kdf_target_ms = 1000;
};
// From kapead's configuration; `config` empty: the layout's, and where that has none yet,
// the layout's files under a passphrase. `passphrase_file`, unless empty, goes before what
// the configuration says of it.
absl::StatusOr<KeysAt> FindKeys(const Layout& layout, const std::string& config,
                                const std::string& passphrase_file);

// The file, open for a change: no other command changes it meanwhile. Threads: one at a time.
class KeysFile {
 public:
  // Errors of crypto::OpenKeyBox; Aborted while another command has it.
  static absl::StatusOr<KeysFile> Open(const KeysAt& at);
  KeysFile(KeysFile&& other) noexcept;
  KeysFile& operator=(KeysFile&&) = delete;
  ~KeysFile();

  codec::ServerKeys& keys() { return keys_; }
  const std::vector<crypto::HomeKind>& kinds() const { return kinds_; }
  // In place of what was there, whole or not at all, under the homes that opened it. The
  // new file is opened once by its homes before it takes the place of the old one.
  absl::Status Write() { return Write(kinds_, *homes_); }
  // Under other homes of the configuration, or of another.
  absl::Status Write(const std::vector<crypto::HomeKind>& kinds) { return Write(kinds, *homes_); }
  absl::Status Write(const std::vector<crypto::HomeKind>& kinds, const homes::HomeSet& set) {
    return WriteTo(path_, kinds, set);
  }
  // The same at another place.
  absl::Status WriteTo(const std::string& path, const std::vector<crypto::HomeKind>& kinds,
                       const homes::HomeSet& set);

 private:
  KeysFile(const KeysAt& at, int lock);

  std::string path_;
  std::unique_ptr<homes::HomeSet> homes_;
  std::vector<crypto::HomeKind> kinds_;
  codec::ServerKeys keys_;
  int lock_ = -1;
};

// Which homes the file needs. It is not opened.
absl::StatusOr<std::vector<crypto::HomeKind>> HomesOfKeys(const KeysAt& at);

struct MoveOptions {
  crypto::HomeKind to = crypto::HomeKind::kPassphrase;
  bool with_passphrase = true;  // beside the home; a passphrase alone is `to`
  // The first line of this file is the passphrase from now on; empty: as it was, or for a
  // file that had none, what the configuration says.
  std::string new_passphrase_file;
};
// Seals the keys for another home. Nothing was changed when it fails.
absl::Status MoveKeys(const KeysAt& at, const MoveOptions& options);

// A copy under a passphrase alone at `out`, for a safe: without one a lost token or TPM takes
// the keys with it. `passphrase_file` empty: the terminal asks. AlreadyExists where there is
// something at `out`.
absl::Status CopyKeys(const KeysAt& at, const std::string& out, const std::string& passphrase_file);

struct Replaced {
  uint32_t generation = 0;  // of the store's master key
  bool resumed = false;     // an earlier run had begun it
};
// Gives the store a new master key: the new one goes into the file beside the old one, then
// all data keys are wrapped under it, then the old one leaves the file. Whenever it dies,
// the file opens the store, and the next run finishes it. Not while kapead runs
// (AlreadyExists; nothing was changed).
absl::StatusOr<Replaced> ReplaceStoreKey(const KeysAt& at);

}  // namespace kapea::admin
