#include "client/report/standard_reports.h"

#include <algorithm>
#include <map>
#include <utility>

#include "client/field/calendar.h"
#include "client/field/names.h"
#include "client/report/report_words.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::report {
namespace {

using domain::Measure;
using domain::MeasureAnswer;
using field::MeasureAnswered;

bool IsNamed(const StandardReport& report, std::string_view id) {
  return std::any_of(report.codes.begin(), report.codes.end(), [id](std::string_view code) {
    if (!code.ends_with('*'))
      return code == id || (id.starts_with(code) && id.size() == code.size() + 1);
    return id.starts_with(code.substr(0, code.size() - 1));
  });
}

bool IsEmpty(const standards::MeasureResult& result) {
  return result.total.count == 0 && result.total.of == 0 && result.total.values == 0;
}

// Measures that one call can answer.
struct Alike {
  std::vector<std::string> by;
  bool stock = false;
  friend auto operator<=>(const Alike&, const Alike&) = default;
};

std::map<Alike, std::vector<const Measure*>> GroupsOf(const std::vector<const Measure*>& measures,
                                                      const StandardReport& report,
                                                      bool broken_down) {
  std::map<Alike, std::vector<const Measure*>> groups;
  for (const Measure* measure : measures) {
    if (!IsNamed(report, measure->id)) continue;
    Alike alike{{}, measure->stock};
    for (const std::string_view dimension : report.by) {
      const bool has =
          std::find(measure->by.begin(), measure->by.end(), dimension) != measure->by.end();
      if (has && broken_down) alike.by.emplace_back(dimension);
    }
    groups[alike].push_back(measure);
  }
  return groups;
}

field::MeasureAsk AskOf(const Alike& alike, const std::vector<const Measure*>& measures,
                        const ReportAsk& ask) {
  field::MeasureAsk one;
  for (const Measure* measure : measures) one.measures.push_back(measure->id);
  one.unit = ask.scope.unit;
  one.as_of = ask.as_of;
  one.by = alike.by;
  if (!alike.stock) one.period = ask.period;
  return one;
}

void TakeAnswer(MeasureAnswered answer, const DisclosureControl& control, ReportFigures& figures) {
  figures.files = std::max(figures.files.value_or(0), answer.files);
  figures.rules = answer.pack + " v" + std::to_string(answer.pack_version) + " " +
                  answer.pack_hash.hex().substr(0, 16);
  const standards::MeasureResult& result = answer.result;
  figures.unsure =
      figures.unsure || result.border + result.uncertain + result.disputed + result.unknown > 0;
  if (answer.measure->answer == MeasureAnswer::kNone) {
    figures.shown.push_back({answer.measure, std::string("-"), {}, {}});
  } else {
    figures.shown.push_back(Show(*answer.measure, result, control));
  }
  figures.answers.push_back(std::move(answer));
}

// Puts the figures of a report into words.
class Builder {
 public:
  Builder(vault::Vault& vault, const StandardReport& report, field::Language language)
      : vault_(vault), report_(report), language_(language), words_(WordsIn(language)) {
    document_.language = language;
    document_.title = std::string(report.id) + "  ";
    document_.title += language == field::Language::kKhmer ? report.title_km : report.title_en;
    overview_.columns = {words_.code,     words_.measure, words_.figure,
                         words_.baseline, words_.target,  words_.external};
  }

  void AddFact(const char* name, std::string text) {
    document_.facts.emplace_back(name, std::move(text));
  }
  void AddNote(std::string text) { document_.notes.push_back(std::move(text)); }
  void AddHiddenNote(uint64_t k) {
    if (!hides_) return;
    std::string text = words_.hidden;
    text.replace(text.find("%k"), 2, std::to_string(k - 1));
    AddNote(std::move(text));
  }

  // `answer`: what it was counted from; nullptr: it was published.
  void Add(const ShownMeasure& shown, const MeasureAnswered* answer) {
    const Measure& measure = *shown.measure;
    const bool answered = measure.answer != MeasureAnswer::kNone;
    overview_.rows.push_back({measure.id, LabelOf(measure.label),
                              answered ? shown.figure : Cell(std::string(words_.not_answered)),
                              FiguresText(measure, domain::FigureKind::kBaseline),
                              FiguresText(measure, domain::FigureKind::kTarget),
                              FiguresText(measure, domain::FigureKind::kExternal)});
    hides_ = hides_ || shown.HidesAnything();
    if (answered && (answer == nullptr || !IsEmpty(answer->result))) AddDetail(shown, answer);
  }

  Document Finish() && {
    if (!overview_.rows.empty()) {
      Section section{document_.title};
      section.tables.push_back(std::move(overview_));
      document_.sections.push_back(std::move(section));
    }
    for (Section& section : sections_) document_.sections.push_back(std::move(section));
    return std::move(document_);
  }

 private:
  const std::string& LabelOf(const domain::Label& label) const {
    return field::TextOf(label, language_);
  }
  std::string CodeText(std::string_view dimension, const std::string& code) const {
    if (code.empty()) return words_.unsaid;
    if (code == standards::kSeveralCodes) return words_.several;
    return field::CodeText(vault_, dimension, code, language_);
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

  void AddDetail(const ShownMeasure& shown, const MeasureAnswered* answer) {
    const Measure& measure = *shown.measure;
    Section section{measure.id + "  " + LabelOf(measure.label)};
    if (!measure.limits.empty()) section.paragraphs.push_back(measure.limits);
    if (!shown.beside.empty()) section.tables.push_back(MedianTable(shown));
    for (const ShownMargin& margin : shown.margins) {
      Table table;
      table.caption = margin.dimension;
      table.columns = {words_.code, words_.figure};
      for (const ShownRow& row : margin.rows) {
        table.rows.push_back({CodeText(margin.dimension, row.code), row.cell});
      }
      const auto shown_rows = std::count_if(
          margin.rows.begin(), margin.rows.end(),
          [](const ShownRow& row) { return std::holds_alternative<Number>(row.cell); });
      if (shown_rows > 1) section.charts.push_back(ChartOf(measure, table));
      section.tables.push_back(std::move(table));
    }
    if (!report_.leaves && answer != nullptr) AddRows(measure, answer->result, section);
    if (!section.tables.empty() || !section.paragraphs.empty()) {
      sections_.push_back(std::move(section));
    }
  }

  Table MedianTable(const ShownMeasure& shown) const {
    const auto beside = [&shown](std::string_view code) {
      for (const ShownRow& row : shown.beside) {
        if (row.code == code) return row.cell;
      }
      return Cell(std::string("-"));
    };
    Table table;
    table.columns = {words_.measured, words_.median, words_.p90, words_.over};
    table.rows.push_back({beside("values"), shown.figure, beside("p90"), beside("over")});
    return table;
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
  void AddRows(const Measure& measure, const standards::MeasureResult& result,
               Section& section) const {
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

  vault::Vault& vault_;
  const StandardReport& report_;
  const field::Language language_;
  const ReportWords& words_;
  Document document_;
  Table overview_;
  std::vector<Section> sections_;
  bool hides_ = false;
};

std::string ScopeText(vault::Vault& vault, const domain::PublishedScope& scope, bool by_server,
                      const ReportWords& words) {
  if (scope.unit) return field::UnitName(vault, *scope.unit);
  if (!scope.province.empty()) return std::string(words.province) + " " + scope.province;
  return by_server ? words.all_units : words.everything;
}

}  // namespace

Count CountHere(vault::Vault& vault) {
  return
      [&vault](domain::MeasureKind kind, const field::MeasureAsk& ask) -> absl::StatusOr<Counted> {
        Counted counted;
        KAPEA_ASSIGN(counted.answers, field::AnswerMeasures(vault, kind, ask));
        return counted;
      };
}

absl::StatusOr<ReportFigures> CountReport(vault::Vault& vault, const StandardReport& report,
                                          const ReportAsk& ask, const Count& count) {
  if (ask.control.k < 2) {
    return absl::InvalidArgumentError("want a k of 2 or more; nothing was counted");
  }
  if (ask.control.rounded_to == 1 || ask.control.rounded_to > domain::kRoundedToMax) {
    return absl::InvalidArgumentError("want to round to 2 to 1,000; nothing was counted");
  }
  const auto kind =
      report.questions ? domain::MeasureKind::kQuestion : domain::MeasureKind::kIndicator;
  KAPEA_ASSIGN(const std::vector<const Measure*> measures, field::ListMeasures(vault, kind));
  std::map<std::string, MeasureAnswered> answers;
  ReportFigures figures;
  bool first = true;
  for (const auto& [alike, group] : GroupsOf(measures, report, ask.broken_down)) {
    KAPEA_ASSIGN(Counted counted, count(kind, AskOf(alike, group, ask)));
    for (MeasureAnswered& answer : counted.answers) {
      if (std::exchange(first, false)) {
        figures.as_of = answer.as_of;
        figures.ledger_size = counted.ledger_size;
      }
      std::string id = answer.measure->id;
      // "I-J08" names its figures too, which have a group of their own.
      const bool asked = std::any_of(group.begin(), group.end(),
                                     [&id](const Measure* measure) { return measure->id == id; });
      if (asked) answers.emplace(std::move(id), std::move(answer));
    }
  }
  DisclosureControl control = ask.control;
  control.leaves = report.leaves;
  for (const Measure* measure : measures) {
    const auto answer = answers.find(measure->id);
    if (answer != answers.end()) TakeAnswer(std::move(answer->second), control, figures);
  }
  return figures;
}

Document ReportDocument(vault::Vault& vault, const StandardReport& report, const ReportAsk& ask,
                        const ReportFigures& figures) {
  Builder builder(vault, report, ask.language);
  for (size_t i = 0; i < figures.shown.size(); ++i) {
    builder.Add(figures.shown[i], &figures.answers[i]);
  }
  const ReportWords& words = WordsIn(ask.language);
  builder.AddFact(words.receiver, std::string(report.receiver));
  builder.AddFact(words.period, ask.period ? PeriodText(*ask.period) : words.all_time);
  builder.AddFact(words.as_of, field::ToLocalText(figures.as_of));
  builder.AddFact(words.units, ScopeText(vault, ask.scope, figures.ledger_size != 0, words));
  builder.AddFact(words.files, std::to_string(figures.files.value_or(0)));
  builder.AddFact(words.rules, figures.rules);
  if (figures.ledger_size != 0) builder.AddFact(words.ledger, std::to_string(figures.ledger_size));
  builder.AddNote(words.drills);
  if (figures.unsure) builder.AddNote(words.unsure);
  builder.AddHiddenNote(ask.control.k);
  if (report.leaves && ask.control.rounded_to != 0) builder.AddNote(words.rounded);
  builder.AddNote(report.leaves ? words.proposed : words.inside);
  if (report.leaves) builder.AddNote(words.draft);
  return std::move(builder).Finish();
}

absl::StatusOr<Document> PublishedDocument(vault::Vault& vault, const domain::PublicationAt& one,
                                           field::Language language) {
  const StandardReport* report = FindReport(one.what.report);
  const domain::Pack* pack = vault.NewestPack();
  if (report == nullptr || pack == nullptr) {
    return absl::FailedPreconditionError("this device knows no report " + one.what.report);
  }
  KAPEA_ASSIGN(const std::vector<ShownMeasure> figures, FromTables(*pack, one.what.tables));
  Builder builder(vault, *report, language);
  for (const ShownMeasure& shown : figures) builder.Add(shown, nullptr);
  const ReportWords& words = WordsIn(language);
  builder.AddFact(words.receiver, std::string(report->receiver));
  builder.AddFact(words.period, PeriodText({one.what.from, one.what.before}));
  builder.AddFact(words.as_of, field::ToLocalText(one.what.as_of));
  builder.AddFact(words.units, ScopeText(vault, one.what.scope, true, words));
  builder.AddFact(words.ledger, std::to_string(one.what.ledger_size));
  builder.AddFact(words.published,
                  one.self.change.hex() + ", " + field::ToLocalText(one.time.soft.latest));
  if (one.what.revises) {
    builder.AddFact(words.revises, one.what.revises->hex() + ": " + one.what.reason);
  }
  if (one.revised_by) builder.AddFact(words.revised_by, one.revised_by->change.hex());
  builder.AddNote(words.drills);
  builder.AddHiddenNote(one.what.hidden_below);
  if (one.what.rounded_to != 0) builder.AddNote(words.rounded);
  builder.AddNote(words.proposed);
  return std::move(builder).Finish();
}

}  // namespace kapea::report
