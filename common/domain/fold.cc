// What a Change that takes effect does to its file.
#include <algorithm>
#include <tuple>
#include <utility>

#include "common/domain/file_state.h"
#include "common/domain/judge.h"
#include "common/domain/rekey.h"
#include "common/domain/roster.h"

namespace kapea::domain {

void FileState::Apply(const Waiting& change, uint64_t at, const Surroundings& around) {
  const Change& what = *change.placed.change;
  const Header& header = what.header;
  const Pack* pack = header.pack ? around.packs.FindPack(*header.pack, at) : nullptr;
  if (pack != nullptr) pack_ = pack;
  if (!erased_.empty()) RestoreMade(change, pack);
  // Findings read no wraps and no notices; of edits they read what ApplyField names.
  touched_.all =
      touched_.all || !(header.kind == Kind::kEdit || header.kind == Kind::kResolution ||
                        header.kind == Kind::kGrant || header.kind == Kind::kReadNotice ||
                        header.kind == Kind::kDelivery);
  switch (header.kind) {
    case Kind::kGenesis:
      kind_ = FileKind::kDirectory;
      founded_ = true;
      founded_at_ = change.time;
      founder_ = header.person;
      // The directory has no roster; its Changes stand on the genesis.
      roster_hash_ = what.hash;
      rosters_seen_.insert(what.hash);
      return;
    case Kind::kRoster:
      return ApplyRoster(change, true, at, around);
    case Kind::kGrant:
      return ApplyWraps(change, at, around);
    case Kind::kEdit:
    case Kind::kResolution:
      return ApplyEdit(change, pack);
    case Kind::kCustodyOffer:
      return ApplyCustodyOffer(change);
    case Kind::kCustodyAnswer:
      return ApplyCustodyAnswer(change);
    case Kind::kWaiver:
      return ApplyWaivers(change);
    case Kind::kLink:
      return ApplyLink(change);
    case Kind::kReadNotice:
    case Kind::kDelivery:
      return ApplyNotices(change);
    case Kind::kDirectory:
      proposals_.try_emplace(what.id, ProposalAt{change.placed.change, {}, false, {}});
      return;
    case Kind::kErase:
      return ApplyErase(change);
    case Kind::kBreakGlass:
      return ApplyGlass(change, at, around);
    case Kind::kRelease:
      return ApplyRelease(change);
    case Kind::kDisclosure:
      return ApplyDisclosure(change);
    case Kind::kPublication:
      return ApplyPublication(change);
    case Kind::kRecovery:
      return ApplyRecovery(change);
    case Kind::kApproval:
      return ApplyApproval(change, at, around);
    case Kind::kMismatch:
      return ApplyMismatch(change);
    case Kind::kWithdrawal:
      return ApplyWithdrawal(what);
    case Kind::kAdmission:
      return ApplyAdmission(what, at, around);
    default:
      return;  // packs are put together by PackSource
  }
}

void FileState::ApplyEdit(const Waiting& change, const Pack* pack) {
  const auto& writes = change.placed.change->writes;
  const RecordId* last = nullptr;
  for (size_t i = 0; i < writes.size(); ++i) {
    const auto* write = std::get_if<FieldWrite>(&writes[i].body);
    if (write == nullptr) continue;
    ApplyField(change, pack, i);
    if (last == nullptr || *last != write->record) TouchOlderForm(records_.at(write->record));
    last = &write->record;
  }
}

void FileState::ApplyField(const Waiting& change, const Pack* pack, size_t index) {
  const Change& what = *change.placed.change;
  const auto& write = std::get<FieldWrite>(what.writes[index].body);
  const auto [found, is_new] = records_.try_emplace(write.record);
  Record& record = found->second;
  if (is_new) {
    record.id = write.record;
    // Without a form only where the first write was withheld.
    if (write.form) record.form = *write.form;
    record.parent = write.parent;
    record.made_by = what.id;
    record.made = change.time;
    record.made_by_person = what.header.person;
    if (pack != nullptr) {
      record.definition = pack->FindForm(record.form.form, record.form.version);
    }
    ListRecord(record);
    Touch(record.form.form);
  }
  Touch(write.field);
  if (write.field == kPinField) {
    const auto* version = write.clear ? std::get_if<int64_t>(&*write.clear) : nullptr;
    if (version == nullptr || *version <= record.form.version || pack == nullptr) return;
    record.form.version = static_cast<uint32_t>(*version);
    record.definition = pack->FindForm(record.form.form, record.form.version);
    return;
  }
  // A derived fact is replaced with the write that it comes from.
  const std::vector<ChangeId>* replaces = &write.replaces;
  if (write.of && *write.of < what.writes.size()) {
    const auto* source = std::get_if<FieldWrite>(&what.writes[*write.of].body);
    if (source != nullptr) replaces = &source->replaces;
  }
  const Header& header = what.header;
  record.fields[write.field].Add({.change = what.id,
                                  .write_index = static_cast<uint32_t>(index),
                                  .salt = what.writes[index].salt,
                                  .device = header.device,
                                  .person = header.person,
                                  .unit = header.unit,
                                  .role = header.role,
                                  .duty = header.duty,
                                  .time = change.time,
                                  .number = change.placed.entry.number,
                                  .clear = write.clear,
                                  .sealed = write.sealed},
                                 *replaces);
  if (write.of || replaces->empty() || record.definition == nullptr) return;
  const Field* field = record.definition->FindField(write.field);
  if (field == nullptr) return;
  for (const DerivedFact& fact : field->derived) {
    record.fields[fact.code].Replace(*replaces);
    Touch(fact.code);
  }
}

void FileState::Touch(std::string_view name) {
  touched_.all = touched_.all || name.starts_with('@');  // voided, or pinned anew
  if (!touched_.all) touched_.names.Add(name);
}

// A form that the newest pack does not repeat means names that nobody finds there.
void FileState::TouchOlderForm(const Record& record) {
  if (touched_.all || record.definition == nullptr || pack_ == nullptr) return;
  const Form* known = pack_->FindForm(record.form.form, record.form.version);
  touched_.all = known != record.definition;
}

void FileState::ListRecord(const Record& record) {
  std::vector<RecordId>& listed = by_form_[record.form.form];
  const auto before = [this](const RecordId& id, const Record& other) {
    const Record& one = records_.at(id);
    return std::tie(one.made.soft, one.id) < std::tie(other.made.soft, other.id);
  };
  listed.insert(std::lower_bound(listed.begin(), listed.end(), record, before), record.id);
}

void FileState::ApplyRoster(const Waiting& change, bool accepted, uint64_t at,
                            const Surroundings& around) {
  const Change& what = *change.placed.change;
  const Header& header = what.header;
  rosters_seen_.insert(what.hash);
  bool in_force = accepted;
  KeyEpoch epoch{what.id, {}, accepted, change.placed.entry.number};
  for (const Write& write : what.writes) {
    if (const auto* founding = std::get_if<Founding>(&write.body); founding && accepted) {
      kind_ = founding->kind;
      drill_ = founding->drill;
      founded_ = true;
      founded_at_ = change.time;
      founder_ = header.person;
      founding_line_ = {header.person, header.unit, header.role, {}};
      if (kind_ == FileKind::kPerson) custody_.holder = header.unit;
    } else if (const auto* lines = std::get_if<RosterWrite>(&write.body)) {
      // Of a stale roster, what it takes away counts: nobody outruns a removal.
      if (!accepted && change.verdict != Verdict::kStaleRoster) continue;
      for (const Member& line : lines->removed) {
        departures_.push_back({line, change.placed.entry.number});
      }
      std::vector<Member> after = Applied(roster_, *lines, !accepted);
      in_force = in_force || after != roster_;
      roster_ = std::move(after);
    } else if (const auto* opening = std::get_if<KeyOpening>(&write.body)) {
      epoch.classes.insert_or_assign(opening->key_class, *opening);
    }
  }
  if (in_force) roster_hash_ = what.hash;
  if (!epoch.classes.empty()) {
    if (accepted) newest_key_epoch_ = what.id;
    key_epochs_.try_emplace(what.id, std::move(epoch));
  }
  if (accepted) ApplyWraps(change, at, around);
}

void FileState::ApplyWraps(const Waiting& change, uint64_t at, const Surroundings& around) {
  const Change& what = *change.placed.change;
  const Judgement judgement(*this, what, at, around);
  for (WrapAt& one : WrapsIn(change, at, around)) {
    // A grant was judged as a whole, or is taken at its word: which gives nobody both halves.
    const bool both =
        HoldsHalf(*this, PersonId::FromPrefix(one.wrap.recipient.view()),
                  one.wrap.key_epoch.value_or(KeyEpochId()), one.wrap.key_class, 3 - one.wrap.half);
    const bool alone = what.header.kind == Kind::kRoster;
    const bool stands = !both && (!alone || judgement.OfWrap(one.wrap) == Verdict::kAccepted);
    if (stands && one.wrap.half != 0) halves_[HalfNameOf(one.wrap)] |= one.wrap.half;
    (stands ? wraps_ : astray_).push_back(std::move(one));
  }
}

std::vector<WrapAt> FileState::WrapsIn(const Waiting& change, uint64_t at,
                                       const Surroundings& around) const {
  const Change& what = *change.placed.change;
  const Header& header = what.header;
  const bool by_lead = MayLead(header.person, header.unit, header.role, around.directory, at);
  // One that was early takes effect with another Entry, where nobody looks for what it lacks.
  bool loose = header.kind == Kind::kGrant;
  const bool early = change.placed.entry.verdict == Verdict::kEarly;
  std::vector<WrapAt> wraps;
  for (size_t i = 0; i < what.writes.size(); ++i) {
    loose = loose || IsGrantsFollow(what.writes[i]);
    const auto* wrap = std::get_if<Wrap>(&what.writes[i].body);
    if (wrap == nullptr) continue;
    wraps.push_back(
        {*wrap, what.id, header.person, change.placed.entry.number, i, by_lead, loose && !early});
  }
  return wraps;
}

FileState::Halves::key_type FileState::HalfNameOf(const Wrap& wrap) {
  return {PersonId::FromPrefix(wrap.recipient.view()), wrap.key_epoch.value_or(KeyEpochId()),
          wrap.key_class};
}

void FileState::ApplyCustodyOffer(const Waiting& change) {
  const Change& what = *change.placed.change;
  const auto* terms = std::get_if<CustodyOffer>(&what.writes[0].body);
  if (terms == nullptr) return;
  const Header& header = what.header;
  custody_.open.insert_or_assign(what.id, CustodyState::Offer{{what.id, what.hash},
                                                              *terms,
                                                              change.time,
                                                              header.person,
                                                              header.unit,
                                                              header.role,
                                                              header.device});
}

void FileState::ApplyCustodyAnswer(const Waiting& change) {
  const Change& what = *change.placed.change;
  const auto* answer = std::get_if<CustodyAnswer>(&what.writes[0].body);
  if (answer == nullptr) return;
  for (const Ref& ref : what.header.refs) {
    const auto open = custody_.open.find(ref.change);
    if (open == custody_.open.end()) continue;
    const CustodyState::Offer& offer = open->second;
    custody_.history.push_back(
        {offer.terms, *answer, offer.time, change.time, offer.by, what.header.person, offer.from});
    if (answer->accepted) custody_.holder = what.header.unit;
    custody_.open.erase(open);
    return;
  }
}

void FileState::ApplyWaivers(const Waiting& change) {
  const Change& what = *change.placed.change;
  for (const Write& write : what.writes) {
    const auto* waiver = std::get_if<Waiver>(&write.body);
    if (waiver == nullptr) continue;
    if (waiver->ended) {
      waivers_.erase(waiver->clause);
    } else {
      waivers_.insert_or_assign(
          waiver->clause, WaiverAt{*waiver, what.header.person, what.header.role, change.time});
    }
  }
}

void FileState::ApplyLink(const Waiting& change) {
  const Change& what = *change.placed.change;
  const auto* link = std::get_if<LinkWrite>(&what.writes[0].body);
  if (link == nullptr) return;
  if (link->ended) {
    std::erase_if(links_,
                  [link](const LinkAt& known) { return known.link.link_id == link->link_id; });
  }
  links_.push_back({*link, {what.id, what.hash}, change.time, what.header.person});
}

void FileState::ApplyNotices(const Waiting& change) {
  const Change& what = *change.placed.change;
  for (const Write& write : what.writes) {
    if (const auto* notice = std::get_if<ReadNotice>(&write.body)) {
      reads_.push_back({*notice, what.header.person, change.time});
    } else if (const auto* delivery = std::get_if<Delivery>(&write.body)) {
      deliveries_.push_back({*delivery, change.placed.entry.received});
    }
  }
}

void FileState::ApplyMismatch(const Waiting& change) {
  const Change& what = *change.placed.change;
  const auto* decision = std::get_if<Decision>(&what.writes[0].body);
  // Withheld, or taken at the word of an Entry under other rules, which promise nothing.
  if (decision == nullptr || what.header.refs.empty() ||
      decision->subject.size() != RecordId::kBytes ||
      !records_.contains(RecordId::FromPrefix(decision->subject))) {
    return;
  }
  const MismatchAt mismatch{
      {what.id, what.hash}, what.header.refs[0].change, RecordId::FromPrefix(decision->subject),
      decision->field,      what.header.person,         change.time};
  mismatches_.push_back(mismatch);
  Register& facts = records_.at(mismatch.record).fields[mismatch.field];
  facts.Dispute(mismatch.of, true);
}

void FileState::ApplyWithdrawal(const Change& change) {
  for (const Ref& ref : change.header.refs) {
    const auto mismatch = std::find_if(mismatches_.begin(), mismatches_.end(),
                                       [&ref](const MismatchAt& one) { return one.self == ref; });
    if (mismatch != mismatches_.end()) {
      const MismatchAt taken_back = *mismatch;
      mismatches_.erase(mismatch);
      const bool still = std::any_of(
          mismatches_.begin(), mismatches_.end(), [&taken_back](const MismatchAt& other) {
            return other.of == taken_back.of && other.record == taken_back.record &&
                   other.field == taken_back.field;
          });
      records_.at(taken_back.record).fields[taken_back.field].Dispute(taken_back.of, still);
    }
    for (DisclosureAt& disclosure : disclosures_) {
      if (disclosure.self == ref) disclosure.taken_back = true;
    }
    custody_.open.erase(ref.change);
    std::erase_if(links_, [&ref](const LinkAt& link) { return link.self == ref; });
    const auto proposal = proposals_.find(ref.change);
    if (proposal != proposals_.end()) proposal->second.done = true;
  }
}

void FileState::ApplyApproval(const Waiting& approval, uint64_t at, const Surroundings& around) {
  const Change& change = *approval.placed.change;
  // What it completes of the directory is folded by Directory; here it is only closed.
  for (const Ref& ref : change.header.refs) {
    const auto found = proposals_.find(ref.change);
    if (found == proposals_.end()) continue;
    ProposalAt& proposal = found->second;
    if (proposal.change->header.kind == Kind::kErase) {
      CompleteErasure(proposal, approval, at, around);
      continue;
    }
    if (proposal.change->header.kind == Kind::kDisclosure) {
      CompleteDisclosure(proposal, approval);
      continue;
    }
    if (proposal.change->header.kind == Kind::kRelease) {
      CompleteRelease(proposal, approval, at, around);
      continue;
    }
    proposal.approved_by.push_back(change.header.person);
    proposal.done = around.directory.IsRegistrar(proposal.change->header.person, at) ||
                    proposal.approved_by.size() >= 2;
  }
}

void FileState::ApplyAdmission(const Change& change, uint64_t at, const Surroundings& around) {
  for (const Ref& ref : change.header.refs) {
    auto node = refused_.extract(ref.change);
    if (node.empty()) continue;
    Waiting admitted = std::move(node.mapped());
    std::erase_if(without_effect_,
                  [&ref](const Judged& judged) { return judged.change == ref.change; });
    admitted.verdict = Verdict::kAccepted;
    Apply(admitted, at, around);
    TellEarly(*admitted.placed.change);
  }
}

}  // namespace kapea::domain
