#include "client/report/standard_reports.h"

#include <algorithm>
#include <map>

#include "client/field/calendar.h"
#include "client/field/measures.h"
#include "client/field/names.h"
#include "client/report/report_words.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"
#include "common/standards/suppress.h"

namespace kapea::report {
namespace {

using domain::Measure;
using domain::MeasureAnswer;
using field::MeasureAnswered;
using standards::MeasureFigure;

constexpr int64_t kHourMs = 3'600'000;

bool IsNamed(const StandardReport& report, std::string_view id) {
  return std::any_of(report.codes.begin(), report.codes.end(), [id](std::string_view code) {
    if (!code.ends_with('*'))
      return code == id || (id.starts_with(code) && id.size() == code.size() + 1);
    return id.starts_with(code.substr(0, code.size() - 1));
  });
}

bool OfSpans(const Measure& measure) { return !measure.parts.empty() && measure.parts[0].span; }

class Builder {
 public:
  Builder(vault::Vault& vault, const StandardReport& report, const ReportAsk& ask)
      : vault_(vault), report_(report), ask_(ask), words_(WordsIn(ask.language)) {}

  absl::StatusOr<Document> Build() {
    const auto kind =
        report_.questions ? domain::MeasureKind::kQuestion : domain::MeasureKind::kIndicator;
    KAPEA_ASSIGN(const std::vector<const Measure*> measures, field::ListMeasures(vault_, kind));
    for (const Measure* measure : measures) {
      if (IsNamed(report_, measure->id)) KAPEA_TRY(Add(*measure, kind));
    }
    Document document;
    document.title = Title();
    document.language = ask_.language;
    AddFacts(document);
    if (!overview_.rows.empty()) {
      Section section{document.title};
      section.tables.push_back(std::move(overview_));
      document.sections.push_back(std::move(section));
    }
    for (Section& section : sections_) document.sections.push_back(std::move(section));
    AddNotes(document);
    return document;
  }

 private:
  std::string Title() const {
    const std::string_view title =
        ask_.language == field::Language::kKhmer ? report_.title_km : report_.title_en;
    return std::string(report_.id) + "  " + std::string(title);
  }
  const std::string& LabelOf(const domain::Label& label) const {
    return field::TextOf(label, ask_.language);
  }
  std::string CodeText(std::string_view dimension, const std::string& code) const {
    if (code.empty()) return words_.unsaid;
    if (code == standards::kSeveralCodes) return words_.several;
    return field::CodeText(vault_, dimension, code, ask_.language);
  }

  // A count of persons, files or records, kept back where it is small and leaves the house.
  Cell CountCell(uint64_t count) {
    if (report_.leaves && count > 0 && count < ask_.k) {
      hidden_ = true;
      return Hidden{};
    }
    return Number{.value = static_cast<int64_t>(count)};
  }
  Cell SpanCell(const Measure& measure, int64_t value) const {
    if (!OfSpans(measure)) return Number{.value = value};
    return Number{.value = value * 10 / kHourMs, .decimals = 1, .unit = "h"};
  }
  // One cell that says it; of what leaves, nothing about a few.
  Cell FigureCell(const Measure& measure, const MeasureFigure& figure) {
    switch (measure.answer) {
      case MeasureAnswer::kShare: {
        const bool few = figure.of > 0 && figure.of < ask_.k;
        const uint64_t rest = figure.of - std::min(figure.of, figure.count);
        const bool tells =
            (figure.count > 0 && figure.count < ask_.k) || (rest > 0 && rest < ask_.k);
        if (figure.of == 0) return std::string("-");
        if (report_.leaves && (few || tells)) {
          hidden_ = true;
          return Hidden{};
        }
        return Number{.value = static_cast<int64_t>(figure.count * 1000 / figure.of),
                      .decimals = 1,
                      .unit = "%"};
      }
      case MeasureAnswer::kMedian:
        if (!figure.median) return std::string("-");
        if (report_.leaves && figure.values < ask_.k) {
          hidden_ = true;
          return Hidden{};
        }
        return SpanCell(measure, *figure.median);
      case MeasureAnswer::kSum:
        if (report_.leaves && figure.values > 0 && figure.values < ask_.k &&
            measure.once == domain::MeasureOnce::kPerson) {
          hidden_ = true;
          return Hidden{};
        }
        return SpanCell(measure, figure.sum);
      default:
        return CountCell(figure.count);
    }
  }

  std::string FiguresText(const Measure& measure, domain::FigureKind kind) const {
    std::string text;
    for (const domain::Figure& figure : measure.figures) {
      if (figure.kind != kind) continue;
      text += (text.empty() ? "" : "; ") + std::string(figure.at_least ? "≥ " : "") +
              ToText(Number{.value = figure.number});
      if (!figure.period.empty()) text += " (" + figure.period + ")";
      if (!figure.source.empty()) text += " [" + figure.source + "]";
    }
    return text;
  }

  absl::Status Add(const Measure& measure, domain::MeasureKind kind) {
    field::MeasureAsk ask;
    ask.code = measure.id;
    ask.unit = ask_.unit;
    ask.as_of = ask_.as_of;
    if (!measure.stock) ask.period = ask_.period;
    for (const std::string_view dimension : report_.by) {
      const bool has =
          std::find(measure.by.begin(), measure.by.end(), dimension) != measure.by.end();
      if (has) ask.by.emplace_back(dimension);
    }
    KAPEA_ASSIGN(const std::vector<MeasureAnswered> answers,
                 field::AnswerMeasures(vault_, kind, ask));
    for (const MeasureAnswered& answer : answers) {
      if (answer.measure == &measure || answer.measure->id == measure.id) AddAnswer(answer);
    }
    return absl::OkStatus();
  }

  void AddAnswer(const MeasureAnswered& answer) {
    const Measure& measure = *answer.measure;
    files_ = std::max(files_, answer.files);
    as_of_ = answer.as_of;
    rules_ = answer.pack + " v" + std::to_string(answer.pack_version) + " " +
             answer.pack_hash.hex().substr(0, 16);
    if (overview_.columns.empty()) {
      overview_.columns = {words_.code,     words_.measure, words_.figure,
                           words_.baseline, words_.target,  words_.external};
    }
    const bool answered = measure.answer != MeasureAnswer::kNone;
    Cell figure = answered ? FigureCell(measure, answer.result.total)
                           : Cell(std::string(words_.not_answered));
    overview_.rows.push_back({measure.id, LabelOf(measure.label), std::move(figure),
                              FiguresText(measure, domain::FigureKind::kBaseline),
                              FiguresText(measure, domain::FigureKind::kTarget),
                              FiguresText(measure, domain::FigureKind::kExternal)});
    if (!answered) return;
    const standards::MeasureResult& result = answer.result;
    unsure_ = unsure_ || result.border + result.uncertain + result.disputed + result.unknown > 0;
    AddDetail(measure, result);
  }

  // Those who have one code alone: the rows add up to the total, and are hidden together.
  Table MarginTable(const Measure& measure, const standards::MeasureMargin& margin) {
    Table table;
    table.caption = margin.dimension;
    table.columns = {words_.code, words_.figure};
    std::vector<std::vector<uint64_t>> counts;
    for (const auto& row : margin.rows) counts.push_back({row.figure.count});
    const bool counted = measure.answer == MeasureAnswer::kCount;
    std::optional<standards::SuppressedTable> shown;
    if (report_.leaves && counted && !counts.empty()) {
      auto suppressed = standards::Suppress(counts, ask_.k);
      if (suppressed.ok()) shown = *std::move(suppressed);
    }
    for (size_t i = 0; i < margin.rows.size(); ++i) {
      const auto& row = margin.rows[i];
      Cell cell = FigureCell(measure, row.figure);
      if (report_.leaves && counted) {
        const bool kept = !shown || !shown->cells[i][0];
        hidden_ = hidden_ || kept;
        cell =
            kept ? Cell(Hidden{}) : Cell(Number{.value = static_cast<int64_t>(row.figure.count)});
      }
      table.rows.push_back({CodeText(margin.dimension, row.code), std::move(cell)});
    }
    return table;
  }

  static bool IsEmpty(const standards::MeasureResult& result) {
    return result.total.count == 0 && result.total.of == 0 && result.total.values == 0;
  }

  void AddDetail(const Measure& measure, const standards::MeasureResult& result) {
    if (IsEmpty(result)) return;
    Section section{measure.id + "  " + LabelOf(measure.label)};
    if (!measure.limits.empty()) section.paragraphs.push_back(measure.limits);
    if (measure.answer == MeasureAnswer::kMedian && result.total.median) {
      Table table;
      table.columns = {words_.measured, words_.median, words_.p90, words_.over};
      const bool few = report_.leaves && result.total.values < ask_.k;
      hidden_ = hidden_ || few;
      table.rows.push_back({CountCell(result.total.values),
                            few ? Cell(Hidden{}) : SpanCell(measure, *result.total.median),
                            few ? Cell(Hidden{}) : SpanCell(measure, *result.total.p90),
                            CountCell(result.total.over)});
      section.tables.push_back(std::move(table));
    }
    for (const standards::MeasureMargin& margin : result.margins) {
      Table table = MarginTable(measure, margin);
      if (margin.rows.size() > 1) section.charts.push_back(ChartOf(measure, table));
      section.tables.push_back(std::move(table));
    }
    if (!report_.leaves) AddRows(measure, result, section);
    if (!section.tables.empty() || !section.paragraphs.empty()) {
      sections_.push_back(std::move(section));
    }
  }

  Chart ChartOf(const Measure& measure, const Table& table) const {
    Chart chart;
    chart.title = table.caption;
    Chart::Series series{measure.id, {}};
    for (const auto& row : table.rows) {
      chart.labels.push_back(ToText(row[0]));
      const auto* number = std::get_if<Number>(&row[1]);
      std::optional<double> value;
      if (number != nullptr) {
        double scaled = static_cast<double>(number->value);
        for (int i = 0; i < number->decimals; ++i) scaled /= 10;
        value = scaled;
      }
      series.values.push_back(value);
    }
    chart.series.push_back(std::move(series));
    return chart;
  }

  // Inside the house: which files, by their codes.
  void AddRows(const Measure& measure, const standards::MeasureResult& result, Section& section) {
    if (result.rows.empty()) return;
    Table table;
    table.columns = {words_.files, words_.as_of};
    for (const std::string& dimension : measure.by) table.columns.push_back(dimension);
    for (const standards::MeasureRow& row : result.rows) {
      std::vector<Cell> cells = {
          field::CodeOf(row.file, row.kind),
          row.line.at ? field::ToLocalText(row.line.at->soft.latest) : std::string()};
      for (size_t i = 0; i < measure.by.size(); ++i) {
        std::string text;
        if (i < row.line.by.size()) {
          for (const std::string& code : row.line.by[i]) {
            text += (text.empty() ? "" : ", ") + CodeText(measure.by[i], code);
          }
        }
        cells.emplace_back(std::move(text));
      }
      table.rows.push_back(std::move(cells));
    }
    section.tables.push_back(std::move(table));
  }

  void AddFacts(Document& document) const {
    document.facts.emplace_back(words_.receiver, std::string(report_.receiver));
    document.facts.emplace_back(words_.period,
                                ask_.period_name.empty() ? words_.all_time : ask_.period_name);
    document.facts.emplace_back(words_.as_of, field::ToLocalText(as_of_));
    document.facts.emplace_back(words_.units, ask_.unit ? field::UnitName(vault_, *ask_.unit)
                                                        : std::string(words_.everything));
    document.facts.emplace_back(words_.files, std::to_string(files_));
    document.facts.emplace_back(words_.rules, rules_);
  }
  void AddNotes(Document& document) const {
    document.notes.emplace_back(words_.drills);
    if (unsure_) document.notes.emplace_back(words_.unsure);
    if (hidden_) {
      std::string text = words_.hidden;
      const size_t at = text.find("%k");
      text.replace(at, 2, std::to_string(ask_.k - 1));
      document.notes.push_back(std::move(text));
    }
    document.notes.emplace_back(report_.leaves ? words_.proposed : words_.inside);
  }

  vault::Vault& vault_;
  const StandardReport& report_;
  const ReportAsk& ask_;
  const ReportWords& words_;
  Table overview_;
  std::vector<Section> sections_;
  size_t files_ = 0;
  Time as_of_;
  std::string rules_;
  bool hidden_ = false;
  bool unsure_ = false;
};

}  // namespace

absl::StatusOr<Document> BuildReport(vault::Vault& vault, const StandardReport& report,
                                     const ReportAsk& ask) {
  if (ask.k < 2) return absl::InvalidArgumentError("want a k of 2 or more; nothing was counted");
  return Builder(vault, report, ask).Build();
}

}  // namespace kapea::report
