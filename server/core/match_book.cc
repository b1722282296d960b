#include "server/core/match_book.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

using domain::MatchAlias;
using domain::MatchToken;

constexpr size_t kEpochRowBytes = KeyEpochId::kBytes + sizeof(uint64_t);
constexpr int64_t kDayMs = 24 * 3600 * 1000;
constexpr size_t kProgrammesHeldMax = 256;
constexpr size_t kDevicesHeldMax = 4096;
constexpr size_t kTokenBytes = 5;  // u8 kind, u32 token

// Keys of the table:
//   "a" programme unit alias              -> u32 day, tokens: what the unit has offered
//   "t" programme u8 kind u32 token alias unit -> empty: the same by token
//   "m" programme unit alias u8 kind unit -> u32 day: found, as the first unit is told
//   "e" programme                         -> key epoch under which all of these stand
//   "d" device                            -> u32 day, u32 new tokens on it
std::string ProgrammeKey(char table, const FileId& programme) {
  return std::string(1, table) + programme.str();
}
std::string UnitKey(char table, const FileId& programme, const UnitId& unit) {
  return ProgrammeKey(table, programme) + unit.str();
}
std::string AliasKey(char table, const FileId& programme, const UnitId& unit,
                     const MatchAlias& alias) {
  return UnitKey(table, programme, unit) + alias.str();
}
std::string TokenKey(const FileId& programme, const MatchToken& token) {
  std::string key = ProgrammeKey('t', programme);
  AppendU8(key, static_cast<uint8_t>(token.kind));
  AppendU32(key, token.token);
  return key;
}
std::string DeviceKey(const DeviceId& device) { return "d" + device.str(); }

absl::Status Unreadable() { return absl::DataLossError("a row of tokens cannot be read"); }

std::string EncodeTokens(uint32_t day, const std::vector<MatchToken>& tokens) {
  std::string row;
  AppendU32(row, day);
  for (const MatchToken& token : tokens) {
    AppendU8(row, static_cast<uint8_t>(token.kind));
    AppendU32(row, token.token);
  }
  return row;
}

absl::StatusOr<std::vector<MatchToken>> DecodeTokens(std::string_view row) {
  if (row.size() < sizeof(uint32_t) || (row.size() - sizeof(uint32_t)) % kTokenBytes != 0) {
    return Unreadable();
  }
  std::vector<MatchToken> tokens;
  for (size_t at = sizeof(uint32_t); at < row.size(); at += kTokenBytes) {
    tokens.push_back({static_cast<domain::MatchKind>(row[at]), ReadU32(row, at + 1)});
  }
  return tokens;
}

bool Has(const std::vector<MatchToken>& tokens, const MatchToken& token) {
  return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

}  // namespace

struct MatchBook::Taking {
  const MatchCaller& caller;
  uint32_t today = 0;
  uint32_t used = 0;  // of today's new tokens
  bool over = false;
  uint32_t taken = 0;
  std::map<MatchAlias, Offered> had;
};

uint32_t MatchBook::Today() const { return static_cast<uint32_t>(clock_.Now().unix_ms() / kDayMs); }

absl::Status MatchBook::CheckEnabled() const {
  if (options_.enabled) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "this deployment does not look for duplicates across agencies; nothing was compared");
}

absl::StatusOr<std::map<MatchAlias, MatchBook::Offered>> MatchBook::OfferedBy(
    const FileId& programme, const UnitId& unit) const {
  std::map<MatchAlias, Offered> offered;
  absl::Status status;
  const std::string prefix = UnitKey('a', programme, unit);
  KAPEA_TRY(store_.Scan(kMatches, prefix, kv::PrefixEnd(prefix),
                        [&](std::string_view key, std::string_view row) {
                          auto tokens = DecodeTokens(row);
                          status = tokens.status();
                          if (!status.ok()) return false;
                          offered[MatchAlias::FromPrefix(key.substr(prefix.size()))] = {
                              ReadU32(row), *std::move(tokens)};
                          return true;
                        }));
  KAPEA_TRY(status);
  return offered;
}

absl::StatusOr<uint32_t> MatchBook::UsedToday(const DeviceId& device, uint32_t today) const {
  KAPEA_ASSIGN(const auto row, store_.Find(kMatches, DeviceKey(device)));
  if (!row) return 0u;
  if (row->size() != 2 * sizeof(uint32_t)) return Unreadable();
  return ReadU32(*row) == today ? ReadU32(*row, sizeof(uint32_t)) : 0u;
}

void MatchBook::Drop(const FileId& programme, const UnitId& unit, const MatchAlias& alias,
                     const Offered& offered, kv::Batch& batch) const {
  for (const MatchToken& token : offered.tokens) {
    batch.Delete(kMatches, TokenKey(programme, token) + alias.str() + unit.str());
  }
  batch.Delete(kMatches, AliasKey('a', programme, unit, alias));
  const std::string told = AliasKey('m', programme, unit, alias);
  batch.DeleteRange(kMatches, told, kv::PrefixEnd(told));
}

absl::Status MatchBook::DropOld(const MatchCaller& caller, kv::Batch& batch) {
  const uint32_t today = Today();
  const std::string prefix = ProgrammeKey('a', caller.programme);
  absl::Status status;
  KAPEA_TRY(store_.Scan(
      kMatches, prefix, kv::PrefixEnd(prefix), [&](std::string_view key, std::string_view row) {
        auto tokens = DecodeTokens(row);
        status = tokens.status();
        if (!status.ok()) return false;
        const UnitId unit = UnitId::FromPrefix(key.substr(prefix.size()));
        const auto alias = MatchAlias::FromPrefix(key.substr(prefix.size() + UnitId::kBytes));
        const uint32_t day = ReadU32(row);
        if (caller.units.contains(unit) && day + options_.keep_days >= today) return true;
        Drop(caller.programme, unit, alias, {day, *std::move(tokens)}, batch);
        return true;
      }));
  return status;
}

absl::Status MatchBook::Tidy(const MatchCaller& caller) {
  const std::string key = ProgrammeKey('e', caller.programme);
  KAPEA_ASSIGN(const auto epoch, store_.Find(kMatches, key));
  const std::pair now(caller.units, Today());
  const auto known = tidied_.find(caller.programme);
  const bool same_epoch = epoch && epoch->substr(0, KeyEpochId::kBytes) == caller.epoch.view();
  // Somebody came first with what the programme said later.
  const uint64_t as_of = epoch && epoch->size() == kEpochRowBytes
                             ? ReadU64(std::string_view(*epoch).substr(KeyEpochId::kBytes))
                             : 0;
  if (!same_epoch && caller.number < as_of) {
    return absl::FailedPreconditionError(
        "the programme's keys are new: sync, then what you have is compared under them");
  }
  if (same_epoch && known != tidied_.end() && known->second == now) return absl::OkStatus();
  kv::Batch batch;
  if (!same_epoch) {
    for (const char table : {'a', 't', 'm'}) {
      const std::string prefix = ProgrammeKey(table, caller.programme);
      batch.DeleteRange(kMatches, prefix, kv::PrefixEnd(prefix));
    }
    std::string row = caller.epoch.str();
    AppendU64(row, caller.number);
    batch.Put(kMatches, key, std::move(row));
  } else {
    KAPEA_TRY(DropOld(caller, batch));
  }
  if (!batch.empty()) KAPEA_TRY(store_.Commit(batch, kv::Durability::kSynced));
  if (tidied_.size() >= kProgrammesHeldMax) tidied_.clear();
  tidied_[caller.programme] = now;
  return absl::OkStatus();
}

absl::StatusOr<MatchAnswer> MatchBook::Check(const MatchCaller& caller) {
  KAPEA_TRY(CheckEnabled());
  MutexLock lock(mutex_);
  KAPEA_TRY(Tidy(caller));
  MatchAnswer answer;
  answer.names = options_.names;
  KAPEA_ASSIGN(const uint32_t used, UsedToday(caller.device, Today()));
  answer.tokens_left = options_.tokens_per_day - std::min(used, options_.tokens_per_day);
  KAPEA_ASSIGN(const auto offered, OfferedBy(caller.programme, caller.unit));
  for (const auto& [alias, what] : offered) {
    answer.held.push_back({alias, codec::MatchDigest(what.tokens), what.day});
  }
  bool readable = true;
  const std::string prefix = UnitKey('m', caller.programme, caller.unit);
  KAPEA_TRY(store_.Scan(
      kMatches, prefix, kv::PrefixEnd(prefix), [&](std::string_view key, std::string_view row) {
        key.remove_prefix(prefix.size());
        readable = key.size() == MatchAlias::kBytes + 1 + UnitId::kBytes && row.size() == 4;
        if (!readable) return false;
        const UnitId unit = UnitId::FromPrefix(key.substr(MatchAlias::kBytes + 1));
        if (!caller.units.contains(unit)) return true;
        answer.found.push_back({MatchAlias::FromPrefix(key),
                                static_cast<domain::MatchKind>(key[MatchAlias::kBytes]), unit,
                                ReadU32(row)});
        return true;
      }));
  if (!readable) return Unreadable();
  return answer;
}

// Writes down, for both, who else has the token. One file that two units have is no match.
absl::Status MatchBook::Meet(Taking& taking, const MatchAlias& alias, const MatchToken& token,
                             kv::Batch& batch) {
  const FileId& programme = taking.caller.programme;
  const std::string prefix = TokenKey(programme, token);
  std::vector<std::pair<MatchAlias, UnitId>> others;
  KAPEA_TRY(store_.Scan(kMatches, prefix, kv::PrefixEnd(prefix),
                        [&](std::string_view key, std::string_view) {
                          key.remove_prefix(prefix.size());
                          others.emplace_back(MatchAlias::FromPrefix(key),
                                              UnitId::FromPrefix(key.substr(MatchAlias::kBytes)));
                          return true;
                        }));
  for (const auto& [other, unit] : others) {
    if (unit == taking.caller.unit || other == alias) continue;
    const auto tell = [&](const UnitId& whom, const MatchAlias& of,
                          const UnitId& about) -> absl::Status {
      std::string key = AliasKey('m', programme, whom, of);
      AppendU8(key, static_cast<uint8_t>(token.kind));
      key.append(about.view());
      KAPEA_ASSIGN(const auto told, store_.Find(kMatches, key));
      std::string row;
      AppendU32(row, taking.today);
      if (!told) batch.Put(kMatches, key, std::move(row));
      return absl::OkStatus();
    };
    KAPEA_TRY(tell(taking.caller.unit, alias, unit));
    KAPEA_TRY(tell(unit, other, taking.caller.unit));
  }
  return absl::OkStatus();
}

absl::Status MatchBook::TakeFile(Taking& taking, const codec::MatchedFile& file) {
  const MatchCaller& caller = taking.caller;
  const auto had = taking.had.find(file.alias);
  const bool known = had != taking.had.end();
  if (!known && taking.had.size() >= caller.files_max) {
    return absl::ResourceExhaustedError(
        "the unit has no more files to compare than those it works on: nothing more was taken");
  }
  const std::vector<MatchToken> before = known ? had->second.tokens : std::vector<MatchToken>();
  kv::Batch batch;
  uint32_t fresh = 0;
  for (const MatchToken& token : file.tokens) {
    if (Has(before, token)) continue;
    ++fresh;
    batch.Put(kMatches, TokenKey(caller.programme, token) + file.alias.str() + caller.unit.str(),
              "");
    KAPEA_TRY(Meet(taking, file.alias, token, batch));
  }
  // The first file of a day is taken however many tokens it has: else it never would be.
  taking.over = taking.used != 0 && taking.used + fresh > options_.tokens_per_day;
  if (taking.over) return absl::OkStatus();
  for (const MatchToken& token : before) {
    if (Has(file.tokens, token)) continue;
    batch.Delete(kMatches,
                 TokenKey(caller.programme, token) + file.alias.str() + caller.unit.str());
  }
  batch.Put(kMatches, AliasKey('a', caller.programme, caller.unit, file.alias),
            EncodeTokens(taking.today, file.tokens));
  taking.used += fresh;
  std::string used;
  AppendU32(used, taking.today);
  AppendU32(used, taking.used);
  batch.Put(kMatches, DeviceKey(caller.device), std::move(used));
  KAPEA_TRY(store_.Commit(batch, kv::Durability::kSynced));
  taking.had[file.alias] = {taking.today, file.tokens};
  ++taking.taken;
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> MatchBook::Offer(const MatchCaller& caller,
                                          const std::vector<codec::MatchedFile>& files) {
  KAPEA_TRY(CheckEnabled());
  if (files.size() > domain::kMatchFilesPerOfferMax) {
    return absl::InvalidArgumentError("want at most 64 files at once, got " +
                                      std::to_string(files.size()));
  }
  for (const codec::MatchedFile& file : files) {
    const bool names = std::any_of(file.tokens.begin(), file.tokens.end(), [](const auto& token) {
      return token.kind == domain::MatchKind::kName;
    });
    if (names && !options_.names) {
      return absl::InvalidArgumentError("this deployment does not compare names; nothing was kept");
    }
  }
  Taking taking{caller, Today(), 0, false, 0, {}};
  bool alarm = false;
  {
    MutexLock lock(mutex_);
    KAPEA_TRY(Tidy(caller));
    KAPEA_ASSIGN(taking.used, UsedToday(caller.device, taking.today));
    KAPEA_ASSIGN(taking.had, OfferedBy(caller.programme, caller.unit));
    for (const codec::MatchedFile& file : files) {
      KAPEA_TRY(TakeFile(taking, file));
      if (taking.over) break;
    }
    if (told_.size() >= kDevicesHeldMax) told_.clear();
    alarm = taking.over && std::exchange(told_[caller.device], taking.today) != taking.today;
  }
  if (alarm && limit_) limit_(caller.device, taking.used);
  return taking.taken;
}

absl::StatusOr<uint32_t> MatchBook::Withdraw(const MatchCaller& caller,
                                             const std::vector<MatchAlias>& aliases) {
  KAPEA_TRY(CheckEnabled());
  MutexLock lock(mutex_);
  KAPEA_TRY(Tidy(caller));
  KAPEA_ASSIGN(const auto offered, OfferedBy(caller.programme, caller.unit));
  kv::Batch batch;
  std::set<MatchAlias> dropped;
  for (const MatchAlias& alias : aliases) {
    const auto what = offered.find(alias);
    if (what == offered.end() || !dropped.insert(alias).second) continue;
    Drop(caller.programme, caller.unit, alias, what->second, batch);
  }
  if (!batch.empty()) KAPEA_TRY(store_.Commit(batch, kv::Durability::kSynced));
  return static_cast<uint32_t>(dropped.size());
}

absl::StatusOr<uint32_t> MatchBook::WithdrawAll(const MatchCaller& caller) {
  std::vector<MatchAlias> all;
  {
    MutexLock lock(mutex_);
    KAPEA_ASSIGN(const auto offered, OfferedBy(caller.programme, caller.unit));
    for (const auto& [alias, what] : offered) all.push_back(alias);
  }
  return Withdraw(caller, all);
}

}  // namespace kapea::server
