#include "client/vault/placement.h"

#include <algorithm>
#include <string>

#include "client/vault/rows.h"
#include "client/vault/tables.h"
#include "common/base/macros.h"

namespace kapea::vault {

FileRow Placement::RowOf(const FileId& file) const {
  if (const auto here = rows_.find(file); here != rows_.end()) return here->second;
  const auto known = core_.files.find(file);
  return known == core_.files.end() ? FileRow() : known->second;
}

absl::Status Placement::Place(const FileId& file, Arrived arrived) {
  const domain::Entry& entry = arrived.decoded;
  const domain::Header& header = arrived.change.change->header;
  const auto erased = core_.erased.find(file);
  if (erased != core_.erased.end()) {
    KAPEA_ASSIGN(arrived.change, codec::Withhold(std::move(arrived.change), erased->second));
  }
  // It may complete an erasure; and what is erased may lie in an own parcel.
  const bool own = header.device == core_.identity.device;
  if (entry.kind == domain::Kind::kApproval || (own && erased != core_.erased.end())) {
    NoteErasing(file);
  }
  const auto before = rows_.find(file);
  FileRow row = before != rows_.end() ? before->second : core_.RowOf(file, arrived.change);
  row.number = entry.number;
  row.known = std::max({row.known, row.number, header.file_number});
  rows_[file] = row;
  batch_.Put(kReplicaTable, FileKey(file, NumberKey(entry.number)), EncodePlaced(arrived), file);
  if (stubs_.emplace(file, arrived.parcel->hash).second) {
    batch_.Put(
        kStubTable, FileKey(file, arrived.parcel->hash.view()),
        RowWriter().Bytes(arrived.parcel->header_bytes).Bytes(arrived.parcel->signature).Take(),
        file);
  }
  if (header.device == core_.identity.device && core_.outbox.Find(header.sequence) != nullptr) {
    placed_own_.push_back(header.sequence);
    batch_.Delete(kOutboxTable, NumberKey(header.sequence));
  }
  // Nothing is believed unsigned, not even until its device is known: a fold made anew then
  // has it. (An Entry may be taken at its word, and the word is the server's.)
  if (!arrived.verified) return absl::OkStatus();
  placed_[file].push_back({arrived.change.change, entry, arrived.parcel->header.signing});
  return absl::OkStatus();
}

void Placement::NoteErasing(const FileId& file) {
  if (core_.IsShared(file) || !to_drop_.insert(file).second) return;
  batch_.Put(kErasedTable, FileKey(file, kToDrop), "");
}

void Placement::MarkKnown(const FileId& file, uint64_t number) {
  if (rows_.find(file) == rows_.end() && !core_.files.contains(file)) return;
  FileRow row = RowOf(file);
  if (row.known >= number) return;
  row.known = number;
  rows_[file] = row;
}

void Placement::MarkForHalves(const FileId& file) { rows_[file].for_halves = true; }

void Placement::MarkReceipted(uint64_t sequence) {
  const OwnChange* own = core_.outbox.Find(sequence);
  if (own == nullptr || own->receipted) return;
  batch_.Put(kOutboxTable, NumberKey(sequence), OwnChange{own->encoded, true}.Row());
  receipted_.push_back(sequence);
}

absl::Status Placement::Commit(kv::Durability durability) {
  for (const auto& [file, row] : rows_) batch_.Put(kFileTable, FileKey(file), row.Encode());
  if (batch_.empty()) return absl::OkStatus();
  KAPEA_TRY(core_.Commit(batch_, durability));
  return TakeOver();
}

absl::Status Placement::TakeOver() {
  std::vector<FileId> begun;
  for (const auto& [file, row] : rows_) {
    if (!core_.files.contains(file)) begun.push_back(file);
    core_.SetRow(file, row);
    // Enrolled before there were standards: the registrars have founded them since.
    if (row.kind == domain::FileKind::kStandards && core_.identity.standards_file.is_zero()) {
      core_.identity.standards_file = file;
      KAPEA_TRY(core_.SaveIdentity());
    }
  }
  core_.to_drop.insert(to_drop_.begin(), to_drop_.end());
  // All of them is here: reading them again to fold them would cost more.
  for (const FileId& file : begun) core_.BeginFold(file);
  // Out of the outbox only after the fold: a fold made anew meanwhile would lack them.
  for (const auto& [file, changes] : placed_) KAPEA_TRY(core_.Fold(file, changes));
  for (const uint64_t sequence : placed_own_) core_.outbox.Erase(sequence);
  for (const uint64_t sequence : receipted_) {
    core_.outbox.Put(sequence, {core_.outbox.Find(sequence)->encoded, true});
  }
  return absl::OkStatus();
}

}  // namespace kapea::vault
