#include "server/core/group.h"

#include <algorithm>

#include "common/base/macros.h"
#include "common/codec/ledger_codec.h"
#include "common/domain/rekey.h"
#include "common/ledger/range.h"
#include "server/core/erasing.h"
#include "server/store/overlay.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

constexpr size_t kChainsMax = 65536;
constexpr uint64_t kDroppedAtOnceMax = 1000;  // Changes of a file
constexpr Duration kDropsApart = Duration::Hours(1);

Refusal Refuse(RefusalReason reason, std::string message, uint64_t wanted = 0) {
  return {reason, wanted, std::move(message)};
}

// Nodes of this group, of the tree's edge before it, and of everything stored.
class GroupNodes : public ledger::NodeReader {
 public:
  GroupNodes(const std::map<ledger::NodeId, Hash>& added, const ledger::CompactRange& edge,
             const kv::Snapshot& store)
      : added_(added), stored_(store) {
    uint64_t at = 0;
    size_t i = 0;
    for (unsigned level = 64; level-- > 0;) {
      const uint64_t width = uint64_t{1} << level;
      if ((edge.size() & width) == 0) continue;
      edge_[{static_cast<uint8_t>(level), at >> level}] = edge.edge()[i++];
      at += width;
    }
  }
  absl::StatusOr<Hash> Node(const ledger::NodeId& id) const override {
    if (const auto found = added_.find(id); found != added_.end()) return found->second;
    if (const auto found = edge_.find(id); found != edge_.end()) return found->second;
    return stored_.Node(id);
  }

 private:
  const std::map<ledger::NodeId, Hash>& added_;
  std::map<ledger::NodeId, Hash> edge_;
  TileReader stored_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GroupBuilder>> GroupBuilder::Open(kv::Store& store,
                                                                 const Clock& clock,
                                                                 crypto::NoteSigningKey log_key) {
  std::unique_ptr<GroupBuilder> builder(new GroupBuilder(store, clock, std::move(log_key)));
  KAPEA_TRY(builder->Load());
  return builder;
}

absl::Status GroupBuilder::Load() {
  notes_.SetKey(log_key_.public_key());
  directory_ = std::make_shared<const DirectoryView>();
  packs_ = std::make_shared<const codec::PackRegistry>();
  KAPEA_ASSIGN(const auto head, store_.Find(kMeta, "head"));
  if (!head) return absl::OkStatus();  // a new store: the genesis comes first
  KAPEA_ASSIGN(head_, codec::LedgerHead::Decode(*head));
  TileReader tiles(store_);
  KAPEA_ASSIGN(edge_, ledger::CompactRange::Load(head_.size, tiles));
  KAPEA_ASSIGN(const std::string note, store_.Get(kMeta, "checkpoint"));
  const std::string origin = ledger::OriginOf(head_.deployment, head_.epoch);
  auto checkpoint = ledger::OpenCheckpoint(note, {origin, log_key_.public_key()});
  if (!checkpoint.ok() || checkpoint->size != head_.size || checkpoint->root != edge_.Root()) {
    return absl::DataLossError("the ledger's tree does not lead to its last checkpoint");
  }
  KAPEA_ASSIGN(const Aside aside, LoadAside(store_));
  directory_ = aside.directory;
  packs_ = aside.packs;
  tip_ = std::make_shared<const LedgerTip>(
      LedgerTip{head_.size, checkpoint->root, head_.last_received, note});
  return absl::OkStatus();
}

void GroupBuilder::Begin() {
  now_ = std::max(clock_.Now(), head_.last_received);  // received times never fall
  kept_head_ = head_;
  kept_edge_ = edge_;
  kept_directory_ = directory_;
  kept_packs_ = packs_;
  batch_ = {};
  tiles_ = std::make_unique<TileWriter>(store_);
  new_nodes_.clear();
  new_entries_.clear();
  new_ids_.clear();
  touched_.clear();
  granted_.clear();
  revoked_.clear();
  erased_.clear();
  pending_.clear();
  group_chains_.clear();
  changes_ = 0;
}

void GroupBuilder::Add(const Submission& submission, size_t index) {
  if (pending_.size() <= index) pending_.resize(index + 1);
  Pending& pending = pending_[index];
  for (size_t i = 0; i < submission.parcels.size(); ++i) {
    PlacedParcel placed;
    auto refusal = Place(submission.parcels[i], placed);
    pending.refused_parcel = static_cast<uint32_t>(i);
    if (!refusal.ok()) {
      pending.status = refusal.status();
      return;
    }
    if (*refusal) {
      pending.refusal = **refusal;
      return;
    }
    pending.parcels.push_back(std::move(placed));
  }
  pending.refused_parcel = static_cast<uint32_t>(submission.parcels.size());
  pending.refusal = submission.refused_after;
}

absl::StatusOr<codec::ChainHead> GroupBuilder::ChainOf(const DeviceId& device) {
  if (const auto found = group_chains_.find(device); found != group_chains_.end()) {
    return found->second;
  }
  if (const auto found = chains_.find(device); found != chains_.end()) return found->second;
  KAPEA_ASSIGN(const auto row, store_.Find(kChains, device.view()));
  codec::ChainHead chain;
  if (row) {
    KAPEA_ASSIGN(chain, codec::ChainHead::Decode(*row));
  }
  if (chains_.size() >= kChainsMax) chains_.clear();
  chains_[device] = chain;
  return chain;
}

absl::StatusOr<std::optional<Refusal>> GroupBuilder::Place(const codec::Parcel& parcel,
                                                           PlacedParcel& placed) {
  placed.hash = parcel.hash;
  KAPEA_ASSIGN(const codec::ChainHead chain, ChainOf(parcel.header.device));
  const uint64_t first = parcel.header.first_sequence;
  if (first > chain.last_sequence + 1) {
    return Refuse(RefusalReason::kSequenceGap, "changes before these have not arrived",
                  chain.last_sequence + 1);
  }
  if (first <= chain.last_sequence) return Repeat(parcel, chain, placed);
  if (parcel.header.previous != chain.parcel) {
    return Refuse(RefusalReason::kContradicts,
                  "the parcel does not continue the device's chain of parcels");
  }
  KAPEA_ASSIGN(auto refusal, CheckChanges(parcel));
  if (refusal) return refusal;
  for (size_t i = 0; i < parcel.changes.size(); ++i) KAPEA_TRY(Append(parcel, i, placed));

  codec::ParcelRow row{parcel.header_bytes, parcel.signature, {}};
  for (const auto& change : parcel.changes) row.changes.push_back(change.change->hash);
  batch_.Put(kParcels, parcel.hash.view(), row.Encode());
  const codec::ChainHead next{first + parcel.header.changes - 1, parcel.hash};
  batch_.Put(kChains, parcel.header.device.view(), next.Encode());
  group_chains_[parcel.header.device] = next;
  return std::optional<Refusal>();
}

absl::StatusOr<std::optional<Refusal>> GroupBuilder::Repeat(const codec::Parcel& parcel,
                                                            const codec::ChainHead& chain,
                                                            PlacedParcel& placed) {
  for (const auto& encoded : parcel.changes) {
    const domain::Change& change = *encoded.change;
    if (change.header.sequence > chain.last_sequence) {
      return Refuse(RefusalReason::kSequenceGap, "part of this parcel was received in another one",
                    chain.last_sequence + 1);
    }
    std::optional<codec::ChangeLocation> location;
    if (const auto found = new_ids_.find(change.id); found != new_ids_.end()) {
      location = found->second;
    } else {
      KAPEA_ASSIGN(const auto row, store_.Find(kIds, change.id.view()));
      if (row) {
        KAPEA_ASSIGN(location, codec::ChangeLocation::Decode(*row));
      }
    }
    if (!location || location->change_hash != change.hash) {
      return Refuse(RefusalReason::kContradicts,
                    "the device sent something else under this number before");
    }
    placed.sequences.push_back(location->entry);
  }
  return std::optional<Refusal>();
}

absl::StatusOr<std::optional<Refusal>> GroupBuilder::CheckChanges(const codec::Parcel& parcel) {
  if (parcel.header.deployment != head_.deployment) {
    return Refuse(RefusalReason::kOtherDeployment, "the parcel is of another deployment");
  }
  for (const auto& encoded : parcel.changes) {
    const domain::Header& header = encoded.change->header;
    if (header.epoch > head_.epoch) {
      return Refuse(RefusalReason::kFutureEpoch, "the change names a ledger epoch to come");
    }
    if (header.kind == domain::Kind::kGenesis && head_.size != 0) {
      return Refuse(RefusalReason::kMalformed, "there is one genesis");
    }
    if (!notes_.Check(header.server_time_note).ok()) {
      return Refuse(RefusalReason::kMalformed, "the server time in a change is not ours");
    }
    const bool founds = !header.roster.has_value();
    const FileId own = codec::FileIdOf(header.deployment, header.device, header.nonce);
    if (founds && header.kind != domain::Kind::kDelivery && header.file != own) {
      return Refuse(RefusalReason::kMalformed, "a founding change names another file");
    }
  }
  return std::optional<Refusal>();
}

absl::Status GroupBuilder::Append(const codec::Parcel& parcel, size_t index, PlacedParcel& placed) {
  const codec::EncodedChange& encoded = parcel.changes[index];
  const domain::Change& change = *encoded.change;
  const domain::Surroundings around{directory_->directory, *packs_};
  KAPEA_ASSIGN(FileCache::File * cached, files_.Get(change.header.file, around));
  // What comes after an erasure is judged by what everybody will have then.
  if (cached->state->must_drop()) KAPEA_TRY(Erase(change.header.file, *cached, around));
  domain::FileState* const file = cached->state.get();
  touched_.insert(change.header.file);
  if (change.header.kind == domain::Kind::kGrant || change.header.kind == domain::Kind::kRoster) {
    granted_.insert(change.header.file);
  }

  domain::Entry entry;
  entry.sequence = head_.size;
  entry.received = now_;
  entry.device = change.header.device;
  entry.change = change.id;
  entry.kind = change.header.kind;
  entry.file = change.header.file;
  entry.number = file->number() + 1;
  entry.change_hash = change.hash;
  entry.parcel_hash = parcel.hash;
  entry.rules = domain::kRulesVersion;
  entry.verdict = file->Append({encoded.change, entry, parcel.header.signing}, around);

  std::string bytes = encoded.bytes;
  if (!file->erased().empty()) {
    KAPEA_ASSIGN(const codec::EncodedChange kept, codec::Withhold(encoded, file->erased()));
    bytes = kept.bytes;
  }
  std::string entry_bytes = codec::EncodeEntry(entry);
  edge_.Append(ledger::LeafHash(entry_bytes), [this](const ledger::NodeId& id, const Hash& hash) {
    new_nodes_[id] = hash;
    tiles_->Completed(id, hash);
  });
  const codec::ChangeLocation location{entry.file, entry.number, entry.sequence, change.hash};
  const codec::ChangeRow row{std::move(bytes), entry.sequence, static_cast<uint32_t>(index),
                             parcel.hash};
  batch_.Put(kEntries, EntryKey(entry.sequence), entry_bytes);
  batch_.Put(kChanges, ChangeKey(entry.file, entry.number), row.Encode(), entry.file);
  batch_.Put(kIds, change.id.view(), location.Encode());
  new_entries_[entry.sequence] = std::move(entry_bytes);
  new_ids_[change.id] = location;
  placed.sequences.push_back(entry.sequence);
  head_.size += 1;
  head_.last_received = now_;
  ++changes_;
  return FoldAside(change, entry);
}

absl::Status GroupBuilder::FoldAside(const domain::Change& change, const domain::Entry& entry) {
  Aside aside{directory_, packs_};
  KAPEA_TRY(Fold(change, entry, aside, &revoked_));
  directory_ = aside.directory;
  packs_ = aside.packs;
  return absl::OkStatus();
}

absl::StatusOr<kv::Batch> GroupBuilder::Finish() {
  // Trouble of our own may have stopped in the middle of a parcel: then nothing of the
  // group is kept.
  for (const Pending& pending : pending_) KAPEA_TRY(pending.status);
  if (changes_ == 0) return kv::Batch();
  KAPEA_TRY(tiles_->Flush(batch_));
  const domain::Surroundings around{directory_->directory, *packs_};
  for (const FileId& id : touched_) {
    KAPEA_ASSIGN(FileCache::File * file, files_.Get(id, around));
    if (file->state->must_drop()) KAPEA_TRY(Erase(id, *file, around));
    if (granted_.contains(id)) KAPEA_TRY(DropSpent(id, *file, around));
    KAPEA_TRY(views_.Write(*file, now_, batch_));
  }
  readers_changed_ = views_.TakeReadersChanged() || touched_.contains(directory_->directory.file());
  head_.views = kViewsVersion;
  const std::string origin = ledger::OriginOf(head_.deployment, head_.epoch);
  const ledger::Checkpoint checkpoint{origin, head_.size, edge_.Root(), now_};
  LedgerTip tip{head_.size, checkpoint.root, now_, ledger::SignCheckpoint(checkpoint, log_key_)};
  batch_.Put(kMeta, "head", head_.Encode());
  batch_.Put(kMeta, "checkpoint", tip.checkpoint);
  tip_ = std::make_shared<const LedgerTip>(std::move(tip));
  return std::move(batch_);
}

// The batch so far and what is stored, without what was erased; and the file as it is then.
absl::Status GroupBuilder::Erase(const FileId& id, FileCache::File& file,
                                 const domain::Surroundings& around) {
  const std::vector<domain::ErasureTarget> targets = file.state->erased();
  const Overlay before(store_, batch_);
  kv::Batch carried_out;
  // Rows of this group lie in the batch under the key that is destroyed, and are put again.
  KAPEA_TRY(CarryOut(before, id, targets, carried_out));
  KAPEA_ASSIGN(file.state, FoldFile(Overlay(before, carried_out), id, around));
  file.findings = {};
  for (const domain::ErasureAt& one : file.state->erasures()) {
    const bool listed =
        std::any_of(erased_.begin(), erased_.end(), [&one](const codec::ListedErasure& known) {
          return known.approval == one.approval.change;
        });
    if (one.at == now_ && !listed) {
      erased_.push_back({id, one.approval.change, one.at, one.targets});
    }
  }
  batch_.Append(carried_out);
  return absl::OkStatus();
}

absl::Status GroupBuilder::DropSpent(const FileId& id, FileCache::File& file,
                                     const domain::Surroundings& around) {
  const std::vector<domain::WrapAt> spent = domain::SpentWraps(*file.state, around.directory);
  if (spent.empty()) return absl::OkStatus();
  // Sealing a large file anew takes a while, and everybody waits: not at each grant of somebody
  // who has many to make. What is left goes with a later one.
  if (file.state->number() > kDroppedAtOnceMax) {
    Time& last = dropped_at_[id];
    if (last != Time() && now_ - last < kDropsApart) return absl::OkStatus();
    last = now_;
    if (dropped_at_.size() > kChainsMax) dropped_at_.clear();
  }
  const Overlay before(store_, batch_);
  kv::Batch dropped;
  KAPEA_TRY(DropWraps(before, id, spent, dropped));
  KAPEA_ASSIGN(file.state, FoldFile(Overlay(before, dropped), id, around));
  file.findings = {};
  batch_.Append(dropped);
  return absl::OkStatus();
}

void GroupBuilder::Keep() {
  for (const auto& [device, chain] : group_chains_) chains_[device] = chain;
  views_.Keep();
  files_.Trim();
}

absl::Status GroupBuilder::Discard() {
  head_ = kept_head_;
  edge_ = kept_edge_;
  directory_ = kept_directory_;
  packs_ = kept_packs_;
  for (const FileId& file : touched_) files_.Drop(file);
  views_.Discard();
  touched_.clear();
  revoked_.clear();
  KAPEA_ASSIGN(const auto note, store_.Find(kMeta, "checkpoint"));
  tip_ = note ? std::make_shared<const LedgerTip>(
                    LedgerTip{head_.size, edge_.Root(), head_.last_received, *note})
              : nullptr;
  return absl::OkStatus();
}

absl::StatusOr<codec::EntryRun> GroupBuilder::RunOf(uint64_t first, uint64_t count) const {
  codec::EntryRun run;
  run.first_sequence = first;
  for (uint64_t sequence = first; sequence < first + count; ++sequence) {
    if (const auto found = new_entries_.find(sequence); found != new_entries_.end()) {
      run.entries.push_back(found->second);
    } else {
      KAPEA_ASSIGN(std::string entry, store_.Get(kEntries, EntryKey(sequence)));
      run.entries.push_back(std::move(entry));
    }
  }
  const GroupNodes nodes(new_nodes_, kept_edge_, store_);
  KAPEA_ASSIGN(run.proof, ledger::RangeProof(first, count, head_.size, nodes));
  return run;
}

std::vector<SubmissionResult> GroupBuilder::TakeResults() {
  std::vector<SubmissionResult> results;
  for (Pending& pending : pending_) {
    SubmissionResult& result = results.emplace_back();
    result.status = pending.status;
    result.refusal = std::move(pending.refusal);
    result.refused_parcel = pending.refused_parcel;
    if (tip_) result.checkpoint = tip_->checkpoint;
    for (const PlacedParcel& placed : pending.parcels) {
      ParcelReceipt& receipt = result.receipts.emplace_back();
      receipt.parcel = placed.hash;
      for (size_t i = 0; i < placed.sequences.size();) {
        size_t end = i + 1;
        while (end < placed.sequences.size() &&
               placed.sequences[end] == placed.sequences[end - 1] + 1) {
          ++end;
        }
        auto run = RunOf(placed.sequences[i], end - i);
        if (run.ok()) {
          receipt.runs.push_back(*std::move(run));
        } else if (result.status.ok()) {
          result.status = run.status();
        }
        i = end;
      }
    }
  }
  pending_.clear();
  return results;
}

std::vector<FileId> GroupBuilder::touched_files() const {
  return {touched_.begin(), touched_.end()};
}

}  // namespace kapea::server
