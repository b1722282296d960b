#include "common/standards/evaluate.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>
#include <variant>

#include "common/domain/item_state.h"
#include "common/domain/roles.h"
#include "common/standards/judge_clause.h"
#include "common/standards/verdict.h"

namespace kapea::standards {
namespace {

using domain::Field;
using domain::Form;
using domain::ItemState;
using domain::Outcome;
using domain::Record;
using domain::Scope;

Scope ScopeOf(const Asked& asked, const Record* record, const Form* form) {
  return {asked.file, asked.as_of, asked.linked, nullptr, record, form, nullptr, asked.until};
}

Outcome TruthSince(bool truth, const domain::EventTime& since) {
  Outcome outcome;
  outcome.kind = Outcome::Type::kTruth;
  outcome.truth = truth;
  outcome.time = since;
  return outcome;
}

// What is said of the answer before the status rules speak.
void NoteAnswer(const ItemState& state, Finding& finding) {
  const auto note = [&](bool so, Reason reason) {
    if (so) finding.parts.push_back({reason, "", std::nullopt});
  };
  note(state.answer == ItemState::Answer::kNotDone, Reason::kAnsweredNotDone);
  note(state.answer == ItemState::Answer::kNotApplicable, Reason::kAnsweredNotApplicable);
  note(state.reason_missing, Reason::kReasonMissing);
  note(state.evidence_missing, Reason::kEvidenceMissing);
  note(state.signature_missing, Reason::kSignatureMissing);
}

// `form` is the record's own: of an item with `per` the child form.
Finding JudgeItem(const Asked& asked, const Form& checklist, const Field& item,
                  const Record& record, const Form* form) {
  Finding finding = Begin(asked, checklist.id, checklist.version, item.code);
  finding.record = record.id;
  finding.critical = item.item->critical;
  finding.severity = item.item->critical ? domain::Severity::kMust : domain::Severity::kShould;
  const Scope scope = ScopeOf(asked, &record, form);
  const ItemState state = ReadItem(record, item);
  finding.disputed = state.conflicted;
  Grounds grounds;
  grounds.applies = EvaluateTruth(item.item->applies, scope);
  grounds.applies_text = item.item->applies.text();
  NoteAnswer(state, finding);
  if (state.complete && state.answer == ItemState::Answer::kNotApplicable &&
      !grounds.applies.unknown() && grounds.applies.truth) {
    finding.status = domain::FindingStatus::kNotApplicable;
    if (state.conflicted) finding.parts.push_back({Reason::kDisputed, "", std::nullopt});
    return finding;
  }
  grounds.met = TruthSince(state.done(), state.done() ? state.since : record.made);
  TakeDeadline(item.item->deadline, scope, grounds);
  const auto* waiver = WaiverOf(asked, item.code);
  grounds.waiver = waiver != nullptr && domain::MayWaive(waiver->role) ? waiver : nullptr;
  DecideAsked(asked, grounds, finding);
  return finding;
}

struct Child {
  const Record* record;
  const Form* form;
};

// The live child records of a record whose forms are known here, by time made, then id.
std::vector<Child> ChildrenOf(const Asked& asked, const Record& parent) {
  std::vector<Child> children;
  for (const auto& [id, record] : asked.file.records()) {
    if (record.parent != parent.id || record.voided()) continue;
    const Form* form = asked.file.FormOf(record);
    if (form != nullptr) children.push_back({&record, form});
  }
  std::stable_sort(children.begin(), children.end(), [](const Child& a, const Child& b) {
    return a.record->made.soft < b.record->made.soft;
  });
  return children;
}

void JudgeChecklist(const Asked& asked, const Record& record, const Form& checklist,
                    std::vector<Finding>& findings) {
  const std::vector<Child> children = ChildrenOf(asked, record);
  for (const auto& section : checklist.sections) {
    for (const Field& field : section.fields) {
      if (!field.item) continue;
      if (field.item->per == domain::Per::kFile) {
        findings.push_back(JudgeItem(asked, checklist, field, record, &checklist));
        continue;
      }
      for (const Child& child : children) {
        if (child.form->per != field.item->per || child.form->parent != checklist.id) continue;
        findings.push_back(JudgeItem(asked, checklist, field, *child.record, child.form));
      }
    }
  }
}

// The field has an answer; a record key must have a value.
Outcome NeedMet(const Record& record, const Field& field, Finding& finding) {
  const domain::Register* answers = record.Find(field.code);
  const domain::FieldValue* shown = answers != nullptr ? answers->Shown() : nullptr;
  if (shown == nullptr || shown->cleared()) return TruthSince(false, record.made);
  if (field.record_key && shown->clear && std::holds_alternative<domain::Answer>(*shown->clear)) {
    finding.parts.push_back({Reason::kNoAnswer, "", std::nullopt});
    return TruthSince(false, record.made);
  }
  Outcome met = TruthSince(true, answers->AnsweredSince().value_or(shown->time));
  met.disputed = answers->disputed();
  return met;
}

Outcome DueOf(const domain::Need& need, const Record& record, const Scope& scope) {
  Outcome due;
  due.kind = Outcome::Type::kMoment;
  due.time = record.made;
  if (!need.from.empty()) due = EvaluateMoment(need.from, scope);
  if (due.kind != Outcome::Type::kMoment) return due;
  const auto shift = [&](TimeInterval interval) {
    return TimeInterval{std::min(interval.earliest + *need.within, Time::Max()),
                        std::min(interval.latest + *need.within, Time::Max())};
  };
  due.time.soft = shift(due.time.soft);
  due.time.hard = shift(due.time.hard);
  return due;
}

}  // namespace

std::vector<Finding> Evaluate(const Asked& asked, const domain::Standard& standard) {
  std::vector<Finding> findings;
  if (standard.file_kind != asked.file.kind()) return findings;
  findings.reserve(standard.clauses.size());
  domain::EventOutcomes events;
  for (const domain::Clause& clause : standard.clauses) {
    findings.push_back(JudgeClause(asked, standard, clause, events));
  }
  return findings;
}

std::vector<Finding> EvaluateChecklist(const Asked& asked, const Form& checklist) {
  std::vector<Finding> findings;
  for (const Record* record : asked.file.RecordsOf(checklist.id)) {
    const Form* pinned = asked.file.FormOf(*record);
    JudgeChecklist(asked, *record, pinned != nullptr ? *pinned : checklist, findings);
  }
  return findings;
}

std::vector<Finding> EvaluateNeeds(const Asked& asked, const Record& record) {
  std::vector<Finding> findings;
  const Form* form = asked.file.FormOf(record);
  if (form == nullptr) return findings;
  const Scope scope = ScopeOf(asked, &record, form);
  for (const auto& section : form->sections) {
    for (const Field& field : section.fields) {
      if (!field.need.required) continue;
      const Outcome relevant = EvaluateTruth(field.relevant, scope);
      const Outcome when = EvaluateTruth(field.need.when, scope);
      // What is not known to be needed is not asked for.
      if (!relevant.holds() || !when.holds()) continue;
      Finding finding = Begin(asked, form->id, form->version, field.code);
      finding.record = record.id;
      finding.severity = domain::Severity::kMust;
      Grounds grounds;
      grounds.applies = TruthSince(true, record.made);
      grounds.met = NeedMet(record, field, finding);
      if (field.need.within) {
        grounds.timed = true;
        grounds.waits_for = field.need.from.text();
        grounds.due = DueOf(field.need, record, scope);
      }
      DecideAsked(asked, grounds, finding);
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

std::vector<Finding> Missing(std::vector<Finding> findings) {
  std::erase_if(findings, [](const Finding& finding) { return !finding.open(); });
  return findings;
}

std::vector<const domain::Standard*> StandardsFor(const domain::Pack& pack, domain::FileKind kind) {
  std::map<std::string_view, const domain::Standard*> newest;
  for (const auto& standard : pack.standards) {
    if (standard->file_kind != kind) continue;
    const domain::Standard*& known = newest[standard->id];
    if (known == nullptr || standard->version > known->version) known = standard.get();
  }
  std::vector<const domain::Standard*> standards;
  for (const auto& [id, standard] : newest) standards.push_back(standard);
  return standards;
}

std::vector<const Form*> ChecklistsOf(const domain::FileState& file) {
  std::map<std::string_view, const Form*> checklists;
  for (const auto& [id, record] : file.records()) {
    const Form* form = file.FormOf(record);
    if (form != nullptr && form->kind == domain::FormKind::kChecklist && !record.voided()) {
      checklists[form->id] = form;
    }
  }
  std::vector<const Form*> forms;
  for (const auto& [id, form] : checklists) forms.push_back(form);
  return forms;
}

std::vector<Finding> EvaluateFile(const Asked& asked) {
  std::vector<Finding> findings;
  if (asked.file.pack() == nullptr || asked.file.erased_wholly()) return findings;
  const auto add = [&findings](std::vector<Finding> more) {
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  };
  for (const auto* standard : StandardsFor(*asked.file.pack(), asked.file.kind())) {
    add(Evaluate(asked, *standard));
  }
  for (const Form* form : ChecklistsOf(asked.file)) add(EvaluateChecklist(asked, *form));
  return findings;
}

std::vector<DueAt> NextDue(const std::vector<Finding>& findings) {
  std::vector<DueAt> due;
  for (const Finding& finding : findings) {
    if (finding.status != domain::FindingStatus::kPending || !finding.due) continue;
    due.push_back({finding.source, finding.code, finding.file, finding.record, *finding.due,
                   finding.due_strict});
  }
  std::stable_sort(due.begin(), due.end(), [](const DueAt& a, const DueAt& b) {
    return a.due.soft.latest < b.due.soft.latest;
  });
  return due;
}

}  // namespace kapea::standards
