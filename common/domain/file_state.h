// A file as the fold of its Changes: the one piece of code that phone and server
// both trust for what a file says.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "common/base/id.h"
#include "common/domain/change.h"
#include "common/domain/directory.h"
#include "common/domain/disclosure.h"
#include "common/domain/early.h"
#include "common/domain/erasure.h"
#include "common/domain/file_parts.h"
#include "common/domain/form.h"
#include "common/domain/glass.h"
#include "common/domain/publication.h"
#include "common/domain/record.h"
#include "common/domain/release.h"
#include "common/domain/surroundings.h"
#include "common/domain/time_of.h"
#include "common/domain/touched.h"

namespace kapea::domain {

// The rules that Judge follows; stands in every Entry. Raise it with any change of
// a verdict, once a deployment is in use.
inline constexpr uint32_t kRulesVersion = 1;

// Threads: one at a time; reading from several is safe while nobody writes.
class FileState {
 public:
  // `erased`: the targets of all erasures of the file that have been carried out on the bytes
  // that will be folded; what they cover counts as withheld wherever it still stands.
  explicit FileState(FileId id, std::vector<ErasureTarget> erased = {})
      : id_(id), erased_(std::move(erased)) {}

  // What appending this Change as Entry `sequence` would find. Pure: the Change, the
  // Entries before it, and the directory and packs as of `sequence`. The order of the
  // checks is said in judge.h.
  Verdict Judge(const Change& change, uint64_t sequence, const Surroundings& around) const;
  // The verdict in words for author and supervisor; no personal data.
  static std::string Explain(Verdict verdict);

  // Folds the next Entry of the file. Entries come in order of their numbers; one that
  // was folded before is passed over. The verdict is judged anew, except where that is
  // impossible: under other rules, with withheld writes or after some, or when it stands on
  // what the file cannot show (forked, erased), and for publications; then the Entry's counts.
  // Changes that were `early` take effect here, once what they lacked is there. What
  // came in another file (a pack, a directory act) is seen at this file's next Entry.
  // Returns the verdict that counts. An Entry that is still being written has none
  // (kNone), and gets the one returned.
  Verdict Append(Placed placed, const Surroundings& around);
  // Folds a Change of this device that has no Entry yet; `now` is the device's clocks.
  // Call after all Entries. A later Append takes the Ledger's order first and puts what
  // is still local on top again, which copies the file: rare on a phone, never on a server.
  void AppendLocal(std::shared_ptr<const Change> change, const ClockReading& now,
                   const Surroundings& around);
  // Append for several Entries: what is local is put on top again once, after the last.
  void AppendAll(const std::vector<Placed>& placed, const Surroundings& around);

  FileId id() const { return id_; }
  FileKind kind() const { return kind_; }
  bool drill() const { return drill_; }
  bool founded() const { return founded_; }
  uint64_t number() const { return number_; }  // of the last Entry
  EventTime founded_at() const { return founded_at_; }
  PersonId founder() const { return founder_; }
  const Member& founding_line() const { return founding_line_; }  // her unit and role then

  const std::vector<Member>& roster() const { return roster_; }
  const std::vector<Departure>& departures() const { return departures_; }  // in Ledger order
  // Of the roster Change that last took effect; new Changes name it in their header.
  std::optional<Hash> roster_hash() const { return roster_hash_; }
  // Whether the person may act on this file under the role at the unit.
  bool IsMember(const PersonId& person, const UnitId& unit, Role role, const Directory& directory,
                uint64_t at = Directory::kNow) const;
  // Any membership at all: may read.
  bool MayRead(const PersonId& person, const Directory& directory,
               uint64_t at = Directory::kNow) const;
  // Whether that member is a lead or supervisor of the file: changes its roster, grants
  // its keys. The founder is one too, as long as she stands on the roster.
  bool MayLead(const PersonId& person, const UnitId& unit, Role role, const Directory& directory,
               uint64_t at = Directory::kNow) const;
  std::vector<Duty> DutiesOf(const PersonId& person, const UnitId& unit, Role role) const;

  const std::map<KeyEpochId, KeyEpoch>& key_epochs() const { return key_epochs_; }
  // Of the newest accepted roster Change that opened one; nullptr: none yet.
  const KeyEpoch* newest_key_epoch() const;
  const std::vector<WrapAt>& wraps() const { return wraps_; }
  // To who may not have that key (any more): without effect, but their bytes are in the world.
  const std::vector<WrapAt>& astray() const { return astray_; }
  // By person: bits 1 and 2 for the halves of class keys that she was given.
  using Halves = std::map<std::tuple<PersonId, KeyEpochId, KeyClass>, uint32_t>;
  const Halves& halves() const { return halves_; }

  const std::map<RecordId, Record>& records() const { return records_; }
  const Record* FindRecord(const RecordId& id) const;
  std::vector<const Record*> RecordsOf(std::string_view form) const;  // live; by time made, then id
  const Record* FirstOf(std::string_view form) const;  // of those; nullptr: there is none
  std::vector<const Record*> ChildrenOf(const RecordId& parent, std::string_view form) const;
  // The form that a record pins, by the pack that its Changes named; nullptr: unknown here.
  const Form* FormOf(const Record& record) const { return record.definition; }
  const Pack* pack() const { return pack_; }  // the newest named by an accepted Change

  const CustodyState& custody() const { return custody_; }
  // Of both, what was taken back is gone. Links: proposals, approvals and endings.
  const std::map<std::string, WaiverAt>& waivers() const { return waivers_; }
  const std::vector<LinkAt>& links() const { return links_; }
  const std::vector<Judged>& without_effect() const { return without_effect_; }  // nor early
  // One of those that was understood; nullptr: none, or it was not. As long as the state.
  const Change* FindRefused(const ChangeId& change) const;
  std::vector<Judged> waiting() const;  // early ones that still wait
  // Entries whose verdict is not the one that follows from this file, with the verdict
  // that does: evidence against the server, or a directory that is behind.
  const std::vector<Judged>& disputed() const { return disputed_; }
  const std::vector<ReadAt>& reads() const { return reads_; }
  // Without those that were taken back. One whose value was replaced since disputes nothing.
  const std::vector<domain::MismatchAt>& mismatches() const { return mismatches_; }
  const std::vector<ErasureAt>& erasures() const { return erasures_; }       // that took effect
  const std::vector<RecoveryAt>& recoveries() const { return recoveries_; }  // in Ledger order
  // Proposed and not decided: those that had not lapsed by then.
  std::vector<std::shared_ptr<const Change>> OpenErasures(Time now) const;
  std::vector<std::shared_ptr<const Change>> OpenReleases(Time now) const;  // likewise
  // What they cover, and what the file was told that they cover.
  const std::vector<ErasureTarget>& erased() const { return erased_; }
  // The whole file: it has a roster and its acts of erasure, and no keys, records or findings.
  bool erased_wholly() const;
  // Whether an erasure took effect since that was not known at the start: withhold what it
  // covers (codec::Withhold), and fold the file anew with erased().
  bool must_drop() const { return must_drop_; }
  // Whether writes are missing that no erasure so far explains: Entries are taken at their word.
  bool content_missing() const { return content_missing_; }
  const std::vector<DisclosureAt>& disclosures() const { return disclosures_; }  // as above
  const std::vector<GlassAt>& glasses() const { return glasses_; }               // in Ledger order
  const std::optional<ReleaseAt>& release() const { return release_; }           // of the plan
  const std::vector<PublicationAt>& publications() const { return publications_; }
  // Whether that line may have such keys here: by its role (roles.h); the plan's also by the
  // duty LEAD or SUP, and, once it is released, whoever has the general ones.
  bool MayHaveKey(const Member& line, KeyClass key_class, FileKind kind) const;
  const std::vector<domain::DeliveryAt>& deliveries() const { return deliveries_; }
  Touched TakeTouched() { return std::exchange(touched_, {false, {}}); }  // since the last call
  std::vector<FieldConflict> Conflicts() const;                           // of live records

 private:
  friend class Judgement;
  static Halves::key_type HalfNameOf(const Wrap& wrap);
  // Gives a Change the verdict that it has just got: applies it, or keeps it aside.
  void Settle(Waiting change, uint64_t at, const Surroundings& around);
  void Refuse(Waiting change, uint64_t at, const Surroundings& around);
  void ResolveEarly(uint64_t at, const Surroundings& around);
  bool StillLacks(const Lack& lack, uint64_t at, const Surroundings& around) const;
  void TellEarly(const Change& settled);
  EventTime TimeFor(const Placed& placed);
  void FoldLocal(const Placed& local, const Surroundings& around);

  void Apply(const Waiting& change, uint64_t at, const Surroundings& around);
  void ApplyEdit(const Waiting& change, const Pack* pack);
  void ApplyField(const Waiting& change, const Pack* pack, size_t index);
  void ListRecord(const Record& record);
  void Touch(std::string_view name);
  void TouchOlderForm(const Record& record);
  void ApplyRoster(const Waiting& change, bool accepted, uint64_t at, const Surroundings& around);
  void ApplyWraps(const Waiting& change, uint64_t at, const Surroundings& around);
  std::vector<WrapAt> WrapsIn(const Waiting& change, uint64_t at, const Surroundings& around) const;
  void NoteAstray(const Waiting& change, uint64_t at, const Surroundings& around);
  void ApplyCustodyOffer(const Waiting& change);
  void ApplyCustodyAnswer(const Waiting& change);
  void ApplyWaivers(const Waiting& change);
  void ApplyLink(const Waiting& change);
  void ApplyNotices(const Waiting& change);
  void ApplyMismatch(const Waiting& change);
  void ApplyWithdrawal(const Change& change);
  void ApplyApproval(const Waiting& change, uint64_t at, const Surroundings& around);
  void ApplyErase(const Waiting& change);
  bool AllErasuresSeen() const;
  void ApplyRecovery(const Waiting& change);
  void CompleteErasure(ProposalAt& proposal, const Waiting& approval, uint64_t at,
                       const Surroundings& around);
  void ApplyDisclosure(const Waiting& change);
  void CompleteDisclosure(ProposalAt& proposal, const Waiting& approval);
  void ApplyGlass(const Waiting& change, uint64_t at, const Surroundings& around);
  std::vector<std::shared_ptr<const Change>> OpenProposals(Kind kind, Time now) const;
  void ApplyRelease(const Waiting& change);
  void ApplyPublication(const Waiting& change);
  void CompleteRelease(ProposalAt& proposal, const Waiting& approval, uint64_t at,
                       const Surroundings& around);
  bool MayRelease(const Header& proposal, const Header& approval, const Directory& directory,
                  uint64_t at) const;
  void RestoreMade(const Waiting& change, const Pack* pack);
  // Whether these two may together erase, as of `at`: leads of the file, and one of them a
  // supervisor.
  bool MayErase(const Header& proposal, const Header& approval, const Directory& directory,
                uint64_t at) const;
  void ApplyAdmission(const Change& change, uint64_t at, const Surroundings& around);

  FileId id_;
  Touched touched_;
  FileKind kind_ = FileKind::kNone;
  bool drill_ = false, founded_ = false;
  uint64_t number_ = 0;
  EventTime founded_at_;
  PersonId founder_;
  Member founding_line_;
  std::vector<Member> roster_;
  std::vector<Departure> departures_;
  std::optional<Hash> roster_hash_;
  std::set<Hash> rosters_seen_;  // every roster Change that is not early, whatever its verdict
  std::map<KeyEpochId, KeyEpoch> key_epochs_;
  std::optional<KeyEpochId> newest_key_epoch_;
  std::vector<WrapAt> wraps_, astray_;
  Halves halves_;
  std::map<RecordId, Record> records_;
  std::map<std::string, std::vector<RecordId>, std::less<>> by_form_;  // by time made, then id
  const Pack* pack_ = nullptr;
  CustodyState custody_;
  std::map<std::string, WaiverAt> waivers_;
  std::vector<LinkAt> links_;
  std::vector<Judged> without_effect_, disputed_;
  std::vector<ReadAt> reads_;
  std::vector<MismatchAt> mismatches_;
  std::vector<RecoveryAt> recoveries_;
  std::vector<DeliveryAt> deliveries_;
  std::map<ChangeId, Hash> placed_;  // every Change of the file so far
  EarlyChanges early_;
  std::pair<size_t, size_t> outside_;    // packs and acts of the directory at the last Entry
  std::map<ChangeId, Waiting> refused_;  // those an admission may still let in
  std::map<ChangeId, ProposalAt> proposals_;
  std::vector<DisclosureAt> disclosures_;
  std::vector<GlassAt> glasses_;
  std::optional<ReleaseAt> release_;
  std::vector<PublicationAt> publications_;
  std::vector<ErasureAt> erasures_;
  std::vector<ErasureTarget> erased_;
  bool must_drop_ = false, content_missing_ = false;
  std::map<DeviceId, LastClock> last_clocks_;
  // The file by the Ledger alone, while there are local Changes on top of it.
  std::shared_ptr<FileState> by_ledger_;
  std::vector<Placed> locals_;
};

}  // namespace kapea::domain
