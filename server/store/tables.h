// Which tables the server's store has and how their keys are laid out. Names are
// part of what every value is bound to and can never change. Keys hold random ids,
// hashes, ledger positions and times, and nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/kv/store.h"

namespace kapea::server {

inline constexpr kv::Table kMeta{"meta"};        // "head" -> LedgerHead, "checkpoint" -> note
inline constexpr kv::Table kEntries{"entries"};  // u64 sequence -> Entry bytes
inline constexpr kv::Table kTiles{"tiles"};      // u8 level, u64 index -> up to 256 hashes
inline constexpr kv::Table kChanges{"changes"};  // file, u64 number -> ChangeRow (file's key)
inline constexpr kv::Table kIds{"ids"};          // change id -> ChangeLocation
inline constexpr kv::Table kParcels{"parcels"};  // parcel hash -> ParcelRow
inline constexpr kv::Table kChains{"chains"};    // device -> ChainHead
inline constexpr kv::Table kViews{"views"};      // file -> FileView
inline constexpr kv::Table kOpen{"open"};        // file -> OpenFindings
inline constexpr kv::Table kFigured{"figured"};  // file -> KeptFigures
inline constexpr kv::Table kFigures{"figures"};  // u64 measure, file -> MeasureLines
inline constexpr kv::Table kDue{"due"};  // u64 time, file, u32 0 -> empty: the earliest deadline
// "a" | "p" person unit role | "u" unit role | "w" unit | "h" person | "g" person u64 time, then
// file -> empty
// (server/access/readable.h)
inline constexpr kv::Table kReaders{"readers"};
inline constexpr kv::Table kBlobs{"blobs"};    // file, chunk hash -> chunk (file's blob key)
inline constexpr kv::Table kErased{"erased"};  // file -> ErasedRow
inline constexpr kv::Table kOpened{"opened"};  // device, file -> u32 UTC day it first got it;
                                               // device, zeros -> the day without a limit
// u32 UTC day, u8 kind, device, file -> u64 first ms, u64 last ms, u32 times (server/core/alarms.h)
inline constexpr kv::Table kAlarms{"alarms"};
// Tokens of duplicates (server/core/match_book.cc): keyed hashes, in keys too.
inline constexpr kv::Table kMatches{"matches"};
inline constexpr kv::Table kEnrolments{"enrolments"};  // enrolment id -> EnrolmentRow
inline constexpr kv::Table kDevices{"devices"};  // device -> DeviceRow (certificates, last seen)

std::vector<kv::Table> AllTables();

std::string EntryKey(uint64_t sequence);
std::string TileKey(uint8_t level, uint64_t index);
std::string ChangeKey(const FileId& file, uint64_t number);
std::string DueKey(Time due, const FileId& file, uint32_t index);
std::string BlobKey(const FileId& file, const Hash& chunk);

}  // namespace kapea::server
