#include "client/sync/verify.h"

#include <optional>

#include "client/sync/limits.h"
#include "common/base/macros.h"
#include "common/ledger/range.h"

namespace kapea::sync {
namespace {

absl::Status Wrong(const std::string& what) {
  return absl::DataLossError("the server's answer does not hold: " + what);
}

// The signing key of a device, by the directory or, for the Changes that come before it,
// by the genesis itself. Empty: not known.
std::string SigningKeyOf(const Known& known, const domain::Change& change) {
  const DeviceId& device = change.header.device;
  if (const domain::DeviceEntry* entry = known.directory->FindDevice(device)) {
    return entry->signing_key;
  }
  const auto& genesis = known.directory->genesis();
  if (genesis && genesis->server_device == device) return genesis->server_signing_key;
  if (change.header.kind != domain::Kind::kGenesis) return {};
  for (const domain::Write& write : change.writes) {
    const auto* entry = std::get_if<domain::DeviceEntry>(&write.body);
    if (entry != nullptr && entry->device == device) return entry->signing_key;
    const auto* first = std::get_if<domain::Genesis>(&write.body);
    if (first != nullptr && first->server_device == device) return first->server_signing_key;
  }
  return {};
}

absl::Status CheckEntry(const domain::Entry& entry, const domain::Change& change,
                        const FileId& file, const Known& known) {
  if (entry.file != file || change.header.file != file) return Wrong("a change of another file");
  if (entry.change != change.id || entry.change_hash != change.hash) {
    return Wrong("a change that is not the one of its entry");
  }
  if (entry.device != change.header.device || entry.kind != change.header.kind ||
      change.header.deployment != known.deployment) {
    return Wrong("an entry that says something else than its change");
  }
  return absl::OkStatus();
}

absl::Status CheckParcel(const vault::Arrived& arrived, const domain::Entry& entry) {
  const codec::ParcelHeader& parcel = arrived.parcel->header;
  const domain::Header& header = arrived.change.change->header;
  if (arrived.parcel->hash != entry.parcel_hash) {
    return Wrong("a parcel that is not the one of its entry");
  }
  if (parcel.device != header.device || parcel.deployment != header.deployment ||
      arrived.index >= parcel.changes || parcel.first_sequence + arrived.index != header.sequence) {
    return Wrong("a change at another place than its parcel says");
  }
  const absl::Status stands = ledger::VerifyInclusion(
      arrived.index, parcel.changes, ledger::LeafHash(arrived.change.change->hash.view()),
      arrived.path, parcel.root);
  return stands.ok() ? absl::OkStatus() : Wrong("a change that is not in its parcel");
}

// Entries of consecutive runs, with their bytes.
struct Proven {
  std::vector<domain::Entry> entries;
  std::vector<const std::string*> bytes;
};

absl::StatusOr<Proven> VerifyRuns(const std::vector<codec::EntryRun>& runs,
                                  const ledger::Checkpoint& checkpoint) {
  Proven proven;
  for (const codec::EntryRun& run : runs) {
    const auto entries = codec::VerifyRun(run, checkpoint.size, checkpoint.root);
    if (!entries.ok()) return Wrong(std::string(entries.status().message()));
    proven.entries.insert(proven.entries.end(), entries->begin(), entries->end());
    for (const std::string& entry : run.entries) proven.bytes.push_back(&entry);
  }
  return proven;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const vault::ArrivedParcel>> SeenParcels::Read(
    const ParcelStub& stub) {
  const std::string name = stub.header + stub.signature;
  if (const auto known = seen_.find(name); known != seen_.end()) return known->second.parcel;
  auto header = codec::ParcelHeader::Decode(stub.header);
  if (!header.ok()) return Wrong(std::string(header.status().message()));
  if (seen_.size() >= kParcelsRememberedMax) seen_.clear();
  auto parcel = std::make_shared<const vault::ArrivedParcel>(vault::ArrivedParcel{
      *std::move(header), stub.header, codec::ParcelHashOf(stub.header), stub.signature});
  seen_[name].parcel = parcel;
  return parcel;
}

absl::Status SeenParcels::CheckSigned(const vault::ArrivedParcel& parcel,
                                      const std::string& signing_key) {
  const auto seen = seen_.find(parcel.header_bytes + parcel.signature);
  if (seen != seen_.end() && seen->second.signed_by == signing_key) return absl::OkStatus();
  auto key = keys_.find(signing_key);
  if (key == keys_.end()) {
    auto parsed = crypto::VerifyKey::FromBytes(signing_key);
    if (!parsed.ok()) return Wrong("a parcel that its device did not sign");
    if (keys_.size() >= kParcelsRememberedMax) keys_.clear();
    key = keys_.emplace(signing_key, *std::move(parsed)).first;
  }
  if (!codec::VerifyParcelSignature(parcel.header_bytes, parcel.signature, key->second).ok()) {
    return Wrong("a parcel that its device did not sign");
  }
  if (seen != seen_.end()) seen->second.signed_by = signing_key;
  return absl::OkStatus();
}

absl::StatusOr<vault::Arrival> VerifyPulled(const PulledFile& pulled,
                                            const ledger::Checkpoint& checkpoint,
                                            const Known& at_first, SeenParcels& parcels) {
  KAPEA_ASSIGN(const Proven proven, VerifyRuns(pulled.runs, checkpoint));
  // The directory grows while it is read: a device that one Change of it names may have
  // signed the next.
  Known known = at_first;
  std::shared_ptr<domain::Directory> growing;
  if (pulled.file == known.directory_file) {
    growing = std::make_shared<domain::Directory>(*known.directory);
    known.directory = growing;
  }
  if (proven.entries.size() != pulled.changes.size()) {
    return Wrong("another number of entries than of changes");
  }
  vault::Arrival arrival;
  arrival.file = pulled.file;
  arrival.for_halves = pulled.for_halves;
  arrival.changes.reserve(pulled.changes.size());
  for (size_t i = 0; i < pulled.changes.size(); ++i) {
    const PulledChange& from = pulled.changes[i];
    const domain::Entry& entry = proven.entries[i];
    if (from.parcel >= pulled.parcels.size()) return Wrong("a change without its parcel");
    vault::Arrived& arrived = arrival.changes.emplace_back();
    arrived.entry = *proven.bytes[i];
    arrived.decoded = entry;
    arrived.index = from.index;
    arrived.path = from.path;
    auto change = codec::DecodeChange(from.change);
    if (!change.ok()) return Wrong(std::string(change.status().message()));
    arrived.change = *std::move(change);
    KAPEA_ASSIGN(arrived.parcel, parcels.Read(pulled.parcels[from.parcel]));
    const domain::Change& what = *arrived.change.change;
    KAPEA_TRY(CheckEntry(entry, what, pulled.file, known));
    KAPEA_TRY(CheckParcel(arrived, entry));
    if (entry.sequence == 0 && ledger::LeafHash(arrived.entry) != known.genesis) {
      return Wrong("its first entry is not the one that the enrolment code pinned");
    }
    const std::string signing_key = SigningKeyOf(known, what);
    arrived.verified = !signing_key.empty();
    if (arrived.verified) KAPEA_TRY(parcels.CheckSigned(*arrived.parcel, signing_key));
    if (growing && arrived.verified) growing->Append(what, entry);
  }
  return arrival;
}

absl::StatusOr<std::vector<domain::Entry>> VerifyReceipts(
    const codec::Parcel& parcel, const std::vector<vault::HeldReceipt>& receipts,
    const std::vector<ledger::Checkpoint>& trees) {
  KAPEA_CHECK(receipts.size() == trees.size());
  std::map<ChangeId, size_t> places;
  for (size_t i = 0; i < parcel.changes.size(); ++i) places[parcel.changes[i].change->id] = i;
  std::vector<std::optional<domain::Entry>> found(parcel.changes.size());
  for (size_t i = 0; i < receipts.size(); ++i) {
    const auto entries = codec::VerifyRun(receipts[i].run, trees[i].size, trees[i].root);
    if (!entries.ok()) return Wrong(std::string(entries.status().message()));
    for (const domain::Entry& entry : *entries) {
      const auto place = places.find(entry.change);
      if (place == places.end()) return Wrong("a receipt for something that was not sent");
      const domain::Change& change = *parcel.changes[place->second].change;
      if (entry.change_hash != change.hash || entry.device != parcel.header.device ||
          entry.file != change.header.file || entry.kind != change.header.kind) {
        return Wrong("a receipt for something that was not sent");
      }
      found[place->second] = entry;
    }
  }
  std::vector<domain::Entry> entries;
  for (const auto& entry : found) {
    if (!entry) return Wrong("a parcel with a change that has no receipt");
    entries.push_back(*entry);
  }
  return entries;
}

bool Continues(const codec::EntryRun& run, const ledger::Checkpoint& older,
               const ledger::Checkpoint& checkpoint) {
  if (run.first_sequence != older.size || older.size == 0) return false;
  std::vector<Hash> leaves;
  for (const std::string& entry : run.entries) leaves.push_back(ledger::LeafHash(entry));
  return ledger::VerifyRange(older.size, leaves, checkpoint.size, run.proof, checkpoint.root)
             .ok() &&
         ledger::VerifyContinues(older.size, leaves.size(), checkpoint.size, run.proof, older.root)
             .ok();
}

}  // namespace kapea::sync
