#include "client/vault/core.h"

#include <algorithm>

#include "client/vault/replica.h"
#include "client/vault/rows.h"
#include "client/vault/tables.h"
#include "common/base/macros.h"
#include "common/codec/ledger_codec.h"
#include "common/codec/store_rows.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "common/crypto/signature.h"
#include "common/kv/open.h"

namespace kapea::vault {
namespace {

inline constexpr uint8_t kRowVersion = 1;
inline constexpr uint8_t kFileRowVersion = 2;  // 1: until there was break-glass
// What is not flushed lies in the log, and is read again from there at each opening.
inline constexpr size_t kWriteBufferBytes = 4u << 20;
// Of a row of the replica, beside Entry, Change and path.
inline constexpr size_t kPlacedOverheadBytes = 96;

std::string EncodePlaced(std::string_view entry, std::string_view change, const Hash& parcel,
                         uint32_t index, const std::vector<Hash>& path, const ClockReading& signing,
                         bool verified) {
  RowWriter row;
  row.Reserve(kPlacedOverheadBytes + entry.size() + change.size() + path.size() * Hash::kBytes);
  row.U8(kRowVersion).Bytes(entry).Bytes(change).Fixed(parcel).U32(index);
  row.U32(static_cast<uint32_t>(path.size()));
  for (const Hash& hash : path) row.Fixed(hash);
  row.Ms(signing.wall.unix_ms()).Ms(signing.elapsed.milliseconds()).Fixed(signing.boot);
  row.U8(verified ? 1 : 0);
  return row.Take();
}

// What a founding Change says its file is.
const domain::Founding* FoundingOf(const domain::Change& change) {
  for (const domain::Write& write : change.writes) {
    if (const auto* founding = std::get_if<domain::Founding>(&write.body)) return founding;
  }
  return nullptr;
}

}  // namespace

std::string NumberKey(uint64_t number) {
  std::string key;
  AppendU64(key, number);
  return key;
}

std::string FileKey(const FileId& file, std::string_view rest) {
  return file.str() + std::string(rest);
}

std::string FileRow::Encode() const {
  return RowWriter()
      .U8(kFileRowVersion)
      .U64(number)
      .U64(known)
      .U8(static_cast<uint8_t>(kind))
      .U8(drill ? 1 : 0)
      .U8(for_halves ? 1 : 0)
      .Ms(tend_at.unix_ms())
      .Take();
}

absl::StatusOr<FileRow> FileRow::Decode(std::string_view bytes) {
  RowReader row(bytes);
  FileRow file;
  const uint8_t version = row.U8();
  if (version == 0 || version > kFileRowVersion) {
    return absl::DataLossError("the vault's file row: unknown version");
  }
  file.number = row.U64();
  file.known = row.U64();
  file.kind = static_cast<domain::FileKind>(row.U8());
  file.drill = row.U8() != 0;
  if (version > 1) {
    file.for_halves = row.U8() != 0;
    file.tend_at = Time::FromUnixMs(row.Ms());
  }
  KAPEA_TRY(row.Done("file row"));
  return file;
}

std::string EncodePlaced(const Arrived& arrived) {
  return EncodePlaced(arrived.entry, arrived.change.bytes, arrived.parcel->hash, arrived.index,
                      arrived.path, arrived.parcel->header.signing, arrived.verified);
}

std::string PlacedRow::Encode() const {
  return EncodePlaced(entry, change, parcel, index, path, signing, verified);
}

absl::StatusOr<PlacedRow> PlacedRow::Decode(std::string_view bytes) {
  RowReader row(bytes);
  PlacedRow placed;
  if (row.U8() != kRowVersion) return absl::DataLossError("the vault's replica: unknown version");
  placed.entry = row.Text();
  placed.change = row.Text();
  placed.parcel = row.Fixed<Hash>();
  placed.index = row.U32();
  for (uint32_t left = row.U32(); left > 0 && !row.failed(); --left) {
    placed.path.push_back(row.Fixed<Hash>());
  }
  placed.signing.wall = Time::FromUnixMs(row.Ms());
  placed.signing.elapsed = Duration::Milliseconds(row.Ms());
  placed.signing.boot = row.Fixed<BootId>();
  placed.verified = row.U8() != 0;
  KAPEA_TRY(row.Done("replica"));
  return placed;
}

absl::StatusOr<domain::Placed> PlacedRow::ToPlaced() const {
  domain::Placed placed;
  KAPEA_ASSIGN(placed.entry, codec::DecodeEntry(entry));
  KAPEA_ASSIGN(const codec::EncodedChange decoded, codec::DecodeChange(change));
  placed.change = decoded.change;
  placed.signing = signing;
  return placed;
}

Core::Core(const Clock& the_clock, std::string directory_path)
    : clock(the_clock),
      path(std::move(directory_path)),
      directory(std::make_shared<domain::Directory>()) {}

absl::Status Core::Open(const crypto::SecretBytes& master_key, const std::string& store_directory) {
  kv::OpenOptions options;
  options.directory = store_directory;
  options.tables = AllTables();
  options.master_key = &master_key;
  options.create_if_missing = false;
  options.write_buffer_bytes = kWriteBufferBytes;
  KAPEA_ASSIGN(store, kv::OpenRocksStore(options));
  blind_key_ = crypto::HkdfExpand(master_key.view(), crypto::kIndexDomain, 32);
  KAPEA_TRY(LoadMeta());
  KAPEA_TRY(LoadFiles());
  KAPEA_TRY(LoadErased());
  KAPEA_TRY(LoadOutbox());
  KAPEA_TRY(LoadStream(identity.directory_file));
  return LoadStream(identity.standards_file);
}

std::string Core::Blind(std::string_view text) const {
  return crypto::HmacSha256(blind_key_.view(), text).substr(0, 16);
}

absl::Status Core::LoadMeta() {
  KAPEA_ASSIGN(std::string bytes, store->Get(kMetaTable, kIdentityKey));
  auto read = Identity::Decode(bytes);
  crypto::Wipe(bytes);
  if (!read.ok()) return read.status();
  identity = *std::move(read);
  KAPEA_ASSIGN(const auto chain_row, store->Find(kMetaTable, kChainKey));
  if (chain_row) {
    RowReader row(*chain_row);
    chain.signed_to = row.U64();
    chain.parcel = row.Fixed<Hash>();
    KAPEA_TRY(row.Done("chain"));
  }
  KAPEA_ASSIGN(const auto note, store->Find(kMetaTable, kCheckpointKey));
  if (note) {
    checkpoint_note = *note;
    KAPEA_ASSIGN(const ledger::NoteVerifier verifier,
                 ledger::ParseVerifierKey(identity.log_verifier_key));
    KAPEA_ASSIGN(checkpoint, ledger::OpenCheckpoint(*note, verifier));
  }
  KAPEA_ASSIGN(const auto time_row, store->Find(kMetaTable, kServerTimeKey));
  if (time_row) {
    RowReader row(*time_row);
    SeenNote seen;
    seen.note = row.Text();
    seen.seen.time = Time::FromUnixMs(row.Ms());
    seen.seen.size = row.U64();
    seen.seen.root = row.Fixed<Hash>();
    seen.seen.elapsed = Duration::Milliseconds(row.Ms());
    seen.seen.boot = row.Fixed<BootId>();
    KAPEA_TRY(row.Done("server time"));
    server_time = std::move(seen);
  }
  KAPEA_ASSIGN(const auto tended_row, store->Find(kMetaTable, kTendedKey));
  if (tended_row) {
    RowReader row(*tended_row);
    keys_tended_at = tending_to = row.U64();
    KAPEA_TRY(row.Done("keys"));
  }
  KAPEA_ASSIGN(const auto why, store->Find(kMetaTable, kStoppedKey));
  if (why) stopped = *why;
  return absl::OkStatus();
}

absl::Status Core::LoadFiles() {
  absl::Status status;
  KAPEA_TRY(store->Scan(kFileTable, "", "", [&](std::string_view key, std::string_view value) {
    auto row = FileRow::Decode(value);
    if (!row.ok()) {
      status = row.status();
      return false;
    }
    SetRow(FileId::FromPrefix(key), *row);
    return true;
  }));
  return status;
}

absl::Status Core::LoadErased() {
  absl::Status status;
  KAPEA_TRY(store->Scan(kErasedTable, "", "", [&](std::string_view key, std::string_view value) {
    const FileId file = FileId::FromPrefix(key);
    if (value.empty()) {
      to_drop.insert(file);
      return true;
    }
    auto row = codec::ErasedRow::Decode(value);
    status = row.status();
    if (row.ok()) erased[file] = std::move(row->targets);
    return status.ok();
  }));
  return status;
}

absl::Status Core::LoadOutbox() {
  absl::Status status;
  KAPEA_TRY(store->Scan(kOutboxTable, "", "", [&](std::string_view key, std::string_view value) {
    RowReader row(value);
    OwnChange own;
    own.receipted = row.U8() != 0;
    auto change = codec::DecodeChange(row.Bytes());
    if (!change.ok()) {
      status = absl::DataLossError("the vault's outbox cannot be read");
      return false;
    }
    own.encoded = *std::move(change);
    outbox.Put(ReadU64(key), std::move(own));
    return true;
  }));
  KAPEA_TRY(status);
  last_sequence = chain.signed_to;
  if (!outbox.all().empty()) last_sequence = std::max(last_sequence, outbox.all().rbegin()->first);
  return absl::OkStatus();
}

absl::Status Core::LoadStream(const FileId& file) {
  if (file.is_zero() || !files.contains(file)) return absl::OkStatus();
  bool all = true;
  KAPEA_ASSIGN(const std::vector<domain::Placed> placed, ReadPlaced(file, &all));
  for (const domain::Placed& one : placed) FoldShared(file, one);
  // Its keys are looked for at once; reading it twice would cost as much as all the rest.
  if (file == identity.directory_file && all) FoldFile(file, placed);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<domain::Placed>> Core::ReadPlaced(const FileId& file,
                                                             bool* all_verified) const {
  std::vector<domain::Placed> placed;
  absl::Status status;
  KAPEA_TRY(store->Scan(kReplicaTable, file.view(), kv::PrefixEnd(file.view()),
                        [&](std::string_view, std::string_view value) {
                          auto row = PlacedRow::Decode(value);
                          if (!row.ok()) {
                            status = row.status();
                            return false;
                          }
                          if (all_verified != nullptr && !row->verified) {
                            *all_verified = false;
                            return true;
                          }
                          auto one = row->ToPlaced();
                          if (!one.ok()) {
                            status = absl::DataLossError("the vault's replica of file " +
                                                         file.hex() + " cannot be read");
                            return false;
                          }
                          auto genuine = IsGenuine(file, *row, *one->change);
                          status = genuine.status();
                          if (!status.ok()) return false;
                          if (*genuine) placed.push_back(*std::move(one));
                          return true;
                        }));
  KAPEA_TRY(status);
  return placed;
}

absl::StatusOr<bool> Core::IsGenuine(const FileId& file, const PlacedRow& row,
                                     const domain::Change& change) const {
  if (row.verified) return true;
  const domain::DeviceEntry* device = directory->FindDevice(change.header.device);
  if (device == nullptr) return false;
  KAPEA_ASSIGN(const std::string bytes, store->Get(kStubTable, FileKey(file, row.parcel.view())));
  RowReader stub(bytes);
  const std::string header = stub.Text();
  const std::string signature = stub.Text();
  KAPEA_TRY(stub.Done("parcel stub"));
  const auto key = crypto::VerifyKey::FromBytes(device->signing_key);
  return key.ok() && codec::VerifyParcelSignature(header, signature, *key).ok();
}

void Core::FoldShared(const FileId& file, const domain::Placed& placed) {
  if (file == identity.directory_file) {
    if (directory.use_count() > 1) directory = std::make_shared<domain::Directory>(*directory);
    directory->Append(*placed.change, placed.entry);
    if (directory->genesis()) packs.SetOwners(directory->genesis()->pack_owners);
  } else if (file == identity.standards_file &&
             placed.entry.verdict == domain::Verdict::kAccepted) {
    std::string fault = packs.Append(*placed.change, placed.entry.sequence);
    if (!fault.empty()) pack_faults.push_back(std::move(fault));
  }
}

absl::StatusOr<std::shared_ptr<domain::FileState>> Core::State(const FileId& file) {
  const auto cached = states_.find(file);
  if (cached != states_.end()) return cached->second;
  if (!files.contains(file)) {
    return absl::NotFoundError("no file " + file.hex() + " on this device");
  }
  KAPEA_ASSIGN(const std::vector<domain::Placed> placed, ReadPlaced(file, nullptr));
  return FoldFile(file, placed);
}

std::shared_ptr<domain::FileState> Core::FoldFile(const FileId& file,
                                                  const std::vector<domain::Placed>& placed) {
  const auto dropped = erased.find(file);
  auto state = std::make_shared<domain::FileState>(
      file, dropped == erased.end() ? std::vector<domain::ErasureTarget>() : dropped->second);
  state->AppendAll(placed, Around());
  for (const uint64_t sequence : outbox.Of(file)) {
    state->AppendLocal(outbox.Find(sequence)->encoded.change, clock.Read(), Around());
  }
  states_[file] = state;
  return state;
}

domain::FileState* Core::Writable(const FileId& file) {
  const auto cached = states_.find(file);
  if (cached == states_.end()) return nullptr;
  // Readers keep what they were given.
  if (cached->second.use_count() > 1) {
    cached->second = std::make_shared<domain::FileState>(*cached->second);
  }
  return cached->second.get();
}

void Core::BeginFold(const FileId& file) {
  if (!IsShared(file)) states_[file] = std::make_shared<domain::FileState>(file);
}

bool Core::IsShared(const FileId& file) const {
  return file == identity.directory_file || file == identity.standards_file;
}

absl::Status Core::Fold(const FileId& file, const std::vector<domain::Placed>& placed) {
  if (IsShared(file)) {
    for (const domain::Placed& one : placed) FoldShared(file, one);
    // Verdicts stand on both, so every fold is made anew when it is asked for.
    states_.clear();
    return absl::OkStatus();
  }
  if (domain::FileState* state = Writable(file)) state->AppendAll(placed, Around());
  return absl::OkStatus();
}

FileRow Core::RowOf(const FileId& file, const codec::EncodedChange& founding) const {
  FileRow row;
  const auto known = files.find(file);
  if (known != files.end()) row = known->second;
  // A file is founded once: a Founding that comes later, or in a Change of another kind, is
  // for the fold to refuse.
  const domain::Founding* const said = FoundingOf(*founding.change);
  const domain::Kind kind = founding.change->header.kind;
  const bool founds = kind == domain::Kind::kRoster || kind == domain::Kind::kGenesis;
  if (said != nullptr && founds && row.kind == domain::FileKind::kNone) {
    row.kind = said->kind;
    row.drill = said->drill;
  }
  if (file == identity.directory_file) row.kind = domain::FileKind::kDirectory;
  if (file == identity.standards_file) row.kind = domain::FileKind::kStandards;
  return row;
}

void Core::SetRow(const FileId& file, const FileRow& row) {
  files[file] = row;
  if (row.known > row.number) {
    incomplete.insert(file);
  } else {
    incomplete.erase(file);
  }
}

absl::Status Core::Commit(const kv::Batch& batch, kv::Durability durability) {
  KAPEA_TRY(store->Commit(batch, durability));
  // A synced commit takes all before it to the disk.
  settled_ = durability == kv::Durability::kSynced;
  return absl::OkStatus();
}

absl::Status Core::CommitOwn(std::vector<codec::EncodedChange> changes, kv::Batch batch) {
  std::map<FileId, FileRow> new_files;
  uint64_t sequence = last_sequence;
  for (const codec::EncodedChange& encoded : changes) {
    const domain::Header& header = encoded.change->header;
    if (header.sequence != ++sequence) {
      return absl::AbortedError("another change was committed in between; begin again");
    }
    batch.Put(kOutboxTable, NumberKey(sequence), OwnChange{encoded, false}.Row());
    if (!files.contains(header.file) && !new_files.contains(header.file)) {
      new_files[header.file] = RowOf(header.file, encoded);
      batch.Put(kFileTable, FileKey(header.file), new_files[header.file].Encode());
    }
  }
  KAPEA_TRY(Commit(batch, kv::Durability::kSynced));
  for (const auto& [file, row] : new_files) SetRow(file, row);
  for (codec::EncodedChange& encoded : changes) {
    const FileId file = encoded.change->header.file;
    if (domain::FileState* state = Writable(file)) {
      state->AppendLocal(encoded.change, clock.Read(), Around());
    }
    last_sequence = encoded.change->header.sequence;
    outbox.Put(last_sequence, {std::move(encoded), false});
  }
  return absl::OkStatus();
}

absl::Status Core::SaveIdentity() {
  kv::Batch batch;
  PutIdentity(batch);
  return Commit(batch, kv::Durability::kSynced);
}

void Core::PutIdentity(kv::Batch& batch) const {
  const crypto::SecretBytes bytes = identity.Encode();
  batch.Put(kMetaTable, kIdentityKey, std::string(bytes.view()));
}

}  // namespace kapea::vault
