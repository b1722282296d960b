#include "client/field/people_found.h"

#include <algorithm>
#include <set>

#include "client/field/act.h"
#include "client/field/forms.h"
#include "client/field/random_id.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

constexpr std::string_view kRelation = "operation_person";
constexpr std::string_view kPersonFile = "person_file";
constexpr std::string_view kMetAt = "met_at";
constexpr uint32_t kPeopleAtOnceMax = 100;

std::optional<FileId> FileOf(const domain::Record& record) {
  const auto* file = record.ShownAs<domain::Reference>(kPersonFile);
  return file == nullptr ? std::nullopt : std::optional(FileId::FromPrefix(file->id.view()));
}

// Who is on a person's file from the start: the author, the officers and leads of her
// unit, and whoever supervises the operation.
std::vector<domain::Member> FirstMembers(vault::Vault& vault, const domain::FileState& operation) {
  const vault::Identity& me = vault.identity();
  std::vector<domain::Member> members{{me.person, me.unit, me.role, {}}};
  const auto add = [&members](domain::Member member) {
    member.duties.clear();
    if (std::find(members.begin(), members.end(), member) == members.end()) {
      members.push_back(std::move(member));
    }
  };
  add({std::nullopt, me.unit, domain::Role::kUnitLead, {}});
  add({std::nullopt, me.unit, domain::Role::kOfficer, {}});
  add({std::nullopt, me.unit, domain::Role::kSupervisor, {}});
  for (const domain::Member& line : operation.roster()) {
    if (line.role == domain::Role::kSupervisor) add(line);
  }
  return members;
}

// A person's file that this device founded and that a crash left without its record.
std::optional<FileId> FindOrphan(vault::Vault& vault, const std::set<FileId>& taken, bool drill) {
  for (const vault::FileLine& line : vault.Files()) {
    if (line.kind != domain::FileKind::kPerson || taken.contains(line.file)) continue;
    const auto state = vault.File(line.file);
    const bool fits = state.ok() && (*state)->founder() == vault.identity().person &&
                      (*state)->drill() == drill && (*state)->links().empty() &&
                      (*state)->records().empty();
    if (fits) return line.file;
  }
  return std::nullopt;
}

const domain::LinkAt* FindHalf(const domain::FileState& file, const FileId& other, bool approval) {
  for (const domain::LinkAt& at : file.links()) {
    const bool fits = at.link.relation == kRelation && !at.link.ended &&
                      at.link.other_file == other && at.link.proposal.has_value() == approval;
    if (fits) return &at;
  }
  return nullptr;
}

absl::Status LinkPerson(vault::Vault& vault, const FileId& operation, const FileId& person) {
  KAPEA_ASSIGN(const auto operation_state, vault.File(operation));
  domain::LinkWrite link;
  link.relation = std::string(kRelation);
  domain::Ref proposal;
  if (const domain::LinkAt* known = FindHalf(*operation_state, person, false)) {
    link.link_id = known->link.link_id;
    proposal = known->self;
  } else {
    link.link_id = RandomId<ChangeId>();
    link.other_file = person;
    KAPEA_ASSIGN(proposal, CommitAct(vault, {.file = operation,
                                             .kind = domain::Kind::kLink,
                                             .body = link,
                                             .refs = {},
                                             .acting = std::nullopt}));
  }
  KAPEA_ASSIGN(const auto person_state, vault.File(person));
  if (FindHalf(*person_state, operation, true) != nullptr) return absl::OkStatus();
  link.other_file = operation;
  link.proposal = proposal;
  return CommitAct(vault, {.file = person,
                           .kind = domain::Kind::kLink,
                           .body = link,
                           .refs = {},
                           .acting = std::nullopt})
      .status();
}

// Founds, names and links the file of one record.
absl::StatusOr<FileId> FinishOne(vault::Vault& vault, const FileId& operation,
                                 const RecordId& record, std::set<FileId>& taken) {
  KAPEA_ASSIGN(const auto state, vault.File(operation));
  const domain::Record* found = state->FindRecord(record);
  if (found == nullptr) return absl::NotFoundError("no such person in this operation");
  std::optional<FileId> file = FileOf(*found);
  if (!file) {
    file = FindOrphan(vault, taken, state->drill());
    if (!file) {
      vault::FoundRequest request;
      request.kind = domain::FileKind::kPerson;
      request.drill = state->drill();
      request.members = FirstMembers(vault, *state);
      KAPEA_ASSIGN(const vault::Founded founded, vault.Found(request));
      file = founded.file;
    }
    Draft draft(operation);
    draft.Set(record, kPersonFile, domain::Reference{ChangeId::FromPrefix(file->view())});
    KAPEA_TRY(draft.Commit(vault).status());
  }
  taken.insert(*file);
  KAPEA_TRY(LinkPerson(vault, operation, *file));
  return *file;
}

std::set<FileId> TakenFiles(const std::vector<const domain::Record*>& records) {
  std::set<FileId> taken;
  for (const domain::Record* record : records) {
    if (const auto file = FileOf(*record)) taken.insert(*file);
  }
  return taken;
}

}  // namespace

absl::StatusOr<std::vector<PersonFound>> ListPeople(vault::Vault& vault, const FileId& operation) {
  KAPEA_ASSIGN(const Checklist checklist, FindChecklist(vault, operation));
  std::vector<PersonFound> people;
  for (const domain::Record* record :
       checklist.file->ChildrenOf(checklist.record->id, kOperationPersonForm)) {
    people.push_back({record->id, NumberOf(*record).value_or(0), FileOf(*record)});
  }
  std::stable_sort(people.begin(), people.end(),
                   [](const PersonFound& a, const PersonFound& b) { return a.number < b.number; });
  return people;
}

absl::StatusOr<std::vector<PersonFound>> FinishPeople(vault::Vault& vault,
                                                      const FileId& operation) {
  KAPEA_ASSIGN(const Checklist checklist, EnsureChecklist(vault, operation));
  const auto records = checklist.file->ChildrenOf(checklist.record->id, kOperationPersonForm);
  std::set<FileId> taken = TakenFiles(records);
  if (domain::MayFound(vault.identity().role, domain::FileKind::kPerson)) {
    for (const domain::Record* record : records) {
      // A colleague's device founds the files of those whom she counted.
      const auto file = FileOf(*record);
      const bool linked = file && FindHalf(*checklist.file, *file, false) != nullptr &&
                          vault.File(*file).ok() &&
                          FindHalf(**vault.File(*file), operation, true) != nullptr;
      if (record->made_by_person != vault.identity().person || linked) continue;
      KAPEA_TRY(FinishOne(vault, operation, record->id, taken).status());
    }
  }
  return ListPeople(vault, operation);
}

absl::StatusOr<std::vector<PersonFound>> AddPeople(vault::Vault& vault, const FileId& operation,
                                                   const PeopleFound& people) {
  if (people.count == 0 || people.count > kPeopleAtOnceMax) {
    return absl::InvalidArgumentError("want 1 to 100 persons at once, got " +
                                      std::to_string(people.count));
  }
  KAPEA_ASSIGN(const std::vector<PersonFound> before, FinishPeople(vault, operation));
  std::vector<RecordId> made;
  for (uint32_t i = 0; i < people.count; ++i) {
    RecordEdit edit;
    edit.form = std::string(kOperationPersonForm);
    edit.make_new = true;
    edit.entries = people.entries;
    const bool met = std::any_of(edit.entries.begin(), edit.entries.end(),
                                 [](const Entry& entry) { return entry.code == kMetAt; });
    if (!met) edit.entries.push_back({std::string(kMetAt), "now"});
    KAPEA_ASSIGN(const Edited edited, EditRecord(vault, operation, edit));
    made.push_back(edited.record);
  }
  KAPEA_ASSIGN(std::vector<PersonFound> all, FinishPeople(vault, operation));
  std::erase_if(all, [&made](const PersonFound& person) {
    return std::find(made.begin(), made.end(), person.record) == made.end();
  });
  return all;
}

}  // namespace kapea::field
