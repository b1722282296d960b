// kapea duplicates [list], check, asked, dismiss, same, withdraw
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/duplicates.h"
#include "client/field/names.h"
#include "client/link/duplicates_line.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

struct DuplicatesArgs {
  std::string file, unit, other, reason;
  bool not_pursued = false;
};

std::string ServerOf(Session& session) {
  return session.options.server.empty() ? session.vault.identity().server : session.options.server;
}

const char* WordsFor(domain::MatchKind kind) {
  switch (kind) {
    case domain::MatchKind::kDocument:
      return "the number of an identity document";
    case domain::MatchKind::kPhone:
      return "a telephone number";
    case domain::MatchKind::kName:
      return "how the name sounds, and the year of birth";
    case domain::MatchKind::kNone:
      break;
  }
  return "";
}

absl::StatusOr<Result> RunList(Session& session) {
  KAPEA_ASSIGN(const auto lines, field::ListDuplicates(session.vault));
  KAPEA_ASSIGN(const auto programmes, field::MatchProgrammes(session.vault));
  Result result;
  json list = json::array();
  for (const field::DuplicateLine& line : lines) {
    const std::string code = field::CodeOf(line.file, domain::FileKind::kPerson);
    const std::string unit = field::UnitName(session.vault, line.unit);
    std::string equal;
    json kinds = json::array();
    for (const domain::MatchKind kind : line.kinds) {
      absl::StrAppend(&equal, equal.empty() ? "" : "; ", WordsFor(kind));
      kinds.push_back(domain::NameOf(kind));
    }
    const bool open = line.state == field::DuplicateState::kOpen;
    const std::string state(field::NameOf(line.state));
    absl::StrAppend(&result.text, code, "  possibly known to ", unit, open ? ": ask" : ": ",
                    open ? "" : state, "\n  equal: ", equal, "\n");
    list.push_back({{"file", line.file.hex()},
                    {"code", code},
                    {"unit", line.unit.hex()},
                    {"unit_code", unit},
                    {"kinds", kinds},
                    {"since", ToIso8601(line.since)},
                    {"state", state},
                    {"by", line.by.is_zero() ? json() : json(line.by.hex())}});
  }
  if (programmes.empty()) {
    result.text += "no programme here compares: nothing is sent, and nothing can be found\n";
  } else if (lines.empty()) {
    result.text += "nothing was found; that is no proof that nobody else knows them\n";
  } else {
    result.text += "An equal value is a reason to ask, and no proof that it is the same person.\n";
  }
  result.json = {{"duplicates", list}, {"programmes", programmes.size()}};
  return result;
}

absl::StatusOr<Result> RunCheck(Session& session) {
  KAPEA_ASSIGN(const auto transport, ConnectTo(session));
  KAPEA_ASSIGN(const field::DuplicateCheck check, CheckDuplicatesOver(session, *transport));
  Result result;
  result.text = TextOf(check);
  if (result.text.empty()) {
    result.text = check.programmes == 0
                      ? "no programme here compares: nothing was sent\n"
                      : absl::StrFormat("compared %d files, nothing new\n", check.files);
  }
  result.json = JsonOf(check);
  return result;
}

absl::StatusOr<Result> RunAnswer(Session& session, const DuplicatesArgs& args, const char* answer) {
  KAPEA_ASSIGN(const FileId file, FindFileOf(session, domain::FileKind::kPerson, args.file));
  KAPEA_ASSIGN(const UnitId unit, field::FindUnit(session.vault, args.unit));
  KAPEA_ASSIGN(const field::Written written,
               field::AnswerDuplicate(session.vault, file, unit, answer, args.reason));
  Result result;
  result.text = "written into the file, for its people to see\n";
  result.json = {{"file", file.hex()},
                 {"unit", unit.hex()},
                 {"answer", answer},
                 {"change", written.change.change.hex()}};
  return result;
}

absl::StatusOr<Result> RunSame(Session& session, const DuplicatesArgs& args) {
  KAPEA_ASSIGN(const FileId file, FindFileOf(session, domain::FileKind::kPerson, args.file));
  KAPEA_ASSIGN(const FileId other, FindFileOf(session, domain::FileKind::kPerson, args.other));
  KAPEA_TRY(field::LinkSamePerson(session.vault, file, other));
  Result result;
  result.text = "linked as one person: both files stay, figures count one\n";
  result.json = {{"file", file.hex()}, {"other", other.hex()}};
  return result;
}

absl::StatusOr<Result> RunWithdraw(Session& session) {
  KAPEA_ASSIGN(const auto transport, ConnectTo(session));
  link::GrpcMatchLine line(*transport, ServerOf(session));
  KAPEA_TRY(field::WithdrawDuplicates(session.vault, line));
  Result result;
  result.text =
      "the server has dropped what your unit offered. The next check offers it again, unless the "
      "unit leaves the programme, or the programme stops comparing\n";
  result.json = {{"withdrawn", true}};
  return result;
}

void AddAnswer(CLI::App& group, Chosen& chosen, const char* name, const char* help,
               const char* answer) {
  auto args = std::make_shared<DuplicatesArgs>();
  CLI::App* one = group.add_subcommand(name, help);
  one->add_option("file", args->file, "The person's file, by its code")->required();
  one->add_option("unit", args->unit, "The unit that possibly knows the person")->required();
  one->add_option("--reason", args->reason, "In words, sealed to the people of the file")
      ->required();
  const bool dismiss = std::string_view(answer) == "other_person";
  if (dismiss) {
    one->add_flag("--not-pursued", args->not_pursued, "It may be the same person; leave it");
  }
  one->callback([args, answer, &chosen] {
    chosen.run = [args, answer](Session& session) {
      return RunAnswer(session, *args, args->not_pursued ? "not_pursued" : answer);
    };
  });
}

}  // namespace

std::string TextOf(const field::DuplicateCheck& check) {
  std::string text;
  if (check.fresh > 0) {
    absl::StrAppendFormat(&text, "[!] %d persons are possibly known to another unit: duplicates\n",
                          check.fresh);
  }
  if (check.waiting > 0) {
    absl::StrAppendFormat(&text, "%d files are compared tomorrow or later: today's limit\n",
                          check.waiting);
  }
  for (const std::string& sentence : check.sentences) {
    absl::StrAppend(&text, "[!] duplicates: ", sentence, "\n");
  }
  return text;
}

json JsonOf(const field::DuplicateCheck& check) {
  return {{"programmes", check.programmes},
          {"files", check.files},
          {"offered", check.offered},
          {"waiting", check.waiting},
          {"withdrawn", check.withdrawn},
          {"found", check.found},
          {"new", check.fresh},
          {"refusals", check.sentences}};
}

absl::StatusOr<field::DuplicateCheck> CheckDuplicatesOver(Session& session,
                                                          link::GrpcTransport& transport) {
  link::GrpcMatchLine line(transport, ServerOf(session));
  return field::CheckDuplicates(session.vault, line);
}

void AddDuplicatesCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("duplicates", "Persons possibly known to another unit");
  group->require_subcommand(0, 1);
  group->footer(
      "Units on the roster of a programme that compares (a record KH-MATCHING) learn that they\n"
      "may know the same person; neither sees the other's file, the server sees no value.\n"
      "Examples:\n"
      "  kapea programme new --form KH-MATCHING --member PP-POLICE:unit_lead "
      "--member SHELTER:case_manager --set compare=yes\n"
      "  kapea duplicates\n"
      "  kapea duplicates asked P-7K3FQ2 SHELTER --reason 'called their case manager'");
  group->add_subcommand("list", "What was found when it was last checked")->callback([&chosen] {
    chosen.run = RunList;
  });
  group->add_subcommand("check", "Compare now (sync does so too)")->callback([&chosen] {
    chosen.run = RunCheck;
    chosen.network = true;
  });
  AddAnswer(*group, chosen, "asked", "The other unit was asked", "asked");
  AddAnswer(*group, chosen, "dismiss", "It is another person, or is not pursued", "other_person");
  {
    auto args = std::make_shared<DuplicatesArgs>();
    CLI::App* one =
        group->add_subcommand("same", "Link two persons' files on this device as one person");
    one->add_option("file", args->file, "A person's file, by its code")->required();
    one->add_option("other", args->other, "The other file: its unit lets you in first")->required();
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunSame(session, *args); };
    });
  }
  group->add_subcommand("withdraw", "Drop what your unit has offered")->callback([&chosen] {
    chosen.run = RunWithdraw;
    chosen.network = true;
  });
  group->callback([group, &chosen] {
    if (group->get_subcommands().empty()) chosen.run = RunList;
  });
}

}  // namespace kapea::cli
