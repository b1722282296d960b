#include "server/core/erasing.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/codec/change_codec.h"
#include "common/codec/store_rows.h"
#include "server/core/aside.h"
#include "server/core/figures.h"
#include "server/core/file_cache.h"
#include "server/store/overlay.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

// The manifest is a chunk like the others, of their hashes.
absl::Status DropChunks(const kv::Snapshot& store, const FileId& file,
                        const std::set<Hash>& manifests, kv::Batch& batch) {
  uint64_t dropped = 0;
  const auto drop = [&](const Hash& chunk) -> absl::StatusOr<std::string> {
    KAPEA_ASSIGN(const auto row, store.Find(kBlobs, BlobKey(file, chunk)));
    if (!row) return std::string();
    dropped += row->size();
    batch.Delete(kBlobs, BlobKey(file, chunk));
    return *row;
  };
  for (const Hash& manifest : manifests) {
    KAPEA_ASSIGN(const std::string hashes, drop(manifest));
    for (size_t at = 0; at + Hash::kBytes <= hashes.size(); at += Hash::kBytes) {
      KAPEA_TRY(drop(Hash::FromPrefix(std::string_view(hashes).substr(at))).status());
    }
  }
  if (dropped == 0) return absl::OkStatus();
  KAPEA_ASSIGN(const auto count, store.Find(kBlobs, file.view()));
  const uint64_t all = count && count->size() == sizeof(uint64_t) ? ReadU64(*count) : 0;
  std::string left;
  AppendU64(left, all - std::min(all, dropped));
  batch.Put(kBlobs, file.view(), std::move(left), kv::AttachmentKeyOf(file));
  return absl::OkStatus();
}

// Puts every Change of the file again, altered, under another data key, and destroys the old one.
// DataLoss when a row cannot be read.
absl::Status SealAnew(
    const kv::Snapshot& store, const FileId& file,
    const std::function<absl::StatusOr<codec::EncodedChange>(codec::EncodedChange)>& alter,
    kv::Batch& batch) {
  std::map<std::string, std::string> rows;
  absl::Status failed;
  KAPEA_TRY(Overlay(store, batch)
                .Scan(kChanges, file.view(), kv::PrefixEnd(file.view()),
                      [&](std::string_view key, std::string_view bytes) {
                        const auto anew = [&]() -> absl::StatusOr<std::string> {
                          KAPEA_ASSIGN(codec::ChangeRow row, codec::ChangeRow::Decode(bytes));
                          KAPEA_ASSIGN(codec::EncodedChange change,
                                       codec::DecodeChange(row.change));
                          KAPEA_ASSIGN(change, alter(std::move(change)));
                          row.change = std::move(change.bytes);
                          return row.Encode();
                        }();
                        failed = anew.status();
                        if (failed.ok()) rows[std::string(key)] = *anew;
                        return failed.ok();
                      }));
  KAPEA_TRY(failed);
  batch.DestroyKey(file);
  for (auto& [key, row] : rows) batch.Put(kChanges, key, std::move(row), file);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<domain::ErasureTarget>> ErasedOf(const kv::Snapshot& store,
                                                            const FileId& file) {
  KAPEA_ASSIGN(const auto bytes, store.Find(kErased, file.view()));
  if (!bytes) return std::vector<domain::ErasureTarget>();
  KAPEA_ASSIGN(codec::ErasedRow row, codec::ErasedRow::Decode(*bytes));
  return std::move(row.targets);
}

absl::Status CarryOut(const kv::Snapshot& store, const FileId& file,
                      const std::vector<domain::ErasureTarget>& targets, kv::Batch& batch) {
  std::set<Hash> manifests;
  KAPEA_TRY(SealAnew(
      store, file,
      [&](codec::EncodedChange change) -> absl::StatusOr<codec::EncodedChange> {
        const auto before = change.change;
        KAPEA_ASSIGN(change, codec::Withhold(std::move(change), targets));
        const std::vector<Hash> gone = domain::AttachmentsGone(*before, *change.change);
        manifests.insert(gone.begin(), gone.end());
        return change;
      },
      batch));
  if (domain::CoversWholeFile(targets)) {
    batch.DeleteRange(kBlobs, file.view(), kv::PrefixEnd(file.view()));
    batch.DestroyKey(kv::AttachmentKeyOf(file));
  } else {
    KAPEA_TRY(DropChunks(store, file, manifests, batch));
  }
  batch.Put(kErased, file.view(), codec::ErasedRow{targets}.Encode());
  batch.Delete(kOpen, file.view());  // made anew by whoever looks next
  return DropFigures(store, file, batch);
}

absl::Status DropWraps(const kv::Snapshot& store, const FileId& file,
                       const std::vector<domain::WrapAt>& spent, kv::Batch& batch) {
  std::map<ChangeId, std::set<size_t>> leaves;
  for (const domain::WrapAt& at : spent) leaves[at.change].insert(at.index);
  return SealAnew(
      store, file,
      [&leaves](codec::EncodedChange change) -> absl::StatusOr<codec::EncodedChange> {
        const auto found = leaves.find(change.change->id);
        if (found == leaves.end()) return change;
        return codec::WithholdLeaves(std::move(change), found->second);
      },
      batch);
}

absl::StatusOr<uint64_t> ReconcileErasures(kv::Store& store, codec::ErasureList& list) {
  uint64_t dropped = 0;
  std::map<FileId, std::vector<domain::ErasureTarget>> wanted;
  for (const codec::ListedErasure& one : list.erasures) {
    auto& targets = wanted[one.file];
    targets.insert(targets.end(), one.targets.begin(), one.targets.end());
  }
  for (auto& [file, targets] : wanted) {
    KAPEA_ASSIGN(std::vector<domain::ErasureTarget> all, ErasedOf(store, file));
    const size_t before = all.size();
    for (domain::ErasureTarget& target : targets) {
      if (std::find(all.begin(), all.end(), target) == all.end()) all.push_back(std::move(target));
    }
    KAPEA_ASSIGN(const auto first, store.Find(kChanges, ChangeKey(file, 1)));
    if (all.size() == before || !first) continue;
    kv::Batch batch;
    KAPEA_TRY(CarryOut(store, file, all, batch));
    KAPEA_ASSIGN(const std::string head_bytes, store.Get(kMeta, "head"));
    KAPEA_ASSIGN(codec::LedgerHead head, codec::LedgerHead::Decode(head_bytes));
    head.views = 0;
    batch.Put(kMeta, "head", head.Encode());
    KAPEA_TRY(store.Commit(batch, kv::Durability::kSynced));
    ++dropped;
  }
  std::vector<FileId> files;
  KAPEA_TRY(store.Scan(kErased, "", "", [&files](std::string_view key, std::string_view) {
    files.push_back(FileId::FromPrefix(key));
    return true;
  }));
  if (files.empty()) return dropped;
  KAPEA_ASSIGN(const Aside aside, LoadAside(store));
  const domain::Surroundings around{aside.directory->directory, *aside.packs};
  for (const FileId& file : files) {
    KAPEA_ASSIGN(const auto state, FoldFile(store, file, around));
    for (const domain::ErasureAt& one : state->erasures()) {
      if (list.Has(one.approval.change)) continue;
      list.erasures.push_back({file, one.approval.change, one.at, one.targets});
    }
  }
  return dropped;
}

}  // namespace kapea::server
