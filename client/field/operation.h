// Running a rescue operation from its checklist.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/field/draft.h"
#include "client/field/forms.h"
#include "client/field/typed_value.h"
#include "client/vault/vault.h"
#include "common/domain/item_state.h"
#include "common/standards/evaluate.h"

namespace kapea::field {

struct NewOperation {
  std::string variant;             // code of the checklist's variants; empty: none
  std::vector<std::string> facts;  // codes set from the start, beside the variant's
  bool drill = false;
  // The author is added with the duty LEAD when she is not among them.
  std::vector<domain::Member> members;
};
struct OpenedOperation {
  FileId file;
  RecordId checklist;
  std::vector<domain::Member> unkeyed;  // have no key to wrap to yet
};

// Threads: one at a time for all of these. Errors: as Draft::Commit; NotFound for a file,
// item or number that this device does not have.

// Founds the file, then pins the checklist in its newest version. InvalidArgument for a
// variant or fact that the checklist does not have: then nothing was founded.
absl::StatusOr<OpenedOperation> OpenOperation(vault::Vault& vault, const NewOperation& plan);

// The oldest live checklist of an operation. Where a crash came between founding and
// pinning it, it is pinned now.
struct Checklist {
  std::shared_ptr<const domain::FileState> file;
  const domain::Record* record = nullptr;  // in `file`
  const domain::Form* form = nullptr;
};
absl::StatusOr<Checklist> FindChecklist(vault::Vault& vault, const FileId& file);
absl::StatusOr<Checklist> EnsureChecklist(vault::Vault& vault, const FileId& file);

// The number that a person, suspect, exhibit or vehicle goes by: the first whole-number
// key of its form.
const domain::Field* NumberField(const domain::Form& form);
std::optional<int64_t> NumberOf(const domain::Record& record);

// The record in which an item is answered: the checklist, or for an item per person (...)
// the child record with that number. InvalidArgument when the number is missing or too much.
absl::StatusOr<const domain::Record*> AnsweredIn(const Checklist& checklist,
                                                 const domain::Field& item,
                                                 std::optional<int64_t> number);

struct ItemAnswer {
  std::string item;
  std::optional<int64_t> number;  // "for" which person, suspect, exhibit or vehicle
  std::string_view answer = domain::kItemDone;
  std::string reason_code;
  std::string reason;  // not_done and not_applicable need either
  std::optional<vault::NewAttachment> evidence;
  std::optional<vault::NewAttachment> document;
  domain::Duty duty = domain::Duty::kNone;
};
struct Answered {
  domain::Ref change;
  RecordId record;
  domain::ItemState state;  // as it is now
};
// FailedPrecondition for an item that does not apply here and is said to be done: a fact
// must be set first. InvalidArgument for a photo with an item about persons.
absl::StatusOr<Answered> AnswerItem(vault::Vault& vault, const FileId& file,
                                    const ItemAnswer& answer);
// Evidence for an item that is answered already, or will be.
absl::StatusOr<Answered> AddEvidence(vault::Vault& vault, const FileId& file,
                                     const ItemAnswer& answer);
// Ticks or clears the boxes of facts.
absl::StatusOr<domain::Ref> SetFact(vault::Vault& vault, const FileId& file, std::string_view fact,
                                    bool is_so);

// A new or known child record of the operation: plan, result, suspect, exhibit, vehicle.
// With `number` the record that has it; without, for a numbered form a new one with the
// next number, else the oldest live record of the form, else a new one.
struct RecordEdit {
  std::string form;
  std::optional<int64_t> number;
  bool make_new = false;
  std::vector<Entry> entries;
};
struct Edited {
  RecordId record;
  std::optional<int64_t> number;
  domain::Ref change;
};
absl::StatusOr<Edited> EditRecord(vault::Vault& vault, const FileId& file, const RecordEdit& edit);

// One answer place of one item, with what the engine says of it.
struct ItemLine {
  const domain::Field* item = nullptr;
  std::string section;
  RecordId record;
  std::optional<int64_t> number;
  bool mine = false;  // I have a duty that may answer it
  domain::ItemState state;
  standards::Finding finding;
};
struct OperationView {
  Checklist checklist;
  Time as_of;
  std::vector<ItemLine> items;
  // Codes of facts that hold.
  std::vector<std::string> facts;
};
absl::StatusOr<OperationView> ViewOperation(vault::Vault& vault, const FileId& file);
// Open items that apply, the most urgent first: overdue, then by due time, then as the
// form has them. `mine_only`: those that my duties may answer.
std::vector<const ItemLine*> NextItems(const OperationView& view, bool mine_only);

// Signs the operation off. Before that every critical item must be answered with all
// that it asks for (a supervisor may override, with a reason that is recorded), and the
// head count must balance. FailedPrecondition lists what is missing, by code.
struct Closing {
  std::string override_reason;  // empty: no override
};
absl::StatusOr<domain::Ref> CloseOperation(vault::Vault& vault, const FileId& file,
                                           const Closing& closing);
// What keeps it from being closed, as short sentences.
absl::StatusOr<std::vector<std::string>> ClosingGaps(vault::Vault& vault, const FileId& file);

}  // namespace kapea::field
