// Answering the items of a checklist, and what is to be done next.
#include <algorithm>
#include <set>

#include "client/field/links.h"
#include "client/field/muster.h"
#include "client/field/operation.h"
#include "common/base/macros.h"
#include "common/domain/evaluate.h"

namespace kapea::field {
namespace {

using domain::FindingStatus;
using domain::ItemState;

// Where an item is answered, found anew for each act.
struct Place {
  Checklist checklist;
  const domain::Field* item = nullptr;
  const domain::Record* record = nullptr;
};

absl::StatusOr<Place> FindPlace(vault::Vault& vault, const FileId& file, const ItemAnswer& answer) {
  Place place;
  KAPEA_ASSIGN(place.checklist, EnsureChecklist(vault, file));
  place.item = place.checklist.form->FindField(answer.item);
  if (place.item == nullptr || !place.item->item) {
    return absl::NotFoundError("no item '" + answer.item + "' in " + place.checklist.form->id);
  }
  KAPEA_ASSIGN(place.record, AnsweredIn(place.checklist, *place.item, answer.number));
  return place;
}

bool Applies(vault::Vault& vault, const Place& place) {
  if (place.item->item->applies.empty()) return true;
  const HeldLinks links(vault);
  const domain::Outcome applies =
      domain::EvaluateTruth(place.item->item->applies, {.file = *place.checklist.file,
                                                        .as_of = vault.clock().Now(),
                                                        .linked = &links,
                                                        .record = place.record,
                                                        .form = place.record->definition});
  return applies.unknown() || applies.holds();
}

absl::Status CheckPhoto(const domain::Field& item,
                        const std::optional<vault::NewAttachment>& attachment) {
  const bool photo = attachment && attachment->media_type.starts_with("image/");
  if (!photo || !item.item->about_persons) return absl::OkStatus();
  return absl::InvalidArgumentError(item.code + " is about persons: a photo is never its evidence");
}

absl::Status AddCompanions(const Place& place, const ItemAnswer& answer, Draft& draft) {
  KAPEA_TRY(CheckPhoto(*place.item, answer.evidence));
  KAPEA_TRY(CheckPhoto(*place.item, answer.document));
  const RecordId& record = place.record->id;
  const auto code = [&](std::string_view suffix) { return place.item->code + std::string(suffix); };
  if (answer.evidence) draft.SetAttachment(record, code(domain::kEvidenceSuffix), *answer.evidence);
  if (answer.document) draft.SetAttachment(record, code(domain::kDocumentSuffix), *answer.document);
  if (!answer.reason_code.empty()) {
    const std::string field = code(domain::kReasonCodeSuffix);
    const domain::Field* reason = place.record->definition->FindField(field);
    if (reason == nullptr || reason->code_list == nullptr ||
        !reason->code_list->Has(answer.reason_code)) {
      std::string known;
      if (reason != nullptr && reason->code_list != nullptr) {
        for (const auto& one : reason->code_list->codes) {
          known += (known.empty() ? "" : ", ") + one.code;
        }
      }
      return absl::InvalidArgumentError("want a reason (" + known + "), got '" +
                                        answer.reason_code + "'");
    }
    draft.Set(record, field, domain::Code{answer.reason_code});
  }
  if (!answer.reason.empty()) {
    draft.Set(record, code(domain::kReasonSuffix), domain::Text{answer.reason});
  }
  return absl::OkStatus();
}

absl::StatusOr<Answered> CommitAnswer(vault::Vault& vault, const FileId& file, const Place& place,
                                      const ItemAnswer& answer, Draft& draft) {
  draft.SetDuty(answer.duty);
  Answered answered;
  answered.record = place.record->id;
  KAPEA_ASSIGN(answered.change, draft.Commit(vault));
  KAPEA_ASSIGN(const auto after, vault.File(file));
  if (const domain::Record* record = after->FindRecord(answered.record)) {
    answered.state = domain::ReadItem(*record, *place.item);
  }
  return answered;
}

}  // namespace

absl::StatusOr<Answered> AnswerItem(vault::Vault& vault, const FileId& file,
                                    const ItemAnswer& answer) {
  KAPEA_ASSIGN(const Place place, FindPlace(vault, file, answer));
  const bool done = answer.answer == domain::kItemDone;
  if (!done && answer.reason.empty() && answer.reason_code.empty()) {
    return absl::InvalidArgumentError(answer.item + ": say why, with a reason");
  }
  if (done && !Applies(vault, place)) {
    return absl::FailedPreconditionError(answer.item + " applies only if " +
                                         place.item->item->applies.text() +
                                         ": set that fact first, or leave the item");
  }
  Draft draft(file);
  draft.Set(place.record->id, place.item->code, domain::Code{std::string(answer.answer)});
  KAPEA_TRY(AddCompanions(place, answer, draft));
  return CommitAnswer(vault, file, place, answer, draft);
}

absl::StatusOr<Answered> AddEvidence(vault::Vault& vault, const FileId& file,
                                     const ItemAnswer& answer) {
  KAPEA_ASSIGN(const Place place, FindPlace(vault, file, answer));
  if (!answer.evidence && !answer.document) {
    return absl::InvalidArgumentError("want a file to attach");
  }
  Draft draft(file);
  KAPEA_TRY(AddCompanions(place, answer, draft));
  return CommitAnswer(vault, file, place, answer, draft);
}

namespace {

// My duties in this file, under whatever role.
std::set<domain::Duty> MyDuties(vault::Vault& vault, const domain::FileState& file) {
  const vault::Identity& identity = vault.identity();
  std::vector<domain::RoleAt> roles{{identity.role, identity.unit}};
  const auto directory = vault.directory();
  if (const auto* me = directory->FindPerson(identity.person)) {
    roles.insert(roles.end(), me->roles.begin(), me->roles.end());
  }
  std::set<domain::Duty> duties;
  for (const domain::RoleAt& at : roles) {
    const auto held = file.DutiesOf(identity.person, at.unit, at.role);
    duties.insert(held.begin(), held.end());
  }
  return duties;
}

std::string SectionOf(const domain::Form& form, const domain::Field& field) {
  for (const domain::Section& section : form.sections) {
    for (const domain::Field& one : section.fields) {
      if (&one == &field) return section.code;
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<OperationView> ViewOperation(vault::Vault& vault, const FileId& file) {
  OperationView view;
  KAPEA_ASSIGN(view.checklist, FindChecklist(vault, file));
  view.as_of = vault.clock().Now();
  const HeldLinks links(vault);
  const domain::FileState& state = *view.checklist.file;
  const domain::Form& form = *view.checklist.form;
  const std::set<domain::Duty> duties = MyDuties(vault, state);
  const standards::Asked asked{state, view.as_of, &links};
  for (standards::Finding& finding : standards::EvaluateChecklist(asked, form)) {
    const domain::Record* record = finding.record ? state.FindRecord(*finding.record) : nullptr;
    const domain::Field* item = form.FindField(finding.code);
    if (record == nullptr || item == nullptr || !item->item) continue;
    ItemLine line;
    line.item = item;
    line.section = SectionOf(form, *item);
    line.record = record->id;
    if (record->id != view.checklist.record->id) line.number = NumberOf(*record);
    line.mine = item->item->duties.empty() ||
                std::any_of(item->item->duties.begin(), item->item->duties.end(),
                            [&](domain::Duty duty) { return duties.contains(duty); });
    line.state = domain::ReadItem(*record, *item);
    line.finding = std::move(finding);
    view.items.push_back(std::move(line));
  }
  for (const domain::NamedFact& fact : form.facts) {
    const auto name = domain::Condition::Parse(fact.code);
    if (!name.ok()) continue;
    const domain::Outcome holds = domain::EvaluateTruth(*name, {.file = state,
                                                                .as_of = view.as_of,
                                                                .linked = &links,
                                                                .record = view.checklist.record,
                                                                .form = &form});
    if (holds.holds()) view.facts.push_back(fact.code);
  }
  return view;
}

std::vector<const ItemLine*> NextItems(const OperationView& view, bool mine_only) {
  std::vector<const ItemLine*> open;
  for (const ItemLine& line : view.items) {
    if (line.finding.open() && (line.mine || !mine_only)) open.push_back(&line);
  }
  const auto urgency = [](const ItemLine* line) {
    const bool overdue = line->finding.status == FindingStatus::kOverdue;
    const Time due = line->finding.due ? line->finding.due->soft.latest : Time::Max();
    return std::pair(overdue ? 0 : 1, due);
  };
  std::stable_sort(open.begin(), open.end(),
                   [&](const ItemLine* a, const ItemLine* b) { return urgency(a) < urgency(b); });
  return open;
}

namespace {

// The sign-off of a checklist: its last item, by form, that one supervisor signs.
const domain::Field* SignOffItem(const domain::Form& form) {
  const domain::Field* found = nullptr;
  for (const domain::Field* field : FieldsOf(form)) {
    const bool fits = field->item && field->item->per == domain::Per::kFile &&
                      field->item->evidence == domain::Evidence::kSignature &&
                      field->item->duties == std::vector{domain::Duty::kSup};
    if (fits) found = field;
  }
  return found;
}

std::string GapOf(const ItemLine& line) {
  std::string gap = line.item->code;
  if (line.number) gap += " for " + std::to_string(*line.number);
  if (line.state.answer == ItemState::Answer::kNone) return gap + ": not answered";
  if (line.state.evidence_missing) return gap + ": its photo or document is missing";
  if (line.state.signature_missing) return gap + ": a second person has not signed";
  if (line.state.reason_missing) return gap + ": no reason is given";
  return gap + ": answered not done";
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ClosingGaps(vault::Vault& vault, const FileId& file) {
  KAPEA_ASSIGN(const OperationView view, ViewOperation(vault, file));
  const domain::Field* sign_off = SignOffItem(*view.checklist.form);
  std::vector<std::string> gaps;
  for (const ItemLine& line : view.items) {
    if (!line.item->item->critical || line.item == sign_off) continue;
    const bool excused = line.finding.status == FindingStatus::kNotApplicable ||
                         line.finding.status == FindingStatus::kWaived;
    const bool settled = line.state.complete && line.state.answer != ItemState::Answer::kNotDone;
    if (!excused && !settled) gaps.push_back(GapOf(line));
  }
  KAPEA_ASSIGN(const Muster muster, CountPeople(vault, file));
  for (const std::string& difference : muster.differences) {
    gaps.push_back("head count: " + difference);
  }
  if (muster.balances() && !muster.without_outcome.empty()) {
    gaps.push_back("head count: where they went is not said for " +
                   std::to_string(muster.without_outcome.size()) + " of them");
  }
  return gaps;
}

absl::StatusOr<domain::Ref> CloseOperation(vault::Vault& vault, const FileId& file,
                                           const Closing& closing) {
  KAPEA_ASSIGN(const std::vector<std::string> gaps, ClosingGaps(vault, file));
  KAPEA_ASSIGN(const Checklist checklist, FindChecklist(vault, file));
  const domain::Field* sign_off = SignOffItem(*checklist.form);
  if (sign_off == nullptr) {
    return absl::FailedPreconditionError("this checklist has no item that signs it off");
  }
  if (!gaps.empty() && closing.override_reason.empty()) {
    std::string all = "the operation cannot be closed yet";
    for (const std::string& gap : gaps) all += "\n  " + gap;
    return absl::FailedPreconditionError(all);
  }
  ItemAnswer answer;
  answer.item = sign_off->code;
  // The reason stands beside the sign-off only where something was passed over.
  if (!gaps.empty()) answer.reason = closing.override_reason;
  KAPEA_ASSIGN(const Answered answered, AnswerItem(vault, file, answer));
  return answered.change;
}

}  // namespace kapea::field
