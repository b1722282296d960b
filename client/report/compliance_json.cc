#include "client/field/calendar.h"
#include "client/report/compliance_report.h"
#include "common/domain/roles.h"

namespace kapea::report {
namespace {

using nlohmann::json;

json TallyJson(const field::Tally& tally) {
  return {{"met", tally.met},
          {"met_late", tally.met_late},
          {"pending", tally.pending},
          {"overdue", tally.overdue},
          {"waived", tally.waived},
          {"not_applicable", tally.not_applicable},
          {"uncertain", tally.uncertain},
          {"disputed", tally.disputed}};
}

// An end of an interval that nothing bounds is null.
json EndJson(Time time) {
  const bool open = time <= Time::Min() || time >= Time::Max();
  return open ? json() : json(ToIso8601(time));
}

json TimeJson(const std::optional<domain::EventTime>& time) {
  if (!time) return nullptr;
  return {{"earliest", EndJson(time->soft.earliest)},
          {"latest", EndJson(time->soft.latest)},
          {"proven_earliest", EndJson(time->hard.earliest)},
          {"proven_latest", EndJson(time->hard.latest)},
          {"clock_doubted", time->clock_doubted}};
}

json LineJson(const field::ClauseLine& line) {
  const standards::Finding& finding = line.finding;
  json object = {{"code", line.code},
                 {"label", line.label.en},
                 {"status", domain::NameOf(finding.status)},
                 {"certain", finding.certain},
                 {"disputed", finding.disputed},
                 {"severity", domain::NameOf(finding.severity)},
                 {"critical", finding.critical},
                 {"source_status", domain::NameOf(line.provenance.status)},
                 {"sources", line.provenance.sources},
                 {"due", TimeJson(finding.due)},
                 {"done", TimeJson(finding.done)},
                 {"explanation", standards::Explain(finding)}};
  if (!line.official.empty()) object["official"] = line.official;
  if (line.number) object["number"] = *line.number;
  if (line.late_by) object["late_by_ms"] = line.late_by->milliseconds();
  return object;
}

json FileJson(const field::FileCompliance& file) {
  json lines = json::array();
  for (const field::ClauseLine& line : file.lines) lines.push_back(LineJson(line));
  return {{"file", file.file.hex()},
          {"code", file.code},
          {"kind", domain::NameOf(file.kind)},
          {"drill", file.drill},
          {"source", file.source},
          {"version", file.version},
          {"number", file.number},
          {"waiting", file.waiting},
          {"incomplete", file.incomplete},
          {"tally", TallyJson(file.tally)},
          {"clauses", lines}};
}

}  // namespace

nlohmann::json ComplianceJson(const field::Report& report) {
  json files = json::array();
  for (const field::FileCompliance& file : report.files) files.push_back(FileJson(file));
  return {{"as_of", ToIso8601(report.as_of)},
          {"by_ledger", report.by_ledger},
          {"files", files},
          {"tally", TallyJson(report.tally)},
          {"drills", report.drills},
          {"ledger",
           {{"origin", report.origin},
            {"size", report.ledger_size},
            {"root", report.ledger_root.hex()}}}};
}

}  // namespace kapea::report
