#include "client/report/compliance_document.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "client/field/calendar.h"
#include "client/report/compliance_report.h"
#include "common/base/time.h"
#include "common/domain/roles.h"

namespace kapea::report {
namespace {

using domain::FindingStatus;

constexpr size_t kChartedMax = 12;

// Khmer: drafts, until a native reader has signed them.
struct Words {
  const char *title, *as_of, *files, *drills, *ledger, *none, *board, *worst, *clause, *says, *met,
      *late, *overdue, *pending, *waived, *state, *source, *drill, *withheld, *unsent, *inside,
      *unsure, *by_ledger;
};
constexpr Words kEnglish = {
    "Were the standards kept?",
    "As of",
    "Files",
    "Drills, counted nowhere",
    "Ledger",
    "no server has answered yet",
    "Clause by clause",
    "Clauses most often late or overdue",
    "Clause",
    "What it asks",
    "Met",
    "Late",
    "Overdue",
    "Pending",
    "Waived",
    "State",
    "Source",
    "DRILL",
    "Entries of this file are withheld: what stands here may be wrong.",
    "Entries of this device are not with the server yet: ",
    "For use inside the units that it names. It has the codes of files and no names.",
    "Source says how sure the text of a clause is: documented, unverified, or proposed by us.",
    "By what the ledger held at that time.",
};
constexpr Words kKhmer = {
    "តើបទដ្ឋានត្រូវបានគោរពឬទេ?",
    "គិតត្រឹម",
    "ឯកសារ",
    "សមយុទ្ធ មិនរាប់បញ្ចូល",
    "បញ្ជីធំ",
    "មិនទាន់មានចម្លើយពីម៉ាស៊ីនមេ",
    "តាមលក្ខខណ្ឌនីមួយៗ",
    "លក្ខខណ្ឌដែលយឺត ឬហួសកំណត់ច្រើនជាងគេ",
    "លក្ខខណ្ឌ",
    "តម្រូវការ",
    "បានគោរព",
    "យឺត",
    "ហួសកំណត់",
    "រង់ចាំ",
    "លើកលែង",
    "ស្ថានភាព",
    "ប្រភព",
    "សមយុទ្ធ",
    "ធាតុខ្លះនៃឯកសារនេះត្រូវបានលាក់៖ ព័ត៌មាននេះអាចខុស។",
    "ធាតុនៃឧបករណ៍នេះមិនទាន់ផ្ញើទៅម៉ាស៊ីនមេ៖ ",
    "សម្រាប់ប្រើក្នុងអង្គភាពដែលបានរៀបរាប់។ មានតែលេខកូដឯកសារ គ្មានឈ្មោះ។",
    "ប្រភព បង្ហាញពីកម្រិតច្បាស់លាស់នៃអត្ថបទ៖ មានឯកសារ មិនទាន់ផ្ទៀងផ្ទាត់ ឬជាសំណើរបស់យើង។",
    "តាមអ្វីដែលបញ្ជីធំមាននៅពេលនោះ។",
};

struct Clause {
  std::string code;
  std::string label;
  std::string source;
  field::Tally tally;
};

Number Count(uint32_t count) { return {.value = count}; }

std::vector<Clause> ClausesOf(const field::Report& report, field::Language language) {
  std::map<std::tuple<std::string, uint32_t, std::string>, Clause> clauses;
  for (const field::FileCompliance& file : report.files) {
    if (file.drill) continue;
    for (const field::ClauseLine& line : file.lines) {
      Clause& clause = clauses[{file.source, file.version, line.code}];
      clause.code = line.official.empty() ? line.code : line.code + " = " + line.official;
      clause.label = field::TextOf(line.label, language);
      clause.source = domain::NameOf(line.provenance.status);
      clause.tally.Add(line.finding);
    }
  }
  std::vector<Clause> all;
  for (auto& [key, clause] : clauses) all.push_back(std::move(clause));
  return all;
}

Chart WorstOf(std::vector<Clause> clauses, const Words& words) {
  const auto bad = [](const Clause& clause) {
    return clause.tally.met_late + clause.tally.overdue;
  };
  std::erase_if(clauses, [&](const Clause& clause) { return bad(clause) == 0; });
  std::stable_sort(clauses.begin(), clauses.end(),
                   [&](const Clause& a, const Clause& b) { return bad(a) > bad(b); });
  if (clauses.size() > kChartedMax) clauses.resize(kChartedMax);
  Chart chart;
  chart.title = words.worst;
  chart.series = {{words.overdue, {}}, {words.late, {}}};
  for (const Clause& clause : clauses) {
    chart.labels.push_back(clause.code);
    chart.series[0].values.emplace_back(clause.tally.overdue);
    chart.series[1].values.emplace_back(clause.tally.met_late);
  }
  return chart;
}

Section Board(const field::Report& report, const BoardOptions& options, const Words& words) {
  const std::vector<Clause> clauses = ClausesOf(report, options.language);
  Section section{words.board};
  Table table;
  table.columns = {words.clause,  words.says,    words.met,    words.late,
                   words.overdue, words.pending, words.waived, words.source};
  for (const Clause& clause : clauses) {
    const field::Tally& tally = clause.tally;
    const bool applied =
        tally.met + tally.met_late + tally.overdue + tally.pending + tally.waived > 0;
    if (!applied && !options.all) continue;
    table.rows.push_back({clause.code, clause.label, Count(tally.met), Count(tally.met_late),
                          Count(tally.overdue), Count(tally.pending), Count(tally.waived),
                          clause.source});
  }
  Chart chart = WorstOf(clauses, words);
  if (!chart.labels.empty()) section.charts.push_back(std::move(chart));
  section.tables.push_back(std::move(table));
  return section;
}

Section FileSection(const field::FileCompliance& file, const BoardOptions& options,
                    const Words& words) {
  Section section{file.code + "  " + file.source + " v" + std::to_string(file.version)};
  if (file.drill) section.paragraphs.emplace_back(words.drill);
  if (file.incomplete) section.paragraphs.emplace_back(words.withheld);
  if (file.waiting > 0) section.paragraphs.push_back(words.unsent + std::to_string(file.waiting));
  Table table;
  table.columns = {words.clause, words.says, words.state};
  for (const field::ClauseLine& line : file.lines) {
    if (line.finding.status == FindingStatus::kNotApplicable && !options.all) continue;
    std::string code = line.official.empty() ? line.code : line.code + " = " + line.official;
    if (line.number) code += " / " + std::to_string(*line.number);
    const std::string words_of = StatusWords(line);
    table.rows.push_back({code, field::TextOf(line.label, options.language),
                          MarkOf(line.finding) + (words_of.empty() ? "" : " " + words_of)});
  }
  section.tables.push_back(std::move(table));
  return section;
}

}  // namespace

Document ComplianceDocument(const field::Report& report, const BoardOptions& options) {
  const Words& words = options.language == field::Language::kKhmer ? kKhmer : kEnglish;
  Document document;
  document.title = words.title;
  document.language = options.language;
  document.facts.emplace_back(words.as_of, field::ToLocalText(report.as_of));
  document.facts.emplace_back(words.files, std::to_string(report.files.size()));
  if (report.drills > 0) {
    document.facts.emplace_back(words.drills, std::to_string(report.drills));
  }
  const std::string ledger = report.ledger_size == 0
                                 ? words.none
                                 : report.origin + " " + std::to_string(report.ledger_size) + " " +
                                       report.ledger_root.hex();
  document.facts.emplace_back(words.ledger, ledger);
  document.sections.push_back(Board(report, options, words));
  for (const field::FileCompliance& file : report.files) {
    document.sections.push_back(FileSection(file, options, words));
  }
  if (report.by_ledger) document.notes.emplace_back(words.by_ledger);
  document.notes.emplace_back(words.unsure);
  document.notes.emplace_back(words.inside);
  return document;
}

}  // namespace kapea::report
