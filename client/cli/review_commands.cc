// kapea report, ledger, inbox, conflict
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/compliance.h"
#include "client/field/conflict.h"
#include "client/field/inbox.h"
#include "client/field/ledger_check.h"
#include "client/field/names.h"
#include "client/report/compliance_document.h"
#include "client/report/compliance_report.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"
#include "common/text/width.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

struct ReportArgs {
  std::string file;
  std::string unit;
  std::string as_of;
  ReportOut out;  // a page, a PDF
  bool all = false;
};

absl::StatusOr<Result> RunReport(Session& session, const ReportArgs& args) {
  field::ReportRequest request;
  if (!args.file.empty()) {
    KAPEA_ASSIGN(request.file, field::FindFile(session.vault, args.file));
  }
  if (!args.unit.empty()) {
    KAPEA_ASSIGN(request.unit, field::FindUnit(session.vault, args.unit));
  }
  if (!args.as_of.empty()) {
    KAPEA_ASSIGN(request.as_of, field::ParseTime(args.as_of, session.vault.clock().Now()));
  }
  KAPEA_ASSIGN(const field::Report report, field::ReportCompliance(session.vault, request));
  report::TextOptions options;
  options.language = session.options.language;
  options.all = args.all;
  Result result{report::ComplianceText(report, options), report::ComplianceJson(report)};
  if (args.out.html.empty() && args.out.pdf.empty()) return result;
  const report::Document document =
      report::ComplianceDocument(report, {session.options.language, args.all});
  result.text.clear();
  KAPEA_ASSIGN(const ReportFiles files, MakeReportFiles(document, "compliance", args.out));
  for (const auto& [path, bytes] : files) {
    KAPEA_TRY(WriteOut(path, bytes, args.out.force));
    result.text += "wrote " + path + "\n";
  }
  return result;
}

absl::StatusOr<Result> RunVerify(Session& session) {
  KAPEA_ASSIGN(const field::LedgerCheck check, field::VerifyHeldLedger(session.vault));
  if (!check.holds()) {
    std::string all = "what this device was promised does not hold";
    for (const std::string& fault : check.faults) all += "\n  " + fault;
    return absl::DataLossError(all);
  }
  Result result;
  result.text = absl::StrFormat(
      "[x] %d receipts of your entries verified\n[x] %d entries of your files verified\n",
      check.receipts, check.changes);
  if (check.unsigned_yet > 0) {
    result.text += absl::StrFormat("[ ] %d by devices that the directory does not have yet\n",
                                   check.unsigned_yet);
  }
  if (check.waiting > 0) {
    result.text += absl::StrFormat("[ ] %d entries wait to be sent\n", check.waiting);
  }
  if (check.ledger_size > 0) {
    result.text += absl::StrFormat("ledger %s\n  size %d\n  root %s\n", check.origin,
                                   check.ledger_size, check.ledger_root.hex());
  } else {
    result.text += "no checkpoint yet: sync once\n";
  }
  result.json = {
      {"holds", true},
      {"receipts", check.receipts},
      {"entries", check.changes},
      {"unknown_devices", check.unsigned_yet},
      {"waiting", check.waiting},
      {"ledger",
       {{"origin", check.origin}, {"size", check.ledger_size}, {"root", check.ledger_root.hex()}}}};
  return result;
}

absl::StatusOr<Result> RunInbox(Session& session) {
  KAPEA_ASSIGN(const auto lines, field::ReadInbox(session.vault));
  Result result;
  json list = json::array();
  for (const field::InboxLine& line : lines) {
    result.text +=
        absl::StrFormat("[!] %s%s%s\n", line.code, line.code.empty() ? "" : "  ", line.what);
    if (!line.next.empty()) result.text += "      " + line.next + "\n";
    list.push_back({{"kind", field::NameOf(line.kind)},
                    {"file", line.file.is_zero() ? json() : json(line.file.hex())},
                    {"code", line.code},
                    {"what", line.what},
                    {"next", line.next},
                    {"count", line.count}});
  }
  if (lines.empty()) result.text = "nothing waits for you\n";
  result.json = {{"inbox", list}};
  return result;
}

struct ConflictArgs {
  std::string file;
  std::string record;
  std::string field;
  size_t choice = 0;
};

absl::StatusOr<Result> RunConflicts(Session& session, const ConflictArgs& args) {
  std::optional<FileId> file;
  if (!args.file.empty()) {
    KAPEA_ASSIGN(file, field::FindFile(session.vault, args.file));
  }
  KAPEA_ASSIGN(const auto conflicts,
               field::ListConflicts(session.vault, file, session.options.language));
  Result result;
  json list = json::array();
  for (const field::ConflictView& conflict : conflicts) {
    KAPEA_ASSIGN(const auto state, session.vault.File(conflict.file));
    const std::string code = field::CodeOf(conflict.file, state->kind());
    result.text += code + "  " + field::CodeOf(conflict.record) + "  " + conflict.field + "\n";
    json values = json::array();
    int number = 0;
    for (const field::ConflictValue& value : conflict.values) {
      result.text += absl::StrFormat("  %d: %s  (%s %s)\n", ++number, text::CutTo(value.text, 40),
                                     std::string(domain::NameOf(value.role)),
                                     field::PersonName(session.vault, value.by));
      values.push_back({{"change", value.change.hex()},
                        {"text", value.text},
                        {"sealed", value.sealed},
                        {"by", value.by.hex()},
                        {"role", domain::NameOf(value.role)}});
    }
    list.push_back({{"file", conflict.file.hex()},
                    {"code", code},
                    {"record", conflict.record.hex()},
                    {"form", conflict.form},
                    {"field", conflict.field},
                    {"values", values}});
  }
  if (conflicts.empty()) result.text = "no conflict\n";
  result.json = {{"conflicts", list}};
  return result;
}

absl::StatusOr<Result> RunResolve(Session& session, const ConflictArgs& args) {
  field::Resolution resolution;
  KAPEA_ASSIGN(resolution.file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const auto state, session.vault.File(resolution.file));
  KAPEA_ASSIGN(resolution.record, field::FindRecord(*state, args.record));
  resolution.field = args.field;
  resolution.choice = args.choice;
  KAPEA_ASSIGN(const domain::Ref change, field::ResolveConflict(session.vault, resolution));
  Result result;
  result.text = args.field + "  decided; the other authors are told\n";
  result.json = {{"file", resolution.file.hex()},
                 {"record", resolution.record.hex()},
                 {"field", args.field},
                 {"change", change.change.hex()}};
  return result;
}

}  // namespace

void AddReviewCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* report = app.add_subcommand("report", "Were the standards kept?");
  report->require_subcommand(1);
  report->footer(
      "Examples:\n"
      "  kapea report compliance --file P-M0X4TD\n"
      "  kapea report compliance --unit SHE --as-of '2026-11-23 08:00'\n"
      "  kapea report overdue --province 12");
  {
    auto args = std::make_shared<ReportArgs>();
    CLI::App* one = report->add_subcommand("compliance", "Every clause: met, late, overdue");
    one->add_option("--file", args->file, "One file, by its code");
    one->add_option("--unit", args->unit, "Files of a unit, by its code");
    one->add_option("--as-of", args->as_of, "By what the ledger held at that time");
    one->add_option("--html", args->out.html, "Write it as a page that needs nothing else");
    one->add_option("--pdf", args->out.pdf, "Write it as PDF");
    one->add_flag("--force", args->out.force, "Replace files that are there");
    one->add_flag("--all", args->all, "Also what does not apply");
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunReport(session, *args); };
    });
  }
  AddOverdueReport(*report, chosen);
  AddStandardReports(*report, chosen);
  AddPublications(*report, chosen);
  AddBoard(*report, chosen);
  CLI::App* ledger = app.add_subcommand("ledger", "Proofs of what was received");
  ledger->require_subcommand(1);
  ledger->add_subcommand("verify", "Check every receipt and entry on this device again")
      ->callback([&chosen] { chosen.run = RunVerify; });
  app.add_subcommand("inbox", "What waits for you")->callback([&chosen] { chosen.run = RunInbox; });
  CLI::App* conflict = app.add_subcommand("conflict", "Two people wrote different things");
  conflict->require_subcommand(1);
  {
    auto args = std::make_shared<ConflictArgs>();
    CLI::App* one = conflict->add_subcommand("list", "What stands side by side");
    one->add_option("file", args->file, "One file, by its code");
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunConflicts(session, *args); };
    });
  }
  {
    auto args = std::make_shared<ConflictArgs>();
    CLI::App* one = conflict->add_subcommand("resolve", "Decide for one of the values");
    one->add_option("file", args->file, "File, by its code")->required();
    one->add_option("record", args->record, "Record, by its id")->required();
    one->add_option("field", args->field, "Field code")->required();
    one->add_option("choice", args->choice, "Which value, by its number in the list")->required();
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunResolve(session, *args); };
    });
  }
}

}  // namespace kapea::cli
