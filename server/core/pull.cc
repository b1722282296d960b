#include "server/core/pull.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/base/macros.h"
#include "common/codec/change_codec.h"
#include "common/codec/store_rows.h"
#include "common/ledger/range.h"
#include "server/access/readable.h"
#include "server/store/tables.h"
#include "server/store/tile_store.h"

namespace kapea::server {
namespace {

constexpr size_t kChangesPerBatch = 100;       // one message: single records cost four times more
constexpr size_t kBytesPerBatch = 512 * 1024;  // half of a message, so that proofs fit beside
// Entries of others that a sweep looks through; after more of them it looks at every file.
constexpr uint64_t kEntriesLookedAtMax = 4096;

// Collects the Changes of one file for one batch.
class FilePart {
 public:
  FilePart(const kv::Snapshot& store, const FileId& file, uint64_t first, bool for_halves)
      : store_(store) {
    part_.file = file;
    part_.first_number = first;
    part_.for_halves = for_halves;
  }

  absl::Status Add(codec::ChangeRow row) {
    KAPEA_ASSIGN(const uint32_t parcel, ParcelIndex(row.parcel));
    PulledChange& pulled = part_.changes.emplace_back();
    pulled.parcel = parcel;
    pulled.index = row.parcel_index;
    KAPEA_ASSIGN(pulled.path, trees_[parcel].InclusionProof(row.parcel_index));
    pulled.change = std::move(row.change);
    KAPEA_ASSIGN(std::string entry, store_.Get(kEntries, EntryKey(row.entry)));
    if (part_.for_halves) {
      KAPEA_ASSIGN(const domain::Entry line, codec::DecodeEntry(entry));
      if (!domain::ShownToHalfHolders(line.kind)) {
        KAPEA_ASSIGN(pulled.change, codec::WithholdWrites(pulled.change));
      }
    }
    const bool follows =
        !part_.runs.empty() &&
        part_.runs.back().first_sequence + part_.runs.back().entries.size() == row.entry;
    if (!follows) part_.runs.emplace_back().first_sequence = row.entry;
    part_.runs.back().entries.push_back(std::move(entry));
    return absl::OkStatus();
  }

  absl::StatusOr<PulledFile> Finish(uint64_t tree_size, const ledger::NodeReader& nodes) && {
    for (codec::EntryRun& run : part_.runs) {
      KAPEA_ASSIGN(run.proof,
                   ledger::RangeProof(run.first_sequence, run.entries.size(), tree_size, nodes));
    }
    // Halves open nothing by themselves: who only holds them has not opened the file.
    if (!part_.for_halves) {
      for (const PulledChange& pulled : part_.changes) Look(pulled);
    }
    return std::move(part_);
  }
  bool empty() const { return part_.changes.empty(); }

 private:
  void Look(const PulledChange& pulled) {
    const auto change = codec::DecodeChange(pulled.change);
    if (!change.ok()) {  // say too much rather than too little
      part_.has_sealed = true;
      return;
    }
    part_.has_sealed = part_.has_sealed || !change->change->header.key_epochs.empty();
    part_.has_keys = part_.has_keys || std::any_of(change->change->writes.begin(),
                                                   change->change->writes.end(), IsClassKey);
  }
  // A wrap without a key epoch hands a person's or a unit's key on, in the directory.
  static bool IsClassKey(const domain::Write& write) {
    const auto* const wrap = std::get_if<domain::Wrap>(&write.body);
    return wrap != nullptr && wrap->key_epoch.has_value();
  }

  absl::StatusOr<uint32_t> ParcelIndex(const Hash& hash) {
    if (const auto known = indexes_.find(hash); known != indexes_.end()) return known->second;
    KAPEA_ASSIGN(const std::string bytes, store_.Get(kParcels, hash.view()));
    KAPEA_ASSIGN(codec::ParcelRow row, codec::ParcelRow::Decode(bytes));
    const auto index = static_cast<uint32_t>(part_.parcels.size());
    part_.parcels.push_back({std::move(row.header), std::move(row.signature)});
    std::vector<Hash> leaves;
    for (const Hash& change : row.changes) leaves.push_back(ledger::LeafHash(change.view()));
    trees_.emplace_back(std::move(leaves));
    indexes_[hash] = index;
    return index;
  }

  const kv::Snapshot& store_;
  PulledFile part_;
  std::map<Hash, uint32_t> indexes_;
  std::vector<ledger::SmallTree> trees_;  // of the parcels
};

}  // namespace

PullCursor::PullCursor(const kv::Store& store, const Published& published, const Clock& clock,
                       Principal reader, Held held, OpenedFiles* gate)
    : store_(store),
      published_(published),
      clock_(clock),
      reader_(reader),
      by_ledger_(held.ledger != 0),
      held_(std::move(held.numbers)),
      read_to_(held.ledger),
      gate_(gate) {}

absl::StatusOr<std::vector<FileId>> PullCursor::ReadableFiles(const kv::Snapshot& snapshot) {
  KAPEA_ASSIGN(readable_, SeenFiles(snapshot, published_.directory()->directory, reader_.person,
                                    clock_.Now()));
  std::vector<FileId> files;
  for (const auto& [file, sight] : readable_) files.push_back(file);
  KAPEA_TRY(PutFirstFirst(snapshot, files));
  return files;
}

absl::StatusOr<domain::Sight> PullCursor::SightOf(const kv::Snapshot& snapshot,
                                                  const FileId& file) const {
  return SightOfFile(snapshot, published_.directory()->directory, reader_.person, file,
                     clock_.Now());
}

absl::Status PullCursor::PutFirstFirst(const kv::Snapshot& snapshot,
                                       std::vector<FileId>& files) const {
  // What everything else is judged by comes first.
  const FileId directory = published_.directory()->directory.file();
  std::set<FileId> open_to_all;
  const std::string everybody = EverybodyPrefix();
  KAPEA_TRY(snapshot.Scan(kReaders, everybody, kv::PrefixEnd(everybody),
                          [&](std::string_view key, std::string_view) {
                            open_to_all.insert(FileId::FromPrefix(key.substr(everybody.size())));
                            return true;
                          }));
  const auto others = std::stable_partition(
      files.begin(), files.end(), [&](const FileId& file) { return open_to_all.contains(file); });
  std::stable_partition(files.begin(), others,
                        [&](const FileId& file) { return file == directory; });
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::vector<FileId>>> PullCursor::WrittenSince(
    const kv::Snapshot& snapshot, uint64_t size) {
  const auto directory = published_.directory();
  const FileId directory_file = directory->directory.file();
  std::map<FileId, uint64_t> before;  // the number before the first of these Entries
  bool enough = true;
  absl::Status failed;
  KAPEA_TRY(snapshot.Scan(kEntries, EntryKey(read_to_), EntryKey(size),
                          [&](std::string_view, std::string_view bytes) {
                            const auto entry = codec::DecodeEntry(bytes);
                            failed = entry.status();
                            if (!failed.ok()) return false;
                            before.try_emplace(entry->file, entry->number - 1);
                            // Who may read what may be another matter from here on. Whoever
                            // told us what she holds finds a file that was opened to her by
                            // the Change that did it; a directory act names no file.
                            const bool opens = entry->kind == domain::Kind::kRoster &&
                                               entry->number > 1 && !held_.contains(entry->file);
                            enough = entry->file != directory_file && !(by_ledger_ && opens);
                            return enough;
                          }));
  KAPEA_TRY(failed);
  if (!enough) return std::optional<std::vector<FileId>>();
  std::vector<FileId> files;
  for (const auto& [file, number] : before) {
    KAPEA_ASSIGN(const domain::Sight sight, SightOf(snapshot, file));
    if (sight == domain::Sight::kNone) {
      readable_.erase(file);
      continue;
    }
    if (by_ledger_) held_.try_emplace(file, number);
    readable_[file] = sight;
    files.push_back(file);
  }
  KAPEA_TRY(PutFirstFirst(snapshot, files));
  return std::optional<std::vector<FileId>>(std::move(files));
}

absl::StatusOr<PullCursor::Sweep> PullCursor::BeginSweep(const kv::Snapshot& snapshot,
                                                         std::shared_ptr<const LedgerTip> tip) {
  if (read_to_ > tip->size) {
    return absl::OutOfRangeError("the client holds more of the ledger than this server has");
  }
  if (read_to_ != 0 && tip->size - read_to_ <= kEntriesLookedAtMax) {
    if (read_to_ == tip->size) return Sweep{std::move(tip), {}, 0};
    KAPEA_ASSIGN(auto files, WrittenSince(snapshot, tip->size));
    if (files) return Sweep{std::move(tip), *std::move(files), 0};
  }
  if (by_ledger_) {
    cursors_wanted_ = true;
    return absl::FailedPreconditionError("what is missing cannot be told: pull with cursors");
  }
  KAPEA_ASSIGN(std::vector<FileId> files, ReadableFiles(snapshot));
  return Sweep{std::move(tip), std::move(files), 0};
}

absl::Status PullCursor::ReadFile(const kv::Snapshot& snapshot, const FileId& file,
                                  domain::Sight sight, PulledBatch& batch) {
  uint64_t& held = held_[file];
  // Most files have nothing new, which the next key alone tells at little cost.
  if (held != 0) {
    KAPEA_ASSIGN(const auto next, snapshot.Find(kChanges, ChangeKey(file, held + 1)));
    if (!next) return absl::OkStatus();
  }
  const LedgerTip& tip = *batch.tip;
  const size_t changes_before = changes_;
  const size_t bytes_before = bytes_;
  FilePart part(snapshot, file, held + 1, sight == domain::Sight::kKeys);
  absl::Status failed;
  uint64_t number = held;
  KAPEA_TRY(snapshot.Scan(kChanges, ChangeKey(file, held + 1), kv::PrefixEnd(file.view()),
                          [&](std::string_view, std::string_view row_bytes) {
                            auto row = codec::ChangeRow::Decode(row_bytes);
                            // Committed after the tip: the next sweep has it.
                            if (row.ok() && row->entry >= tip.size) return false;
                            bytes_ += row_bytes.size();
                            if (!row.ok()) {
                              failed = row.status();
                            } else {
                              failed = part.Add(*std::move(row));
                            }
                            ++number;
                            ++changes_;
                            return failed.ok() && changes_ < kChangesPerBatch &&
                                   bytes_ < kBytesPerBatch;
                          }));
  KAPEA_TRY(failed);
  if (part.empty()) return absl::OkStatus();
  const TileReader nodes(snapshot);
  KAPEA_ASSIGN(PulledFile pulled, std::move(part).Finish(tip.size, nodes));
  if (gate_ != nullptr && (pulled.has_sealed || pulled.has_keys)) {
    KAPEA_ASSIGN(const std::set<FileId> admitted, gate_->Admit(reader_.device, {file}));
    if (!admitted.contains(file)) {
      passed_over_.insert(file);
      // Nothing of it goes into this batch, nor into a later one of this sweep.
      changes_ = changes_before;
      bytes_ = bytes_before;
      return absl::OkStatus();
    }
    passed_over_.erase(file);
  }
  batch.files.push_back(std::move(pulled));
  held = number;
  return absl::OkStatus();
}

absl::StatusOr<PulledBatch> PullCursor::Next() {
  const auto tip = published_.tip();  // before the snapshot, which then has all of it
  const auto directory = published_.directory();
  KAPEA_TRY(Authenticate(directory->directory, reader_.person, reader_.device).status());
  PulledBatch batch;
  if (!sweep_ && read_to_ == tip->size) {
    batch.tip = tip;
    batch.caught_up = true;
    return batch;
  }
  const auto snapshot = store_.TakeSnapshot();
  if (!sweep_) {
    KAPEA_ASSIGN(sweep_, BeginSweep(*snapshot, tip));
  }
  batch.tip = sweep_->tip;
  changes_ = 0;
  bytes_ = 0;
  while (sweep_->at < sweep_->files.size()) {
    if (changes_ >= kChangesPerBatch || bytes_ >= kBytesPerBatch) return batch;
    const FileId& file = sweep_->files[sweep_->at];
    // She may have been taken off its roster since the sweep began.
    domain::Sight& sight = readable_[file];
    if (tip != sweep_->tip) {
      KAPEA_ASSIGN(sight, SightOf(*snapshot, file));
    }
    if (sight != domain::Sight::kNone) {
      const std::pair before(changes_, bytes_);
      absl::Status read = ReadFile(*snapshot, file, sight, batch);
      // Sealed anew under another key since the snapshot: an erasure, or wraps were dropped.
      if (absl::IsDataLoss(read)) {
        std::tie(changes_, bytes_) = before;
        read = ReadFile(*store_.TakeSnapshot(), file, sight, batch);
      }
      KAPEA_TRY(read);
    }
    if (changes_ < kChangesPerBatch && bytes_ < kBytesPerBatch) ++sweep_->at;
  }
  read_to_ = sweep_->tip->size;
  sweep_.reset();
  batch.caught_up = true;
  return batch;
}

bool PullCursor::Concerns(const Committed& committed) const {
  // A file that has just been opened to the reader is in no list of ours yet.
  return committed.readers_changed ||
         std::any_of(committed.files.begin(), committed.files.end(),
                     [this](const FileId& file) { return readable_.contains(file); });
}

absl::StatusOr<ledger::Proof> ConsistencyFrom(const kv::Snapshot& store, uint64_t size,
                                              const LedgerTip& tip) {
  if (size == 0 || size == tip.size) return ledger::Proof();
  if (size > tip.size) {
    return absl::OutOfRangeError(
        "the client has seen a larger ledger than this server has: the server may have been "
        "restored; keep the checkpoint and tell your supervisor");
  }
  const TileReader nodes(store);
  return ledger::ConsistencyProof(size, tip.size, nodes);
}

}  // namespace kapea::server
