#include "server/core/canary_watch.h"

#include <algorithm>

#include "common/base/macros.h"
#include "common/codec/change_codec.h"
#include "common/codec/store_rows.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

// What a device writes without its person's doing.
bool IsByItself(const domain::Change& change) {
  const domain::Kind kind = change.header.kind;
  // Other keys for the same people, as after a lost phone.
  const bool rekeys =
      kind == domain::Kind::kRoster &&
      std::none_of(change.writes.begin(), change.writes.end(), [](const domain::Write& write) {
        return std::holds_alternative<domain::RosterWrite>(write.body) ||
               std::holds_alternative<domain::Founding>(write.body);
      });
  return rekeys || kind == domain::Kind::kGrant || kind == domain::Kind::kEpoch ||
         kind == domain::Kind::kMismatch || kind == domain::Kind::kDelivery;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CanaryWatch>> CanaryWatch::Open(kv::Store& store,
                                                               const std::set<FileId>& canaries,
                                                               OnTouched on_touched) {
  auto watch = std::unique_ptr<CanaryWatch>(new CanaryWatch(store, std::move(on_touched)));
  for (const FileId& file : canaries) {
    KAPEA_TRY(watch->Look(file, watch->canaries_[file], false));
  }
  return watch;
}

absl::Status CanaryWatch::OnCommitted(const std::vector<FileId>& files) {
  if (canaries_.empty()) return absl::OkStatus();
  for (const FileId& file : files) {
    const auto canary = canaries_.find(file);
    if (canary != canaries_.end()) KAPEA_TRY(Look(file, canary->second, true));
  }
  return absl::OkStatus();
}

absl::Status CanaryWatch::Look(const FileId& file, Canary& canary, bool tell) {
  return store_.Scan(
      kChanges, ChangeKey(file, canary.seen + 1), kv::PrefixEnd(file.view()),
      [&](std::string_view, std::string_view bytes) {
        ++canary.seen;
        const auto row = codec::ChangeRow::Decode(bytes);
        const auto change = row.ok() ? codec::DecodeChange(row->change) : row.status();
        if (!change.ok()) {
          if (tell) on_touched_(DeviceId(), file);
          return true;
        }
        const domain::Header& header = change->change->header;
        if (canary.seen == 1) canary.founder = header.device;
        if (tell && header.device != canary.founder && !IsByItself(*change->change)) {
          on_touched_(header.device, file);
        }
        return true;
      });
}

}  // namespace kapea::server
