#include "client/report/board.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "client/field/calendar.h"
#include "client/field/names.h"
#include "client/field/typed_value.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::report {
namespace {

using standards::MeasureResult;

constexpr char kBreaches[] = "Q07";
constexpr char kKept[] = "I-S01";
constexpr char kAuditForm[] = "KH-AUDIT-FINDING";
constexpr size_t kChartedMax = 12;
constexpr size_t kMonthBytes = 7;  // "2026-03"

// Khmer: drafts, until a native reader has signed them.
struct Words {
  const char *title, *trend, *month, *kept, *breaches, *by_month, *by_unit, *clause, *says, *all,
      *open, *file, *due, *period, *all_time, *as_of, *units, *files, *mine, *asked, *inside, *note,
      *audits, *result, *severity, *owner, *closed;
};
constexpr Words kEnglish = {
    "Findings board",
    "Does it get better?",
    "Month",
    "Kept in time, weighted (%)",
    "Breaches",
    "Breaches by clause and month",
    "Breaches by clause and unit",
    "Clause",
    "What it asks",
    "All",
    "Overdue now, file by file",
    "File",
    "Due",
    "Period",
    "all time",
    "As of",
    "Unit",
    "Files looked at",
    "all files of this device",
    "all that the server lets you count",
    "For use inside. It has the codes of files and no names.",
    "A breach counts in the month in which it was due; the unit is the one that has the person "
    "now.",
    "Audit findings, of the programmes on this device",
    "Result",
    "Severity",
    "Who puts it right",
    "Closed",
};
constexpr Words kKhmer = {
    "តារាងការរកឃើញ",
    "តើវាប្រសើរឡើងឬទេ?",
    "ខែ",
    "គោរពទាន់ពេល តាមទម្ងន់ (%)",
    "ការរំលោភ",
    "ការរំលោភ តាមលក្ខខណ្ឌ និងខែ",
    "ការរំលោភ តាមលក្ខខណ្ឌ និងអង្គភាព",
    "លក្ខខណ្ឌ",
    "តម្រូវការ",
    "សរុប",
    "ហួសកំណត់ឥឡូវនេះ តាមឯកសារ",
    "ឯកសារ",
    "កំណត់",
    "រយៈពេល",
    "គ្រប់ពេល",
    "គិតត្រឹម",
    "អង្គភាព",
    "ឯកសារដែលបានពិនិត្យ",
    "ឯកសារទាំងអស់ក្នុងឧបករណ៍នេះ",
    "ឯកសារទាំងអស់ដែលម៉ាស៊ីនមេអនុញ្ញាតឲ្យរាប់",
    "សម្រាប់ប្រើផ្ទៃក្នុង។ មានតែលេខកូដឯកសារ គ្មានឈ្មោះ។",
    "ការរំលោភរាប់ក្នុងខែដែលដល់កំណត់។ អង្គភាពគឺអង្គភាពដែលមានមនុស្សឥឡូវនេះ។",
    "ការរកឃើញនៃសវនកម្ម នៃកម្មវិធីក្នុងឧបករណ៍នេះ",
    "លទ្ធផល",
    "កម្រិតធ្ងន់ធ្ងរ",
    "អ្នកទទួលខុសត្រូវ",
    "បានបិទ",
};

class Builder {
 public:
  Builder(vault::Vault& vault, const ReportAsk& ask, const Count& count)
      : vault_(vault),
        ask_(ask),
        count_(count),
        words_(ask.language == field::Language::kKhmer ? kKhmer : kEnglish) {}

  absl::StatusOr<Document> Build(std::vector<OverdueFinding> overdue) {
    KAPEA_ASSIGN(const MeasureResult by_month,
                 Ask(domain::MeasureKind::kQuestion, kBreaches, {"clause", "month"}));
    KAPEA_ASSIGN(const MeasureResult by_unit,
                 Ask(domain::MeasureKind::kQuestion, kBreaches, {"clause", "unit"}));
    KAPEA_ASSIGN(const MeasureResult kept, Ask(domain::MeasureKind::kIndicator, kKept, {"month"}));
    document_.title = words_.title;
    document_.language = ask_.language;
    AddFacts();
    AddTrend(by_month, kept);
    AddMatrix(words_.by_month, by_month, "month");
    AddMatrix(words_.by_unit, by_unit, "unit");
    AddOverdue(std::move(overdue));
    KAPEA_TRY(AddAudits());
    document_.notes = {words_.note, words_.inside};
    return std::move(document_);
  }

 private:
  using Counts = std::map<std::string, uint64_t>;

  absl::StatusOr<MeasureResult> Ask(domain::MeasureKind kind, const char* measure,
                                    std::vector<std::string> by) {
    field::MeasureAsk ask;
    ask.measures = {measure};
    ask.period = ask_.period;
    ask.unit = ask_.scope.unit;
    ask.as_of = ask_.as_of;
    ask.by = std::move(by);
    auto counted = count_(kind, ask);
    if (absl::IsNotFound(counted.status())) {
      return absl::FailedPreconditionError(std::string("the pack does not have ") + measure +
                                           ", which the board is made of");
    }
    KAPEA_TRY(counted.status());
    field::MeasureAnswered& answer = counted->answers.front();
    as_of_ = std::min(as_of_, answer.as_of);
    files_ = std::max(files_, answer.files);
    by_server_ = counted->ledger_size != 0;
    return std::move(answer.result);
  }

  void AddFacts() {
    std::string units = by_server_ ? words_.asked : words_.mine;
    if (ask_.scope.unit) units = field::UnitName(vault_, *ask_.scope.unit);
    if (!ask_.scope.province.empty()) units += " (" + ask_.scope.province + ")";
    document_.facts = {{words_.period, ask_.period ? PeriodText(*ask_.period) : words_.all_time},
                       {words_.as_of, field::ToLocalText(as_of_)},
                       {words_.units, std::move(units)},
                       {words_.files, std::to_string(files_)}};
  }

  // Month by month: what share was kept in time, and how much was not.
  void AddTrend(const MeasureResult& breaches, const MeasureResult& kept) {
    Counts by_month;
    for (const standards::MeasureCell& cell : breaches.cells) {
      by_month[cell.codes[1]] += cell.figure.count;
    }
    std::map<std::string, standards::MeasureFigure> shares;
    for (const standards::MeasureCell& cell : kept.cells) {
      shares[cell.codes[0]] = cell.figure;
      by_month.try_emplace(cell.codes[0]);
    }
    if (by_month.empty()) return;
    Section section{words_.trend};
    Chart share{words_.kept, {}, {{words_.kept, {}}}};
    Chart count{words_.breaches, {}, {{words_.breaches, {}}}};
    Table table{"", {words_.month, words_.kept, words_.breaches}, {}};
    for (const auto& [month, number] : by_month) {
      const standards::MeasureFigure& figure = shares[month];
      Cell percent = std::string("-");
      std::optional<double> drawn;
      if (figure.of > 0) {
        const auto thousandths = static_cast<int64_t>(figure.count * 1000 / figure.of);
        percent = Number{.value = thousandths, .decimals = 1};
        drawn = static_cast<double>(thousandths) / 10;
      }
      table.rows.push_back({month, std::move(percent), Number{.value = Whole(number)}});
      share.labels.push_back(month);
      share.series[0].values.push_back(drawn);
      count.labels.push_back(month);
      count.series[0].values.emplace_back(static_cast<double>(number));
    }
    section.charts = {std::move(share), std::move(count)};
    section.tables.push_back(std::move(table));
    document_.sections.push_back(std::move(section));
  }

  // Clauses down, most breached first; months or units across.
  void AddMatrix(const char* title, const MeasureResult& result, std::string_view across) {
    if (result.cells.empty()) return;
    std::map<std::string, Counts> rows;
    Counts totals;
    std::set<std::string> columns;
    for (const standards::MeasureCell& cell : result.cells) {
      rows[cell.codes[0]][cell.codes[1]] += cell.figure.count;
      totals[cell.codes[0]] += cell.figure.count;
      columns.insert(cell.codes[1]);
    }
    std::vector<std::pair<std::string, uint64_t>> worst(totals.begin(), totals.end());
    std::stable_sort(worst.begin(), worst.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    Table table{"", {words_.clause, words_.says}, {}};
    for (const std::string& column : columns) {
      std::string name = field::CodeText(vault_, across, column, ask_.language);
      // A year of months stands beside each other on paper.
      if (across == "month" && column.size() == kMonthBytes) name.erase(0, 2);
      table.columns.push_back(std::move(name));
    }
    table.columns.emplace_back(words_.all);
    Chart chart{title, {}, {{words_.breaches, {}}}};
    for (const auto& [clause, total] : worst) {
      std::vector<Cell> cells{clause, LabelOf(clause)};
      for (const std::string& column : columns) {
        cells.emplace_back(Number{.value = Whole(rows[clause][column])});
      }
      cells.emplace_back(Number{.value = Whole(total)});
      table.rows.push_back(std::move(cells));
      if (chart.labels.size() == kChartedMax) continue;
      chart.labels.push_back(clause);
      chart.series[0].values.emplace_back(static_cast<double>(total));
    }
    Section section{title};
    if (across == "month") section.charts.push_back(std::move(chart));
    section.tables.push_back(std::move(table));
    document_.sections.push_back(std::move(section));
  }

  void AddOverdue(std::vector<OverdueFinding> overdue) {
    if (overdue.empty()) return;
    std::stable_sort(overdue.begin(), overdue.end(), [](const auto& a, const auto& b) {
      return std::pair(a.code, a.due.value_or(Time::Max())) <
             std::pair(b.code, b.due.value_or(Time::Max()));
    });
    Table table{"", {words_.clause, words_.says, words_.file, words_.due}, {}};
    for (const OverdueFinding& one : overdue) {
      table.rows.push_back(
          {one.code, LabelOf(one.code), field::CodeOf(one.file, one.kind),
           (one.due ? field::ToLocalText(*one.due) : std::string()) + (one.certain ? "" : " (?)")});
    }
    Section section{words_.open};
    section.tables.push_back(std::move(table));
    document_.sections.push_back(std::move(section));
  }

  // What audits found and who is to put it right, the first due first. What it says in words
  // stays sealed in its record.
  absl::Status AddAudits() {
    std::vector<std::pair<Time, std::vector<Cell>>> lines;
    for (const vault::FileLine& file : vault_.Files()) {
      if (file.kind != domain::FileKind::kProgramme) continue;
      KAPEA_ASSIGN(const auto state, vault_.File(file.file));
      if (state->drill()) continue;
      for (const domain::Record* record : state->RecordsOf(kAuditForm)) {
        const auto* due = record->ShownAs<Time>("due_at");
        lines.emplace_back(due != nullptr ? *due : Time::Max(), AuditCells(*state, *record));
      }
    }
    if (lines.empty()) return absl::OkStatus();
    std::stable_sort(lines.begin(), lines.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    Table table{
        "",
        {words_.file, words_.result, words_.severity, words_.owner, words_.due, words_.closed},
        {}};
    for (auto& [due, cells] : lines) table.rows.push_back(std::move(cells));
    Section section{words_.audits};
    section.tables.push_back(std::move(table));
    document_.sections.push_back(std::move(section));
    return absl::OkStatus();
  }

  std::vector<Cell> AuditCells(const domain::FileState& file, const domain::Record& record) const {
    const domain::Form* form = file.FormOf(record);
    const auto text = [&](const char* code) {
      const domain::FieldValue* value = record.Shown(code);
      const domain::Field* field = form != nullptr ? form->FindField(code) : nullptr;
      if (value == nullptr || field == nullptr || !value->clear) return Cell(std::string());
      return Cell(field::ToText(vault_, *field, *value->clear, ask_.language));
    };
    const auto* about = record.ShownAs<domain::Reference>("about");
    Cell where = about != nullptr ? AboutText(FileId::FromPrefix(about->id.view()))
                                  : field::CodeOf(file.id(), file.kind());
    return {std::move(where),   text("result"), text("severity"),
            text("owner_unit"), text("due_at"), text("closed_at")};
  }
  // Of a file that is not here the kind is not known.
  std::string AboutText(const FileId& about) const {
    for (const vault::FileLine& line : vault_.Files()) {
      if (line.file == about) return field::CodeOf(about, line.kind);
    }
    return about.hex();
  }

  // What a clause or item asks, by the newest pack.
  std::string LabelOf(const std::string& code) const {
    const domain::Pack* pack = vault_.NewestPack();
    if (pack == nullptr) return "";
    for (const auto& standard : pack->standards) {
      for (const domain::Clause& clause : standard->clauses) {
        if (clause.id == code) return field::TextOf(clause.label, ask_.language);
      }
    }
    for (const auto& form : pack->forms) {
      const domain::Field* item =
          form->kind == domain::FormKind::kChecklist ? form->FindField(code) : nullptr;
      if (item != nullptr) return field::TextOf(item->label, ask_.language);
    }
    return "";
  }

  static int64_t Whole(uint64_t count) { return static_cast<int64_t>(count); }

  vault::Vault& vault_;
  const ReportAsk& ask_;
  const Count& count_;
  const Words& words_;
  Document document_;
  Time as_of_ = Time::Max();
  size_t files_ = 0;
  bool by_server_ = false;
};

}  // namespace

absl::StatusOr<Document> Board(vault::Vault& vault, const ReportAsk& ask, const Count& count,
                               std::vector<OverdueFinding> overdue) {
  return Builder(vault, ask, count).Build(std::move(overdue));
}

}  // namespace kapea::report
