// Builds one group: places each Change at the end of the ledger, judges it, folds it,
// and collects everything that the commit must write.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/codec/store_rows.h"
#include "common/crypto/signature.h"
#include "common/kv/store.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/tree.h"
#include "server/core/aside.h"
#include "server/core/file_cache.h"
#include "server/core/note_check.h"
#include "server/core/published.h"
#include "server/core/submission.h"
#include "server/core/views.h"
#include "server/store/tile_store.h"

namespace kapea::server {

// Raise with any change of what a View row says; views of another version are rebuilt
// at start.
inline constexpr uint32_t kViewsVersion = 5;

// Threads: one at a time (the committing thread).
class GroupBuilder {
 public:
  static absl::StatusOr<std::unique_ptr<GroupBuilder>> Open(kv::Store& store, const Clock& clock,
                                                            crypto::NoteSigningKey log_key);

  // Of an empty ledger, before its genesis: whose it will be.
  void BeginDeployment(const DeploymentId& deployment) { head_.deployment = deployment; }

  // One group: Begin, Add for each submission, Finish, the commit by the caller, then
  // Keep or Discard.
  void Begin();
  // Places the submission's parcels until one is refused.
  void Add(const Submission& submission, size_t index);
  size_t changes() const { return changes_; }
  // What to commit. Empty when nothing new is in the group (repeats alone).
  absl::StatusOr<kv::Batch> Finish();
  // The batch is on the disk: the group is part of the ledger.
  void Keep();
  // The batch is not: everything is as it was before Begin.
  absl::Status Discard();

  // After Keep: the answers, by submission, and what changed.
  std::vector<SubmissionResult> TakeResults();
  std::vector<FileId> touched_files() const;
  bool readers_changed() const { return readers_changed_; }  // Committed::readers_changed
  std::vector<DeviceId> revoked_devices() const { return revoked_; }
  const std::vector<codec::ListedErasure>& erased() const { return erased_; }
  std::shared_ptr<const LedgerTip> tip() const { return tip_; }
  std::shared_ptr<const DirectoryView> directory() const { return directory_; }
  std::shared_ptr<const codec::PackRegistry> packs() const { return packs_; }

 private:
  GroupBuilder(kv::Store& store, const Clock& clock, crypto::NoteSigningKey log_key)
      : store_(store), clock_(clock), log_key_(std::move(log_key)), files_(store), views_(store) {}

  struct PlacedParcel {  // a parcel of this group, or one that was there before
    Hash hash;
    std::vector<uint64_t> sequences;
  };
  struct Pending {
    std::vector<PlacedParcel> parcels;
    std::optional<Refusal> refusal;
    uint32_t refused_parcel = 0;
    absl::Status status;
  };

  absl::Status Load();
  absl::StatusOr<codec::ChainHead> ChainOf(const DeviceId& device);
  // Nullopt: placed; else why not. A Status: our own trouble, nothing was placed.
  absl::StatusOr<std::optional<Refusal>> Place(const codec::Parcel& parcel, PlacedParcel& placed);
  absl::StatusOr<std::optional<Refusal>> Repeat(const codec::Parcel& parcel,
                                                const codec::ChainHead& chain,
                                                PlacedParcel& placed);
  absl::StatusOr<std::optional<Refusal>> CheckChanges(const codec::Parcel& parcel);
  absl::Status Append(const codec::Parcel& parcel, size_t index, PlacedParcel& placed);
  // Wraps that serve nobody any more, where the group granted keys of the file.
  absl::Status DropSpent(const FileId& id, FileCache::File& file,
                         const domain::Surroundings& around);
  absl::Status Erase(const FileId& id, FileCache::File& file, const domain::Surroundings& around);
  absl::Status FoldAside(const domain::Change& change, const domain::Entry& entry);
  absl::StatusOr<codec::EntryRun> RunOf(uint64_t first, uint64_t count) const;

  kv::Store& store_;
  const Clock& clock_;
  crypto::NoteSigningKey log_key_;

  // The ledger as committed, and the group's own state on top of it.
  codec::LedgerHead head_, kept_head_;
  ledger::CompactRange edge_, kept_edge_;
  std::map<DeviceId, codec::ChainHead> chains_;        // cache
  std::map<DeviceId, codec::ChainHead> group_chains_;  // of this group
  FileCache files_;
  ViewWriter views_;
  std::shared_ptr<const DirectoryView> directory_, kept_directory_;
  std::shared_ptr<const codec::PackRegistry> packs_, kept_packs_;
  std::shared_ptr<const LedgerTip> tip_;
  NoteCheck notes_;

  // Of the group at hand.
  Time now_;
  kv::Batch batch_;
  std::unique_ptr<TileWriter> tiles_;
  std::map<ledger::NodeId, Hash> new_nodes_;
  std::map<uint64_t, std::string> new_entries_;
  std::map<ChangeId, codec::ChangeLocation> new_ids_;
  std::map<FileId, Time> dropped_at_;  // when wraps of a large file were last dropped
  std::set<FileId> granted_;           // of those, where keys or lines may have changed
  std::set<FileId> touched_;
  std::vector<codec::ListedErasure> erased_;
  std::vector<DeviceId> revoked_;
  bool readers_changed_ = false;
  std::vector<Pending> pending_;
  size_t changes_ = 0;
};

}  // namespace kapea::server
