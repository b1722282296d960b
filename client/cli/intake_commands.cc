// kapea intake ...
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/cli/record_text.h"
#include "client/field/calendar.h"
#include "client/field/intake.h"
#include "client/field/names.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"
#include "common/text/width.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

struct NewArgs {
  std::string file;
  bool walk_in = false;
  bool drill = false;
  std::vector<std::string> sets;
};

absl::StatusOr<Result> RunNew(Session& session, const NewArgs& args) {
  if (args.file.empty() == !args.walk_in) {
    return absl::InvalidArgumentError("want the person's file, or --walk-in for somebody new");
  }
  field::NewIntake intake;
  intake.drill = args.drill;
  if (!args.walk_in) {
    KAPEA_ASSIGN(intake.person, field::FindFile(session.vault, args.file));
  }
  KAPEA_ASSIGN(intake.entries, field::ParseEntries(args.sets));
  KAPEA_ASSIGN(const field::Intake started, field::StartIntake(session.vault, intake));
  const std::string code = field::CodeOf(started.file, domain::FileKind::kPerson);
  Result result;
  result.text = code + "  intake started\n";
  result.json = {{"file", started.file.hex()}, {"code", code}, {"record", started.record.hex()}};
  AddWording(session, started.file, started.record, result);
  return result;
}

struct FillArgs {
  std::string file;
  std::string form;
  std::string record;
  std::vector<std::string> sets;
};

absl::StatusOr<Result> RunFill(Session& session, const FillArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  field::IntakeEdit edit;
  edit.form = args.form;
  if (!args.record.empty()) {
    KAPEA_ASSIGN(edit.record, field::FindRecord(*state, args.record));
  }
  KAPEA_ASSIGN(edit.entries, field::ParseEntries(args.sets));
  KAPEA_ASSIGN(const field::IntakeEdited edited, field::FillIntake(session.vault, file, edit));
  Result result;
  result.text =
      absl::StrFormat("%d written, record %s\n", edit.entries.size(), field::CodeOf(edited.record));
  result.json = {{"file", file.hex()},
                 {"record", edited.record.hex()},
                 {"change", edited.change.change.hex()}};
  AddWording(session, file, edited.record, result);
  return result;
}

// --- missing, complete, verify ---

std::string DueWords(const field::MissingField& missing, Time now) {
  const auto& due = missing.finding.due;
  if (!due || due->soft.latest >= Time::Max()) return "";
  const Time at = due->soft.latest;
  return at < now ? "late " + field::ToText(now - at) : "by " + field::ToLocalText(at);
}

absl::StatusOr<Result> RunMissing(Session& session, const FileId& file) {
  KAPEA_ASSIGN(const auto missing, field::MissingIn(session.vault, file));
  const Time now = session.vault.clock().Now();
  Result result;
  json fields = json::array();
  for (const field::MissingField& one : missing) {
    const bool late = one.finding.status == domain::FindingStatus::kOverdue;
    result.text +=
        absl::StrFormat("%s %s %s  %s%s\n", late ? "[!]" : "[ ]", ShortText(one.field->code, 26),
                        ShortText(field::TextOf(one.field->label, session.options.language), 28),
                        DueWords(one, now), one.no_key ? "  (a colleague has the key)" : "");
    fields.push_back({{"form", one.form},
                      {"record", one.record.hex()},
                      {"field", one.field->code},
                      {"label", one.field->label.en},
                      {"status", domain::NameOf(one.finding.status)},
                      {"due", one.finding.due && one.finding.due->soft.latest < Time::Max()
                                  ? json(ToIso8601(one.finding.due->soft.latest))
                                  : json()},
                      {"no_key", one.no_key}});
  }
  if (missing.empty()) result.text = "[x] nothing is missing\n";
  result.json = {{"file", file.hex()}, {"missing", fields}};
  return result;
}

struct FileArgs {
  std::string file;
  bool check = false;
};

absl::StatusOr<Result> RunComplete(Session& session, const FileArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  if (args.check) return RunMissing(session, file);
  KAPEA_ASSIGN(const domain::Ref change, field::CompleteIntake(session.vault, file));
  Result result;
  result.text = field::CodeOf(file, domain::FileKind::kPerson) + "  intake complete\n";
  result.json = {{"file", file.hex()}, {"complete", true}, {"change", change.change.hex()}};
  return result;
}

absl::StatusOr<Result> RunVerify(Session& session, const FileArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const domain::Ref change, field::VerifyIntake(session.vault, file));
  Result result;
  result.text = field::CodeOf(file, domain::FileKind::kPerson) + "  intake verified\n";
  result.json = {{"file", file.hex()}, {"verified", true}, {"change", change.change.hex()}};
  return result;
}

// --- show ---

struct ShowArgs {
  std::string file;
  std::string record;
  bool open = false;
  bool all = false;
};

absl::StatusOr<Result> RunShow(Session& session, const ShowArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  KAPEA_ASSIGN(const field::Intake intake, field::FindIntake(session.vault, file));
  RecordId record = intake.record;
  if (!args.record.empty()) {
    KAPEA_ASSIGN(record, field::FindRecord(*state, args.record));
  }
  return ShowRecord(session, file, record, {args.open, args.all});
}

}  // namespace

void AddIntakeCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* intake = app.add_subcommand("intake", "Receive a person: the intake record");
  intake->require_subcommand(1);
  intake->footer(
      "Examples:\n"
      "  kapea intake new P-M0X4TD --set arrival_at=now --set brought_by=police\n"
      "  kapea intake new --walk-in --set arrival_at=-20m\n"
      "  kapea intake fill P-M0X4TD --set sex=F --set birth_date=2009-05\n"
      "  kapea intake fill P-M0X4TD --form KH-CONSENT --set purpose=services --set answer=yes\n"
      "  kapea intake complete P-M0X4TD --check\n"
      "  kapea intake complete P-M0X4TD");
  {
    auto args = std::make_shared<NewArgs>();
    CLI::App* one = intake->add_subcommand("new", "Start the record");
    one->add_option("file", args->file, "The person's file, by its code");
    one->add_flag("--walk-in", args->walk_in, "Somebody without a file: one is founded");
    one->add_flag("--drill", args->drill, "An exercise (with --walk-in)");
    AddSetOption(*one, args->sets);
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunNew(session, *args); };
    });
  }
  {
    auto args = std::make_shared<FillArgs>();
    CLI::App* one = intake->add_subcommand("fill", "Write answers");
    one->add_option("file", args->file, "The person's file, by its code")->required();
    one->add_option("--form", args->form, "A new part of it: KH-CONSENT, KH-ID-DOCUMENT ...");
    one->add_option("--record", args->record, "A known part of it, by its id");
    AddSetOption(*one, args->sets);
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunFill(session, *args); };
    });
  }
  {
    auto args = std::make_shared<FileArgs>();
    CLI::App* one = intake->add_subcommand("complete", "Mark it complete, or say what is missing");
    one->add_option("file", args->file, "The person's file, by its code")->required();
    one->add_flag("--check", args->check, "Only list what is missing, with its deadlines");
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunComplete(session, *args); };
    });
  }
  {
    auto args = std::make_shared<FileArgs>();
    CLI::App* one = intake->add_subcommand("verify", "A second person confirms it");
    one->add_option("file", args->file, "The person's file, by its code")->required();
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunVerify(session, *args); };
    });
  }
  {
    auto args = std::make_shared<ShowArgs>();
    CLI::App* one = intake->add_subcommand("show", "The record and its parts");
    one->add_option("file", args->file, "The person's file, by its code")->required();
    one->add_option("--record", args->record, "A part of it, by its id");
    one->add_flag("--open", args->open, "Open what is sealed; this is written down and told");
    one->add_flag("--all", args->all, "Also empty fields that nobody must fill");
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunShow(session, *args); };
    });
  }
}

}  // namespace kapea::cli
