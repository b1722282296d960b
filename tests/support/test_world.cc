#include "tests/support/test_world.h"

#include <utility>

namespace kapea::domain {
namespace {

Field MakeField(std::string code, FieldType type, KeyClass key_class = KeyClass::kNone) {
  Field field;
  field.code = std::move(code);
  field.type = type;
  field.key_class = key_class;
  return field;
}

// What a pack compiler does once all is checked.
void Index(Form& form) {
  for (Section& section : form.sections) {
    for (Field& field : section.fields) form.by_code.emplace(field.code, &field);
  }
}

std::vector<Field> OperationFields(const CodeList* outcomes, uint32_t version) {
  std::vector<Field> fields;
  fields.push_back(MakeField("place", FieldType::kText, KeyClass::kGeneral));
  fields.push_back(MakeField("count", FieldType::kInteger));
  fields.back().min = 0;
  fields.back().max = 99;
  fields.push_back(MakeField("outcome", FieldType::kCode));
  fields.back().code_list = outcomes;
  fields.push_back(MakeField("T-1", FieldType::kItem));
  fields.back().item = Item{};
  fields.back().item->duties = {Duty::kJpo};
  fields.push_back(MakeField("name", FieldType::kName, KeyClass::kIdentity));
  DerivedFact given;
  given.code = "name_given";
  given.type = FieldType::kBoolean;
  fields.back().derived = {given};
  fields.push_back(MakeField("name_given", FieldType::kBoolean));
  fields.back().derived_from = "name";
  fields.push_back(MakeField("scan", FieldType::kAttachment));
  fields.push_back(MakeField("key", FieldType::kCode));
  fields.back().code_list = outcomes;
  fields.back().record_key = true;
  fields.push_back(MakeField("by_lead", FieldType::kBoolean));
  fields.back().writers = {Role::kUnitLead};
  fields.push_back(MakeField("when", FieldType::kTime));
  if (version == 1) {
    fields.push_back(MakeField("dropped", FieldType::kInteger));
  } else {
    fields.push_back(MakeField("note2", FieldType::kInteger));
  }
  return fields;
}

void AddForm(Pack& pack, std::string id, uint32_t version, FileKind kind, std::string parent,
             std::vector<Field> fields) {
  auto form = std::make_unique<Form>();
  form->id = std::move(id);
  form->version = version;
  form->kind = FormKind::kRecord;
  form->file_kind = kind;
  form->parent = std::move(parent);
  form->sections.push_back({"MAIN", {}, std::move(fields)});
  Index(*form);
  pack.forms.push_back(std::move(form));
}

PersonEntry PersonOf(const Author& author) {
  PersonEntry entry;
  entry.person = author.person;
  entry.generation = 1;
  entry.receive_key = std::string(32, 'k');
  entry.roles = {{author.role, author.unit}};
  return entry;
}

DeviceEntry DeviceOf(const Author& author) {
  return {author.device, author.person, std::string(65, 's'), std::string(32, 'r'), false};
}

UnitEntry UnitOf(uint32_t number, UnitKind kind, std::string code) {
  return {MakeId<UnitId>(number), kind, std::move(code), 1, std::string(32, 'u'), false};
}

}  // namespace

void TestPacks::Add(std::shared_ptr<const Pack> pack, uint64_t sequence) {
  const Hash hash = pack->hash;
  packs_.insert_or_assign(hash, Published{std::move(pack), sequence});
}

size_t TestPacks::CountBefore(uint64_t at) const {
  return static_cast<size_t>(std::count_if(
      packs_.begin(), packs_.end(), [at](const auto& one) { return one.second.sequence < at; }));
}

const Pack* TestPacks::FindPack(const Hash& hash, uint64_t at) const {
  const auto found = packs_.find(hash);
  const bool there = found != packs_.end() && found->second.sequence < at;
  return there ? found->second.pack.get() : nullptr;
}

std::shared_ptr<Pack> MakeTestPack() {
  auto pack = std::make_shared<Pack>();
  pack->hash = MakeId<Hash>(7001);
  pack->id = "test";
  pack->version = 1;
  auto outcomes = std::make_unique<CodeList>();
  outcomes->id = "CL_OUTCOME";
  outcomes->codes = {{"FOUND", {}, false}, {"NONE", {}, false}, {"OLD", {}, true}};
  const CodeList* list = outcomes.get();
  pack->code_lists.push_back(std::move(outcomes));
  for (const uint32_t version : {1u, 2u}) {
    AddForm(*pack, "OP", version, FileKind::kOperation, "", OperationFields(list, version));
  }
  AddForm(*pack, "OP-ROOM", 1, FileKind::kOperation, "OP",
          {MakeField("number", FieldType::kInteger)});
  Field band = MakeField("band", FieldType::kCode);
  band.code_list = list;
  AddForm(*pack, "PERSON", 1, FileKind::kPerson, "", {band});
  auto standard = std::make_unique<Standard>();
  standard->id = "STD";
  standard->version = 1;
  standard->clauses.emplace_back();
  standard->clauses.back().id = "C1";
  standard->clauses.back().waivers = {Role::kSupervisor};
  pack->standards.push_back(std::move(standard));
  return pack;
}

TestWorld::TestWorld() {
  Genesis entry;
  entry.server_device = server;
  entry.registrars = {registrar1.person, registrar2.person, registrar3.person};
  ChangeBuilder builder(Kind::kGenesis, directory_file.id(), registrar1);
  builder.Write(entry);
  builder.Write(UnitOf(kPolice, UnitKind::kPolice, "POL-1"));
  builder.Write(UnitOf(kShelter, UnitKind::kShelter, "SHL-1"));
  builder.Write(UnitOf(kRegistry, UnitKind::kRegistry, "REG"));
  for (const Author& author : {registrar1, registrar2, registrar3, lead, officer, officer2,
                               supervisor, supervisor2, supervisor3, intake, intake2, nurse}) {
    builder.Write(PersonOf(author)).Write(DeviceOf(author));
  }
  genesis = builder.Build();
  AppendDirectory(genesis);
  packs.Add(pack, 0);
}

Entry TestWorld::Place(const Change& change, uint64_t number) {
  Entry entry;
  entry.sequence = next_sequence++;
  entry.received = now;
  entry.device = change.header.device;
  entry.change = change.id;
  entry.kind = change.header.kind;
  entry.file = change.header.file;
  entry.number = number;
  entry.change_hash = change.hash;
  return entry;
}

Verdict TestWorld::Append(FileState& file, const std::shared_ptr<const Change>& change) {
  Placed placed{change, Place(*change, file.number() + 1), change->header.clock};
  placed.entry.rules = kRulesVersion;
  placed.entry.verdict = file.Judge(*change, placed.entry.sequence, around());
  file.Append(placed, around());
  return placed.entry.verdict;
}

Verdict TestWorld::AppendDirectory(const std::shared_ptr<const Change>& change) {
  Placed placed{change, Place(*change, directory_file.number() + 1), change->header.clock};
  placed.entry.rules = kRulesVersion;
  placed.entry.verdict = directory_file.Judge(*change, placed.entry.sequence, around());
  directory.Append(*change, placed.entry);
  directory_file.Append(placed, around());
  return placed.entry.verdict;
}

std::shared_ptr<const Change> TestWorld::Found(const FileId& file, FileKind kind,
                                               const Author& author, std::vector<Member> others,
                                               std::vector<Duty> duties) const {
  RosterWrite roster;
  roster.added = std::move(others);
  roster.added.push_back(Line(author, std::move(duties)));
  ChangeBuilder builder(Kind::kRoster, file, author);
  builder.Write(Founding{kind, false}).Write(roster);
  for (const KeyClass key_class : kKeyClasses) {
    KeyOpening opening;
    opening.key_class = key_class;
    builder.Write(opening);
  }
  return builder.Build();
}

Member TestWorld::Line(const Author& author, std::vector<Duty> duties) {
  return {author.person, author.unit, author.role, std::move(duties)};
}

ChangeBuilder TestWorld::Edit(const FileState& file, const Author& author, Kind kind) const {
  ChangeBuilder builder(kind, file.id(), author);
  builder.Roster(file.roster_hash()).Pack(pack->hash);
  return builder;
}

}  // namespace kapea::domain
