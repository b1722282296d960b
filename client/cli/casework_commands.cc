// kapea lead, case, plan, service, referral, followup, justice, programme, actor: one set of
// commands over files and records whose forms are data.
#include <map>

#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/cli/record_text.h"
#include "client/field/calendar.h"
#include "client/field/casework.h"
#include "client/field/compliance.h"
#include "client/field/names.h"
#include "client/field/waive.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

// A word of the command line for a kind of file, or for a form within such files.
struct Topic {
  const char* word;
  const char* help;
  domain::FileKind kind;
  const char* form;  // of new records, unless another is named
  bool founds;       // `new` opens a file of its own; else the records stand in known files
};
constexpr Topic kTopics[] = {
    {"lead", "Tips and reports, from the first word to the decision", domain::FileKind::kLead,
     "KH-LEAD", true},
    {"case", "A person's file after intake; or of somebody never met in an operation",
     domain::FileKind::kPerson, "KH-CASE", true},
    {"plan", "Plans in a person's file; and who may read that of an operation",
     domain::FileKind::kPerson, "KH-PLAN", false},
    {"service", "Services given to a person", domain::FileKind::kPerson, "KH-SERVICE", false},
    {"referral", "Referrals of a person, accepted or rejected", domain::FileKind::kPerson,
     "KH-REFERRAL", false},
    {"followup", "Follow-up visits and calls", domain::FileKind::kPerson, "KH-FOLLOWUP", false},
    {"justice", "Court cases, from the complaint to the last judgment", domain::FileKind::kJustice,
     "KH-JUSTICE-CASE", true},
    {"programme", "Prevention work: trainings, campaigns, committees", domain::FileKind::kProgramme,
     "KH-PROGRAMME", true},
    {"actor", "Organisations, units and shelters, their places and permits",
     domain::FileKind::kProgramme, "KH-ACTOR", true},
};

json WrittenJson(const field::Written& written, domain::FileKind kind) {
  return {{"file", written.file.hex()},
          {"code", field::CodeOf(written.file, kind)},
          {"record", written.record.hex()},
          {"change", written.change.change.hex()}};
}

Result WrittenResult(Session& session, const field::Written& written, domain::FileKind kind,
                     const char* what) {
  Result result;
  result.text = absl::StrFormat("%s  %s, record %s\n", field::CodeOf(written.file, kind), what,
                                field::CodeOf(written.record));
  result.json = WrittenJson(written, kind);
  AddWording(session, written.file, written.record, result);
  return result;
}

// --- new, add, edit, void ---

struct WriteArgs {
  std::string file;
  std::string form;
  std::string record;
  std::string below;
  std::string reason;
  bool drill = false;
  bool restore = false;
  std::vector<std::string> members;
  std::vector<std::string> sets;
};

absl::StatusOr<Result> RunNew(Session& session, const Topic& topic, const WriteArgs& args) {
  field::NewFile file;
  file.kind = topic.kind;
  file.form = args.form.empty() ? topic.form : args.form;
  file.drill = args.drill;
  for (const std::string& text : args.members) {
    KAPEA_ASSIGN(file.members.emplace_back(), ParseMember(session.vault, text));
  }
  KAPEA_ASSIGN(file.entries, field::ParseEntries(args.sets));
  KAPEA_ASSIGN(const field::Written written, field::OpenFile(session.vault, file));
  return WrittenResult(session, written, topic.kind, "opened");
}

absl::StatusOr<Result> RunAdd(Session& session, const Topic& topic, const WriteArgs& args) {
  KAPEA_ASSIGN(const FileId file, FindFileOf(session, topic.kind, args.file));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  field::RecordWrite write;
  write.form = args.form.empty() ? topic.form : args.form;
  if (!args.below.empty()) {
    KAPEA_ASSIGN(write.parent, field::FindRecord(*state, args.below));
  }
  KAPEA_ASSIGN(write.entries, field::ParseEntries(args.sets));
  KAPEA_ASSIGN(const field::Written written, field::WriteRecord(session.vault, file, write));
  return WrittenResult(session, written, topic.kind, "written");
}

// The record that is meant: by its id, or the oldest of the topic's form.
absl::StatusOr<RecordId> FindRecordOf(const domain::FileState& state, const Topic& topic,
                                      const std::string& name) {
  if (!name.empty()) return field::FindRecord(state, name);
  const auto records = state.RecordsOf(topic.form);
  if (records.size() == 1) return records[0]->id;
  return absl::InvalidArgumentError(records.empty()
                                        ? std::string("the file has no record of ") + topic.form
                                        : "the file has several such records: say which");
}

absl::StatusOr<Result> RunEdit(Session& session, const Topic& topic, const WriteArgs& args) {
  KAPEA_ASSIGN(const FileId file, FindFileOf(session, topic.kind, args.file));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  field::RecordWrite write;
  KAPEA_ASSIGN(write.record, FindRecordOf(*state, topic, args.record));
  KAPEA_ASSIGN(write.entries, field::ParseEntries(args.sets));
  KAPEA_ASSIGN(const field::Written written, field::WriteRecord(session.vault, file, write));
  return WrittenResult(session, written, topic.kind, "written");
}

absl::StatusOr<Result> RunVoid(Session& session, const Topic& topic, const WriteArgs& args) {
  KAPEA_ASSIGN(const FileId file, FindFileOf(session, topic.kind, args.file));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  KAPEA_ASSIGN(const RecordId record, field::FindRecord(*state, args.record));
  if (args.restore) {
    KAPEA_ASSIGN(const field::Written written, field::RestoreRecord(session.vault, file, record));
    return WrittenResult(session, written, topic.kind, "restored");
  }
  KAPEA_ASSIGN(const field::Written written,
               field::VoidRecord(session.vault, file, record, args.reason));
  return WrittenResult(session, written, topic.kind, "taken back");
}

// --- list, show, forms ---

// How many clauses of each file are overdue now.
absl::StatusOr<std::map<FileId, uint64_t>> OverdueByFile(Session& session) {
  KAPEA_ASSIGN(const field::Report report, field::ReportCompliance(session.vault, {}));
  std::map<FileId, uint64_t> overdue;
  for (const field::FileCompliance& part : report.files) overdue[part.file] += part.tally.overdue;
  return overdue;
}

absl::StatusOr<Result> RunFiles(Session& session, const Topic& topic) {
  KAPEA_ASSIGN(const auto overdue, OverdueByFile(session));
  Result result;
  json files = json::array();
  for (const vault::FileLine& line : session.vault.Files()) {
    if (line.kind != topic.kind) continue;
    KAPEA_ASSIGN(const auto state, session.vault.File(line.file));
    const auto records = field::RecordsIn(*state);
    const std::string first = records.empty() ? "-" : records[0].form_id;
    const auto late = overdue.find(line.file);
    const uint64_t count = late == overdue.end() ? 0 : late->second;
    const std::string code = field::CodeOf(line.file, line.kind);
    result.text += absl::StrFormat("%-10s %-20s %3d records%s%s\n", code, first, records.size(),
                                   count == 0 ? "" : absl::StrFormat("  [!] %d overdue", count),
                                   line.drill ? "  DRILL" : "");
    files.push_back({{"file", line.file.hex()},
                     {"code", code},
                     {"form", first},
                     {"records", records.size()},
                     {"overdue", count},
                     {"drill", line.drill}});
  }
  if (files.empty()) result.text = "no such file on this device\n";
  result.json = {{"files", files}};
  return result;
}

absl::StatusOr<Result> RunRecords(Session& session, const Topic& topic, const WriteArgs& args) {
  KAPEA_ASSIGN(const FileId file, FindFileOf(session, topic.kind, args.file));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  Result result;
  json records = json::array();
  for (const field::RecordLine& line : field::RecordsIn(*state)) {
    if (!topic.founds && line.form_id != topic.form) continue;
    const std::string title = line.form == nullptr
                                  ? line.form_id
                                  : field::TextOf(line.form->title, session.options.language);
    result.text +=
        absl::StrFormat("%s%s  %s  %s\n", std::string(2 * line.depth, ' '),
                        field::CodeOf(line.record), field::ToLocalText(line.made), title);
    records.push_back({{"record", line.record.hex()},
                       {"form", line.form_id},
                       {"depth", line.depth},
                       {"made", ToIso8601(line.made)}});
  }
  if (records.empty()) result.text = "nothing recorded yet\n";
  result.json = {
      {"file", file.hex()}, {"code", field::CodeOf(file, state->kind())}, {"records", records}};
  return result;
}

absl::StatusOr<Result> RunList(Session& session, const Topic& topic, const WriteArgs& args) {
  if (!args.file.empty()) return RunRecords(session, topic, args);
  if (topic.founds) return RunFiles(session, topic);
  return absl::InvalidArgumentError("want the person's file, by its code");
}

struct ShowArgs {
  std::string file;
  std::string record;
  ShowOptions options;
};

absl::StatusOr<Result> RunShow(Session& session, const Topic& topic, const ShowArgs& args) {
  KAPEA_ASSIGN(const FileId file, FindFileOf(session, topic.kind, args.file));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  KAPEA_ASSIGN(const RecordId record, FindRecordOf(*state, topic, args.record));
  return ShowRecord(session, file, record, args.options);
}

absl::StatusOr<Result> RunForms(Session& session, const Topic& topic) {
  Result result;
  json forms = json::array();
  for (const domain::Form* form : field::FormsFor(session.vault, topic.kind)) {
    const std::string& title = field::TextOf(form->title, session.options.language);
    result.text += absl::StrFormat("%s %s%s\n", ShortText(form->id, 26), title,
                                   form->parent.empty() ? "" : "  (below " + form->parent + ")");
    forms.push_back({{"form", form->id},
                     {"version", form->version},
                     {"title", form->title.en},
                     {"parent", form->parent.empty() ? json() : json(form->parent)}});
  }
  result.json = {{"forms", forms}};
  return result;
}

// --- waive ---

struct WaiveArgs {
  std::string file;
  std::string clause;
  std::string reason_code;
  bool end = false;
};

absl::StatusOr<Result> RunWaive(Session& session, const WaiveArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  KAPEA_ASSIGN(const domain::Clause* clause,
               field::FindClause(session.vault, state->kind(), args.clause));
  KAPEA_ASSIGN(const domain::Ref change,
               args.end ? field::EndWaiver(session.vault, file, args.clause)
                        : field::WaiveClause(session.vault, file, args.clause, args.reason_code));
  Result result;
  const std::string code = field::CodeOf(file, state->kind());
  result.text = code + "  " + clause->id + (args.end ? "  holds again\n" : "  waived\n");
  result.json = {{"file", file.hex()},
                 {"code", code},
                 {"clause", clause->id},
                 {"waived", !args.end},
                 {"change", change.change.hex()}};
  return result;
}

// --- raise ---

struct RaiseArgs {
  std::string file;
  std::string record;
};

absl::StatusOr<Result> RunRaise(Session& session, const RaiseArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(auto state, session.vault.File(file));
  KAPEA_ASSIGN(const RecordId record, field::FindRecord(*state, args.record));
  KAPEA_ASSIGN(const field::Written written, field::RaiseForm(session.vault, file, record));
  KAPEA_ASSIGN(state, session.vault.File(file));
  const domain::FormPin& pin = state->FindRecord(record)->form;
  Result result;
  result.text = absl::StrFormat("%s  %s is version %d now\n", field::CodeOf(file, state->kind()),
                                pin.form, pin.version);
  result.json = WrittenJson(written, state->kind());
  result.json["form"] = pin.form;
  result.json["form_version"] = pin.version;
  return result;
}

// --- the parser ---

using Runner = absl::StatusOr<Result> (*)(Session&, const Topic&, const WriteArgs&);

std::shared_ptr<WriteArgs> AddWriting(CLI::App& command, Chosen& chosen, const Topic& topic,
                                      Runner runner) {
  auto args = std::make_shared<WriteArgs>();
  command.callback([args, &topic, &chosen, runner] {
    chosen.run = [args, &topic, runner](Session& session) { return runner(session, topic, *args); };
  });
  return args;
}

void AddTopicWrites(CLI::App& group, Chosen& chosen, const Topic& topic) {
  if (topic.founds) {
    CLI::App* one = group.add_subcommand("new", "Open a file");
    const auto args = AddWriting(*one, chosen, topic, RunNew);
    one->add_option("--form", args->form, std::string("Its first record; ") + topic.form);
    one->add_option("--member", args->members,
                    "UNIT:ROLE[:PERSON]; repeatable; else those of your unit who work on these");
    one->add_flag("--drill", args->drill, "An exercise: never in a figure");
    AddSetOption(*one, args->sets);
  }
  {
    CLI::App* one = group.add_subcommand("add", "Write a new record into a file");
    const auto args = AddWriting(*one, chosen, topic, RunAdd);
    one->add_option("file", args->file, "The file, by its code")->required();
    one->add_option("--form", args->form, std::string("Which form; ") + topic.form);
    one->add_option("--below", args->below, "The record that it belongs to, by its id");
    AddSetOption(*one, args->sets);
  }
  {
    CLI::App* one = group.add_subcommand("edit", "Write answers into a known record");
    const auto args = AddWriting(*one, chosen, topic, RunEdit);
    one->add_option("file", args->file, "The file, by its code")->required();
    one->add_option("record", args->record, "The record, by its id; the only one if left out");
    AddSetOption(*one, args->sets);
  }
  {
    CLI::App* one =
        group.add_subcommand("void", "Take a record back; it stays, and counts no more");
    const auto args = AddWriting(*one, chosen, topic, RunVoid);
    one->add_option("file", args->file, "The file, by its code")->required();
    one->add_option("record", args->record, "The record, by its id")->required();
    one->add_option("--reason", args->reason, "Why, as a code: entered_twice, wrong_file ...");
    one->add_flag("--restore", args->restore, "Let it count again");
  }
}

void AddTopicReads(CLI::App& group, Chosen& chosen, const Topic& topic) {
  {
    CLI::App* one = group.add_subcommand(
        "list", topic.founds ? "Files; or the records of one" : "Such records of a file");
    const auto args = AddWriting(*one, chosen, topic, RunList);
    one->add_option("file", args->file, "The file, by its code");
  }
  {
    auto args = std::make_shared<ShowArgs>();
    CLI::App* one = group.add_subcommand("show", "One record, field by field");
    one->add_option("file", args->file, "The file, by its code")->required();
    one->add_option("record", args->record, "The record, by its id; the only one if left out");
    one->add_flag("--open", args->options.open, "Open what is sealed; written down and told");
    one->add_flag("--all", args->options.all, "Also empty fields that nobody must fill");
    one->callback([args, &topic, &chosen] {
      chosen.run = [args, &topic](Session& session) { return RunShow(session, topic, *args); };
    });
  }
  CLI::App* forms = group.add_subcommand("forms", "What can be recorded in such a file");
  forms->callback([&topic, &chosen] {
    chosen.run = [&topic](Session& session) { return RunForms(session, topic); };
  });
}

void AddWaive(CLI::App& app, Chosen& chosen) {
  auto args = std::make_shared<WaiveArgs>();
  CLI::App* waive = app.add_subcommand("waive", "Say why a clause need not be met in a file");
  waive->add_option("file", args->file, "The file, by its code")->required();
  waive->add_option("clause", args->clause, "The clause: R04.2")->required();
  waive->add_option("--reason", args->reason_code, "Why, as a code");
  waive->add_flag("--end", args->end, "It holds again");
  waive->callback([args, &chosen] {
    chosen.run = [args](Session& session) { return RunWaive(session, *args); };
  });
}

void AddRaise(CLI::App& app, Chosen& chosen) {
  auto args = std::make_shared<RaiseArgs>();
  CLI::App* raise =
      app.add_subcommand("raise", "Let a record go on under its form's newest version");
  raise->add_option("file", args->file, "The file, by its code")->required();
  raise->add_option("record", args->record, "The record, by its id")->required();
  raise->callback([args, &chosen] {
    chosen.run = [args](Session& session) { return RunRaise(session, *args); };
  });
}

}  // namespace

void AddCaseworkCommands(CLI::App& app, Chosen& chosen) {
  for (const Topic& topic : kTopics) {
    CLI::App* group = app.add_subcommand(topic.word, topic.help);
    group->require_subcommand(1);
    group->footer(std::string("Examples:\n  kapea ") + topic.word +
                  (topic.founds ? " new --set CODE=VALUE" : " add P-M0X4TD --set CODE=VALUE") +
                  "\n  kapea " + topic.word + " forms\n  kapea " + topic.word + " show " +
                  (topic.founds ? "CODE" : "P-M0X4TD RECORD"));
    AddTopicWrites(*group, chosen, topic);
    AddTopicReads(*group, chosen, topic);
    AddImport(*group, chosen, topic.kind, topic.form);
    if (topic.kind == domain::FileKind::kJustice) AddCourtRegister(*group, chosen);
    if (std::string_view(topic.word) == "plan") AddPlanRelease(*group, chosen);
  }
  AddWaive(app, chosen);
  AddRaise(app, chosen);
}

}  // namespace kapea::cli
