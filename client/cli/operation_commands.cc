// kapea operation ...
#include <algorithm>
#include <map>

#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/names.h"
#include "client/field/operation.h"
#include "client/report/compliance_report.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"
#include "common/text/width.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

constexpr size_t kColumns = 78;

std::string PlaceOf(const field::ItemLine& line) {
  return line.number ? absl::StrFormat("%s/%d", line.item->code, *line.number) : line.item->code;
}

std::string Duties(const domain::Field& item) {
  std::string names;
  for (const domain::Duty duty : item.item->duties) {
    names += (names.empty() ? "" : "+") + std::string(domain::NameOf(duty));
  }
  return names;
}

std::string AnswerName(const domain::ItemState& state) {
  using Answer = domain::ItemState::Answer;
  switch (state.answer) {
    case Answer::kDone:
      return "done";
    case Answer::kNotDone:
      return "not_done";
    case Answer::kNotApplicable:
      return "not_applicable";
    case Answer::kNone:
      break;
  }
  return "open";
}

// What is still lacking of an answer, and how late it is.
std::string NoteOf(const field::ItemLine& line, Time as_of) {
  std::string note;
  const auto add = [&note](const std::string& words) {
    note += (note.empty() ? "" : ", ") + words;
  };
  if (line.state.answer == domain::ItemState::Answer::kNotDone) add("not done");
  if (line.state.evidence_missing) add("needs file");
  if (line.state.signature_missing) add("needs 2nd signature");
  if (line.state.reason_missing) add("needs reason");
  if (line.state.conflicted) add("conflict");
  const auto& due = line.finding.due;
  if (line.finding.status == domain::FindingStatus::kOverdue && due && as_of > due->soft.latest) {
    add("late " + field::ToText(as_of - due->soft.latest));
  } else if (line.finding.status == domain::FindingStatus::kPending && due) {
    add("by " + field::ToLocalClock(due->soft.latest));
  } else if (line.finding.status == domain::FindingStatus::kMetLate) {
    add("done late");
  }
  return note;
}

std::string LineText(const field::ItemLine& line, Time as_of, field::Language language) {
  const std::string head =
      text::PadTo(report::MarkOf(line.finding), 5) + text::PadTo(PlaceOf(line), 10);
  std::string tail = NoteOf(line, as_of);
  if (line.item->item->critical && line.finding.open()) tail += tail.empty() ? "!" : " !";
  tail = (tail.empty() ? "" : "  " + tail) + "  " + Duties(*line.item);
  const size_t used = text::WidthOf(head) + text::WidthOf(tail);
  const size_t room = used + 16 < kColumns ? kColumns - used : 16;
  return head + ShortText(field::TextOf(line.item->label, language), room) + tail + "\n";
}

json LineJson(const field::ItemLine& line) {
  json object = {{"code", line.item->code},
                 {"section", line.section},
                 {"record", line.record.hex()},
                 {"label", line.item->label.en},
                 {"answer", AnswerName(line.state)},
                 {"complete", line.state.complete},
                 {"evidence_missing", line.state.evidence_missing},
                 {"signature_missing", line.state.signature_missing},
                 {"status", domain::NameOf(line.finding.status)},
                 {"certain", line.finding.certain},
                 {"critical", line.item->item->critical},
                 {"duties", Duties(*line.item)},
                 {"mine", line.mine}};
  object["number"] = line.number ? json(*line.number) : json();
  object["due"] = line.finding.due && line.finding.due->soft.latest < Time::Max()
                      ? json(ToIso8601(line.finding.due->soft.latest))
                      : json();
  return object;
}

// --- new ---

struct NewArgs {
  std::string variant;
  std::vector<std::string> facts;
  std::vector<std::string> members;
  bool drill = false;
};

absl::StatusOr<Result> RunNew(Session& session, const NewArgs& args) {
  field::NewOperation plan;
  plan.variant = args.variant;
  plan.facts = args.facts;
  plan.drill = args.drill;
  for (const std::string& text : args.members) {
    KAPEA_ASSIGN(plan.members.emplace_back(), ParseMember(session.vault, text));
  }
  KAPEA_ASSIGN(const field::OpenedOperation opened, field::OpenOperation(session.vault, plan));
  const std::string code = field::CodeOf(opened.file, domain::FileKind::kOperation);
  Result result;
  result.text = code + "  opened" + (args.drill ? " as a DRILL" : "") + "\n";
  for (const domain::Member& member : opened.unkeyed) {
    result.text += "  no key yet for " + field::UnitName(session.vault, member.unit) + " " +
                   std::string(domain::NameOf(member.role)) + ": they read it after a sync\n";
  }
  result.json = {{"file", opened.file.hex()},
                 {"code", code},
                 {"checklist", opened.checklist.hex()},
                 {"drill", args.drill},
                 {"without_key", opened.unkeyed.size()}};
  return result;
}

// --- list ---

absl::StatusOr<Result> RunList(Session& session) {
  Result result;
  result.json["operations"] = json::array();
  for (const vault::FileLine& line : session.vault.Files()) {
    if (line.kind != domain::FileKind::kOperation) continue;
    const std::string code = field::CodeOf(line.file, line.kind);
    const auto view = field::ViewOperation(session.vault, line.file);
    size_t open = 0;
    size_t late = 0;
    if (view.ok()) {
      for (const field::ItemLine& item : view->items) {
        if (item.finding.open()) ++open;
        if (item.finding.status == domain::FindingStatus::kOverdue) ++late;
      }
    }
    result.text += absl::StrFormat("%-10s %3d open %3d late%s%s\n", code, open, late,
                                   line.drill ? "  DRILL" : "",
                                   line.waiting > 0 ? "  (waits to be sent)" : "");
    result.json["operations"].push_back({{"file", line.file.hex()},
                                         {"code", code},
                                         {"drill", line.drill},
                                         {"open", open},
                                         {"late", late},
                                         {"waiting", line.waiting}});
  }
  if (result.text.empty()) result.text = "no operation on this device\n";
  return result;
}

// --- show ---

struct ShowArgs {
  std::string file;
  bool next = false;
  bool all = false;
  std::string section;
};

absl::StatusOr<Result> RunShow(Session& session, const ShowArgs& args) {
  KAPEA_ASSIGN(const FileId file, FindOperation(session.vault, args.file));
  KAPEA_ASSIGN(const field::OperationView view, field::ViewOperation(session.vault, file));
  std::vector<const field::ItemLine*> lines;
  if (args.next) {
    lines = field::NextItems(view, true);
  } else {
    for (const field::ItemLine& line : view.items) {
      const bool hidden = line.finding.status == domain::FindingStatus::kNotApplicable &&
                          line.state.answer == domain::ItemState::Answer::kNone && !args.all;
      if (!hidden) lines.push_back(&line);
    }
  }
  if (!args.section.empty()) {
    std::erase_if(lines, [&](const auto* line) { return line->section != args.section; });
  }
  const domain::FileState& state = *view.checklist.file;
  Result result;
  result.text = absl::StrFormat("%s  %s v%d%s\n", field::CodeOf(file, state.kind()),
                                field::TextOf(view.checklist.form->title, session.options.language),
                                view.checklist.form->version, state.drill() ? "  DRILL" : "");
  json items = json::array();
  std::string section;
  for (const field::ItemLine* line : lines) {
    if (!args.next && line->section != section) {
      section = line->section;
      result.text += "-- " + section + "\n";
    }
    result.text += LineText(*line, view.as_of, session.options.language);
    items.push_back(LineJson(*line));
  }
  if (lines.empty()) result.text += "nothing is open for you\n";
  result.json = {{"file", file.hex()},
                 {"code", field::CodeOf(file, state.kind())},
                 {"drill", state.drill()},
                 {"form", view.checklist.form->id},
                 {"form_version", view.checklist.form->version},
                 {"as_of", ToIso8601(view.as_of)},
                 {"facts", view.facts},
                 {"items", items}};
  return result;
}

// --- tick, not-done, not-applicable, evidence ---

struct AnswerArgs {
  std::string item;
  std::string file;
  std::vector<int64_t> numbers;
  std::string reason_code;
  std::string reason;
  std::string evidence;
  std::string document;
  std::string duty;
};

absl::StatusOr<std::optional<vault::NewAttachment>> Attachment(const std::string& path) {
  if (path.empty()) return std::optional<vault::NewAttachment>();
  KAPEA_ASSIGN(vault::NewAttachment attachment,
               field::ReadAttachment(path.starts_with('@') ? path : "@" + path));
  return std::optional(std::move(attachment));
}

// Several items, "SAF-02,SAF-03", one Change each.
std::vector<std::string> ItemsOf(const std::string& text) {
  std::vector<std::string> items;
  std::string_view rest = text;
  for (;;) {
    const size_t comma = rest.find(',');
    items.emplace_back(rest.substr(0, comma));
    if (comma == std::string_view::npos) return items;
    rest.remove_prefix(comma + 1);
  }
}

absl::StatusOr<Result> RunAnswer(Session& session, const AnswerArgs& args,
                                 std::string_view answer) {
  KAPEA_ASSIGN(const FileId file, FindOperation(session.vault, args.file));
  field::ItemAnswer asked;
  asked.answer = answer;
  asked.reason_code = args.reason_code;
  asked.reason = args.reason;
  KAPEA_ASSIGN(asked.duty, ParseDuty(args.duty));
  KAPEA_ASSIGN(asked.evidence, Attachment(args.evidence));
  KAPEA_ASSIGN(asked.document, Attachment(args.document));
  std::vector<std::optional<int64_t>> numbers(args.numbers.begin(), args.numbers.end());
  if (numbers.empty()) numbers.emplace_back();
  Result result;
  json answers = json::array();
  for (const std::string& item : ItemsOf(args.item)) {
    for (const auto& number : numbers) {
      asked.item = item;
      asked.number = number;
      const auto answered = answer.empty() ? field::AddEvidence(session.vault, file, asked)
                                           : field::AnswerItem(session.vault, file, asked);
      KAPEA_TRY(answered.status());
      const std::string place = number ? absl::StrFormat("%s/%d", item, *number) : item;
      result.text += place + "  " + AnswerName(answered->state);
      if (answered->state.evidence_missing) result.text += "; still needs its photo or document";
      if (answered->state.signature_missing) result.text += "; a second person must sign";
      result.text += "\n";
      answers.push_back({{"item", item},
                         {"number", number ? json(*number) : json()},
                         {"record", answered->record.hex()},
                         {"change", answered->change.change.hex()},
                         {"answer", AnswerName(answered->state)},
                         {"complete", answered->state.complete},
                         {"evidence_missing", answered->state.evidence_missing},
                         {"signature_missing", answered->state.signature_missing}});
    }
  }
  result.json = {{"file", file.hex()}, {"answers", answers}};
  return result;
}

void AddAnswer(CLI::App& operation, Chosen& chosen, const char* name, const char* help,
               std::string_view answer) {
  auto args = std::make_shared<AnswerArgs>();
  CLI::App* app = operation.add_subcommand(name, help);
  app->add_option("item", args->item, "Item code; several with commas: SAF-01,SAF-02")->required();
  AddOperationOption(*app, args->file);
  app->add_option("--for", args->numbers, "Number of the person, suspect, exhibit or vehicle")
      ->delimiter(',');
  app->add_option("--duty", args->duty, "Under which duty, where you have several");
  app->add_option("--evidence", args->evidence, "Photo or document: a path")->type_name("FILE");
  app->add_option("--document", args->document, "The second document, where two are asked for")
      ->type_name("FILE");
  if (answer != domain::kItemDone && !answer.empty()) {
    app->add_option("--reason", args->reason_code, "Reason code: no_time, no_means, unsafe ...");
    app->add_option("--because", args->reason, "Reason in words; sealed");
  }
  app->callback([args, answer, &chosen] {
    chosen.run = [args, answer](Session& session) { return RunAnswer(session, *args, answer); };
  });
}

// Opening and looking.
void AddViewing(CLI::App& operation, Chosen& chosen) {
  {
    auto args = std::make_shared<NewArgs>();
    CLI::App* one = operation.add_subcommand("new", "Open an operation");
    one->add_option("--variant", args->variant, "Kind of place: venue, scam_compound ...");
    one->add_option("--fact", args->facts, "A fact that holds from the start; repeatable")
        ->allow_extra_args(false);
    one->add_option("--member", args->members, "UNIT:ROLE[:PERSON][:DUTY,DUTY]; repeatable")
        ->allow_extra_args(false);
    one->add_flag("--drill", args->drill, "An exercise: kept out of every figure, for good");
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunNew(session, *args); };
    });
  }
  operation.add_subcommand("list", "The operations on this device")->callback([&chosen] {
    chosen.run = RunList;
  });
  {
    auto args = std::make_shared<ShowArgs>();
    CLI::App* one = operation.add_subcommand("show", "The checklist and what is late");
    one->add_option("op", args->file, "Operation, by its code");
    one->add_flag("--next", args->next, "Only what is open for you, the most urgent first");
    one->add_flag("--all", args->all, "Also what does not apply");
    one->add_option("--section", args->section, "Only one section, such as SAF");
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunShow(session, *args); };
    });
  }
}

}  // namespace

void AddOperationCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* operation = app.add_subcommand("operation", "Rescue operations and their checklist");
  operation->require_subcommand(1);
  operation->footer(
      "Examples:\n"
      "  kapea operation new --variant venue --member POL:officer:JPO,EXH\n"
      "  kapea operation show --next\n"
      "  kapea operation tick ENT-01\n"
      "  kapea operation tick SAF-04 --for 1,2,3\n"
      "  kapea operation not-done PLN-06 --reason no_time\n"
      "  kapea operation evidence EVD-01 --evidence room.jpg\n"
      "  kapea operation muster --set point=departure --set in_vehicle=6");
  AddViewing(*operation, chosen);
  AddAnswer(*operation, chosen, "tick", "An item is done", domain::kItemDone);
  AddAnswer(*operation, chosen, "not-done", "An item is not done, and why", domain::kItemNotDone);
  AddAnswer(*operation, chosen, "not-applicable", "An item does not apply, and why",
            domain::kItemNotApplicable);
  AddAnswer(*operation, chosen, "evidence", "Attach a photo or document to an item", "");
  AddOperationRecords(*operation, chosen);
}

}  // namespace kapea::cli
