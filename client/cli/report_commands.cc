// kapea report standard: the reports that bodies ask for, as text, page, PDF or table;
// kapea report publish, published: what of them left the house
#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/names.h"
#include "client/sync/sync_engine.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

struct StandardArgs {
  std::string id, period, unit, province, as_of;
  bool server = false, no_breakdown = false;
  uint64_t k = 11;
  uint32_t round = 0;
  std::string revises, reason;  // of a publication
  ReportOut out;
};

Result ListReports(Session& session) {
  Result result;
  json list = json::array();
  for (const report::StandardReport& report : report::StandardReports()) {
    const std::string title(session.options.language == field::Language::kKhmer ? report.title_km
                                                                                : report.title_en);
    absl::StrAppend(&result.text, std::string(report.id), "  ", title, "  (",
                    std::string(report.receiver), ")\n");
    list.push_back({{"report", report.id},
                    {"title", title},
                    {"receiver", report.receiver},
                    {"leaves", report.leaves}});
  }
  result.json = {{"reports", list}};
  return result;
}

absl::StatusOr<const report::StandardReport*> ReportNamed(const std::string& id) {
  const report::StandardReport* report = report::FindReport(id);
  if (report != nullptr) return report;
  return absl::NotFoundError("there is no report " + id +
                             "; `kapea report standard` lists them. Nothing was written");
}

absl::StatusOr<report::ReportAsk> AskOf(Session& session, const StandardArgs& args) {
  KAPEA_ASSIGN(report::ReportAsk ask,
               ReportAskOf(session, args.period, args.unit, args.province, args.as_of));
  ask.control.k = args.k;
  ask.control.rounded_to = args.round;
  ask.broken_down = !args.no_breakdown;
  return ask;
}

absl::StatusOr<Result> RunStandard(Session& session, const StandardArgs& args) {
  if (args.id.empty()) return ListReports(session);
  KAPEA_ASSIGN(const report::StandardReport* report, ReportNamed(args.id));
  KAPEA_ASSIGN(const report::ReportAsk ask, AskOf(session, args));
  if (!args.province.empty() && !args.server) {
    return absl::InvalidArgumentError("want --province with --server");
  }
  const report::Count count =
      args.server ? CountThere(session, args.province) : report::CountHere(session.vault);
  KAPEA_ASSIGN(const report::ReportFigures figures,
               report::CountReport(session.vault, *report, ask, count));
  const report::Document document = report::ReportDocument(session.vault, *report, ask, figures);
  KAPEA_ASSIGN(const auto files, MakeReportFiles(document, args.id, args.out));
  Result result;
  KAPEA_TRY(WriteReport(document, files, args.out.force, result));
  return result;
}

// Nothing is published without the server, for what others published has to be known.
absl::StatusOr<sync::SyncReport> SyncNow(Session& session) {
  KAPEA_ASSIGN(const auto transport, ConnectTo(session));
  sync::SyncEngine engine(session.vault, *transport);
  KAPEA_ASSIGN(sync::SyncReport report, engine.SyncNow(session.vault.clock().Now()));
  if (!report.caught_up) return NotInContact(report);
  return report;
}

absl::StatusOr<domain::PublicationAt> FindPublication(Session& session, const std::string& id) {
  KAPEA_ASSIGN(const auto all, report::Publications(session.vault));
  const domain::PublicationAt* found = nullptr;
  for (const domain::PublicationAt& one : all) {
    if (id.empty() || !one.self.change.hex().starts_with(id)) continue;
    if (found != nullptr)
      return absl::InvalidArgumentError("several publications begin with " + id);
    found = &one;
  }
  if (found != nullptr) return *found;
  return absl::NotFoundError("there is no publication " + id +
                             "; `kapea report published` lists them");
}

// The server has taken the publication, and says so.
absl::Status CheckTaken(const sync::SyncReport& report, const domain::Ref& made) {
  for (const sync::OwnVerdict& own : report.verdicts) {
    if (own.change != made.change) continue;
    return absl::FailedPreconditionError(
        "the server refused it: " + domain::FileState::Explain(own.verdict) +
        "; nothing was published");
  }
  return absl::OkStatus();
}

// Once it is committed, nobody may be told that nothing was changed.
absl::Status Unsure(const domain::Ref& made, const absl::Status& status) {
  return absl::UnavailableError(absl::StrCat(
      "it was signed and waits on this device; whether the server has it is not known. Sync, and "
      "look with: kapea report published ",
      made.change.hex(), "\n  ", status.message()));
}

absl::StatusOr<domain::Ref> MakeAndSend(Session& session, const domain::Publication& what) {
  KAPEA_ASSIGN(const domain::Ref made, report::Publish(session.vault, what));
  const auto sent = SyncNow(session);
  if (!sent.ok()) return Unsure(made, sent.status());
  KAPEA_TRY(CheckTaken(*sent, made));
  return made;
}

absl::StatusOr<Result> RunPublish(Session& session, const StandardArgs& args) {
  KAPEA_ASSIGN(const report::StandardReport* report, ReportNamed(args.id));
  KAPEA_ASSIGN(report::ReportAsk ask, AskOf(session, args));
  if (!ask.period) return absl::InvalidArgumentError("want --period; nothing was published");
  if (args.revises.empty() != args.reason.empty()) {
    return absl::InvalidArgumentError("want --revises and --reason together");
  }
  KAPEA_TRY(SyncNow(session).status());
  KAPEA_ASSIGN(const auto before, report::Publications(session.vault));
  ask.control.hidden = report::HiddenBefore(before, ask.scope, *ask.period);
  KAPEA_ASSIGN(
      const report::ReportFigures figures,
      report::CountReport(session.vault, *report, ask, CountThere(session, args.province)));
  KAPEA_ASSIGN(domain::Publication what, report::MakePublication(*report, ask, figures));
  if (!args.revises.empty()) {
    KAPEA_ASSIGN(const domain::PublicationAt earlier, FindPublication(session, args.revises));
    what.revises = earlier.self.change;
    what.reason = args.reason;
    if (!domain::IsReasonCode(what.reason)) {
      return absl::InvalidArgumentError("want a code as reason: late_records, mistake");
    }
  }
  // A fault of a form or a path shows before anything is published.
  KAPEA_TRY(CheckPlaces(args.out));
  KAPEA_TRY(MakeReportFiles(report::ReportDocument(session.vault, *report, ask, figures), args.id,
                            args.out)
                .status());
  KAPEA_ASSIGN(const domain::Ref made, MakeAndSend(session, what));
  KAPEA_ASSIGN(const domain::PublicationAt one, FindPublication(session, made.change.hex()));
  KAPEA_ASSIGN(const report::Document document,
               report::PublishedDocument(session.vault, one, session.options.language));
  KAPEA_ASSIGN(const auto files, MakeReportFiles(document, args.id, args.out));
  Result result;
  absl::StrAppend(&result.text, "published ", made.change.hex(), "\n");
  const absl::Status written = WriteReport(document, files, args.out.force, result);
  if (!written.ok()) {
    return absl::DataLossError(
        absl::StrCat("published ", made.change.hex(), ", but not written: ", written.message(),
                     "; write it with: kapea report published ", made.change.hex()));
  }
  result.json["publication"] = made.change.hex();
  return result;
}

std::string ScopeText(vault::Vault& vault, const domain::PublishedScope& scope) {
  if (scope.unit) return field::UnitName(vault, *scope.unit);
  return scope.province.empty() ? "all units" : "province " + scope.province;
}

absl::StatusOr<Result> ListPublications(Session& session) {
  KAPEA_ASSIGN(const auto all, report::Publications(session.vault));
  Result result;
  json list = json::array();
  for (const domain::PublicationAt& one : all) {
    const std::string period = report::PeriodText({one.what.from, one.what.before});
    const std::string scope = ScopeText(session.vault, one.what.scope);
    absl::StrAppend(&result.text, one.self.change.hex(), "  ", one.what.report, "  ", period, "  ",
                    scope, "  ", field::ToLocalText(one.time.soft.latest),
                    one.what.revises ? "  a revision" : "", one.revised_by ? "  revised" : "",
                    "\n");
    list.push_back(
        {{"publication", one.self.change.hex()},
         {"report", one.what.report},
         {"period", period},
         {"unit", one.what.scope.unit ? json(one.what.scope.unit->hex()) : json()},
         {"province", one.what.scope.province.empty() ? json() : json(one.what.scope.province)},
         {"published", field::ToLocalIso(one.time.soft.latest)},
         {"by", one.by.hex()},
         {"revises", one.what.revises ? json(one.what.revises->hex()) : json()},
         {"reason", one.what.reason.empty() ? json() : json(one.what.reason)},
         {"revised_by", one.revised_by ? json(one.revised_by->change.hex()) : json()}});
  }
  if (all.empty()) result.text = "nothing was published\n";
  result.json = {{"publications", list}};
  return result;
}

absl::StatusOr<Result> RunPublished(Session& session, const StandardArgs& args) {
  if (args.id.empty()) return ListPublications(session);
  KAPEA_ASSIGN(const domain::PublicationAt one, FindPublication(session, args.id));
  KAPEA_ASSIGN(const report::Document document,
               report::PublishedDocument(session.vault, one, session.options.language));
  KAPEA_ASSIGN(const auto files, MakeReportFiles(document, one.what.report, args.out));
  Result result;
  KAPEA_TRY(WriteReport(document, files, args.out.force, result));
  result.json["publication"] = one.self.change.hex();
  return result;
}

void AddWhat(CLI::App& app, StandardArgs& args) {
  app.add_option("--period", args.period,
                 "2026, 2026-H1, 2026-Q3, 2026-09, FY2026, or two with / between");
  app.add_option("--unit", args.unit, "Files of a unit, by its code");
  app.add_option("--k", args.k, "Hide counts from 1 to K - 1 in what leaves (11)");
  app.add_option("--round", args.round, "Counts to a multiple of this; shares to whole percent");
  app.add_flag("--no-breakdown", args.no_breakdown, "The figures themselves alone");
  AddReportOut(app, args.out);
}

}  // namespace

void AddStandardReports(CLI::App& report, Chosen& chosen) {
  auto args = std::make_shared<StandardArgs>();
  CLI::App* one = report.add_subcommand(
      "standard",
      "What committees, ministries and donors ask for; without a name: which there are");
  one->add_option("REPORT", args->id, "R-PCCT, R-NCCT, R-MOJ, R-MOSVY, R-DONOR, R-TIP or R-AUDIT");
  AddWhat(*one, *args);
  one->add_option("--as-of", args->as_of, "By what the ledger held at that time");
  one->add_flag("--server", args->server,
                "Of all files of the units where you are supervisor or analyst, by the server");
  one->add_option("--province", args->province, "With --server: units of that province, 12");
  one->footer(
      "What leaves the house is a draft until `kapea report publish`.\n"
      "Example:\n  kapea report standard R-NCCT --period 2026-H1 --html ncct.html --pdf ncct.pdf");
  one->callback([args, &chosen] {
    chosen.network = args->server;
    chosen.run = [args](Session& session) { return RunStandard(session, *args); };
  });
}

void AddPublications(CLI::App& report, Chosen& chosen) {
  {
    auto args = std::make_shared<StandardArgs>();
    CLI::App* one = report.add_subcommand(
        "publish", "Freeze a report's figures in the ledger, and write what may be handed out");
    one->add_option("REPORT", args->id, "R-PCCT and so on")->required();
    AddWhat(*one, *args);
    one->add_option("--province", args->province, "Units of that province, 12");
    one->add_option("--revises", args->revises, "The publication whose place it takes");
    one->add_option("--reason", args->reason, "Why, as a code: late_records, mistake");
    one->footer(
        "Counted by the server, for supervisors and analysts of every unit that it is of. A "
        "period\n"
        "is published once; a correction is a revision. Refused where something that is hidden\n"
        "would follow from all that was published. Everybody can read it: `report published`.\n"
        "Examples:\n"
        "  kapea report publish R-PCCT --period 2026-Q3 --province 12 --pdf pcct.pdf\n"
        "  kapea report publish R-PCCT --period 2026-Q3 --province 12 --revises 5b1e --reason "
        "late_records");
    one->callback([args, &chosen] {
      chosen.network = true;
      chosen.run = [args](Session& session) { return RunPublish(session, *args); };
    });
  }
  auto args = std::make_shared<StandardArgs>();
  CLI::App* one = report.add_subcommand("published", "What was published; one of it, as it was");
  one->add_option("PUBLICATION", args->id, "The beginning of its id; without one: all of them");
  AddReportOut(*one, args->out);
  one->callback([args, &chosen] {
    chosen.run = [args](Session& session) { return RunPublished(session, *args); };
  });
}

}  // namespace kapea::cli
