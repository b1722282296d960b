#include "client/field/duplicates.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "client/field/act.h"
#include "client/field/links.h"
#include "client/field/match_tokens.h"
#include "client/field/membership.h"
#include "client/field/names.h"
#include "client/field/random_id.h"
#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/codec/match_codec.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

using domain::MatchAlias;
using domain::MatchKind;
using domain::MatchToken;

constexpr std::string_view kMatchingForm = "KH-MATCHING";
constexpr std::string_view kDuplicateForm = "KH-DUPLICATE";
constexpr char kSamePerson[] = "same_person";
constexpr std::string_view kSetting = "duplicates";
constexpr uint32_t kRenewDays = 14;  // well before the server forgets
constexpr int64_t kDayMs = 24 * 3600 * 1000;
constexpr size_t kNoticesMax = 10'000;  // what a server that lies can fill

// What was found, as it is kept: one for each programme, file, unit and kind.
struct Notice {
  FileId programme, file;
  UnitId unit;
  MatchKind kind = MatchKind::kNone;
  uint32_t day = 0;
  auto Key() const { return std::tie(programme, file, unit, kind); }
};
constexpr uint8_t kNoticesVersion = 1;
constexpr size_t kNoticeBytes = 16 + 16 + 16 + 1 + 4;

std::string Encode(const std::vector<Notice>& notices) {
  std::string bytes;
  AppendU8(bytes, kNoticesVersion);
  for (const Notice& notice : notices) {
    bytes.append(notice.programme.view()).append(notice.file.view()).append(notice.unit.view());
    AppendU8(bytes, static_cast<uint8_t>(notice.kind));
    AppendU32(bytes, notice.day);
  }
  return bytes;
}

// Of another version, or altered: as if nothing had been found; the next check finds it.
std::vector<Notice> Decode(std::string_view bytes) {
  std::vector<Notice> notices;
  if (bytes.empty() || static_cast<uint8_t>(bytes[0]) != kNoticesVersion) return notices;
  bytes.remove_prefix(1);
  for (; bytes.size() >= kNoticeBytes; bytes.remove_prefix(kNoticeBytes)) {
    notices.push_back({FileId::FromPrefix(bytes), FileId::FromPrefix(bytes.substr(16)),
                       UnitId::FromPrefix(bytes.substr(32)), static_cast<MatchKind>(bytes[48]),
                       ReadU32(bytes, 49)});
  }
  return notices;
}

absl::StatusOr<std::vector<Notice>> LoadNotices(vault::Vault& vault) {
  KAPEA_ASSIGN(const auto bytes, vault.FindSetting(kSetting));
  return bytes ? Decode(*bytes) : std::vector<Notice>();
}

bool IsCompared(const domain::FileState& file, const UnitId& mine) {
  return file.kind() == domain::FileKind::kPerson && !file.drill() && !file.erased_wholly() &&
         HasLineOf(file, mine);
}

// The newest record decides.
bool Says(const domain::FileState& file, std::string_view field) {
  const std::vector<const domain::Record*> records = file.RecordsOf(kMatchingForm);
  const bool* said = records.empty() ? nullptr : records.back()->ShownAs<bool>(field);
  return said != nullptr && *said;
}

// One check of one programme.
class Comparison {
 public:
  Comparison(vault::Vault& vault, sync::MatchLine& line, const MatchProgramme& programme,
             DuplicateCheck& check)
      : vault_(vault),
        line_(line),
        programme_(programme),
        asker_{programme.file, programme.epoch, programme.mine},
        check_(check) {}

  // What was found. Errors: as MatchLine.
  absl::StatusOr<std::vector<Notice>> Run() {
    KAPEA_ASSIGN(sync::MatchState state, line_.Check(asker_));
    KAPEA_TRY(MakeTokens(programme_.names && state.names));
    DropCommon();
    KAPEA_TRY(Withdraw(state));
    KAPEA_ASSIGN(const bool offered, Offer(state));
    if (offered) {
      KAPEA_ASSIGN(state, line_.Check(asker_));
    }
    ++check_.programmes;
    return Believable(state);
  }

 private:
  struct Own {
    FileId file;
    std::vector<MatchToken> tokens;  // that are offered
    std::vector<MatchToken> all;     // and with those that many files here have
  };

  uint32_t Today() const { return static_cast<uint32_t>(vault_.clock().Now().unix_ms() / kDayMs); }

  absl::Status MakeTokens(bool names) {
    MatchTokens maker(vault_, {programme_.file, programme_.epoch}, names);
    for (const vault::FileLine& file : vault_.Files()) {
      if (file.kind != domain::FileKind::kPerson) continue;
      KAPEA_ASSIGN(const MatchAlias alias, maker.AliasOf(file.file));
      Own& own = own_[alias];
      own.file = file.file;
      KAPEA_ASSIGN(const auto state, vault_.File(file.file));
      if (!IsCompared(*state, programme_.mine)) continue;
      KAPEA_ASSIGN(auto tokens, maker.Of(*state));
      if (tokens) {
        own.all = *std::move(tokens);
      } else {
        own_.erase(alias);  // a colleague's device can tell
      }
    }
    return absl::OkStatus();
  }

  // What many files here have is an office's, and says nothing of a person.
  void DropCommon() {
    std::map<MatchToken, size_t> files;
    for (const auto& [alias, own] : own_) {
      for (const MatchToken& token : own.all) ++files[token];
    }
    for (auto& [alias, own] : own_) {
      own.tokens = own.all;
      std::erase_if(own.tokens,
                    [&](const MatchToken& token) { return files[token] > kMatchCommonFilesMax; });
      check_.files += own.tokens.empty() ? 0 : 1;
    }
  }

  // Of files that are here and have nothing to be compared; a colleague's device may hold
  // others, of which this one knows nothing.
  absl::Status Withdraw(const sync::MatchState& state) {
    std::vector<MatchAlias> aliases;
    for (const sync::HeldMatch& held : state.held) {
      const auto own = own_.find(held.alias);
      if (own != own_.end() && own->second.all.empty()) aliases.push_back(held.alias);
    }
    if (aliases.empty()) return absl::OkStatus();
    KAPEA_TRY(line_.Withdraw(asker_, aliases));
    check_.withdrawn += aliases.size();
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Offer(const sync::MatchState& state) {
    std::map<MatchAlias, const sync::HeldMatch*> held;
    for (const sync::HeldMatch& one : state.held) held[one.alias] = &one;
    std::vector<sync::OfferedFile> due;
    for (const auto& [alias, own] : own_) {
      if (own.tokens.empty()) continue;
      const auto known = held.find(alias);
      // A colleague's device, with other files, may hold other tokens to be many files'.
      const bool same =
          known != held.end() && (known->second->digest == codec::MatchDigest(own.tokens) ||
                                  known->second->digest == codec::MatchDigest(own.all));
      const bool current = same && known->second->day + kRenewDays > Today();
      if (!current) due.push_back({alias, own.tokens});
    }
    size_t done = 0;
    while (done < due.size()) {
      const size_t count = std::min(due.size() - done, domain::kMatchFilesPerOfferMax);
      const auto first = due.begin() + static_cast<std::ptrdiff_t>(done);
      KAPEA_ASSIGN(const uint32_t taken,
                   line_.Offer(asker_, {first, first + static_cast<std::ptrdiff_t>(count)}));
      done += std::min<size_t>(taken, count);
      if (taken < count) break;
    }
    check_.offered += done;
    check_.waiting += due.size() - done;
    return done > 0;
  }

  // Only what fits something that was offered; the rest is the server's invention.
  std::vector<Notice> Believable(const sync::MatchState& state) {
    std::vector<Notice> notices;
    size_t strange = 0;
    for (const sync::FoundMatch& found : state.found) {
      const auto own = own_.find(found.alias);
      const bool fits =
          own != own_.end() && found.unit != programme_.mine &&
          programme_.units.contains(found.unit) && notices.size() < kNoticesMax &&
          std::any_of(own->second.tokens.begin(), own->second.tokens.end(),
                      [&](const MatchToken& token) { return token.kind == found.kind; });
      // Of a file that a colleague's device alone holds, or whose value was put right since.
      if (own == own_.end() || !fits) {
        strange += own != own_.end() && !programme_.units.contains(found.unit) ? 1 : 0;
        continue;
      }
      notices.push_back({programme_.file, own->second.file, found.unit, found.kind,
                         std::min(found.day, Today())});
    }
    if (strange > 0) {
      check_.sentences.push_back(
          "the server spoke of units that do not take part; that was passed over, tell a "
          "supervisor if it stays");
    }
    return notices;
  }

  vault::Vault& vault_;
  sync::MatchLine& line_;
  const MatchProgramme& programme_;
  const sync::MatchAsker asker_;
  DuplicateCheck& check_;
  std::map<MatchAlias, Own> own_;  // every person's file here
};

bool IsRefusal(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsPermissionDenied(status) ||
         absl::IsUnimplemented(status) || absl::IsResourceExhausted(status);
}

// What the file's people said about that unit last.
struct Said {
  DuplicateState state = DuplicateState::kOpen;
  PersonId by;
};
Said SaidOf(const domain::FileState& file, const UnitId& unit) {
  Said said;
  for (const domain::Record* record : file.RecordsOf(kDuplicateForm)) {
    const auto* other = record->ShownAs<domain::Reference>("other_unit");
    const domain::FieldValue* value = record->Shown("answer");
    const auto* answer = record->ShownAs<domain::Code>("answer");
    if (other == nullptr || answer == nullptr || other->id.view() != unit.view()) continue;
    said.by = value->person;
    if (answer->code == "asked") {
      said.state = DuplicateState::kAsked;
    } else {
      said.state = answer->code == kSamePerson ? DuplicateState::kSame : DuplicateState::kDismissed;
    }
  }
  return said;
}

bool IsLinkedTo(vault::Vault& vault, const domain::FileState& file, const UnitId& unit) {
  const HeldLinks links(vault);
  for (const domain::FileState* other : links.Find(file, kSamePerson)) {
    if (other != nullptr && HasLineOf(*other, unit)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::vector<MatchProgramme>> MatchProgrammes(vault::Vault& vault) {
  std::vector<MatchProgramme> programmes;
  for (const vault::FileLine& line : vault.Files()) {
    if (line.kind != domain::FileKind::kProgramme || line.drill) continue;
    KAPEA_ASSIGN(const auto state, vault.File(line.file));
    const domain::KeyEpoch* epoch = state->newest_key_epoch();
    const std::vector<domain::RoleAt> roles = RolesIn(vault, *state);
    if (epoch == nullptr || roles.empty() || !Says(*state, "compare")) continue;
    if (!vault.HoldsKey(line.file, domain::KeyClass::kGeneral)) continue;
    MatchProgramme programme{
        line.file, epoch->id, roles[0].unit, {}, Says(*state, "compare_names")};
    for (const domain::Member& member : state->roster()) programme.units.insert(member.unit);
    programmes.push_back(std::move(programme));
  }
  return programmes;
}

absl::StatusOr<DuplicateCheck> CheckDuplicates(vault::Vault& vault, sync::MatchLine& line) {
  DuplicateCheck check;
  KAPEA_ASSIGN(const std::vector<MatchProgramme> programmes, MatchProgrammes(vault));
  KAPEA_ASSIGN(const std::vector<Notice> before, LoadNotices(vault));
  std::vector<Notice> after;
  for (const MatchProgramme& programme : programmes) {
    auto found = Comparison(vault, line, programme, check).Run();
    if (found.ok()) {
      after.insert(after.end(), found->begin(), found->end());
      continue;
    }
    if (!IsRefusal(found.status())) return found.status();
    check.sentences.emplace_back(found.status().message());
    std::copy_if(before.begin(), before.end(), std::back_inserter(after),
                 [&](const Notice& notice) { return notice.programme == programme.file; });
  }
  std::sort(after.begin(), after.end(),
            [](const Notice& a, const Notice& b) { return a.Key() < b.Key(); });
  after.erase(std::unique(after.begin(), after.end(),
                          [](const Notice& a, const Notice& b) { return a.Key() == b.Key(); }),
              after.end());
  std::set<std::pair<FileId, UnitId>> known, now;
  for (const Notice& notice : before) known.emplace(notice.file, notice.unit);
  for (const Notice& notice : after) now.emplace(notice.file, notice.unit);
  check.found = now.size();
  for (const auto& one : now) check.fresh += known.contains(one) ? 0 : 1;
  const std::string bytes = after.empty() ? std::string() : Encode(after);
  const std::string old = before.empty() ? std::string() : Encode(before);
  if (bytes != old) KAPEA_TRY(vault.PutSetting(kSetting, bytes));
  return check;
}

absl::Status WithdrawDuplicates(vault::Vault& vault, sync::MatchLine& line) {
  KAPEA_ASSIGN(const std::vector<MatchProgramme> programmes, MatchProgrammes(vault));
  for (const MatchProgramme& programme : programmes) {
    KAPEA_TRY(line.WithdrawAll({programme.file, programme.epoch, programme.mine}));
  }
  return vault.PutSetting(kSetting, "");
}

std::string_view NameOf(DuplicateState state) {
  switch (state) {
    case DuplicateState::kOpen:
      return "open";
    case DuplicateState::kAsked:
      return "asked";
    case DuplicateState::kDismissed:
      return "dismissed";
    case DuplicateState::kSame:
      return "same_person";
  }
  return "";
}

absl::StatusOr<std::vector<DuplicateLine>> ListDuplicates(vault::Vault& vault) {
  KAPEA_ASSIGN(const std::vector<Notice> notices, LoadNotices(vault));
  std::map<std::pair<FileId, UnitId>, DuplicateLine> lines;
  for (const Notice& notice : notices) {
    DuplicateLine& line = lines[{notice.file, notice.unit}];
    line.file = notice.file;
    line.unit = notice.unit;
    if (std::find(line.kinds.begin(), line.kinds.end(), notice.kind) == line.kinds.end()) {
      line.kinds.push_back(notice.kind);
    }
    line.since = std::max(line.since, Time::FromUnixMs(int64_t{notice.day} * kDayMs));
  }
  std::vector<DuplicateLine> list;
  for (auto& [key, line] : lines) {
    const auto file = vault.File(line.file);
    if (!file.ok() || (*file)->erased_wholly()) continue;
    const Said said = SaidOf(**file, line.unit);
    line.by = said.by;
    line.state = IsLinkedTo(vault, **file, line.unit) ? DuplicateState::kSame : said.state;
    list.push_back(std::move(line));
  }
  std::stable_sort(list.begin(), list.end(), [](const DuplicateLine& a, const DuplicateLine& b) {
    return a.state < b.state;
  });
  return list;
}

absl::StatusOr<Written> AnswerDuplicate(vault::Vault& vault, const FileId& file, const UnitId& unit,
                                        std::string_view answer, std::string_view reason) {
  if (reason.empty()) {
    return absl::InvalidArgumentError("want a reason, for colleagues to read; nothing was written");
  }
  KAPEA_ASSIGN(const std::vector<DuplicateLine> lines, ListDuplicates(vault));
  const bool known = std::any_of(lines.begin(), lines.end(), [&](const DuplicateLine& line) {
    return line.file == file && line.unit == unit;
  });
  if (!known) {
    return absl::NotFoundError(
        "nothing says that this unit knows the person; nothing was written. See: duplicates list");
  }
  RecordWrite write;
  write.form = std::string(kDuplicateForm);
  write.entries = {{"other_unit", unit.hex()},
                   {"answer", std::string(answer)},
                   {"reason", "text:" + std::string(reason)}};
  return WriteRecord(vault, file, write);
}

absl::Status LinkSamePerson(vault::Vault& vault, const FileId& file, const FileId& other) {
  for (const FileId& one : {file, other}) {
    KAPEA_ASSIGN(const auto state, vault.File(one));
    if (state->kind() == domain::FileKind::kPerson && !state->erased_wholly()) continue;
    return absl::InvalidArgumentError("want two persons' files; nothing was linked");
  }
  KAPEA_ASSIGN(const auto state, vault.File(file));
  const HeldLinks links(vault);
  for (const domain::FileState* linked : links.Find(*state, kSamePerson)) {
    if (linked != nullptr && linked->id() == other) {
      return absl::FailedPreconditionError("they are linked already; nothing was changed");
    }
  }
  const auto commit = [&](const FileId& in, const domain::LinkWrite& link) {
    Act act;
    act.file = in;
    act.kind = domain::Kind::kLink;
    act.body = link;
    return CommitAct(vault, act);
  };
  domain::LinkWrite link;
  link.relation = kSamePerson;
  link.link_id = RandomId<ChangeId>();
  link.other_file = other;
  KAPEA_ASSIGN(link.proposal, commit(file, link));
  link.other_file = file;
  return commit(other, link).status();
}

}  // namespace kapea::field
