// kapea person ...
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/intake.h"
#include "client/field/names.h"
#include "client/field/people_found.h"
#include "client/field/record_view.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"
#include "common/text/width.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

// --- new, edit ---

struct NewArgs {
  std::string operation;
  uint32_t count = 1;
  std::vector<std::string> sets;
};

json PersonJson(const field::PersonFound& person) {
  return {{"number", person.number},
          {"record", person.record.hex()},
          {"file", person.file ? json(person.file->hex()) : json()},
          {"code",
           person.file ? json(field::CodeOf(*person.file, domain::FileKind::kPerson)) : json()}};
}

std::string PersonText(const field::PersonFound& person) {
  return absl::StrFormat(
      "%3d  %s\n", person.number,
      person.file ? field::CodeOf(*person.file, domain::FileKind::kPerson) : "(no file yet)");
}

absl::StatusOr<Result> RunNew(Session& session, const NewArgs& args) {
  KAPEA_ASSIGN(const FileId operation, FindOperation(session.vault, args.operation));
  field::PeopleFound people;
  people.count = args.count;
  KAPEA_ASSIGN(people.entries, field::ParseEntries(args.sets));
  KAPEA_ASSIGN(const auto found, field::AddPeople(session.vault, operation, people));
  Result result;
  json persons = json::array();
  for (const field::PersonFound& person : found) {
    result.text += PersonText(person);
    persons.push_back(PersonJson(person));
  }
  result.json = {{"operation", operation.hex()}, {"persons", persons}};
  if (found.size() == 1 && found[0].file) result.json["file"] = found[0].file->hex();
  return result;
}

struct EditArgs {
  std::string operation;
  int64_t number = 0;
  std::vector<std::string> sets;
};

absl::StatusOr<Result> RunEdit(Session& session, const EditArgs& args) {
  KAPEA_ASSIGN(const FileId operation, FindOperation(session.vault, args.operation));
  field::RecordEdit edit;
  edit.form = std::string(field::kOperationPersonForm);
  edit.number = args.number;
  KAPEA_ASSIGN(edit.entries, field::ParseEntries(args.sets));
  KAPEA_ASSIGN(const field::Edited edited, field::EditRecord(session.vault, operation, edit));
  Result result;
  result.text = absl::StrFormat("number %d  written\n", args.number);
  result.json = {{"operation", operation.hex()},
                 {"number", args.number},
                 {"record", edited.record.hex()},
                 {"change", edited.change.change.hex()}};
  return result;
}

// --- list ---

// The temporary number in the intake record, where there is one.
std::optional<int64_t> TempNumber(const domain::FileState& file) {
  for (const domain::Record* record : file.RecordsOf(field::kIntakeForm)) {
    if (const auto* number = record->ShownAs<int64_t>("temp_number")) return *number;
  }
  return std::nullopt;
}

std::string StatusOf(const domain::FileState& file) {
  for (const domain::Record* record : file.RecordsOf(field::kIntakeForm)) {
    if (const auto* code = record->ShownAs<domain::Code>("record_status")) return code->code;
  }
  return "none";
}

struct ListArgs {
  std::string operation;
};

absl::StatusOr<Result> RunListOf(Session& session, const FileId& operation) {
  KAPEA_ASSIGN(const auto people, field::ListPeople(session.vault, operation));
  Result result;
  json persons = json::array();
  for (const field::PersonFound& person : people) {
    result.text += PersonText(person);
    persons.push_back(PersonJson(person));
  }
  if (people.empty()) result.text = "nobody counted yet\n";
  result.json = {{"operation", operation.hex()}, {"persons", persons}};
  return result;
}

absl::StatusOr<Result> RunList(Session& session, const ListArgs& args) {
  if (!args.operation.empty()) {
    KAPEA_ASSIGN(const FileId operation, FindOperation(session.vault, args.operation));
    return RunListOf(session, operation);
  }
  Result result;
  json persons = json::array();
  for (const vault::FileLine& line : session.vault.Files()) {
    if (line.kind != domain::FileKind::kPerson) continue;
    KAPEA_ASSIGN(const auto state, session.vault.File(line.file));
    const auto number = TempNumber(*state);
    const auto& holder = state->custody().holder;
    const std::string unit = holder ? field::UnitName(session.vault, *holder) : "-";
    const std::string code = field::CodeOf(line.file, line.kind);
    const std::string intake = StatusOf(*state);
    result.text += absl::StrFormat(
        "%-9s %4s  with %-12s intake %s%s%s\n", code, number ? std::to_string(*number) : "-", unit,
        intake, state->custody().open.empty() ? "" : "  OFFERED", line.drill ? "  DRILL" : "");
    persons.push_back({{"file", line.file.hex()},
                       {"code", code},
                       {"number", number ? json(*number) : json()},
                       {"custody", unit},
                       {"intake", intake},
                       {"offered", !state->custody().open.empty()},
                       {"drill", line.drill}});
  }
  if (persons.empty()) result.text = "no person's file on this device\n";
  result.json = {{"persons", persons}};
  return result;
}

// --- show ---

struct ShowArgs {
  std::string file;
  bool identity = false;
};

constexpr std::string_view kNotice =
    "Opening is written down and told to the people of this file.\n";

std::string RosterText(vault::Vault& vault, const domain::FileState& state) {
  std::string text;
  for (const domain::Member& line : state.roster()) {
    text += absl::StrFormat("  %s %s%s\n", field::UnitName(vault, line.unit),
                            std::string(domain::NameOf(line.role)),
                            line.person ? " " + field::PersonName(vault, *line.person) : "");
  }
  return text;
}

json RosterJson(vault::Vault& vault, const domain::FileState& state) {
  json roster = json::array();
  for (const domain::Member& line : state.roster()) {
    roster.push_back({{"unit", field::UnitName(vault, line.unit)},
                      {"role", domain::NameOf(line.role)},
                      {"person", line.person ? json(line.person->hex()) : json()}});
  }
  return roster;
}

absl::Status ShowIntake(Session& session, const FileId& file, bool identity, Result& result) {
  const auto intake = field::FindIntake(session.vault, file);
  if (absl::IsNotFound(intake.status())) {
    result.text += "no intake record yet\n";
    return absl::OkStatus();
  }
  KAPEA_TRY(intake.status());
  field::Opening opening;
  if (identity) {
    opening.classes = {domain::KeyClass::kIdentity};
    result.text += std::string(kNotice);
  }
  KAPEA_ASSIGN(const auto views, field::ViewRecord(session.vault, file, intake->record, opening,
                                                   session.options.language));
  json fields = json::object();
  for (const field::FieldView& view : views) {
    const bool is_identity = view.field->key_class == domain::KeyClass::kIdentity;
    const bool asked = identity ? is_identity : !view.field->sealed();
    if (!asked || view.state == field::FieldView::State::kEmpty) continue;
    result.text += ShortText(field::TextOf(view.field->label, session.options.language), 30) +
                   "  " + field::StateWords(view) + "\n";
    fields[view.field->code] = view.texts;
  }
  result.json["fields"] = fields;
  return absl::OkStatus();
}

absl::StatusOr<Result> RunShow(Session& session, const ShowArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  if (state->kind() != domain::FileKind::kPerson) {
    return absl::InvalidArgumentError("want a person's file, got another kind");
  }
  const auto& holder = state->custody().holder;
  const std::string code = field::CodeOf(file, state->kind());
  Result result;
  result.text =
      absl::StrFormat("%s%s  with %s, intake %s\n", code, state->drill() ? "  DRILL" : "",
                      holder ? field::UnitName(session.vault, *holder) : "-", StatusOf(*state));
  result.json = {{"file", file.hex()},
                 {"code", code},
                 {"drill", state->drill()},
                 {"custody", holder ? json(field::UnitName(session.vault, *holder)) : json()},
                 {"offered", !state->custody().open.empty()},
                 {"intake", StatusOf(*state)},
                 {"roster", RosterJson(session.vault, *state)},
                 {"reads", state->reads().size()},
                 {"identity", args.identity}};
  if (!args.identity) result.text += "on the roster\n" + RosterText(session.vault, *state);
  KAPEA_TRY(ShowIntake(session, file, args.identity, result));
  return result;
}

}  // namespace

void AddPersonCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* person = app.add_subcommand("person", "Persons found, by number and code");
  person->require_subcommand(1);
  person->footer(
      "Examples:\n"
      "  kapea person new --count 6 --set sex=F --set language=km\n"
      "  kapea person edit 3 --set off_at=now --set outcome=hospital\n"
      "  kapea person list --op OP-7K3FQ2\n"
      "  kapea person show P-M0X4TD --identity");
  {
    auto args = std::make_shared<NewArgs>();
    CLI::App* one = person->add_subcommand("new", "Count persons: each gets a number and a file");
    one->add_option("--op", args->operation, "Operation, by its code");
    one->add_option("--count", args->count, "How many, 1 to 100");
    AddSetOption(*one, args->sets);
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunNew(session, *args); };
    });
  }
  {
    auto args = std::make_shared<EditArgs>();
    CLI::App* one = person->add_subcommand("edit", "What is known of a person in the operation");
    one->add_option("number", args->number, "Her temporary number")->required();
    one->add_option("--op", args->operation, "Operation, by its code");
    AddSetOption(*one, args->sets);
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunEdit(session, *args); };
    });
  }
  {
    auto args = std::make_shared<ListArgs>();
    CLI::App* one = person->add_subcommand("list", "Persons' files, or those of an operation");
    one->add_option("--op", args->operation, "Operation, by its code");
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunList(session, *args); };
    });
  }
  {
    auto args = std::make_shared<ShowArgs>();
    CLI::App* one = person->add_subcommand("show", "One person's file");
    one->add_option("file", args->file, "Her file, by its code")->required();
    one->add_flag("--identity", args->identity,
                  "Open the identity fields; this is written down and told");
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunShow(session, *args); };
    });
  }
}

}  // namespace kapea::cli
