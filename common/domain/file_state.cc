#include "common/domain/file_state.h"

#include <algorithm>
#include <utility>

#include "common/domain/judge.h"
#include "common/domain/rekey.h"
#include "common/domain/roster.h"

namespace kapea::domain {
namespace {

bool HasWithheld(const Change& change) {
  return std::any_of(change.writes.begin(), change.writes.end(), [](const Write& write) {
    return std::holds_alternative<Withheld>(write.body);
  });
}

// Whether this file cannot show why the Entry has its verdict.
bool TakenAtItsWord(const Placed& placed, bool content_missing) {
  const Entry& entry = placed.entry;
  if (entry.verdict == Verdict::kNone) return false;
  // What figures tell together takes long to work out: once, where the Entry is made, and where
  // the ledger is verified, not on every phone at every start.
  const bool worked_out =
      placed.change->header.kind == Kind::kPublication &&
      (entry.verdict == Verdict::kAccepted || entry.verdict == Verdict::kPublished);
  return worked_out || content_missing || entry.verdict == Verdict::kForked ||
         entry.verdict == Verdict::kErased || entry.rules != kRulesVersion ||
         HasWithheld(*placed.change);
}

bool SaysWhoMay(Kind kind) {
  return kind == Kind::kRoster || kind == Kind::kGrant || kind == Kind::kApproval ||
         kind == Kind::kAdmission || kind == Kind::kErase || kind == Kind::kRecovery ||
         kind == Kind::kRelease || kind == Kind::kBreakGlass || kind == Kind::kPublication;
}

Judged AsJudged(const Waiting& change) {
  const Header& header = change.placed.change->header;
  return {change.placed.change->id, change.placed.entry.number, change.verdict, header.person,
          header.device};
}

}  // namespace

Verdict FileState::Judge(const Change& change, uint64_t sequence,
                         const Surroundings& around) const {
  return Judgement(*this, change, sequence, around).Reach();
}

Verdict FileState::Append(Placed placed, const Surroundings& around) {
  if (placed.entry.number <= number_) return placed.entry.verdict;
  std::vector<Placed> locals;
  if (by_ledger_) {
    locals = std::move(locals_);
    // A copy of this file may still stand on it.
    FileState ledger_only =
        by_ledger_.use_count() == 1 ? std::move(*by_ledger_) : FileState(*by_ledger_);
    *this = std::move(ledger_only);
  }
  number_ = placed.entry.number;
  if (!erased_.empty()) placed.change = WithoutErased(std::move(placed.change), erased_);
  // Of a newer format nothing can be read, but all of it is there. Once what was erased is
  // known whole, every fold lacks the same, and comes to the same verdicts again.
  const bool lacks = placed.change->header.format == 1 && HasWithheld(*placed.change) &&
                     !LacksWrapsAlone(*placed.change);
  content_missing_ = content_missing_ || (lacks && !AllErasuresSeen());
  const std::shared_ptr<const Change> change = placed.change;
  const uint64_t at = placed.entry.sequence;
  Verdict verdict = placed.entry.verdict;
  if (placed_.try_emplace(change->id, change->hash).second) {
    const EventTime time = TimeFor(placed);
    Lack lack;
    if (!TakenAtItsWord(placed, content_missing_)) {
      Judgement judgement(*this, *change, at, around);
      verdict = judgement.Reach();
      lack = judgement.lack();
    } else if (verdict == Verdict::kAccepted && SaysWhoMay(change->header.kind) && founded_) {
      // The server's word alone lets nobody in, gives nobody a key and erases nothing.
      Judgement judgement(*this, *change, at, around);
      const Verdict entitled = judgement.ReachEntitled();
      if (entitled != Verdict::kAccepted) verdict = entitled;
      lack = judgement.lack();
    }
    const bool disputed = placed.entry.verdict != Verdict::kNone && placed.entry.verdict != verdict;
    if (placed.entry.verdict == Verdict::kNone) placed.entry.verdict = verdict;
    Waiting next{std::move(placed), time, lack, verdict};
    if (disputed) disputed_.push_back(AsJudged(next));
    Settle(std::move(next), at, around);
  }
  ResolveEarly(at, around);
  for (const Placed& local : locals) FoldLocal(local, around);
  return verdict;
}

void FileState::AppendLocal(std::shared_ptr<const Change> change, const ClockReading& now,
                            const Surroundings& around) {
  FoldLocal({std::move(change), Entry{}, now}, around);
}

void FileState::FoldLocal(const Placed& local, const Surroundings& around) {
  const Change& change = *local.change;
  if (placed_.contains(change.id)) return;  // it has its Entry by now, or is here already
  if (!by_ledger_) by_ledger_ = std::make_shared<FileState>(*this);
  locals_.push_back(local);
  placed_.emplace(change.id, change.hash);
  Waiting next{local, TimeFor(local), {}, Verdict::kNone};
  Judgement judgement(*this, change, Directory::kNow, around);
  next.verdict = judgement.Reach();
  next.lack = judgement.lack();
  Settle(std::move(next), Directory::kNow, around);
  ResolveEarly(Directory::kNow, around);
}

void FileState::AppendAll(const std::vector<Placed>& placed, const Surroundings& around) {
  const bool something = std::any_of(placed.begin(), placed.end(), [this](const Placed& one) {
    return one.entry.number > number_;
  });
  if (!something) return;
  const std::vector<Placed> locals = std::exchange(locals_, {});
  for (const Placed& one : placed) Append(one, around);
  for (const Placed& local : locals) FoldLocal(local, around);
}

EventTime FileState::TimeFor(const Placed& placed) {
  const Header& header = placed.change->header;
  EventTime time = placed.entry.number == 0 ? LocalTimeOf(header, placed.signing)
                                            : TimeOf(header, placed.signing, placed.entry.received);
  // A device's elapsed time only grows within a boot; one that falls was tampered with.
  LastClock& last = last_clocks_[header.device];
  const bool same_boot =
      last.clock.boot == header.clock.boot && !header.clock.boot.is_zero() && last.sequence != 0;
  const bool later = header.sequence > last.sequence;
  const bool falls =
      later ? header.clock.elapsed < last.clock.elapsed : header.clock.elapsed > last.clock.elapsed;
  if (same_boot && header.sequence != last.sequence && falls) {
    time.soft = time.hard;
    time.clock_doubted = true;
  }
  if (later) last = {header.sequence, header.clock};
  return time;
}

void FileState::Settle(Waiting change, uint64_t at, const Surroundings& around) {
  switch (change.verdict) {
    case Verdict::kEarly:
      early_.Add(std::move(change));
      return;
    case Verdict::kAccepted:
      Apply(change, at, around);
      TellEarly(*change.placed.change);
      return;
    default:
      break;
  }
  const std::shared_ptr<const Change> what = change.placed.change;
  Refuse(std::move(change), at, around);
  TellEarly(*what);
}

void FileState::Refuse(Waiting change, uint64_t at, const Surroundings& around) {
  without_effect_.push_back(AsJudged(change));
  // What cannot be understood has no parts that could count.
  if (change.verdict == Verdict::kMalformed || change.verdict == Verdict::kNeedsNewer ||
      change.verdict == Verdict::kForked || change.verdict == Verdict::kErased) {
    return;
  }
  const Change& what = *change.placed.change;
  if (what.header.kind == Kind::kRoster) ApplyRoster(change, false, at, around);
  // Of others nothing is known: they may invent wraps.
  const bool astray =
      (what.header.kind == Kind::kGrant && change.verdict == Verdict::kStaleRecipient) ||
      what.header.kind == Kind::kBreakGlass;
  if (astray) NoteAstray(change, at, around);
  const ChangeId id = what.id;
  refused_.insert_or_assign(id, std::move(change));
}

void FileState::TellEarly(const Change& settled) {
  early_.Came(settled);
  if (founded_) early_.Came({.what = Lack::What::kFounding});
  for (const ErasureTarget& target : erased_) {
    if (target.maker == settled.id && target.record) {
      early_.Came({.what = Lack::What::kRecord, .record = *target.record});
    }
  }
}

void FileState::ResolveEarly(uint64_t at, const Surroundings& around) {
  const std::pair outside(around.packs.CountBefore(at), around.directory.ActsBefore(at));
  if (std::exchange(outside_, outside) != outside) early_.CameOutside();
  early_.Came(Lack{});  // those that are early by the Ledger's word alone
  // One that takes effect may be what an earlier one waits for, so until nothing moves.
  while (auto due = early_.Next()) {
    Waiting& change = due->change;
    if (!StillLacks(change.lack, at, around)) {
      Judgement judgement(*this, *change.placed.change, at, around);
      change.verdict = judgement.Reach();
      change.lack = judgement.lack();
    }
    if (change.verdict == Verdict::kEarly) {
      early_.PutBack(*std::move(due));
    } else {
      Settle(std::move(change), at, around);
    }
  }
}

// Keys that were wrapped to who may not have them (any more): a lead's grant to a key that had
// ended, and what a supervisor handed to another though it was too late or not to be.
void FileState::NoteAstray(const Waiting& change, uint64_t at, const Surroundings& around) {
  const bool by_glass = change.placed.change->header.kind == Kind::kBreakGlass;
  for (WrapAt& one : WrapsIn(change, at, around)) {
    const Wrap& wrap = one.wrap;
    if (!wrap.key_epoch) continue;
    const bool joins = HoldsHalf(*this, one.by, *wrap.key_epoch, wrap.key_class, wrap.half) &&
                       HoldsHalf(*this, PersonId::FromPrefix(wrap.recipient.view()),
                                 *wrap.key_epoch, wrap.key_class, 3 - wrap.half);
    if (by_glass ? joins : one.by_lead) astray_.push_back(std::move(one));
  }
}

bool FileState::StillLacks(const Lack& lack, uint64_t at, const Surroundings& around) const {
  switch (lack.what) {
    case Lack::What::kFounding:
      return !founded_;
    case Lack::What::kRoster:
      return !rosters_seen_.contains(lack.hash);
    case Lack::What::kChange:
      return !placed_.contains(lack.change) || early_.Contains(lack.change);
    case Lack::What::kRecord:
      return !records_.contains(lack.record);
    case Lack::What::kKeyEpoch:
      return !key_epochs_.contains(lack.change);
    case Lack::What::kPack:
      return around.packs.FindPack(lack.hash, at) == nullptr;
    case Lack::What::kDirectory:
    case Lack::What::kNothing:
      return false;  // cheap to judge again
  }
  return false;
}

bool FileState::IsMember(const PersonId& person, const UnitId& unit, Role role,
                         const Directory& directory, uint64_t at) const {
  if (kind_ == FileKind::kDirectory || kind_ == FileKind::kStandards) {
    return directory.HoldsRole(person, role, unit, at);
  }
  return std::any_of(roster_.begin(), roster_.end(), [&](const Member& line) {
    return Covers(line, person, unit, role, directory, at);
  });
}

bool FileState::MayRead(const PersonId& person, const Directory& directory, uint64_t at) const {
  const PersonEntry* entry = directory.FindPerson(person, at);
  if (entry == nullptr || entry->ended) return false;
  if (kind_ == FileKind::kDirectory || kind_ == FileKind::kStandards) return true;
  return std::any_of(roster_.begin(), roster_.end(), [&](const Member& line) {
    return Covers(line, person, line.unit, line.role, directory, at);
  });
}

bool FileState::MayLead(const PersonId& person, const UnitId& unit, Role role,
                        const Directory& directory, uint64_t at) const {
  if (kind_ == FileKind::kDirectory || kind_ == FileKind::kStandards) return false;
  const bool founder =
      founder_ == person && founding_line_.unit == unit && founding_line_.role == role;
  return std::any_of(roster_.begin(), roster_.end(), [&](const Member& line) {
    return (founder || Leads(line)) && Covers(line, person, unit, role, directory, at);
  });
}

std::vector<Duty> FileState::DutiesOf(const PersonId& person, const UnitId& unit, Role role) const {
  std::vector<Duty> duties;
  for (const Member& line : roster_) {
    if (line.unit != unit || line.role != role || (line.person && *line.person != person)) {
      continue;
    }
    duties.insert(duties.end(), line.duties.begin(), line.duties.end());
  }
  std::sort(duties.begin(), duties.end());
  duties.erase(std::unique(duties.begin(), duties.end()), duties.end());
  return duties;
}

bool FileState::AllErasuresSeen() const {
  return !must_drop_ && !erased_.empty() &&
         std::all_of(erased_.begin(), erased_.end(), [this](const ErasureTarget& target) {
           return std::any_of(erasures_.begin(), erasures_.end(), [&target](const ErasureAt& one) {
             return std::find(one.targets.begin(), one.targets.end(), target) != one.targets.end();
           });
         });
}

bool FileState::erased_wholly() const { return CoversWholeFile(erased_); }

const KeyEpoch* FileState::newest_key_epoch() const {
  return newest_key_epoch_ ? &key_epochs_.at(*newest_key_epoch_) : nullptr;
}

const Record* FileState::FindRecord(const RecordId& id) const {
  const auto found = records_.find(id);
  return found == records_.end() ? nullptr : &found->second;
}

std::vector<const Record*> FileState::RecordsOf(std::string_view form) const {
  std::vector<const Record*> records;
  const auto listed = by_form_.find(form);
  if (listed == by_form_.end()) return records;
  for (const RecordId& id : listed->second) {
    const Record& record = records_.at(id);
    if (!record.voided()) records.push_back(&record);
  }
  return records;
}

const Record* FileState::FirstOf(std::string_view form) const {
  const auto listed = by_form_.find(form);
  if (listed == by_form_.end()) return nullptr;
  for (const RecordId& id : listed->second) {
    const Record& record = records_.at(id);
    if (!record.voided()) return &record;
  }
  return nullptr;
}

std::vector<const Record*> FileState::ChildrenOf(const RecordId& parent,
                                                 std::string_view form) const {
  std::vector<const Record*> children = RecordsOf(form);
  std::erase_if(children, [&parent](const Record* child) { return child->parent != parent; });
  return children;
}

const Change* FileState::FindRefused(const ChangeId& change) const {
  const auto found = refused_.find(change);
  return found == refused_.end() ? nullptr : found->second.placed.change.get();
}

std::vector<Judged> FileState::waiting() const {
  std::vector<Judged> all;
  for (const Waiting* change : early_.InOrder()) all.push_back(AsJudged(*change));
  return all;
}

std::vector<FieldConflict> FileState::Conflicts() const {
  std::vector<FieldConflict> conflicts;
  for (const auto& [id, record] : records_) {
    if (record.voided()) continue;
    for (const auto& [field, values] : record.fields) {
      if (values.conflicted()) conflicts.push_back({id, field});
    }
  }
  return conflicts;
}

}  // namespace kapea::domain
