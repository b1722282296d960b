// Vault: what a device of a lead or supervisor does for the keys of its files unasked.
#include <algorithm>

#include "client/vault/core.h"
#include "client/vault/parts.h"
#include "client/vault/rows.h"
#include "client/vault/tables.h"
#include "client/vault/vault.h"
#include "common/base/macros.h"
#include "common/domain/glass.h"

namespace kapea::vault {
namespace {

// A file may want an addition again, then a key epoch, then grants.
constexpr int kActsPerFileMax = 4;

size_t OpenedIn(const domain::FileState& state) {
  size_t opened = state.release() ? 1 : 0;
  for (const domain::GlassAt& glass : state.glasses()) opened += glass.approval ? 1 : 0;
  return opened;
}

}  // namespace

absl::Status Vault::TendFile(const FileId& file) {
  KAPEA_ASSIGN(const auto state, core_->State(file));
  if (state->erased_wholly()) return absl::OkStatus();  // it has no keys any more
  const Tended now{state->roster_hash(), state->wraps().size(), state->without_effect().size(),
                   OpenedIn(*state), core_->directory->keys_changed_at()};
  const auto before = core_->tended.find(file);
  if (before != core_->tended.end() && before->second == now) return absl::OkStatus();
  // Where content is missing (evidence is kept) nothing is given out on the server's word.
  for (int act = 0; act < kActsPerFileMax && !state->content_missing(); ++act) {
    const auto done = TendKeys(file);
    // Nobody has a key yet, or the role went with the last change: not this device's to mend.
    if (absl::IsFailedPrecondition(done.status()) || absl::IsPermissionDenied(done.status())) break;
    // Nor is a recipient's bad key: the other files must not wait for it.
    if (absl::IsInvalidArgument(done.status())) break;
    KAPEA_TRY(done.status());
    if (!*done) break;
  }
  core_->tended.insert_or_assign(file, now);
  return WatchGlass(file);
}

absl::Status Vault::WatchGlass(const FileId& file) {
  KAPEA_TRY(parts_->break_glass.Close(file));
  KAPEA_ASSIGN(const auto state, core_->State(file));
  const Time now = core_->ServerNow();
  Time next = domain::GlassEndsKeysAt(*state);
  for (const domain::GlassAt& glass : state->glasses()) {
    if (glass.approval && glass.by == core_->identity.person) next = std::min(next, glass.until());
  }
  if (next <= now) next = Time::Max();
  FileRow row = core_->files.at(file);
  if (row.tend_at == next) return absl::OkStatus();
  row.tend_at = next;
  kv::Batch batch;
  batch.Put(kFileTable, FileKey(file), row.Encode());
  KAPEA_TRY(core_->Commit(batch, kv::Durability::kBuffered));
  core_->SetRow(file, row);
  return absl::OkStatus();
}

absl::StatusOr<bool> Vault::TendAllKeys(const std::set<FileId>& changed) {
  Core& core = *core_;
  core.to_tend.insert(changed.begin(), changed.end());
  const uint64_t as_of = core.directory->keys_changed_at();
  if (as_of != core.keys_tended_at && as_of != core.tending_to) {
    for (const auto& [file, row] : core.files) core.to_tend.insert(file);
    core.tending_to = as_of;
  }
  const Time now = core.ServerNow();
  for (const auto& [file, row] : core.files) {
    if (row.tend_at > now) continue;
    core.to_tend.insert(file);
    core.tended.erase(file);
  }
  for (size_t left = kFilesTendedAtOnce; left > 0 && !core.to_tend.empty(); --left) {
    const FileId file = *core.to_tend.begin();
    if (!core.IsShared(file) && core.files.contains(file)) KAPEA_TRY(TendFile(file));
    core.to_tend.erase(file);
  }
  if (!core.to_tend.empty()) return false;
  if (core.tending_to == core.keys_tended_at) return true;
  // Buffered: what is not known to be done is looked at again.
  kv::Batch batch;
  batch.Put(kMetaTable, kTendedKey, RowWriter().U64(core.tending_to).Take());
  KAPEA_TRY(core.Commit(batch, kv::Durability::kBuffered));
  core.keys_tended_at = core.tending_to;
  return true;
}

}  // namespace kapea::vault
