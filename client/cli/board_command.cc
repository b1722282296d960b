// kapea report board
#include "client/cli/commands.h"
#include "client/field/compliance.h"
#include "client/link/query.h"
#include "client/report/board.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using domain::FindingStatus;

struct BoardArgs {
  std::string period, unit, province, as_of;
  bool server = false;
  ReportOut out;
};

// Of which kind the files are that a standard or checklist is about.
domain::FileKind KindOf(const domain::Pack* pack, const standards::Finding& finding) {
  if (pack == nullptr) return domain::FileKind::kNone;
  for (const auto& standard : pack->standards) {
    if (standard->id == finding.source) return standard->file_kind;
  }
  const domain::Form* form = pack->FindForm(finding.source, finding.version);
  return form != nullptr ? form->file_kind : domain::FileKind::kNone;
}

report::OverdueFinding ToLine(const standards::Finding& finding, const FileId& file,
                              domain::FileKind kind) {
  std::optional<Time> due;
  if (finding.due) due = finding.due->soft.latest;
  return {file, kind, finding.code, due, finding.certain};
}

absl::StatusOr<std::vector<report::OverdueFinding>> OverdueThere(Session& session,
                                                                 const report::ReportAsk& ask) {
  link::ComplianceCall call;
  call.unit = ask.scope.unit;
  call.province = ask.scope.province;
  call.statuses = {FindingStatus::kOverdue};
  call.as_of = ask.as_of;
  KAPEA_ASSIGN(const auto transport, ConnectTo(session));
  KAPEA_ASSIGN(const link::ComplianceReply reply,
               link::AskCompliance(*transport, session.vault.identity().server, call));
  std::vector<report::OverdueFinding> overdue;
  for (const codec::ToldFinding& told : reply.findings) {
    overdue.push_back(
        ToLine(told.finding, told.finding.file, KindOf(session.vault.NewestPack(), told.finding)));
  }
  return overdue;
}

absl::StatusOr<std::vector<report::OverdueFinding>> OverdueHere(Session& session,
                                                                const report::ReportAsk& ask) {
  KAPEA_ASSIGN(const field::Report report,
               field::ReportCompliance(session.vault, {{}, ask.scope.unit, ask.as_of}));
  std::vector<report::OverdueFinding> overdue;
  for (const field::FileCompliance& file : report.files) {
    if (file.drill) continue;
    for (const field::ClauseLine& line : file.lines) {
      if (line.finding.status != FindingStatus::kOverdue) continue;
      overdue.push_back(ToLine(line.finding, file.file, file.kind));
    }
  }
  return overdue;
}

absl::StatusOr<Result> RunBoard(Session& session, const BoardArgs& args) {
  KAPEA_ASSIGN(const report::ReportAsk ask,
               ReportAskOf(session, args.period, args.unit, args.province, args.as_of));
  if (!args.province.empty() && !args.server) {
    return absl::InvalidArgumentError("want --province with --server");
  }
  KAPEA_ASSIGN(auto overdue, args.server ? OverdueThere(session, ask) : OverdueHere(session, ask));
  const report::Count count =
      args.server ? CountThere(session, args.province) : report::CountHere(session.vault);
  KAPEA_ASSIGN(const report::Document document,
               report::Board(session.vault, ask, count, std::move(overdue)));
  KAPEA_ASSIGN(const auto files, MakeReportFiles(document, "board", args.out));
  Result result;
  KAPEA_TRY(WriteReport(document, files, args.out.force, result));
  return result;
}

}  // namespace

void AddBoard(CLI::App& report, Chosen& chosen) {
  auto args = std::make_shared<BoardArgs>();
  CLI::App* one = report.add_subcommand(
      "board", "Which clauses are breached, by month and unit, and in which files they stand open");
  one->add_option("--period", args->period,
                  "2026, 2026-H1, 2026-Q3, 2026-09, FY2026, or two with / between");
  one->add_option("--unit", args->unit, "Files of a unit, by its code");
  one->add_option("--as-of", args->as_of, "By what the ledger held at that time");
  one->add_flag("--server", args->server,
                "Of all files of the units where you are supervisor or analyst, by the server");
  one->add_option("--province", args->province, "With --server: units of that province, 12");
  AddReportOut(*one, args->out);
  one->footer(
      "For use inside: files are named by their codes. The period decides about breaches, not\n"
      "about what is overdue now.\n"
      "Example:\n  kapea report board --server --period 2026 --html board.html");
  one->callback([args, &chosen] {
    chosen.network = args->server;
    chosen.run = [args](Session& session) { return RunBoard(session, *args); };
  });
}

}  // namespace kapea::cli
