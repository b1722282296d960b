// Vault: what was erased is dropped from this device.
#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "client/vault/core.h"
#include "client/vault/replica.h"
#include "client/vault/tables.h"
#include "client/vault/vault.h"
#include "common/base/macros.h"
#include "common/codec/change_codec.h"
#include "common/codec/store_rows.h"

namespace kapea::vault {
namespace {

using Targets = std::vector<domain::ErasureTarget>;

// One file's rows, put again under a new data key without what was erased.
class Drop {
 public:
  Drop(Core& core, const FileId& file, const Targets& targets)
      : core_(core), file_(file), targets_(targets), whole_(domain::CoversWholeFile(targets)) {}

  absl::StatusOr<kv::Batch> Run() {
    batch_.DestroyKey(file_);
    KAPEA_TRY(Rewrite(kReplicaTable, [this](std::string_view, std::string_view row) {
      return WithoutErased(row);
    }));
    KAPEA_TRY(Rewrite(kStubTable, Keep));
    for (const kv::Table& table : {kClassKeyTable, kNoticeTable, kUploadTable}) {
      if (whole_) {
        batch_.DeleteRange(table, file_.view(), kv::PrefixEnd(file_.view()));
      } else {
        KAPEA_TRY(Rewrite(table, [this](std::string_view key, std::string_view row) {
          return Gone(key) ? absl::StatusOr<std::string>(absl::NotFoundError(""))
                           : std::string(row);
        }));
      }
    }
    if (whole_) {
      batch_.DeleteRange(kChunkTable, file_.view(), kv::PrefixEnd(file_.view()));
      batch_.DestroyKey(kv::AttachmentKeyOf(file_));
    } else {
      for (const Hash& manifest : manifests_) KAPEA_TRY(DropChunks(manifest));
    }
    batch_.Delete(kNameTable, FileKey(file_));  // the search makes it anew
    batch_.Delete(kSettingTable, FactsMark(core_, file_));
    KAPEA_TRY(RewriteParcels());
    batch_.Put(kErasedTable, FileKey(file_), codec::ErasedRow{targets_}.Encode());
    batch_.Delete(kErasedTable, FileKey(file_, kToDrop));
    return std::move(batch_);
  }

 private:
  // What stands for the row; NotFound: nothing.
  using Anew = std::function<absl::StatusOr<std::string>(std::string_view, std::string_view)>;

  static absl::StatusOr<std::string> Keep(std::string_view, std::string_view row) {
    return std::string(row);
  }

  absl::Status Rewrite(const kv::Table& table, const Anew& anew) {
    absl::Status failed;
    KAPEA_TRY(core_.store->Scan(table, file_.view(), kv::PrefixEnd(file_.view()),
                                [&](std::string_view key, std::string_view value) {
                                  auto row = anew(key, value);
                                  if (row.ok()) {
                                    batch_.Put(table, key, *std::move(row), file_);
                                  } else if (absl::IsNotFound(row.status())) {
                                    batch_.Delete(table, key);
                                  } else {
                                    failed = row.status();
                                  }
                                  return failed.ok();
                                }));
    return failed;
  }

  absl::StatusOr<std::string> WithoutErased(std::string_view bytes) {
    KAPEA_ASSIGN(PlacedRow row, PlacedRow::Decode(bytes));
    KAPEA_ASSIGN(codec::EncodedChange change, codec::DecodeChange(row.change));
    const auto before = change.change;
    KAPEA_ASSIGN(change, codec::Withhold(std::move(change), targets_));
    const std::vector<Hash> gone = domain::AttachmentsGone(*before, *change.change);
    manifests_.insert(gone.begin(), gone.end());
    row.change = std::move(change.bytes);
    return row.Encode();
  }

  // A notice about a record that is gone, or an upload of what is.
  bool Gone(std::string_view key) const {
    const std::string_view rest = key.substr(FileId::kBytes);
    return std::any_of(targets_.begin(), targets_.end(),
                       [rest](const domain::ErasureTarget& target) {
                         return target.field.empty() && rest.starts_with(target.record->view());
                       }) ||
           std::any_of(manifests_.begin(), manifests_.end(),
                       [rest](const Hash& manifest) { return rest == manifest.view(); });
  }

  absl::Status DropChunks(const Hash& manifest) {
    KAPEA_ASSIGN(const auto hashes,
                 core_.store->Find(kChunkTable, FileKey(file_, manifest.view())));
    batch_.Delete(kChunkTable, FileKey(file_, manifest.view()));
    if (!hashes) return absl::OkStatus();
    for (size_t at = 0; at + Hash::kBytes <= hashes->size(); at += Hash::kBytes) {
      batch_.Delete(kChunkTable,
                    FileKey(file_, std::string_view(*hashes).substr(at, Hash::kBytes)));
    }
    return absl::OkStatus();
  }

  // Own parcels are kept for a server that was restored. One of which something still waits
  // is sent whole, for the server refuses it else; Placement says when to look again.
  absl::Status RewriteParcels() {
    absl::Status failed;
    KAPEA_TRY(
        core_.store->Scan(kParcelTable, "", "", [&](std::string_view key, std::string_view value) {
          auto parcel = codec::DecodeParcel(value);
          failed = parcel.status();
          if (!failed.ok()) return false;
          bool altered = false;
          for (codec::EncodedChange& change : parcel->changes) {
            const domain::Header& header = change.change->header;
            if (core_.outbox.Find(header.sequence) != nullptr) return true;
            if (header.file != file_) continue;
            auto kept = codec::Withhold(change, targets_);
            failed = kept.status();
            if (!failed.ok()) return false;
            altered = altered || kept->bytes != change.bytes;
            change = *std::move(kept);
          }
          if (altered) batch_.Put(kParcelTable, key, codec::EncodeParcel(*parcel));
          return true;
        }));
    return failed;
  }

  Core& core_;
  const FileId file_;
  const Targets& targets_;
  const bool whole_;
  std::set<Hash> manifests_;
  kv::Batch batch_;
};

// Says to the file's people that this device has dropped it; once for each erasure.
absl::Status SayDone(Vault& vault, Core& core, const domain::FileState& state) {
  for (const domain::ErasureAt& erasure : state.erasures()) {
    if (erasure.done_by.contains(core.identity.device)) continue;
    auto writer =
        vault.Begin({.file = state.id(), .kind = domain::Kind::kErase, .refs = {erasure.approval}});
    // Who is not on the roster any more cannot say it.
    if (absl::IsFailedPrecondition(writer.status())) return absl::OkStatus();
    KAPEA_TRY(writer.status());
    domain::Decision done;
    done.reason = std::string(domain::kErasureDone);
    writer->Add(std::move(done));
    KAPEA_TRY(vault.Commit(*std::move(writer)).status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<FileId>> Vault::DropErased() {
  Core& core = *core_;
  std::vector<FileId> dropped;
  const std::set<FileId> files = core.to_drop;
  for (const FileId& file : files) {
    KAPEA_ASSIGN(const auto before, core.State(file));
    const bool known = core.erased.contains(file);
    if (before->must_drop() || known) {
      const Targets targets = before->erased();
      KAPEA_ASSIGN(const kv::Batch batch, Drop(core, file, targets).Run());
      KAPEA_TRY(core.Commit(batch, kv::Durability::kSynced));
      if (before->must_drop()) dropped.push_back(file);
      core.erased[file] = targets;
      core.Unfold(file);
      std::erase_if(core.class_keys,
                    [&file](const auto& held) { return std::get<0>(held.first) == file; });
      KAPEA_ASSIGN(const auto after, core.State(file));
      KAPEA_TRY(SayDone(*this, core, *after));
    } else {
      kv::Batch batch;
      batch.Delete(kErasedTable, FileKey(file, kToDrop));
      KAPEA_TRY(core.Commit(batch, kv::Durability::kBuffered));
    }
    core.to_drop.erase(file);
  }
  return dropped;
}

}  // namespace kapea::vault
