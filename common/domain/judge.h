// The verdict on one Change. Apart from FileState, because the rules are many and the
// fold is simple.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "common/domain/file_state.h"

namespace kapea::domain {

// The checks in their order; the first that fails gives the verdict.
//   1 needs_newer   a format version or kind that this program does not know
//     malformed     bodies that the kind does not have, writes that contradict each other,
//                   a kind that files of this kind do not have, a ref with another hash
//   2 early         the device or person is not in the directory yet
//     revoked       the device or person ended before this Entry
//   3 role          the role is not the author's, or may never do this
//   4 early         founding, roster, ref, pack, record, key epoch or recipient not there yet
//   5 not_member    the roster in force does not have the author
//     role          a lead's act by somebody who does not lead the file; staff of a unit hand
//                   on among themselves what was given to their line of the roster. Break-glass
//                   asks for no membership but for halves (7), and who came in by it tells what
//                   she read
//   6 stale_roster  additions, grants, links and waivers under another roster than that in
//                   force. What such a Change removes or lowers takes effect all the same.
//   7 what it says, write by write: form, role (writers), duty, type, class, key_epoch,
//     missing_fact; for acts role (the second person is the first, the unit does not have
//     custody, the proposal is no longer open), stale_recipient, erased (all that it
//     writes to was), on_hold, no_consent, published
// The genesis and the server's deliveries are judged apart. An admission repeats 4 and 7
// for the Change that it lets in, and takes over what they find. How long ago a proposal
// was received is no matter of a verdict but of the fold (Directory).
// Threads: one; lives for one call. Owns nothing.
class Judgement {
 public:
  Judgement(const FileState& state, const Change& change, uint64_t sequence,
            const Surroundings& around);

  Verdict Reach();
  // Who made it, alone: device, role, and membership as the file has it. Of an Entry that is
  // taken at its word this is looked at all the same where it is about who may do what.
  Verdict ReachEntitled();
  // Whether the Change could take effect if it did not matter who made it.
  Verdict ReachAsAdmitted();
  // Whether this wrap of a roster Change that took effect counts. One that does not (its
  // recipient lost her phone, or left) has no effect and nothing else is lost with it: a
  // file must not fall because the founder, without signal, had not heard of it.
  Verdict OfWrap(const Wrap& wrap) const;
  // After kEarly: what it waits for.
  const Lack& lack() const { return lack_; }

 private:
  using Check = Verdict (Judgement::*)();
  // A record that this Change makes.
  struct NewRecord {
    RecordId id;
    const FieldWrite* first;
    const Form* form;
  };

  // judge.cc
  Verdict First(std::initializer_list<Check> checks);
  Verdict Early(Lack lack);
  Verdict CheckAuthor();
  Verdict CheckRole();
  Verdict CheckThere();
  Verdict CheckFieldsThere();
  Verdict CheckWrapsThere();
  Verdict CheckMember();
  Verdict CheckRosterInForce();
  Verdict JudgeGenesis();
  Verdict JudgeDelivery();
  const NewRecord* FindNew(const RecordId& id) const;

  // judge_shape.cc
  Verdict CheckFormat();
  Verdict CheckShape();
  Verdict CheckBodies();
  Verdict CheckFieldShapes();
  Verdict CheckRosterShape();
  Verdict CheckEraseShape();

  // judge_field.cc
  Verdict CheckFields();
  Verdict CheckField(size_t index);
  Verdict CheckNewRecord(const NewRecord& record);
  Verdict CheckRecordAct(const FieldWrite& write, const Record* record, const Form& form);
  Verdict CheckWriter(const Field& field);
  Verdict CheckValue(const Field& field, const FieldWrite& write);
  Verdict CheckSeal(const Field& field, const FieldWrite& write);
  Verdict CheckFacts(const Field& field, size_t index, const Form& form);

  // judge_act.cc
  Verdict CheckContent();
  Verdict CheckWraps();
  Verdict CheckWrap(const Wrap& wrap, const std::vector<Member>& roster) const;
  bool GetsOtherHalf(const Wrap& wrap) const;
  bool HandsOn() const;
  Verdict CheckDirectoryWrap(const Wrap& wrap);
  Verdict CheckCustodyOffer();
  Verdict CheckCustodyAnswer();
  Verdict CheckWaivers();
  Verdict CheckLink();
  Verdict CheckMismatch();
  Verdict CheckApproval();
  Verdict CheckWithdrawal();
  Verdict CheckAdmission();

  // judge_erase.cc
  Verdict CheckErase();
  Verdict CheckEraseApproval(const Change& proposal) const;
  bool OnHold() const;

  // judge_glass.cc
  Verdict CheckGlassShape();
  Verdict CheckGlass();

  // judge_release.cc
  Verdict CheckRelease();
  Verdict CheckReleaseApproval(const Change& proposal) const;

  // judge_disclosure.cc
  Verdict CheckDisclosureThere();
  Verdict CheckDisclosure();
  Verdict CheckDisclosureApproval(const Change& proposal) const;

  // judge_publication.cc
  Verdict CheckPublication();

  // judge_recovery.cc
  Verdict CheckRecoveryShape();
  Verdict CheckRecovery();
  Verdict CheckRecoveryWrap(const Wrap& wrap) const;

  const FileState& state_;
  const Change& change_;
  const Header& header_;
  const uint64_t at_;
  const Surroundings& around_;
  const Pack* pack_ = nullptr;
  bool admitted_ = false;
  bool founding_ = false;
  std::vector<NewRecord> new_records_;
  Lack lack_;
};

}  // namespace kapea::domain
