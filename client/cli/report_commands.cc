// kapea report standard: the reports that bodies ask for, as text, page, PDF or table
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/names.h"
#include "client/report/document_forms.h"
#include "client/report/html.h"
#include "client/report/pdf.h"
#include "client/report/standard_reports.h"
#include "client/report/table_file.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

struct StandardArgs {
  std::string id, period, unit, as_of;
  std::string html, pdf, csv, xlsx;  // where to write it
  uint64_t k = 11;
  bool force = false;
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

// Every form of it is made before one is written, so that a fault in one leaves nothing behind.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> MakeFiles(
    const report::Document& document, const StandardArgs& args) {
  std::vector<std::pair<std::string, std::string>> files;
  if (!args.html.empty()) {
    KAPEA_ASSIGN(std::string page, report::ToHtml(document));
    files.emplace_back(args.html, std::move(page));
  }
  if (!args.pdf.empty()) {
    KAPEA_ASSIGN(std::string pages, report::ToPdf(document));
    files.emplace_back(args.pdf, std::move(pages));
  }
  const field::ExportTable table = report::ToLongTable(document);
  if (!args.csv.empty()) files.emplace_back(args.csv, report::ToCsv(table));
  if (!args.xlsx.empty()) {
    const std::filesystem::path folder = std::filesystem::absolute(args.xlsx).parent_path();
    KAPEA_ASSIGN(std::string book, report::ToXlsx(table, args.id, folder.string()));
    files.emplace_back(args.xlsx, std::move(book));
  }
  return files;
}

absl::StatusOr<Result> RunStandard(Session& session, const StandardArgs& args) {
  if (args.id.empty()) return ListReports(session);
  const report::StandardReport* report = report::FindReport(args.id);
  if (report == nullptr) {
    return absl::NotFoundError("there is no report " + args.id +
                               "; `kapea report standard` lists them. Nothing was written");
  }
  report::ReportAsk ask;
  ask.language = session.options.language;
  ask.k = args.k;
  ask.period_name = args.period;
  if (!args.period.empty()) {
    KAPEA_ASSIGN(ask.period, standards::ParsePeriod(args.period));
  }
  if (!args.unit.empty()) {
    KAPEA_ASSIGN(ask.unit, field::FindUnit(session.vault, args.unit));
  }
  if (!args.as_of.empty()) {
    KAPEA_ASSIGN(ask.as_of, field::ParseTime(args.as_of, session.vault.clock().Now()));
  }
  KAPEA_ASSIGN(const report::Document document, report::BuildReport(session.vault, *report, ask));
  KAPEA_ASSIGN(const auto files, MakeFiles(document, args));
  Result result;
  result.json = report::ToJson(document);
  result.json["written"] = json::array();
  for (const auto& [path, bytes] : files) {
    KAPEA_TRY(WriteOut(path, bytes, args.force));
    absl::StrAppend(&result.text, "wrote ", path, "\n");
    result.json["written"].push_back(path);
  }
  if (files.empty()) result.text = report::ToPlainText(document);
  return result;
}

}  // namespace

void AddStandardReports(CLI::App& report, Chosen& chosen) {
  auto args = std::make_shared<StandardArgs>();
  CLI::App* one = report.add_subcommand(
      "standard",
      "What committees, ministries and donors ask for; without a name: which there are");
  one->add_option("REPORT", args->id, "R-PCCT, R-NCCT, R-MOJ, R-MOSVY, R-DONOR, R-TIP or R-AUDIT");
  one->add_option("--period", args->period,
                  "2026, 2026-H1, 2026-Q3, 2026-09, FY2026, or two with / between");
  one->add_option("--unit", args->unit, "Files of a unit, by its code");
  one->add_option("--as-of", args->as_of, "By what the ledger held at that time");
  one->add_option("--k", args->k, "Hide counts from 1 to K - 1 in what leaves (11)");
  one->add_option("--html", args->html, "Write it as a page that needs nothing else");
  one->add_option("--pdf", args->pdf, "Write it as PDF");
  one->add_option("--csv", args->csv, "Write its numbers as a table");
  one->add_option("--xlsx", args->xlsx, "Write its numbers as a workbook");
  one->add_flag("--force", args->force, "Replace files that are there");
  one->footer(
      "Example:\n  kapea report standard R-NCCT --period 2026-H1 --html ncct.html --pdf ncct.pdf");
  one->callback([args, &chosen] {
    chosen.run = [args](Session& session) { return RunStandard(session, *args); };
  });
}

}  // namespace kapea::cli
