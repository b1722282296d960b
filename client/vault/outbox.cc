#include "client/vault/outbox.h"

#include <map>
#include <memory>

#include "client/vault/core.h"
#include "client/vault/placement.h"
#include "client/vault/replica.h"
#include "client/vault/rows.h"
#include "client/vault/tables.h"
#include "common/base/macros.h"
#include "common/ledger/tree.h"

namespace kapea::vault {
namespace {

// Room for header, signature and framing beside the Changes of a parcel.
inline constexpr size_t kParcelOverheadBytes = 1024;
inline constexpr size_t kChangeOverheadBytes = 4;  // tag and length

std::string EncodeReceipt(const HeldReceipt& receipt) {
  RowWriter row;
  row.Bytes(receipt.checkpoint).U64(receipt.run.first_sequence);
  row.U32(static_cast<uint32_t>(receipt.run.entries.size()));
  for (const std::string& entry : receipt.run.entries) row.Bytes(entry);
  row.U32(static_cast<uint32_t>(receipt.run.proof.size()));
  for (const Hash& hash : receipt.run.proof) row.Fixed(hash);
  return row.Take();
}

absl::StatusOr<HeldReceipt> DecodeReceipt(std::string_view bytes) {
  RowReader row(bytes);
  HeldReceipt receipt;
  receipt.checkpoint = row.Text();
  receipt.run.first_sequence = row.U64();
  for (uint32_t left = row.U32(); left > 0 && !row.failed(); --left) {
    receipt.run.entries.push_back(row.Text());
  }
  for (uint32_t left = row.U32(); left > 0 && !row.failed(); --left) {
    receipt.run.proof.push_back(row.Fixed<Hash>());
  }
  KAPEA_TRY(row.Done("receipt"));
  return receipt;
}

// An own parcel's Changes as they would come in a pull. Threads: one at a time.
class OwnParcel {
 public:
  explicit OwnParcel(const codec::Parcel& parcel)
      : parcel_(parcel),
        stub_(std::make_shared<const ArrivedParcel>(
            ArrivedParcel{parcel.header, parcel.header_bytes, parcel.hash, parcel.signature})),
        tree_(LeavesOf(parcel)) {}

  absl::StatusOr<Arrived> Arrive(uint32_t index, const domain::Entry& entry) const {
    Arrived arrived;
    arrived.entry = codec::EncodeEntry(entry);
    arrived.decoded = entry;
    arrived.change = parcel_.changes[index];
    arrived.parcel = stub_;
    arrived.index = index;
    KAPEA_ASSIGN(arrived.path, tree_.InclusionProof(index));
    arrived.verified = true;
    return arrived;
  }

 private:
  static std::vector<Hash> LeavesOf(const codec::Parcel& parcel) {
    std::vector<Hash> leaves;
    for (const codec::EncodedChange& change : parcel.changes) {
      leaves.push_back(ledger::LeafHash(change.change->hash.view()));
    }
    return leaves;
  }

  const codec::Parcel& parcel_;
  const std::shared_ptr<const ArrivedParcel> stub_;
  const ledger::SmallTree tree_;
};

}  // namespace

uint64_t Outbox::waiting() const { return core_.outbox.waiting(); }
uint64_t Outbox::waiting(const FileId& file) const { return core_.outbox.waiting(file); }
bool Outbox::urgent() const { return core_.outbox.urgent(); }

absl::StatusOr<std::vector<codec::Parcel>> Outbox::SignNext(size_t bytes_max) {
  std::vector<codec::Parcel> parcels;
  kv::Batch batch;
  Chain chain = core_.chain;
  size_t all_bytes = 0;
  auto own = core_.outbox.all().upper_bound(chain.signed_to);
  while (own != core_.outbox.all().end()) {
    std::vector<codec::EncodedChange> changes;
    size_t bytes = kParcelOverheadBytes;
    for (; own != core_.outbox.all().end(); ++own) {
      const size_t size = own->second.encoded.bytes.size() + kChangeOverheadBytes;
      if (!changes.empty() &&
          (bytes + size > kParcelTargetBytes || changes.size() >= codec::kChangesPerParcelMax)) {
        break;
      }
      bytes += size;
      changes.push_back(own->second.encoded);
    }
    if (!parcels.empty() && all_bytes + bytes > bytes_max) break;
    all_bytes += bytes;
    KAPEA_ASSIGN(codec::Parcel parcel,
                 codec::SignParcel(std::move(changes), chain.parcel, core_.clock.Read(),
                                   core_.identity.signing_key));
    chain = {parcel.header.first_sequence + parcel.header.changes - 1, parcel.hash};
    batch.Put(kParcelTable, NumberKey(parcel.header.first_sequence), codec::EncodeParcel(parcel));
    parcels.push_back(std::move(parcel));
  }
  if (parcels.empty()) return parcels;
  batch.Put(kMetaTable, kChainKey, RowWriter().U64(chain.signed_to).Fixed(chain.parcel).Take());
  // Synced: were it lost after it was sent, the next one would contradict it.
  KAPEA_TRY(core_.Commit(batch, kv::Durability::kSynced));
  core_.chain = chain;
  return parcels;
}

absl::StatusOr<std::vector<codec::Parcel>> Outbox::NextParcels(uint64_t after, size_t bytes_max) {
  const uint64_t first = core_.outbox.FirstWaitingAfter(after);
  if (first == 0) return std::vector<codec::Parcel>();
  if (first <= core_.chain.signed_to) return Kept(first, bytes_max);
  return SignNext(bytes_max);
}

absl::StatusOr<std::vector<codec::Parcel>> Outbox::Kept(uint64_t from, size_t bytes_max) const {
  // The one that has `from` starts at or before it.
  std::string start = NumberKey(from);
  KAPEA_TRY(core_.store->ScanBack(kParcelTable, "", NumberKey(from + 1),
                                  [&start](std::string_view key, std::string_view) {
                                    start = std::string(key);
                                    return false;
                                  }));
  std::vector<codec::Parcel> parcels;
  absl::Status status;
  size_t bytes = 0;
  KAPEA_TRY(
      core_.store->Scan(kParcelTable, start, "", [&](std::string_view, std::string_view value) {
        if (!parcels.empty() && bytes + value.size() > bytes_max) {
          return false;
        }
        auto parcel = codec::DecodeParcel(value);
        if (!parcel.ok()) {
          status = absl::DataLossError("the vault's parcel cannot be read");
          return false;
        }
        bytes += value.size();
        parcels.push_back(*std::move(parcel));
        return true;
      }));
  KAPEA_TRY(status);
  if (!parcels.empty() && parcels.front().header.first_sequence > from) {
    return absl::FailedPreconditionError("parcels from " + std::to_string(from) +
                                         " on are no longer kept");
  }
  return parcels;
}

absl::Status Outbox::KeepReceipts(const std::vector<ReceiptedParcel>& parcels) {
  Placement placement(core_);
  for (const ReceiptedParcel& receipted : parcels) {
    const codec::Parcel& parcel = receipted.parcel;
    KAPEA_CHECK(receipted.entries.size() == parcel.changes.size());
    for (size_t i = 0; i < receipted.receipts.size(); ++i) {
      std::string key = NumberKey(parcel.header.first_sequence);
      AppendU32(key, static_cast<uint32_t>(i));
      placement.batch().Put(kReceiptTable, key, EncodeReceipt(receipted.receipts[i]));
    }
    const OwnParcel own(parcel);
    for (uint32_t i = 0; i < parcel.changes.size(); ++i) {
      const domain::Entry& entry = receipted.entries[i];
      // What came in another parcel comes with that, in a pull.
      const bool follows = entry.parcel_hash == parcel.hash &&
                           entry.number == placement.RowOf(entry.file).number + 1;
      if (follows) {
        KAPEA_ASSIGN(const Arrived arrived, own.Arrive(i, entry));
        KAPEA_TRY(placement.Place(entry.file, arrived));
      } else {
        placement.MarkReceipted(parcel.header.first_sequence + i);
        placement.MarkKnown(entry.file, entry.number);
      }
    }
  }
  return placement.Commit(kv::Durability::kBuffered);
}

absl::StatusOr<std::vector<HeldReceipt>> Outbox::ReceiptsOf(uint64_t sequence) const {
  std::vector<HeldReceipt> receipts;
  KAPEA_ASSIGN(const std::vector<codec::Parcel> parcels, Kept(sequence, 1));
  if (parcels.empty()) return receipts;
  const std::string prefix = NumberKey(parcels.front().header.first_sequence);
  absl::Status status;
  KAPEA_TRY(core_.store->Scan(kReceiptTable, prefix, kv::PrefixEnd(prefix),
                              [&](std::string_view, std::string_view value) {
                                auto receipt = DecodeReceipt(value);
                                status = receipt.status();
                                if (receipt.ok()) receipts.push_back(*std::move(receipt));
                                return status.ok();
                              }));
  KAPEA_TRY(status);
  return receipts;
}

absl::Status Outbox::RewindTo(uint64_t sequence) {
  if (sequence == 0 || sequence > core_.chain.signed_to) {
    return absl::FailedPreconditionError("the server wants change " + std::to_string(sequence) +
                                         " of this device, which it never wrote");
  }
  KAPEA_ASSIGN(const std::vector<codec::Parcel> parcels, Kept(sequence, ~size_t{0}));
  kv::Batch batch;
  std::map<uint64_t, OwnChange> again;
  for (const codec::Parcel& parcel : parcels) {
    for (const codec::EncodedChange& change : parcel.changes) {
      const uint64_t number = change.change->header.sequence;
      if (number < sequence) continue;
      again[number] = OwnChange{change, false};
      batch.Put(kOutboxTable, NumberKey(number), again[number].Row());
    }
  }
  KAPEA_TRY(core_.Commit(batch, kv::Durability::kSynced));
  for (auto& [number, own] : again) core_.outbox.Put(number, std::move(own));
  return absl::OkStatus();
}

}  // namespace kapea::vault
