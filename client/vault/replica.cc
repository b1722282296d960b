#include "client/vault/replica.h"

#include <algorithm>
#include <map>

#include "client/vault/core.h"
#include "client/vault/placement.h"
#include "client/vault/rows.h"
#include "client/vault/tables.h"
#include "common/base/macros.h"
#include "common/codec/ledger_codec.h"

namespace kapea::vault {
namespace {

std::string ReplicaKey(const FileId& file, uint64_t number) {
  return FileKey(file, NumberKey(number));
}

}  // namespace

std::vector<std::pair<FileId, uint64_t>> Replica::Cursors() const {
  std::vector<std::pair<FileId, uint64_t>> cursors;
  const Identity& identity = core_.identity;
  for (const FileId& first : {identity.directory_file, identity.standards_file}) {
    if (!first.is_zero()) cursors.emplace_back(first, NumberOf(first));
  }
  for (const auto& [file, row] : core_.files) {
    if (file != identity.directory_file && file != identity.standards_file) {
      cursors.emplace_back(file, row.number);
    }
  }
  return cursors;
}

uint64_t Replica::NumberOf(const FileId& file) const {
  const auto row = core_.files.find(file);
  return row == core_.files.end() ? 0 : row->second.number;
}

bool Replica::incomplete(const FileId& file) const { return core_.incomplete.contains(file); }
const std::set<FileId>& Replica::incomplete() const { return core_.incomplete; }

absl::Status Replica::CompareHeld(const FileId& file, uint64_t number, const std::string& entry) {
  KAPEA_ASSIGN(const std::string bytes, core_.store->Get(kReplicaTable, ReplicaKey(file, number)));
  KAPEA_ASSIGN(const PlacedRow held, PlacedRow::Decode(bytes));
  if (held.entry == entry) return absl::OkStatus();
  const std::string what = "the server gave two different entries for number " +
                           std::to_string(number) + " of file " + file.hex();
  KAPEA_TRY(KeepEvidence({"entry", what, {held.entry, entry}}));
  return absl::DataLossError(what);
}

absl::Status Replica::Ingest(const std::vector<Arrival>& arrivals, kv::Durability durability) {
  Placement placement(core_);
  for (const Arrival& arrival : arrivals) {
    const uint64_t held = NumberOf(arrival.file);
    for (const Arrived& arrived : arrival.changes) {
      const uint64_t number = arrived.decoded.number;
      if (number <= held) {
        KAPEA_TRY(CompareHeld(arrival.file, number, arrived.entry));
        continue;
      }
      const uint64_t last = placement.RowOf(arrival.file).number;
      if (number <= last) continue;  // twice in one message
      if (number != last + 1) {
        return absl::OutOfRangeError("number " + std::to_string(last + 1) + " of file " +
                                     arrival.file.hex() + " is missing");
      }
      KAPEA_TRY(placement.Place(arrival.file, arrived));
      if (arrival.for_halves) placement.MarkForHalves(arrival.file);
    }
  }
  return placement.Commit(durability);
}

absl::Status Replica::Settle() {
  if (core_.settled() || core_.checkpoint_note.empty()) return absl::OkStatus();
  // Any synced commit takes all before it to the disk.
  kv::Batch batch;
  batch.Put(kMetaTable, kCheckpointKey, core_.checkpoint_note);
  return core_.Commit(batch, kv::Durability::kSynced);
}

absl::Status Replica::MarkKnown(const FileId& file, uint64_t number) {
  Placement placement(core_);
  placement.MarkKnown(file, number);
  return placement.Commit(kv::Durability::kBuffered);
}

const std::optional<ledger::Checkpoint>& Replica::checkpoint() const { return core_.checkpoint; }
const std::string& Replica::checkpoint_note() const { return core_.checkpoint_note; }

absl::Status Replica::KeepCheckpoint(const std::string& note,
                                     const ledger::Checkpoint& checkpoint) {
  if (note == core_.checkpoint_note) return absl::OkStatus();
  kv::Batch batch;
  batch.Put(kMetaTable, kCheckpointKey, note);
  KAPEA_TRY(core_.Commit(batch, kv::Durability::kBuffered));
  core_.checkpoint_note = note;
  core_.checkpoint = checkpoint;
  return absl::OkStatus();
}

absl::Status Replica::KeepServerTime(const std::string& note, const ledger::Checkpoint& time,
                                     const ClockReading& arrival) {
  if (!time.time) return absl::InvalidArgumentError("the server's time lacks a time");
  if (core_.server_time && core_.server_time->seen.time >= *time.time) return absl::OkStatus();
  const SeenNote seen{note, {*time.time, time.size, time.root, arrival.elapsed, arrival.boot}};
  RowWriter row;
  row.Bytes(note).Ms(seen.seen.time.unix_ms()).U64(time.size).Fixed(time.root);
  row.Ms(arrival.elapsed.milliseconds()).Fixed(arrival.boot);
  kv::Batch batch;
  batch.Put(kMetaTable, kServerTimeKey, row.Take());
  KAPEA_TRY(core_.Commit(batch, kv::Durability::kBuffered));
  core_.server_time = seen;
  return absl::OkStatus();
}

absl::Status Replica::KeepEvidence(const Evidence& evidence) {
  KAPEA_ASSIGN(const std::vector<Evidence> kept, ListEvidence());
  for (const Evidence& one : kept) {
    if (one.kind == evidence.kind && one.what == evidence.what) return absl::OkStatus();
  }
  uint64_t next = 1;
  KAPEA_TRY(core_.store->ScanBack(kEvidenceTable, "", "",
                                  [&next](std::string_view key, std::string_view) {
                                    next = ReadU64(key) + 1;
                                    return false;
                                  }));
  RowWriter row;
  row.Bytes(evidence.kind).Bytes(evidence.what);
  row.U32(static_cast<uint32_t>(evidence.objects.size()));
  for (const std::string& object : evidence.objects) row.Bytes(object);
  kv::Batch batch;
  batch.Put(kEvidenceTable, NumberKey(next), row.Take());
  return core_.Commit(batch, kv::Durability::kSynced);
}

absl::StatusOr<std::vector<Evidence>> Replica::ListEvidence() const {
  std::vector<Evidence> list;
  absl::Status status;
  KAPEA_TRY(
      core_.store->Scan(kEvidenceTable, "", "", [&](std::string_view, std::string_view value) {
        RowReader row(value);
        Evidence evidence;
        evidence.kind = row.Text();
        evidence.what = row.Text();
        for (uint32_t left = row.U32(); left > 0 && !row.failed(); --left) {
          evidence.objects.push_back(row.Text());
        }
        status = row.Done("evidence");
        list.push_back(std::move(evidence));
        return status.ok();
      }));
  KAPEA_TRY(status);
  return list;
}

const std::string& Replica::stopped() const { return core_.stopped; }

absl::Status Replica::Stop(const std::string& why) {
  kv::Batch batch;
  batch.Put(kMetaTable, kStoppedKey, why);
  KAPEA_TRY(core_.Commit(batch, kv::Durability::kSynced));
  core_.stopped = why;
  return absl::OkStatus();
}

absl::Status Replica::Resume() {
  kv::Batch batch;
  batch.Delete(kMetaTable, kStoppedKey);
  KAPEA_TRY(core_.Commit(batch, kv::Durability::kSynced));
  core_.stopped.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Dispute>> Replica::Disputes(const FileId& file, uint64_t after) {
  KAPEA_ASSIGN(const auto state, core_.State(file));
  std::vector<Dispute> disputes;
  for (const domain::Judged& judged : state->disputed()) {
    if (judged.number <= after) continue;
    KAPEA_ASSIGN(const std::string bytes,
                 core_.store->Get(kReplicaTable, ReplicaKey(file, judged.number)));
    KAPEA_ASSIGN(const PlacedRow row, PlacedRow::Decode(bytes));
    KAPEA_ASSIGN(const domain::Entry entry, codec::DecodeEntry(row.entry));
    disputes.push_back({file, judged.number, entry.verdict, judged.verdict});
  }
  return disputes;
}

absl::StatusOr<Arrived> Replica::ReadArrived(const FileId& file, std::string_view bytes) const {
  KAPEA_ASSIGN(PlacedRow row, PlacedRow::Decode(bytes));
  Arrived arrived;
  KAPEA_ASSIGN(arrived.change, codec::DecodeChange(row.change));
  KAPEA_ASSIGN(arrived.decoded, codec::DecodeEntry(row.entry));
  KAPEA_ASSIGN(const std::string stub_bytes,
               core_.store->Get(kStubTable, FileKey(file, row.parcel.view())));
  RowReader stub(stub_bytes);
  ArrivedParcel parcel;
  parcel.header_bytes = stub.Text();
  parcel.signature = stub.Text();
  KAPEA_TRY(stub.Done("parcel stub"));
  KAPEA_ASSIGN(parcel.header, codec::ParcelHeader::Decode(parcel.header_bytes));
  parcel.hash = codec::ParcelHashOf(parcel.header_bytes);
  arrived.parcel = std::make_shared<const ArrivedParcel>(std::move(parcel));
  arrived.entry = std::move(row.entry);
  arrived.index = row.index;
  arrived.path = std::move(row.path);
  arrived.verified = row.verified;
  return arrived;
}

absl::Status Replica::Visit(const FileId& file, uint64_t from,
                            const std::function<bool(const Arrived&)>& visit) const {
  absl::Status status;
  KAPEA_TRY(core_.store->Scan(kReplicaTable, ReplicaKey(file, from), kv::PrefixEnd(file.view()),
                              [&](std::string_view, std::string_view value) {
                                auto arrived = ReadArrived(file, value);
                                status = arrived.status();
                                return status.ok() && visit(*arrived);
                              }));
  return status;
}

const std::vector<std::string>& Replica::pack_faults() const { return core_.pack_faults; }

}  // namespace kapea::vault
