#include "server/core/file_cache.h"

#include "common/base/macros.h"
#include "common/codec/change_codec.h"
#include "common/codec/ledger_codec.h"
#include "common/codec/store_rows.h"
#include "server/core/erasing.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

// The signing clock of each parcel that a file's Changes came in, read once.
class SigningClocks {
 public:
  explicit SigningClocks(const kv::Snapshot& store) : store_(store) {}
  absl::StatusOr<ClockReading> Of(const Hash& parcel) {
    if (const auto known = clocks_.find(parcel); known != clocks_.end()) return known->second;
    KAPEA_ASSIGN(const std::string bytes, store_.Get(kParcels, parcel.view()));
    KAPEA_ASSIGN(const codec::ParcelRow row, codec::ParcelRow::Decode(bytes));
    KAPEA_ASSIGN(const codec::ParcelHeader header, codec::ParcelHeader::Decode(row.header));
    clocks_[parcel] = header.signing;
    return header.signing;
  }

 private:
  const kv::Snapshot& store_;
  std::map<Hash, ClockReading> clocks_;
};

absl::StatusOr<domain::Placed> ReadPlaced(const kv::Snapshot& store, std::string_view row_bytes,
                                          SigningClocks& clocks) {
  KAPEA_ASSIGN(const codec::ChangeRow row, codec::ChangeRow::Decode(row_bytes));
  KAPEA_ASSIGN(codec::EncodedChange change, codec::DecodeChange(row.change));
  KAPEA_ASSIGN(const std::string entry_bytes, store.Get(kEntries, EntryKey(row.entry)));
  domain::Placed placed;
  KAPEA_ASSIGN(placed.entry, codec::DecodeEntry(entry_bytes));
  KAPEA_ASSIGN(placed.signing, clocks.Of(row.parcel));
  placed.change = std::move(change.change);
  return placed;
}

}  // namespace

absl::StatusOr<std::shared_ptr<domain::FileState>> FoldFile(const kv::Snapshot& store,
                                                            const FileId& file,
                                                            const domain::Surroundings& around,
                                                            Time as_of) {
  KAPEA_ASSIGN(auto erased, ErasedOf(store, file));
  auto state = std::make_shared<domain::FileState>(file, std::move(erased));
  SigningClocks clocks(store);
  absl::Status failed;
  KAPEA_TRY(store.Scan(kChanges, file.view(), kv::PrefixEnd(file.view()),
                       [&](std::string_view, std::string_view row) {
                         auto placed = ReadPlaced(store, row, clocks);
                         if (!placed.ok()) {
                           failed = placed.status();
                           return false;
                         }
                         if (placed->entry.received > as_of) return false;
                         state->Append(*placed, around);
                         return true;
                       }));
  KAPEA_TRY(failed);
  return state;
}

absl::StatusOr<FileCache::File*> FileCache::Get(const FileId& file,
                                                const domain::Surroundings& around) {
  auto found = slots_.find(file);
  if (found == slots_.end()) {
    KAPEA_ASSIGN(auto state, FoldFile(store_, file, around));
    uses_.push_front(file);
    Slot slot{{std::move(state), {}}, 0, uses_.begin()};
    slot.weight = slot.file.state->number();
    weight_ += slot.weight;
    found = slots_.emplace(file, std::move(slot)).first;
  } else {
    uses_.splice(uses_.begin(), uses_, found->second.use);
  }
  ++found->second.weight;
  ++weight_;
  return &found->second.file;
}

void FileCache::Erase(std::map<FileId, Slot>::iterator slot) {
  weight_ -= slot->second.weight;
  uses_.erase(slot->second.use);
  slots_.erase(slot);
}

void FileCache::Drop(const FileId& file) {
  const auto found = slots_.find(file);
  if (found != slots_.end()) Erase(found);
}

void FileCache::Trim() {
  while (weight_ > changes_max_ && uses_.size() > 1) Erase(slots_.find(uses_.back()));
}

}  // namespace kapea::server
