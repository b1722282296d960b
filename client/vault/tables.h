// The tables of the vault's store. Names are fixed for good: every value is bound to
// the name of its table. README.md says what each key and row is. Inside this room only.
#pragma once

#include <vector>

#include "common/kv/store.h"

namespace kapea::vault {

inline constexpr kv::Table kMetaTable{"meta"};
inline constexpr kv::Table kOutboxTable{"outbox"};        // sequence -> state, Change
inline constexpr kv::Table kParcelTable{"parcels"};       // first sequence -> own Parcel
inline constexpr kv::Table kReceiptTable{"receipts"};     // first sequence, n -> Receipt
inline constexpr kv::Table kFileTable{"files"};           // file -> FileRow
inline constexpr kv::Table kReplicaTable{"replica"};      // file, number -> Entry and Change
inline constexpr kv::Table kStubTable{"stubs"};           // file, parcel hash -> header, signature
inline constexpr kv::Table kClassKeyTable{"class_keys"};  // file, key epoch, class -> key
inline constexpr kv::Table kNoticeTable{"notices"};     // file, record, keyed hash -> field, times
inline constexpr kv::Table kChunkTable{"chunks"};       // file, chunk hash -> ciphertext
inline constexpr kv::Table kUploadTable{"uploads"};     // file, manifest hash -> chunk hashes
inline constexpr kv::Table kEvidenceTable{"evidence"};  // number -> what contradicted what
inline constexpr kv::Table kSettingTable{"settings"};   // keyed hash -> name, value
inline constexpr kv::Table kNameTable{"names"};         // file -> names as a search compares them

inline constexpr kv::Table kErasedTable{"erased"};  // file -> what was erased of it

inline std::vector<kv::Table> AllTables() {
  return {kMetaTable,    kOutboxTable,   kParcelTable,   kReceiptTable, kFileTable,
          kReplicaTable, kStubTable,     kClassKeyTable, kNoticeTable,  kChunkTable,
          kUploadTable,  kEvidenceTable, kSettingTable,  kNameTable,    kErasedTable};
}

// In the erased table, after the file's id, with an empty row: something may have to be dropped.
inline constexpr std::string_view kToDrop = "?";

// Keys of the meta table.
inline constexpr std::string_view kIdentityKey = "identity";
inline constexpr std::string_view kChainKey = "chain";            // last sequence that is signed
inline constexpr std::string_view kCheckpointKey = "checkpoint";  // note
inline constexpr std::string_view kServerTimeKey = "server_time";
inline constexpr std::string_view kTendedKey = "keys_tended";  // u64, Directory::keys_changed_at
inline constexpr std::string_view kStoppedKey = "stopped";     // why sync stopped

}  // namespace kapea::vault
