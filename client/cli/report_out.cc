// What commands of reports share: what is asked, and reports as files.
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/names.h"
#include "client/report/document_forms.h"
#include "client/report/html.h"
#include "client/report/pdf.h"
#include "client/report/table_file.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::cli {

absl::StatusOr<report::ReportAsk> ReportAskOf(Session& session, const std::string& period,
                                              const std::string& unit, const std::string& province,
                                              const std::string& as_of) {
  report::ReportAsk ask;
  ask.language = session.options.language;
  if (!period.empty()) {
    KAPEA_ASSIGN(ask.period, standards::ParsePeriod(period));
  }
  if (!unit.empty() && !province.empty()) {
    return absl::InvalidArgumentError("want --unit or --province, not both");
  }
  if (!unit.empty()) {
    KAPEA_ASSIGN(ask.scope.unit, field::FindUnit(session.vault, unit));
  }
  if (!province.empty() && !domain::IsProvinceCode(province)) {
    return absl::InvalidArgumentError("want a province as two digits, 12");
  }
  ask.scope.province = province;
  if (!as_of.empty()) {
    KAPEA_ASSIGN(ask.as_of, field::ParseTime(as_of, session.vault.clock().Now()));
  }
  return ask;
}

void AddReportOut(CLI::App& app, ReportOut& out) {
  app.add_option("--html", out.html, "Write it as a page that needs nothing else");
  app.add_option("--pdf", out.pdf, "Write it as PDF");
  app.add_option("--csv", out.csv, "Write its numbers as a table");
  app.add_option("--xlsx", out.xlsx, "Write its numbers as a workbook");
  app.add_flag("--force", out.force, "Replace files that are there");
}

absl::Status CheckPlaces(const ReportOut& out) {
  for (const std::string& path : {out.html, out.pdf, out.csv, out.xlsx}) {
    if (path.empty()) continue;
    const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
    if (::access(folder.c_str(), W_OK) != 0) {
      return absl::NotFoundError("cannot write into the folder of " + path);
    }
    std::error_code ignored;
    if (!out.force && std::filesystem::exists(path, ignored)) {
      return absl::AlreadyExistsError(path + " is there already; --force replaces it");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ReportFiles> MakeReportFiles(const report::Document& document,
                                            const std::string& sheet, const ReportOut& out) {
  ReportFiles files;
  if (!out.html.empty()) {
    KAPEA_ASSIGN(std::string page, report::ToHtml(document));
    files.emplace_back(out.html, std::move(page));
  }
  if (!out.pdf.empty()) {
    KAPEA_ASSIGN(std::string pages, report::ToPdf(document));
    files.emplace_back(out.pdf, std::move(pages));
  }
  if (out.csv.empty() && out.xlsx.empty()) return files;
  const field::ExportTable table = report::ToLongTable(document);
  if (!out.csv.empty()) files.emplace_back(out.csv, report::ToCsv(table));
  if (!out.xlsx.empty()) {
    const std::filesystem::path folder = std::filesystem::absolute(out.xlsx).parent_path();
    KAPEA_ASSIGN(std::string book, report::ToXlsx(table, sheet, folder.string()));
    files.emplace_back(out.xlsx, std::move(book));
  }
  return files;
}

absl::Status WriteReport(const report::Document& document, const ReportFiles& files, bool force,
                         Result& result) {
  result.json = report::ToJson(document);
  result.json["written"] = nlohmann::json::array();
  for (const auto& [path, bytes] : files) {
    KAPEA_TRY(WriteOut(path, bytes, force));
    absl::StrAppend(&result.text, "wrote ", path, "\n");
    result.json["written"].push_back(path);
  }
  if (files.empty()) absl::StrAppend(&result.text, report::ToPlainText(document));
  return absl::OkStatus();
}

}  // namespace kapea::cli
