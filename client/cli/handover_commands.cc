// kapea handover ...
#include <algorithm>

#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/handover.h"
#include "client/field/names.h"
#include "client/field/people_found.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

Result HandoverResult(vault::Vault& vault, const field::Handover& handover) {
  Result result;
  result.text =
      absl::StrFormat("%s  %s -> %s  %d of %d accepted\n", field::HandoverCode(handover.id),
                      field::UnitName(vault, handover.from), field::UnitName(vault, handover.to),
                      handover.accepted(), handover.of_persons);
  json persons = json::array();
  for (const field::HandoverPerson& one : handover.persons) {
    const char* mark = !one.answered ? "[ ]" : one.accepted ? "[x]" : "[-]";
    const std::string code = field::CodeOf(one.file, domain::FileKind::kPerson);
    result.text += absl::StrFormat("  %s %s%s%s\n", mark, code,
                                   one.answered && !one.accepted ? "  declined: " : "", one.reason);
    persons.push_back({{"file", one.file.hex()},
                       {"code", code},
                       {"answered", one.answered},
                       {"accepted", one.accepted},
                       {"reason", one.reason},
                       {"counted", one.counted}});
  }
  for (const std::string& difference : handover.differences()) {
    result.text += "  [!] " + difference + "\n";
  }
  result.json = {{"handover", handover.id.hex()},
                 {"code", field::HandoverCode(handover.id)},
                 {"from", field::UnitName(vault, handover.from)},
                 {"to", field::UnitName(vault, handover.to)},
                 {"of_persons", handover.of_persons},
                 {"accepted", handover.accepted()},
                 {"open", handover.open()},
                 {"persons", persons},
                 {"differences", handover.differences()}};
  return result;
}

// Files by code, or numbers of an operation: "3,5" with --op.
absl::StatusOr<std::vector<FileId>> PersonsNamed(vault::Vault& vault, const std::string& operation,
                                                 const std::vector<std::string>& names) {
  std::vector<FileId> files;
  std::vector<field::PersonFound> people;
  for (const std::string& name : names) {
    const bool number =
        !name.empty() && name.size() < 4 &&
        std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!number) {
      KAPEA_ASSIGN(files.emplace_back(), field::FindFile(vault, name));
      continue;
    }
    if (people.empty()) {
      KAPEA_ASSIGN(const FileId file, FindOperation(vault, operation));
      KAPEA_ASSIGN(people, field::ListPeople(vault, file));
    }
    const auto found = std::find_if(people.begin(), people.end(), [&](const auto& person) {
      return std::to_string(person.number) == name;
    });
    if (found == people.end() || !found->file) {
      return absl::NotFoundError("no number " + name + " with a file in this operation");
    }
    files.push_back(*found->file);
  }
  return files;
}

struct OfferArgs {
  std::vector<std::string> persons;
  std::string operation;
  std::string to_unit;
  std::string to_person;
  bool all = false;
};

absl::StatusOr<Result> RunOffer(Session& session, const OfferArgs& args) {
  field::HandoverOffer offer;
  KAPEA_ASSIGN(offer.to_unit, field::FindUnit(session.vault, args.to_unit));
  if (!args.to_person.empty()) {
    KAPEA_ASSIGN(offer.to_person, field::FindPerson(session.vault, args.to_person));
  }
  if (args.all) {
    KAPEA_ASSIGN(const FileId operation, FindOperation(session.vault, args.operation));
    offer.operation = operation;
    KAPEA_ASSIGN(const auto people, field::ListPeople(session.vault, operation));
    for (const field::PersonFound& person : people) {
      if (!person.file) continue;
      KAPEA_ASSIGN(const auto state, session.vault.File(*person.file));
      if (state->custody().holder == session.vault.identity().unit) {
        offer.persons.push_back(*person.file);
      }
    }
  } else {
    KAPEA_ASSIGN(offer.persons, PersonsNamed(session.vault, args.operation, args.persons));
  }
  KAPEA_ASSIGN(const field::Handover handover, field::OfferPersons(session.vault, offer));
  return HandoverResult(session.vault, handover);
}

struct AnswerArgs {
  std::string handover;
  std::vector<std::string> persons;
  uint32_t counted = 0;
  std::string reason;
};

absl::StatusOr<Result> RunAnswer(Session& session, const AnswerArgs& args, bool accepted) {
  KAPEA_ASSIGN(const field::Handover handover, field::FindHandover(session.vault, args.handover));
  field::HandoverAnswer answer;
  answer.handover = handover.id;
  answer.accepted = accepted;
  answer.reason = args.reason;
  answer.counted = args.counted;
  KAPEA_ASSIGN(answer.persons, PersonsNamed(session.vault, "", args.persons));
  KAPEA_ASSIGN(const field::Handover after, field::AnswerPersons(session.vault, answer));
  return HandoverResult(session.vault, after);
}

struct ShowArgs {
  std::string handover;
};

absl::StatusOr<Result> RunShow(Session& session, const ShowArgs& args) {
  if (!args.handover.empty()) {
    KAPEA_ASSIGN(const field::Handover handover, field::FindHandover(session.vault, args.handover));
    return HandoverResult(session.vault, handover);
  }
  KAPEA_ASSIGN(const auto all, field::ListHandovers(session.vault));
  Result result;
  json list = json::array();
  for (const field::Handover& handover : all) {
    Result one = HandoverResult(session.vault, handover);
    result.text += one.text;
    list.push_back(std::move(one.json));
  }
  if (all.empty()) result.text = "no hand-over on this device\n";
  result.json = {{"handovers", list}};
  return result;
}

absl::StatusOr<Result> RunWithdraw(Session& session, const ShowArgs& args) {
  KAPEA_ASSIGN(const field::Handover handover, field::FindHandover(session.vault, args.handover));
  KAPEA_TRY(field::WithdrawOffer(session.vault, handover.id).status());
  Result result;
  result.text = field::HandoverCode(handover.id) + "  withdrawn\n";
  result.json = {{"handover", handover.id.hex()}, {"withdrawn", true}};
  return result;
}

void AddAnswer(CLI::App& handover, Chosen& chosen, const char* name, const char* help,
               bool accepted) {
  auto args = std::make_shared<AnswerArgs>();
  CLI::App* one = handover.add_subcommand(name, help);
  one->add_option("handover", args->handover, "Hand-over, by its code")->required();
  one->add_option("persons", args->persons, "Only these persons, by their files' codes");
  one->add_option("--counted", args->counted, "How many persons you counted");
  if (!accepted) {
    one->add_option("--reason", args->reason, "Why: hospital, full, wrong_unit ...")->required();
  }
  one->callback([args, accepted, &chosen] {
    chosen.run = [args, accepted](Session& session) { return RunAnswer(session, *args, accepted); };
  });
}

}  // namespace

void AddHandoverCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* handover = app.add_subcommand("handover", "Give persons into another unit's care");
  handover->require_subcommand(1);
  handover->footer(
      "Examples:\n"
      "  kapea handover offer --all --to SHE\n"
      "  kapea handover offer 1 2 3 --op OP-7K3FQ2 --to SHE\n"
      "  kapea handover accept H-3f9a01 --counted 5\n"
      "  kapea handover decline H-3f9a01 P-M0X4TD --reason hospital");
  {
    auto args = std::make_shared<OfferArgs>();
    CLI::App* one = handover->add_subcommand("offer", "Offer persons to a unit");
    one->add_option("persons", args->persons, "Files' codes, or numbers of the operation");
    one->add_option("--op", args->operation, "Operation, for numbers and --all");
    one->add_flag("--all", args->all, "Everybody of the operation in your unit's custody");
    one->add_option("--to", args->to_unit, "Receiving unit, by its code")->required();
    one->add_option("--to-person", args->to_person, "Only this person may answer");
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunOffer(session, *args); };
    });
  }
  AddAnswer(*handover, chosen, "accept", "Take persons over: your signature", true);
  AddAnswer(*handover, chosen, "decline", "Do not take them, and why", false);
  for (const bool withdraw : {false, true}) {
    auto args = std::make_shared<ShowArgs>();
    CLI::App* one = handover->add_subcommand(withdraw ? "withdraw" : "show",
                                             withdraw ? "Take an offer back" : "Who has signed");
    auto* option = one->add_option("handover", args->handover, "Hand-over, by its code");
    if (withdraw) option->required();
    one->callback([args, withdraw, &chosen] {
      chosen.run = [args, withdraw](Session& session) {
        return withdraw ? RunWithdraw(session, *args) : RunShow(session, *args);
      };
    });
  }
}

}  // namespace kapea::cli
