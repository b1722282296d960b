#include "server/core/aside.h"

#include <algorithm>
#include <map>

#include "common/base/macros.h"
#include "common/codec/change_codec.h"
#include "common/codec/ledger_codec.h"
#include "common/codec/store_rows.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

bool Publishes(const domain::Change& change) {
  return std::any_of(change.writes.begin(), change.writes.end(), [](const domain::Write& write) {
    return std::holds_alternative<domain::PackPart>(write.body);
  });
}

absl::Status ParseNewKeys(DirectoryView& view) {
  for (const domain::DeviceEntry* device : view.directory.Devices()) {
    const auto known = view.keys.find(device->device);
    if (known != view.keys.end() && known->second.bytes() == device->signing_key) continue;
    auto key = crypto::VerifyKey::FromBytes(device->signing_key);
    // A key that is no point on the curve verifies nothing: the device is as good as
    // not enrolled.
    if (key.ok()) view.keys.insert_or_assign(device->device, *std::move(key));
  }
  return absl::OkStatus();
}

void NoteRevocations(const domain::Directory& before, const domain::Directory& after,
                     std::vector<DeviceId>* revoked) {
  for (const domain::DeviceEntry* device : after.Devices()) {
    if (!device->revoked) continue;
    const domain::DeviceEntry* old = before.FindDevice(device->device);
    if (old == nullptr || !old->revoked) revoked->push_back(device->device);
  }
}

}  // namespace

absl::Status Fold(const domain::Change& change, const domain::Entry& entry, Aside& aside,
                  std::vector<DeviceId>* revoked) {
  const bool genesis = change.header.kind == domain::Kind::kGenesis;
  if (genesis || change.header.file == aside.directory->directory.file()) {
    auto next = std::make_shared<DirectoryView>(*aside.directory);
    next->directory.Append(change, entry);
    KAPEA_TRY(ParseNewKeys(*next));
    if (revoked != nullptr) {
      NoteRevocations(aside.directory->directory, next->directory, revoked);
    }
    if (genesis && next->directory.genesis()) {
      auto packs = std::make_shared<codec::PackRegistry>(*aside.packs);
      packs->SetOwners(next->directory.genesis()->pack_owners);
      aside.packs = std::move(packs);
    }
    aside.directory = std::move(next);
  }
  if (change.header.kind == domain::Kind::kPack && Publishes(change) &&
      entry.verdict == domain::Verdict::kAccepted) {
    auto packs = std::make_shared<codec::PackRegistry>(*aside.packs);
    packs->Append(change, entry.sequence);
    aside.packs = std::move(packs);
  }
  return absl::OkStatus();
}

absl::StatusOr<Aside> LoadAside(const kv::Snapshot& store) {
  Aside aside{std::make_shared<const DirectoryView>(),
              std::make_shared<const codec::PackRegistry>()};
  absl::Status failed;
  // Entries say the kind without opening a Change: only the few that matter are read.
  KAPEA_TRY(store.Scan(kEntries, "", "", [&](std::string_view, std::string_view bytes) {
    const auto fold = [&]() -> absl::Status {
      KAPEA_ASSIGN(const domain::Entry entry, codec::DecodeEntry(bytes));
      const bool directory =
          entry.kind == domain::Kind::kGenesis || entry.file == aside.directory->directory.file();
      if (!directory && entry.kind != domain::Kind::kPack) return absl::OkStatus();
      KAPEA_ASSIGN(const std::string row_bytes,
                   store.Get(kChanges, ChangeKey(entry.file, entry.number)));
      KAPEA_ASSIGN(const codec::ChangeRow row, codec::ChangeRow::Decode(row_bytes));
      KAPEA_ASSIGN(const codec::EncodedChange change, codec::DecodeChange(row.change));
      return Fold(*change.change, entry, aside, nullptr);
    };
    failed = fold();
    return failed.ok();
  }));
  KAPEA_TRY(failed);
  return aside;
}

}  // namespace kapea::server
