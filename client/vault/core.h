// What the vault's parts share: the open store, what was loaded of it, and the fold of
// files. Vault, Outbox, Replica and Attachments are its faces. Inside this room only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/identity.h"
#include "client/vault/own_changes.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/codec/change_codec.h"
#include "common/codec/pack_registry.h"
#include "common/domain/directory.h"
#include "common/domain/file_state.h"
#include "common/kv/store.h"
#include "common/ledger/checkpoint.h"

namespace kapea::vault {

// A row of the file table.
struct FileRow {
  uint64_t number = 0;  // highest held without gaps
  uint64_t known = 0;   // highest that anybody spoke of
  domain::FileKind kind = domain::FileKind::kNone;
  bool drill = false;
  // Some Change came with its writes withheld, for its person is not of the file but has
  // halves of its keys.
  bool for_halves = false;
  // When its keys want to be looked after though nothing came: an opening by break-glass ends.
  Time tend_at = Time::Max();
  std::string Encode() const;
  static absl::StatusOr<FileRow> Decode(std::string_view bytes);
};

// The newest ServerTime and when it came.
struct SeenNote {
  std::string note;
  domain::SeenServerTime seen;
};

// What the keys of a file stood on when they were last looked after.
struct Tended {
  std::optional<Hash> roster;
  size_t wraps = 0;
  size_t without_effect = 0;
  size_t opened = 0;  // approvals of break-glass, and of a plan
  uint64_t directory = 0;
  friend bool operator==(const Tended&, const Tended&) = default;
};

// A row of the replica: an Entry, its Change, and how that stands in its parcel.
struct PlacedRow {
  std::string entry;   // encoded
  std::string change;  // encoded
  Hash parcel;
  uint32_t index = 0;
  std::vector<Hash> path;
  ClockReading signing;
  bool verified = false;  // by its device's signature
  std::string Encode() const;
  static absl::StatusOr<PlacedRow> Decode(std::string_view bytes);
  absl::StatusOr<domain::Placed> ToPlaced() const;
};
class Core;
// Key of the setting that says up to which number a file's facts were compared.
std::string FactsMark(const Core& core, const FileId& file);
struct Arrived;
std::string EncodePlaced(const Arrived& arrived);

// The newest parcel of this device's chain.
struct Chain {
  uint64_t signed_to = 0;  // last sequence that stands in a parcel
  Hash parcel;             // zeros: none yet
};

std::string NumberKey(uint64_t number);                               // u64
std::string FileKey(const FileId& file, std::string_view rest = {});  // file || rest

// Threads: one at a time. Owns: the store and all keys that are open.
class Core {
 public:
  Core(const Clock& clock, std::string directory);

  // Opens the store and loads what is always at hand.
  absl::Status Open(const crypto::SecretBytes& master_key, const std::string& store_directory);

  // All that is committed after the opening goes through here, so that it is known
  // whether the disk has everything.
  absl::Status Commit(const kv::Batch& batch, kv::Durability durability);
  bool settled() const { return settled_; }
  // Outbox rows, whatever `batch` has beside them, synced; then the fold.
  absl::Status CommitOwn(std::vector<codec::EncodedChange> changes, kv::Batch batch);
  absl::Status SaveIdentity();
  void PutIdentity(kv::Batch& batch) const;  // as it is now
  // The file's fold, from the cache or the store. NotFound.
  absl::StatusOr<std::shared_ptr<domain::FileState>> State(const FileId& file);
  // The cached fold, made unshared so that it may be changed. nullptr: not cached.
  domain::FileState* Writable(const FileId& file);
  // Forgets the fold, so that it is made anew.
  void Unfold(const FileId& file) { states_.erase(file); }
  // Of a file that has just begun, all of whose Entries will pass through Fold.
  void BeginFold(const FileId& file);
  // Folds Entries that were just committed: directory, packs, or the file.
  absl::Status Fold(const FileId& file, const std::vector<domain::Placed>& placed);
  // Whether the keys' Changes alone are here, or were all that is to be had (domain::Sight).
  bool IsGuarded(const FileId& file);
  // What the server's clock says by now, as far as elapsed time since its last word tells; a
  // wrong wall clock neither keeps break-glass shut nor open.
  Time ServerNow() const;
  // The directory and the standards, on which every other file's verdicts stand.
  bool IsShared(const FileId& file) const;
  domain::Surroundings Around() const { return {*directory, packs}; }
  FileRow RowOf(const FileId& file, const codec::EncodedChange& founding) const;
  void SetRow(const FileId& file, const FileRow& row);

  // A keyed hash for store keys that would say something.
  std::string Blind(std::string_view text) const;

  const Clock& clock;
  const std::string path;  // of the vault
  Mutex mutex;
  std::unique_ptr<kv::Store> store;
  Identity identity;
  uint64_t last_sequence = 0;
  Chain chain;
  std::optional<SeenNote> server_time;
  std::string checkpoint_note;
  std::optional<ledger::Checkpoint> checkpoint;
  std::string stopped;
  std::shared_ptr<domain::Directory> directory;
  codec::PackRegistry packs;
  std::vector<std::string> pack_faults;
  std::map<FileId, FileRow> files;                              // changed by SetRow alone
  std::map<FileId, std::vector<domain::ErasureTarget>> erased;  // what was dropped here
  std::set<FileId> to_drop;     // files of which something may have been erased since
  std::set<FileId> incomplete;  // those of which a number is known and not held
  uint64_t keys_shared_at = 0;  // number of the directory when ShareKeys last had all done
  std::map<FileId, Tended> tended;
  std::set<FileId> to_tend;     // files whose keys want to be looked after
  uint64_t keys_tended_at = 0;  // Directory::keys_changed_at of when all were
  uint64_t tending_to = 0;      // what that becomes when `to_tend` is done
  uint64_t sights_as_of = 0;    // number of the directory when BreakGlass::Forget last looked
  OwnChanges outbox;
  std::map<std::tuple<FileId, KeyEpochId, domain::KeyClass>, crypto::SecretBytes> class_keys;

 private:
  absl::Status LoadMeta();
  absl::Status LoadFiles();
  absl::Status LoadErased();
  absl::Status LoadOutbox();
  absl::Status LoadStream(const FileId& file);
  // All of the file, or with `all_verified` those whose signature was checked, and whether
  // that is all.
  absl::StatusOr<std::vector<domain::Placed>> ReadPlaced(const FileId& file,
                                                         bool* all_verified) const;
  std::shared_ptr<domain::FileState> FoldFile(const FileId& file,
                                              const std::vector<domain::Placed>& placed);
  // Whether a Change whose device was unknown when it came is signed by the device that
  // the directory has by now. One whose device is still unknown is judged early anyway.
  absl::StatusOr<bool> IsGenuine(const FileId& file, const PlacedRow& row,
                                 const domain::Change& change) const;
  void FoldShared(const FileId& file, const domain::Placed& placed);

  crypto::SecretBytes blind_key_;
  bool settled_ = true;
  std::map<FileId, std::shared_ptr<domain::FileState>> states_;
};

}  // namespace kapea::vault
