#include "server/core/prove.h"

#include "common/base/macros.h"
#include "common/codec/store_rows.h"
#include "common/ledger/range.h"
#include "common/ledger/tiles.h"
#include "server/access/readable.h"
#include "server/store/tables.h"
#include "server/store/tile_store.h"

namespace kapea::server {

absl::StatusOr<codec::EntryRun> ProveChange(const kv::Snapshot& store, const LedgerTip& tip,
                                            const DirectoryView& directory, const Principal& caller,
                                            const ChangeId& change, Time now) {
  const absl::Status absent =
      absl::NotFoundError("there is no such change in a file that you may read");
  KAPEA_ASSIGN(const auto row, store.Find(kIds, change.view()));
  if (!row) return absent;
  KAPEA_ASSIGN(const codec::ChangeLocation location, codec::ChangeLocation::Decode(*row));
  KAPEA_ASSIGN(const domain::Sight sight,
               SightOfFile(store, directory.directory, caller.person, location.file, now));
  if (sight == domain::Sight::kNone || location.entry >= tip.size) return absent;
  codec::EntryRun run;
  run.first_sequence = location.entry;
  KAPEA_ASSIGN(std::string entry, store.Get(kEntries, EntryKey(location.entry)));
  run.entries.push_back(std::move(entry));
  const TileReader nodes(store);
  KAPEA_ASSIGN(run.proof, ledger::RangeProof(location.entry, 1, tip.size, nodes));
  return run;
}

absl::StatusOr<ledger::Proof> ProveConsistency(const kv::Snapshot& store, const LedgerTip& tip,
                                               uint64_t from, uint64_t to) {
  if (to == 0) to = tip.size;
  if (from == 0 || from > to || to > tip.size) {
    return absl::OutOfRangeError("want sizes from 1 to " + std::to_string(tip.size));
  }
  const TileReader nodes(store);
  return ledger::ConsistencyProof(from, to, nodes);
}

absl::StatusOr<std::string> TileOf(const kv::Snapshot& store, const LedgerTip& tip, uint32_t level,
                                   uint64_t index, uint32_t width) {
  const bool possible =
      level < 8 && index < (uint64_t{1} << 56) && width >= 1 && width <= ledger::kTileWidth;
  if (!possible || width > ledger::TileWidthAt(static_cast<uint8_t>(level), index, tip.size)) {
    return absl::OutOfRangeError("the ledger has no such tile yet");
  }
  const TileReader nodes(store);
  return ledger::ReadTile({static_cast<uint8_t>(level), index, static_cast<uint16_t>(width)},
                          nodes);
}

}  // namespace kapea::server
