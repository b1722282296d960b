#include "client/vault/outbox.h"

#include <algorithm>

#include "client/vault/core.h"
#include "client/vault/rows.h"
#include "client/vault/tables.h"
#include "common/base/macros.h"

namespace kapea::vault {
namespace {

using domain::Kind;

bool IsUrgent(Kind kind) {
  return kind == Kind::kCustodyOffer || kind == Kind::kCustodyAnswer || kind == Kind::kBreakGlass;
}

// Room for header, signature and framing beside the Changes of a parcel.
inline constexpr size_t kParcelOverheadBytes = 1024;

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

}  // namespace

uint64_t Outbox::waiting() const {
  return static_cast<uint64_t>(
      std::count_if(core_.outbox.begin(), core_.outbox.end(),
                    [](const auto& row) { return !row.second.receipted; }));
}

uint64_t Outbox::waiting(const FileId& file) const {
  return static_cast<uint64_t>(
      std::count_if(core_.outbox.begin(), core_.outbox.end(), [&file](const auto& row) {
        return !row.second.receipted && row.second.encoded.change->header.file == file;
      }));
}

bool Outbox::urgent() const {
  return std::any_of(core_.outbox.begin(), core_.outbox.end(), [](const auto& row) {
    return !row.second.receipted && IsUrgent(row.second.encoded.change->header.kind);
  });
}

uint64_t Outbox::FirstWaiting() const {
  for (const auto& [sequence, own] : core_.outbox) {
    if (!own.receipted) return sequence;
  }
  return 0;
}

absl::Status Outbox::SignNext() {
  std::vector<codec::EncodedChange> changes;
  size_t bytes = kParcelOverheadBytes;
  for (auto own = core_.outbox.upper_bound(core_.chain.signed_to); own != core_.outbox.end();
       ++own) {
    const size_t size = own->second.encoded.bytes.size();
    if (!changes.empty() &&
        (bytes + size > kParcelTargetBytes || changes.size() >= codec::kChangesPerParcelMax)) {
      break;
    }
    bytes += size;
    changes.push_back(own->second.encoded);
  }
  KAPEA_CHECK(!changes.empty());
  KAPEA_ASSIGN(const codec::Parcel parcel,
               codec::SignParcel(std::move(changes), core_.chain.parcel, core_.clock.Read(),
                                 core_.identity.signing_key));
  const Chain chain{parcel.header.first_sequence + parcel.header.changes - 1, parcel.hash};
  kv::Batch batch;
  batch.Put(kParcelTable, NumberKey(parcel.header.first_sequence), codec::EncodeParcel(parcel));
  batch.Put(kMetaTable, kChainKey, RowWriter().U64(chain.signed_to).Fixed(chain.parcel).Take());
  // Synced: were it lost after it was sent, the next one would contradict it.
  KAPEA_TRY(core_.store->Commit(batch, kv::Durability::kSynced));
  core_.chain = chain;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<codec::Parcel>> Outbox::NextParcels(size_t bytes_max) {
  const uint64_t first = FirstWaiting();
  if (first == 0) return std::vector<codec::Parcel>();
  if (core_.chain.signed_to < core_.last_sequence) KAPEA_TRY(SignNext());
  return Kept(first, bytes_max);
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

absl::Status Outbox::KeepReceipts(const codec::Parcel& parcel,
                                  const std::vector<HeldReceipt>& receipts) {
  kv::Batch batch;
  std::string key = NumberKey(parcel.header.first_sequence);
  for (size_t i = 0; i < receipts.size(); ++i) {
    std::string row_key = key;
    AppendU32(row_key, static_cast<uint32_t>(i));
    batch.Put(kReceiptTable, row_key, EncodeReceipt(receipts[i]));
  }
  std::vector<OwnChange*> changed;
  for (const codec::EncodedChange& change : parcel.changes) {
    const auto own = core_.outbox.find(change.change->header.sequence);
    if (own == core_.outbox.end() || own->second.receipted) continue;
    OwnChange receipted{own->second.encoded, true};
    batch.Put(kOutboxTable, NumberKey(own->first), receipted.Row());
    changed.push_back(&own->second);
  }
  KAPEA_TRY(core_.store->Commit(batch, kv::Durability::kBuffered));
  for (OwnChange* own : changed) own->receipted = true;
  return absl::OkStatus();
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
  KAPEA_TRY(core_.store->Commit(batch, kv::Durability::kSynced));
  for (auto& [number, own] : again) core_.outbox.insert_or_assign(number, std::move(own));
  return absl::OkStatus();
}

}  // namespace kapea::vault
