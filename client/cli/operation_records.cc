// kapea operation: records below the checklist, head counts, facts, closing
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/muster.h"
#include "client/field/names.h"
#include "client/field/operation.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

// --- fact, record ---

struct FactArgs {
  std::string fact;
  std::string file;
  bool off = false;
};

absl::StatusOr<Result> RunFact(Session& session, const FactArgs& args) {
  KAPEA_ASSIGN(const FileId file, FindOperation(session.vault, args.file));
  KAPEA_ASSIGN(const domain::Ref change, field::SetFact(session.vault, file, args.fact, !args.off));
  Result result;
  result.text = args.fact + (args.off ? "  cleared" : "  set") + "\n";
  result.json = {{"file", file.hex()},
                 {"fact", args.fact},
                 {"is_so", !args.off},
                 {"change", change.change.hex()}};
  return result;
}

struct RecordArgs {
  std::string form;
  std::string file;
  std::vector<int64_t> number;
  bool make_new = false;
  std::vector<std::string> sets;
};

absl::StatusOr<Result> RunRecord(Session& session, const RecordArgs& args) {
  KAPEA_ASSIGN(const FileId file, FindOperation(session.vault, args.file));
  field::RecordEdit edit;
  edit.form = args.form;
  edit.make_new = args.make_new;
  if (!args.number.empty()) edit.number = args.number[0];
  KAPEA_ASSIGN(edit.entries, field::ParseEntries(args.sets));
  KAPEA_ASSIGN(const field::Edited edited, field::EditRecord(session.vault, file, edit));
  Result result;
  result.text = args.form + "  written";
  if (edited.number) result.text += absl::StrFormat(", number %d", *edited.number);
  result.text += "\n";
  result.json = {{"file", file.hex()},
                 {"record", edited.record.hex()},
                 {"number", edited.number ? json(*edited.number) : json()},
                 {"change", edited.change.change.hex()}};
  return result;
}

// --- muster ---

struct MusterArgs {
  std::string file;
  std::vector<std::string> sets;
};

json Maybe(const std::optional<int64_t>& number) { return number ? json(*number) : json(); }

Result MusterResult(const FileId& file, const field::Muster& muster) {
  Result result;
  const auto said = [](const std::optional<int64_t>& number) {
    return number ? std::to_string(*number) : std::string("-");
  };
  result.text = absl::StrFormat("expected %s  found %d  in vehicles %s  arrived %s  admitted %s\n",
                                said(muster.expected), muster.found, said(muster.in_vehicle),
                                said(muster.arrived), said(muster.admitted));
  result.text += absl::StrFormat(
      "left the scene %d  handed over %d  hospital %d  declined %d  cleared %d  arrested %d\n",
      muster.left_scene, muster.handed_over, muster.hospital, muster.declined, muster.cleared,
      muster.arrested);
  result.text += absl::StrFormat("offered %d  accepted by signature %d  no outcome yet %d\n",
                                 muster.offered, muster.accepted, muster.without_outcome.size());
  for (const std::string& difference : muster.differences) {
    result.text += "[!] " + difference + "\n";
  }
  if (muster.balances()) result.text += "[x] it balances\n";
  result.json = {{"file", file.hex()},
                 {"point", muster.point},
                 {"expected", Maybe(muster.expected)},
                 {"counted", Maybe(muster.said_found)},
                 {"found", muster.found},
                 {"in_vehicle", Maybe(muster.in_vehicle)},
                 {"arrived", Maybe(muster.arrived)},
                 {"admitted", Maybe(muster.admitted)},
                 {"left_scene", muster.left_scene},
                 {"handed_over", muster.handed_over},
                 {"hospital", muster.hospital},
                 {"declined", muster.declined},
                 {"cleared", muster.cleared},
                 {"arrested", muster.arrested},
                 {"offered", muster.offered},
                 {"accepted", muster.accepted},
                 {"without_outcome", muster.without_outcome},
                 {"differences", muster.differences},
                 {"balances", muster.balances()}};
  return result;
}

absl::StatusOr<Result> RunMuster(Session& session, const MusterArgs& args) {
  KAPEA_ASSIGN(const FileId file, FindOperation(session.vault, args.file));
  if (args.sets.empty()) {
    KAPEA_ASSIGN(const field::Muster muster, field::CountPeople(session.vault, file));
    return MusterResult(file, muster);
  }
  KAPEA_ASSIGN(const std::vector<field::Entry> entries, field::ParseEntries(args.sets));
  KAPEA_ASSIGN(const field::Counted counted, field::TakeMuster(session.vault, file, entries));
  return MusterResult(file, counted.muster);
}

// --- close ---

struct CloseArgs {
  std::string file;
  std::string override_reason;
  bool check = false;
};

absl::StatusOr<Result> RunClose(Session& session, const CloseArgs& args) {
  KAPEA_ASSIGN(const FileId file, FindOperation(session.vault, args.file));
  Result result;
  if (args.check) {
    KAPEA_ASSIGN(const std::vector<std::string> gaps, field::ClosingGaps(session.vault, file));
    for (const std::string& gap : gaps) result.text += "[!] " + gap + "\n";
    if (gaps.empty()) result.text = "[x] nothing keeps it from being closed\n";
    result.json = {{"file", file.hex()}, {"gaps", gaps}, {"may_close", gaps.empty()}};
    return result;
  }
  KAPEA_ASSIGN(const domain::Ref change,
               field::CloseOperation(session.vault, file, {args.override_reason}));
  result.text = field::CodeOf(file, domain::FileKind::kOperation) + "  signed off\n";
  result.json = {{"file", file.hex()}, {"closed", true}, {"change", change.change.hex()}};
  return result;
}

// Records below the checklist, by the names that people use for them.
void AddRecords(CLI::App& operation, Chosen& chosen) {
  constexpr std::pair<const char*, const char*> kRecords[] = {
      {"plan", "KH-OP-PLAN"},       {"result", "KH-OP-RESULT"},   {"suspect", "KH-OP-SUSPECT"},
      {"exhibit", "KH-OP-EXHIBIT"}, {"vehicle", "KH-OP-VEHICLE"}, {"record", ""}};
  for (const auto& [name, form] : kRecords) {
    auto args = std::make_shared<RecordArgs>();
    args->form = form;
    CLI::App* one = operation.add_subcommand(
        name, std::string("Write the ") + (*form == '\0' ? "record of any form" : name));
    if (*form == '\0') one->add_option("form", args->form, "Form id")->required();
    AddOperationOption(*one, args->file);
    one->add_option("--number", args->number, "A known one, by its number")->expected(1);
    one->add_flag("--new", args->make_new, "A new one, where there is one already");
    AddSetOption(*one, args->sets);
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunRecord(session, *args); };
    });
  }
}

void AddCounting(CLI::App& operation, Chosen& chosen) {
  {
    auto args = std::make_shared<FactArgs>();
    CLI::App* one = operation.add_subcommand("fact", "Say that something is so: hazard, child");
    one->add_option("fact", args->fact, "Code of the fact")->required();
    AddOperationOption(*one, args->file);
    one->add_flag("--off", args->off, "It is not so");
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunFact(session, *args); };
    });
  }
  {
    auto args = std::make_shared<MusterArgs>();
    CLI::App* one = operation.add_subcommand("muster", "Count heads, or show whether it balances");
    AddOperationOption(*one, args->file);
    AddSetOption(*one, args->sets);
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunMuster(session, *args); };
    });
  }
  {
    auto args = std::make_shared<CloseArgs>();
    CLI::App* one = operation.add_subcommand("close", "Sign the operation off (supervisor)");
    AddOperationOption(*one, args->file);
    one->add_flag("--check", args->check, "Only say what keeps it from being closed");
    one->add_option("--override", args->override_reason,
                    "Close in spite of what is missing; the reason is recorded");
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunClose(session, *args); };
    });
  }
}

}  // namespace

void AddOperationRecords(CLI::App& operation, Chosen& chosen) {
  AddRecords(operation, chosen);
  AddCounting(operation, chosen);
}

}  // namespace kapea::cli
