// Break-glass: what its Changes must say, who may make them, and what they do to the fold.
#include <algorithm>
#include <set>

#include "common/domain/judge.h"

namespace kapea::domain {
namespace {

bool Plain(const Decision& decision) {
  return decision.subject.empty() && decision.field.empty() && !decision.maker && !decision.form &&
         !decision.parent;
}

bool IsHalfForAPerson(const Wrap& wrap) {
  return wrap.key_epoch && wrap.recipient_kind == RecipientKind::kPerson &&
         (wrap.half == 1 || wrap.half == 2);
}

// A request: a Decision for each class, with its number and the generation of the author's key,
// all with one reason; and her words to those who will decide, sealed to each.
bool IsRequest(const Change& change) {
  const GlassAsk ask = AskOf(change);
  size_t decisions = 0;
  for (const Write& write : change.writes) {
    if (std::holds_alternative<Wrap>(write.body)) return false;
    const auto* decision = std::get_if<Decision>(&write.body);
    if (decision == nullptr) continue;
    ++decisions;
    if (!Plain(*decision) || decision->reason.empty() || decision->reason != ask.reason ||
        decision->to == 0 || decision->to != ask.generation) {
      return false;
    }
  }
  const std::set<KeyClass> once(ask.classes.begin(), ask.classes.end());
  return decisions > 0 && once.size() == decisions;
}

// An approval, with halves; or the word of who asked that she has joined them.
bool IsAnswer(const Change& change) {
  size_t decisions = 0;
  size_t halves = 0;
  bool approves = false;
  for (const Write& write : change.writes) {
    if (std::holds_alternative<SealedNote>(write.body)) return false;
    if (const auto* wrap = std::get_if<Wrap>(&write.body)) {
      if (!IsHalfForAPerson(*wrap)) return false;
      ++halves;
    }
    const auto* decision = std::get_if<Decision>(&write.body);
    if (decision == nullptr) continue;
    ++decisions;
    approves = decision->reason == kGlassApproved;
    const bool known = approves || decision->reason == kGlassOpened;
    if (!Plain(*decision) || !known || decision->from != 0 || decision->to != 0) return false;
  }
  return change.header.refs.size() == 1 && decisions == 1 && approves == (halves > 0);
}

}  // namespace

Verdict Judgement::CheckGlassShape() {
  if (header_.kind != Kind::kBreakGlass) return Verdict::kAccepted;
  for (const Write& write : change_.writes) {
    if (std::holds_alternative<Withheld>(write.body)) return Verdict::kAccepted;
  }
  const bool whole = header_.refs.empty() ? IsRequest(change_) : IsAnswer(change_);
  return whole ? Verdict::kAccepted : Verdict::kMalformed;
}

Verdict Judgement::CheckGlass() {
  if (state_.erased_wholly()) return Verdict::kErased;
  if (header_.refs.empty()) {
    const GlassAsk ask = AskOf(change_);
    for (const KeyClass key_class : ask.classes) {
      if (!HoldsHalf(state_, header_.person, key_class)) return Verdict::kRole;
    }
    return around_.directory.KeyEnded(header_.person, ask.generation, at_)
               ? Verdict::kStaleRecipient
               : Verdict::kAccepted;
  }
  for (const GlassAt& glass : state_.glasses_) {
    if (glass.request != header_.refs[0]) continue;
    const auto* decision = std::get_if<Decision>(&change_.writes[0].body);
    if (decision != nullptr && decision->reason == kGlassOpened) {
      return glass.approval && glass.by == header_.person ? Verdict::kAccepted : Verdict::kRole;
    }
    return JudgeGlassApproval(state_, glass, change_, around_.directory, at_);
  }
  return Verdict::kRole;
}

void FileState::ApplyGlass(const Waiting& change, uint64_t at, const Surroundings& around) {
  const Change& what = *change.placed.change;
  const Header& header = what.header;
  const Entry& entry = change.placed.entry;
  if (header.refs.empty()) {
    GlassAsk ask = AskOf(what);
    if (ask.classes.empty()) return;
    GlassAt& glass = glasses_.emplace_back();
    glass.request = {what.id, what.hash};
    glass.by = header.person;
    glass.device = header.device;
    glass.unit = header.unit;
    glass.generation = ask.generation;
    glass.classes = std::move(ask.classes);
    glass.reason = std::move(ask.reason);
    glass.time = change.time;
    if (entry.number != 0) glass.requested = entry.received;
    for (const Write& write : what.writes) {
      if (const auto* note = std::get_if<SealedNote>(&write.body)) glass.why.push_back(*note);
    }
    return;
  }
  for (GlassAt& glass : glasses_) {
    // What opens a file waits for the Ledger's word.
    if (glass.request != header.refs[0] || entry.number == 0) continue;
    if (glass.approval) {
      if (glass.by == header.person) glass.opened.push_back(entry.received);
      continue;
    }
    // Checked here too: an Entry may be taken at its word, and this word opens.
    if (JudgeGlassApproval(*this, glass, what, around.directory, at) != Verdict::kAccepted) {
      NoteAstray(change, at, around);
      continue;
    }
    if (glass.requested == Time::Min() || entry.received - glass.requested > kGlassLapses) {
      glass.too_late = true;
      NoteAstray(change, at, around);
      continue;
    }
    glass.approval = Ref{what.id, what.hash};
    glass.approved_by = header.person;
    glass.approved = entry.received;
    glass.halves = WrapsIn(change, at, around);
  }
}

}  // namespace kapea::domain
