#include "client/sync/verify.h"

#include <algorithm>
#include <optional>

#include "common/base/macros.h"
#include "common/crypto/signature.h"

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
  const codec::ParcelHeader& parcel = arrived.parcel;
  const domain::Header& header = arrived.change.change->header;
  if (codec::ParcelHashOf(arrived.parcel_header) != entry.parcel_hash) {
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

// Whether the parcel is signed by the device of its Change; false: that is not known.
absl::StatusOr<bool> CheckSignature(const ParcelStub& stub, const domain::Change& change,
                                    const Known& known) {
  const std::string point = SigningKeyOf(known, change);
  if (point.empty()) return false;
  const auto key = crypto::VerifyKey::FromBytes(point);
  if (!key.ok() || !codec::VerifyParcelSignature(stub.header, stub.signature, *key).ok()) {
    return Wrong("a parcel that its device did not sign");
  }
  return true;
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

absl::StatusOr<vault::Arrival> VerifyPulled(const PulledFile& pulled,
                                            const ledger::Checkpoint& checkpoint,
                                            const Known& at_first) {
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
  std::map<uint32_t, bool> signed_parcels;  // by index: whether the key was known
  for (size_t i = 0; i < pulled.changes.size(); ++i) {
    const PulledChange& from = pulled.changes[i];
    const domain::Entry& entry = proven.entries[i];
    if (from.parcel >= pulled.parcels.size()) return Wrong("a change without its parcel");
    const ParcelStub& stub = pulled.parcels[from.parcel];
    vault::Arrived& arrived = arrival.changes.emplace_back();
    arrived.entry = *proven.bytes[i];
    arrived.parcel_header = stub.header;
    arrived.parcel_signature = stub.signature;
    arrived.index = from.index;
    arrived.path = from.path;
    auto change = codec::DecodeChange(from.change);
    if (!change.ok()) return Wrong(std::string(change.status().message()));
    arrived.change = *std::move(change);
    auto header = codec::ParcelHeader::Decode(stub.header);
    if (!header.ok()) return Wrong(std::string(header.status().message()));
    arrived.parcel = *std::move(header);
    KAPEA_TRY(CheckEntry(entry, *arrived.change.change, pulled.file, known));
    KAPEA_TRY(CheckParcel(arrived, entry));
    if (entry.sequence == 0 && ledger::LeafHash(arrived.entry) != known.genesis) {
      return Wrong("its first entry is not the one that the enrolment code pinned");
    }
    const auto checked = signed_parcels.find(from.parcel);
    if (checked != signed_parcels.end()) {
      arrived.verified = checked->second;
    } else {
      KAPEA_ASSIGN(arrived.verified, CheckSignature(stub, *arrived.change.change, known));
      signed_parcels[from.parcel] = arrived.verified;
    }
    if (growing && arrived.verified) growing->Append(*arrived.change.change, entry);
  }
  return arrival;
}

absl::StatusOr<std::vector<domain::Entry>> VerifyReceipts(
    const codec::Parcel& parcel, const std::vector<vault::HeldReceipt>& receipts,
    const std::vector<ledger::Checkpoint>& trees) {
  KAPEA_CHECK(receipts.size() == trees.size());
  std::vector<std::optional<domain::Entry>> found(parcel.changes.size());
  for (size_t i = 0; i < receipts.size(); ++i) {
    const auto entries = codec::VerifyRun(receipts[i].run, trees[i].size, trees[i].root);
    if (!entries.ok()) return Wrong(std::string(entries.status().message()));
    for (const domain::Entry& entry : *entries) {
      const auto change = std::find_if(
          parcel.changes.begin(), parcel.changes.end(),
          [&entry](const codec::EncodedChange& one) { return one.change->id == entry.change; });
      if (change == parcel.changes.end() || entry.change_hash != change->change->hash ||
          entry.device != parcel.header.device || entry.file != change->change->header.file) {
        return Wrong("a receipt for something that was not sent");
      }
      found[static_cast<size_t>(change - parcel.changes.begin())] = entry;
    }
  }
  std::vector<domain::Entry> entries;
  for (const auto& entry : found) {
    if (!entry) return Wrong("a parcel with a change that has no receipt");
    entries.push_back(*entry);
  }
  return entries;
}

absl::StatusOr<vault::Arrived> AsArrived(const codec::Parcel& parcel, uint32_t index,
                                         const std::string& entry) {
  std::vector<Hash> leaves;
  for (const codec::EncodedChange& change : parcel.changes) {
    leaves.push_back(ledger::LeafHash(change.change->hash.view()));
  }
  vault::Arrived arrived;
  arrived.entry = entry;
  arrived.change = parcel.changes[index];
  arrived.parcel = parcel.header;
  arrived.parcel_header = parcel.header_bytes;
  arrived.parcel_signature = parcel.signature;
  arrived.index = index;
  KAPEA_ASSIGN(arrived.path, ledger::InclusionProofOf(leaves, index));
  arrived.verified = true;
  return arrived;
}

}  // namespace kapea::sync
