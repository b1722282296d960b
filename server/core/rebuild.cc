#include "server/core/rebuild.h"

#include <optional>
#include <string>
#include <utility>

#include "common/base/macros.h"
#include "common/codec/ledger_codec.h"
#include "common/codec/store_rows.h"
#include "server/core/aside.h"
#include "server/core/file_cache.h"
#include "server/core/group.h"
#include "server/core/views.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

constexpr uint32_t kNoVersion = 0;

// The first file that has Changes and whose id is not below `from`.
absl::StatusOr<std::optional<FileId>> FileFrom(const kv::Snapshot& store, std::string_view from) {
  std::optional<FileId> file;
  KAPEA_TRY(store.Scan(kChanges, from, "", [&file](std::string_view key, std::string_view) {
    file = FileId::FromPrefix(key);
    return false;
  }));
  return file;
}

// When the last Change of the file was received.
absl::StatusOr<Time> LastReceived(const kv::Snapshot& store, const domain::FileState& file) {
  KAPEA_ASSIGN(const std::string row, store.Get(kChanges, ChangeKey(file.id(), file.number())));
  KAPEA_ASSIGN(const codec::ChangeRow change, codec::ChangeRow::Decode(row));
  KAPEA_ASSIGN(const std::string bytes, store.Get(kEntries, EntryKey(change.entry)));
  KAPEA_ASSIGN(const domain::Entry entry, codec::DecodeEntry(bytes));
  return entry.received;
}

void PutRows(const FileId& file, FileViewRows rows, kv::Batch& batch) {
  batch.Put(kViews, file.view(), std::move(rows.view));
  for (const std::string& reader : rows.readers) batch.Put(kReaders, reader, "");
  if (rows.next_due < Time::Max()) batch.Put(kDue, DueKey(rows.next_due, file, 0), "");
}

}  // namespace

absl::StatusOr<bool> NeedsRebuild(const kv::Snapshot& store) {
  KAPEA_ASSIGN(const auto row, store.Find(kMeta, "head"));
  if (!row) return false;
  KAPEA_ASSIGN(const codec::LedgerHead head, codec::LedgerHead::Decode(*row));
  return head.views != kViewsVersion;
}

absl::Status RebuildViews(kv::Store& store,
                          const std::function<void(uint64_t folded, uint64_t all)>& progress,
                          size_t batch_rows) {
  KAPEA_ASSIGN(const std::string head_bytes, store.Get(kMeta, "head"));
  KAPEA_ASSIGN(codec::LedgerHead head, codec::LedgerHead::Decode(head_bytes));
  KAPEA_ASSIGN(const Aside aside, LoadAside(store));
  const domain::Surroundings around{aside.directory->directory, *aside.packs};
  kv::Batch batch;
  for (const kv::Table& table : {kViews, kReaders, kDue, kOpen, kFigured, kFigures})
    batch.DeleteRange(table, "", "");
  head.views = kNoVersion;
  batch.Put(kMeta, "head", head.Encode());
  uint64_t folded = 0;
  for (std::string from;;) {
    KAPEA_ASSIGN(const auto file, FileFrom(store, from));
    if (!file) break;
    KAPEA_ASSIGN(const auto state, FoldFile(store, *file, around));
    KAPEA_ASSIGN(const Time last_received, LastReceived(store, *state));
    PutRows(*file, BuildView(*state, last_received), batch);
    folded += state->number();
    from = kv::PrefixEnd(file->view());
    if (batch.operations().size() >= batch_rows) {
      KAPEA_TRY(store.Commit(batch, kv::Durability::kSynced));
      batch = {};
      progress(folded, head.size);
    }
    if (from.empty()) break;  // the last id there can be
  }
  head.views = kViewsVersion;
  batch.Put(kMeta, "head", head.Encode());
  KAPEA_TRY(store.Commit(batch, kv::Durability::kSynced));
  progress(folded, head.size);
  return absl::OkStatus();
}

}  // namespace kapea::server
