#include "server/core/pull.h"

#include <algorithm>

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

// Collects the Changes of one file for one batch.
class FilePart {
 public:
  FilePart(const kv::Snapshot& store, const FileId& file, uint64_t first) : store_(store) {
    part_.file = file;
    part_.first_number = first;
  }

  absl::Status Add(codec::ChangeRow row) {
    KAPEA_ASSIGN(const uint32_t parcel, ParcelIndex(row.parcel));
    PulledChange& pulled = part_.changes.emplace_back();
    pulled.parcel = parcel;
    pulled.index = row.parcel_index;
    const std::vector<Hash>& siblings = leaves_[parcel];
    if (siblings.size() > 1) {
      KAPEA_ASSIGN(pulled.path, ledger::InclusionProofOf(siblings, row.parcel_index));
    }
    pulled.change = std::move(row.change);
    KAPEA_ASSIGN(std::string entry, store_.Get(kEntries, EntryKey(row.entry)));
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
    part_.has_sealed = std::any_of(part_.changes.begin(), part_.changes.end(), HasSealed);
    return std::move(part_);
  }
  bool empty() const { return part_.changes.empty(); }

 private:
  static bool HasSealed(const PulledChange& pulled) {
    const auto change = codec::DecodeChange(pulled.change);
    if (!change.ok()) return true;  // say too much rather than too little
    return !change->change->header.key_epochs.empty();
  }

  absl::StatusOr<uint32_t> ParcelIndex(const Hash& hash) {
    if (const auto known = indexes_.find(hash); known != indexes_.end()) return known->second;
    KAPEA_ASSIGN(const std::string bytes, store_.Get(kParcels, hash.view()));
    KAPEA_ASSIGN(codec::ParcelRow row, codec::ParcelRow::Decode(bytes));
    const auto index = static_cast<uint32_t>(part_.parcels.size());
    part_.parcels.push_back({std::move(row.header), std::move(row.signature)});
    std::vector<Hash>& leaves = leaves_.emplace_back();
    for (const Hash& change : row.changes) leaves.push_back(ledger::LeafHash(change.view()));
    indexes_[hash] = index;
    return index;
  }

  const kv::Snapshot& store_;
  PulledFile part_;
  std::map<Hash, uint32_t> indexes_;
  std::vector<std::vector<Hash>> leaves_;  // of each parcel's tree
};

}  // namespace

PullCursor::PullCursor(const kv::Store& store, const Published& published, Principal reader,
                       std::map<FileId, uint64_t> held)
    : store_(store), published_(published), reader_(reader), held_(std::move(held)) {}

absl::StatusOr<std::vector<FileId>> PullCursor::ReadableFiles(const kv::Snapshot& snapshot) const {
  const auto directory = published_.directory();
  KAPEA_ASSIGN(const std::set<FileId> files,
               server::ReadableFiles(snapshot, directory->directory, reader_.person));
  // What everything else is judged by comes first.
  std::vector<FileId> ordered;
  const std::string everybody = EverybodyPrefix();
  KAPEA_TRY(snapshot.Scan(kReaders, everybody, kv::PrefixEnd(everybody),
                          [&](std::string_view key, std::string_view) {
                            const auto id = FileId::FromPrefix(key.substr(everybody.size()));
                            if (files.contains(id)) ordered.push_back(id);
                            return true;
                          }));
  const FileId directory_file = directory->directory.file();
  std::stable_partition(ordered.begin(), ordered.end(),
                        [&](const FileId& id) { return id == directory_file; });
  const std::set<FileId> first(ordered.begin(), ordered.end());
  for (const FileId& file : files) {
    if (!first.contains(file)) ordered.push_back(file);
  }
  return ordered;
}

absl::Status PullCursor::ReadFile(const kv::Snapshot& snapshot, const LedgerTip& tip,
                                  const FileId& file, PulledBatch& batch, size_t& changes,
                                  size_t& bytes) {
  uint64_t& held = held_[file];
  FilePart part(snapshot, file, held + 1);
  absl::Status failed;
  uint64_t number = held;
  KAPEA_TRY(snapshot.Scan(kChanges, ChangeKey(file, held + 1), kv::PrefixEnd(file.view()),
                          [&](std::string_view, std::string_view row_bytes) {
                            auto row = codec::ChangeRow::Decode(row_bytes);
                            // Committed after the tip: the next batch has it.
                            if (row.ok() && row->entry >= tip.size) return false;
                            bytes += row_bytes.size();
                            if (!row.ok()) {
                              failed = row.status();
                            } else {
                              failed = part.Add(*std::move(row));
                            }
                            ++number;
                            ++changes;
                            return failed.ok() && changes < kChangesPerBatch &&
                                   bytes < kBytesPerBatch;
                          }));
  KAPEA_TRY(failed);
  if (part.empty()) return absl::OkStatus();
  const TileReader nodes(snapshot);
  KAPEA_ASSIGN(PulledFile pulled, std::move(part).Finish(tip.size, nodes));
  batch.files.push_back(std::move(pulled));
  held = number;
  return absl::OkStatus();
}

absl::StatusOr<PulledBatch> PullCursor::Next() {
  PulledBatch batch;
  batch.tip = published_.tip();  // before the snapshot, which then has all of it
  const auto directory = published_.directory();
  KAPEA_TRY(Authenticate(directory->directory, reader_.person, reader_.device).status());
  const auto snapshot = store_.TakeSnapshot();
  KAPEA_ASSIGN(const std::vector<FileId> files, ReadableFiles(*snapshot));
  readable_ = {files.begin(), files.end()};
  size_t changes = 0;
  size_t bytes = 0;
  for (const FileId& file : files) {
    if (changes >= kChangesPerBatch || bytes >= kBytesPerBatch) return batch;
    KAPEA_TRY(ReadFile(*snapshot, *batch.tip, file, batch, changes, bytes));
  }
  batch.caught_up = changes < kChangesPerBatch && bytes < kBytesPerBatch;
  return batch;
}

bool PullCursor::Concerns(const std::vector<FileId>& files) const {
  // A file that has just become readable is in no list of ours yet, and a change of the
  // directory can open any: look at every commit that may be either.
  return std::any_of(files.begin(), files.end(), [this](const FileId& file) {
    return readable_.contains(file) || !held_.contains(file);
  });
}

absl::StatusOr<ledger::Proof> ConsistencyFrom(const kv::Snapshot& store, uint64_t size,
                                              const LedgerTip& tip) {
  if (size == 0) return ledger::Proof();
  if (size > tip.size) {
    return absl::OutOfRangeError(
        "the client has seen a larger ledger than this server has: the server may have been "
        "restored; keep the checkpoint and tell your supervisor");
  }
  const TileReader nodes(store);
  return ledger::ConsistencyProof(size, tip.size, nodes);
}

}  // namespace kapea::server
