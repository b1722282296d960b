#include "server/core/verify.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/base/macros.h"
#include "common/codec/change_codec.h"
#include "common/codec/ledger_codec.h"
#include "common/codec/open_findings.h"
#include "common/codec/store_rows.h"
#include "common/domain/rekey.h"
#include "common/ledger/checkpoint.h"
#include "server/core/aside.h"
#include "server/core/erasing.h"
#include "server/core/figures.h"
#include "server/core/folder.h"
#include "server/core/views.h"
#include "server/store/tables.h"
#include "server/store/tile_store.h"

namespace kapea::server {
namespace {

// The replay, in two passes: the ledger in its order (tree, chains, signatures), then
// file by file (Changes, verdicts, views), so that one file's state is held at a time.
class Replay {
 public:
  Replay(const kv::Snapshot& store, std::string_view log_key,
         const std::function<void(int)>& progress)
      : store_(store), log_key_(log_key), progress_(progress) {}

  absl::StatusOr<VerifyReport> Run() {
    KAPEA_ASSIGN(const std::string head_bytes, store_.Get(kMeta, "head"));
    KAPEA_ASSIGN(head_, codec::LedgerHead::Decode(head_bytes));
    KAPEA_ASSIGN(aside_, LoadAside(store_));
    KAPEA_TRY(ReadLedger());
    KAPEA_TRY(CheckTree());
    KAPEA_TRY(CheckParcels());
    KAPEA_TRY(CheckFiles());
    KAPEA_TRY(CheckDerivedRows());
    progress_(100);
    return std::move(report_);
  }

 private:
  void Differs(std::string what) {
    constexpr size_t kDifferencesMax = 1000;
    if (report_.differences.size() < kDifferencesMax) {
      report_.differences.push_back(std::move(what));
    }
  }

  absl::Status ReadLedger() {
    uint64_t next = 0;
    Time last = Time::Min();
    KAPEA_TRY(store_.Scan(kEntries, "", "", [&](std::string_view key, std::string_view bytes) {
      const auto entry = codec::DecodeEntry(bytes);
      if (!entry.ok() || key != EntryKey(next) || entry->sequence != next) {
        Differs("entry " + std::to_string(next) + " is missing or cannot be read");
        return false;
      }
      if (entry->received < last) Differs("entry " + std::to_string(next) + " is before its time");
      last = entry->received;
      entries_[entry->file].push_back(*entry);
      edge_.Append(ledger::LeafHash(bytes), [this](const ledger::NodeId& id, const Hash& hash) {
        if (id.level % kTileLevels == 0) {
          const auto level = static_cast<uint8_t>(id.level / kTileLevels);
          tiles_[TileKey(level, id.index / kTileWidth)].append(hash.view());
        }
      });
      ++next;
      progress_(static_cast<int>(next * 30 / (head_.size + 1)));
      return true;
    }));
    report_.entries = next;
    report_.root = edge_.Root();
    if (next != head_.size) Differs("the ledger has another size than its head says");
    return absl::OkStatus();
  }

  absl::Status CheckTree() {
    KAPEA_ASSIGN(const std::string note, store_.Get(kMeta, "checkpoint"));
    const std::string origin = ledger::OriginOf(head_.deployment, head_.epoch);
    const auto checkpoint = ledger::OpenCheckpoint(note, {origin, std::string(log_key_)});
    if (!checkpoint.ok()) {
      Differs("the last checkpoint is not signed by the log key");
    } else if (checkpoint->size != report_.entries || checkpoint->root != report_.root) {
      Differs("the ledger's tree does not lead to its last checkpoint");
    }
    return CompareTable(kTiles, tiles_, "tile");
  }

  absl::Status CheckParcels() {
    std::map<DeviceId, std::map<uint64_t, std::pair<Hash, codec::ParcelHeader>>> chains;
    KAPEA_TRY(store_.Scan(kParcels, "", "", [&](std::string_view key, std::string_view bytes) {
      ++report_.parcels;
      const auto row = codec::ParcelRow::Decode(bytes);
      const auto header = row.ok() ? codec::ParcelHeader::Decode(row->header)
                                   : absl::StatusOr<codec::ParcelHeader>(row.status());
      const Hash hash = Hash::FromPrefix(key);
      if (!header.ok() || codec::ParcelHashOf(row->header) != hash) {
        Differs("parcel " + hash.hex() + " cannot be read or has another hash");
        return true;
      }
      const auto device = aside_.directory->keys.find(header->device);
      if (device == aside_.directory->keys.end() ||
          !codec::VerifyParcelSignature(row->header, row->signature, device->second).ok()) {
        Differs("parcel " + hash.hex() + " is not signed by its device");
      }
      std::vector<Hash> leaves;
      for (const Hash& change : row->changes) leaves.push_back(ledger::LeafHash(change.view()));
      if (ledger::RootOf(leaves) != header->root) Differs("parcel " + hash.hex() + ": root");
      parcels_[hash] = {row->changes, header->first_sequence, header->signing};
      chains[header->device][header->first_sequence] = {hash, *header};
      return true;
    }));
    for (const auto& [device, parcels] : chains) {
      Hash previous;
      uint64_t next = 1;
      for (const auto& [first, parcel] : parcels) {
        if (first != next || parcel.second.previous != previous) {
          Differs("the chain of device " + device.hex() + " is broken at " + std::to_string(first));
        }
        previous = parcel.first;
        next = first + parcel.second.changes;
      }
      chain_rows_[device.str()] = codec::ChainHead{next - 1, previous}.Encode();
    }
    return CompareTable(kChains, chain_rows_, "chain");
  }

  absl::Status CheckFiles() {
    const domain::Surroundings around{aside_.directory->directory, *aside_.packs};
    for (const auto& [file, entries] : entries_) {
      KAPEA_ASSIGN(const auto erased, ErasedOf(store_, file));
      domain::FileState state(file, erased);
      for (const domain::Entry& entry : entries) {
        KAPEA_TRY(CheckChange(entry, state, around));
        ++report_.changes;
      }
      if (state.must_drop()) Differs("what was erased of file " + file.hex() + " still stands");
      const FileViewRows rows = BuildView(state, entries.back().received);
      views_[file.str()] = rows.view;
      for (const std::string& reader : rows.readers) readers_[reader] = "";
      if (rows.next_due < Time::Max()) due_[DueKey(rows.next_due, file, 0)] = "";
      ++report_.files;
      progress_(30 + static_cast<int>(report_.files * 60 / entries_.size()));
    }
    return absl::OkStatus();
  }

  absl::Status CheckChange(const domain::Entry& entry, domain::FileState& state,
                           const domain::Surroundings& around) {
    const std::string where = "change " + entry.change.hex();
    KAPEA_ASSIGN(const auto row_bytes, store_.Find(kChanges, ChangeKey(entry.file, entry.number)));
    if (!row_bytes || entry.number != state.number() + 1) {
      Differs(where + " is missing, or its number does not follow");
      return absl::OkStatus();
    }
    KAPEA_ASSIGN(const codec::ChangeRow row, codec::ChangeRow::Decode(*row_bytes));
    const auto encoded = codec::DecodeChange(row.change);
    if (!encoded.ok()) {
      Differs(where + " cannot be read");
      return absl::OkStatus();
    }
    const domain::Change& change = *encoded->change;
    const auto parcel = parcels_.find(row.parcel);
    const bool in_parcel = parcel != parcels_.end() &&
                           row.parcel_index < parcel->second.changes.size() &&
                           parcel->second.changes[row.parcel_index] == change.hash &&
                           parcel->second.first + row.parcel_index == change.header.sequence;
    if (change.hash != entry.change_hash || change.id != entry.change ||
        change.header.device != entry.device || row.entry != entry.sequence ||
        row.parcel != entry.parcel_hash || !in_parcel) {
      Differs(where + " is not the one that its entry names");
    }
    KAPEA_ASSIGN(const auto id_row, store_.Find(kIds, entry.change.view()));
    const codec::ChangeLocation location{entry.file, entry.number, entry.sequence,
                                         entry.change_hash};
    if (!id_row || *id_row != location.Encode()) Differs(where + ": its id row");
    const bool dropped =
        std::any_of(change.writes.begin(), change.writes.end(), [](const domain::Write& write) {
          return std::holds_alternative<domain::Withheld>(write.body);
        });
    if (dropped && state.erased().empty() && !domain::LacksWrapsAlone(change)) {
      Differs(where + " lacks writes that nobody erased");
    }
    for (size_t i = 0; i < change.writes.size() && !state.erased().empty(); ++i) {
      if (domain::Covers(state.erased(), change, i)) Differs(where + " has what was erased");
    }
    // Until an erasure explains what is gone, nothing can be judged again.
    const bool judged = !dropped && !state.content_missing();
    if (judged && entry.rules == domain::kRulesVersion &&
        state.Judge(change, entry.sequence, around) != entry.verdict) {
      Differs(where + " has a verdict that does not follow from the ledger");
    }
    const ClockReading signing = in_parcel ? parcel->second.signing : ClockReading();
    state.Append({encoded->change, entry, signing}, around);
    return absl::OkStatus();
  }

  absl::Status CheckDerivedRows() {
    report_.views = views_.size();
    KAPEA_TRY(CompareTable(kViews, views_, "view"));
    KAPEA_TRY(CompareTable(kReaders, readers_, "reader"));
    KAPEA_TRY(CheckOpenFindings());
    KAPEA_TRY(CheckFigures());
    return CompareTable(kDue, due_, "due row");
  }

  // What is kept of open findings is what the ledger says of that moment. A row that is behind
  // its file, or one that it stands on, is believed by nobody.
  absl::Status CheckOpenFindings() {
    const domain::Surroundings around{aside_.directory->directory, *aside_.packs};
    absl::Status failed;
    KAPEA_TRY(store_.Scan(kOpen, "", "", [&](std::string_view key, std::string_view value) {
      const FileId file = FileId::FromPrefix(key);
      const auto kept = codec::OpenFindings::Decode(value);
      if (!kept.ok()) {
        Differs("open findings of " + file.hex() + " cannot be read");
        return true;
      }
      if (IsBehind(file, *kept)) return true;
      const auto anew = Folder(store_, around, kept->as_of).Open(file);
      failed = anew.status();
      if (anew.ok() && anew->Encode() != value) {
        Differs("open findings of " + file.hex() + " differ from their rebuild");
      }
      return anew.ok();
    }));
    return failed;
  }

  bool IsBehind(const FileId& file, const codec::Standing& kept) const {
    const auto at = [this](const FileId& of) {
      const auto entries = entries_.find(of);
      return entries == entries_.end() ? 0 : entries->second.back().number;
    };
    return kept.number != at(file) ||
           std::any_of(kept.linked.begin(), kept.linked.end(),
                       [&at](const auto& other) { return other.second != at(other.first); });
  }

  // The same of what is kept for figures, by the newest pack: one by an older is behind too.
  absl::Status CheckFigures() {
    const domain::Pack* pack = aside_.packs->Newest();
    uint64_t lines = 0;
    absl::Status failed;
    KAPEA_TRY(store_.Scan(kFigured, "", "", [&](std::string_view key, std::string_view value) {
      const FileId file = FileId::FromPrefix(key);
      const auto kept = codec::KeptFigures::Decode(value);
      if (!kept.ok()) {
        Differs("figures of " + file.hex() + " cannot be read");
        return true;
      }
      lines += kept->measures.size();
      const bool behind = pack == nullptr || kept->pack != pack->hash || IsBehind(file, *kept);
      if (!behind) failed = CheckFiguresOf(file, *pack, *kept, value);
      return failed.ok();
    }));
    KAPEA_TRY(failed);
    uint64_t stand = 0;
    KAPEA_TRY(store_.Scan(kFigures, "", "", [&stand](std::string_view, std::string_view) {
      ++stand;
      return true;
    }));
    if (stand != lines) Differs("there are lines of figures that no file has, or some are missing");
    return absl::OkStatus();
  }

  absl::Status CheckFiguresOf(const FileId& file, const domain::Pack& pack,
                              const codec::KeptFigures& kept, std::string_view head) {
    const domain::Surroundings around{aside_.directory->directory, *aside_.packs};
    KAPEA_ASSIGN(codec::KeptFigures anew, Folder(store_, around, kept.as_of).Figures(file, pack));
    const FigureRows rows = RowsOf(std::move(anew));
    bool same = rows.head == head;
    for (const auto& [measure, row] : rows.lines) {
      KAPEA_ASSIGN(const auto stands, store_.Find(kFigures, FigureKey(measure, file)));
      same = same && stands == row;
    }
    if (!same) Differs("figures of " + file.hex() + " differ from their rebuild");
    return absl::OkStatus();
  }

  // Whether a table holds exactly these rows.
  absl::Status CompareTable(const kv::Table& table, const std::map<std::string, std::string>& want,
                            const char* what) {
    auto next = want.begin();
    KAPEA_TRY(store_.Scan(table, "", "", [&](std::string_view key, std::string_view value) {
      for (; next != want.end() && next->first < key; ++next) {
        Differs(std::string(what) + " " + ToHex(next->first) + " is missing");
      }
      if (next == want.end() || next->first != key) {
        Differs(std::string(what) + " " + ToHex(key) + " should not be there");
        return true;
      }
      if (next->second != value) {
        Differs(std::string(what) + " " + ToHex(key) + " differs from its rebuild");
      }
      ++next;
      return true;
    }));
    for (; next != want.end(); ++next) {
      Differs(std::string(what) + " " + ToHex(next->first) + " is missing");
    }
    return absl::OkStatus();
  }

  struct KnownParcel {
    std::vector<Hash> changes;
    uint64_t first = 0;
    ClockReading signing;
  };

  const kv::Snapshot& store_;
  const std::string_view log_key_;
  const std::function<void(int)>& progress_;
  VerifyReport report_;
  codec::LedgerHead head_;
  Aside aside_;
  ledger::CompactRange edge_;
  std::map<FileId, std::vector<domain::Entry>> entries_;
  std::map<std::string, std::string> tiles_, chain_rows_, views_, readers_, due_;
  std::map<Hash, KnownParcel> parcels_;
};

}  // namespace

absl::StatusOr<VerifyReport> VerifyStore(const kv::Snapshot& store, std::string_view log_key,
                                         const std::function<void(int)>& progress) {
  return Replay(store, log_key, progress).Run();
}

}  // namespace kapea::server
