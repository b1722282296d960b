#include "client/report/shown_figures.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/standards/suppress.h"

namespace kapea::report {
namespace {

using domain::Measure;
using domain::MeasureAnswer;
using standards::MeasureFigure;

constexpr int64_t kHourMs = 3'600'000;
constexpr char kValues[] = "values";
constexpr char kP90[] = "p90";
constexpr char kOver[] = "over";

bool OfSpans(const Measure& measure) { return !measure.parts.empty() && measure.parts[0].span; }

// Of how many decimals and in what unit the measure's own figures are.
Number Scale(const Measure& measure, bool rounded) {
  if (measure.answer == MeasureAnswer::kShare) return {0, rounded ? 0 : 1, "%"};
  const bool span = OfSpans(measure) && (measure.answer == MeasureAnswer::kMedian ||
                                         measure.answer == MeasureAnswer::kSum);
  return span ? Number{0, 1, "h"} : Number{};
}

class Shower {
 public:
  Shower(const Measure& measure, const DisclosureControl& control)
      : measure_(measure), control_(control) {}

  ShownMeasure Show(const standards::MeasureResult& result) {
    ShownMeasure shown;
    shown.measure = &measure_;
    const bool all_hidden = WasHidden("", "") || TellsItself(result);
    shown.figure = all_hidden ? Cell(Hidden{}) : FigureCell(result.total);
    if (measure_.answer == MeasureAnswer::kMedian && result.total.median) {
      const bool few = IsFew(result.total.values);
      // Who is not over the limit is told by the other two.
      const bool rest = IsFew(result.total.values - result.total.over);
      shown.beside = {{kOver, rest ? Cell(Hidden{}) : CountCell(result.total.over)},
                      {kP90, few || all_hidden ? Cell(Hidden{}) : SpanCell(*result.total.p90)},
                      {kValues, CountCell(result.total.values)}};
    }
    for (const standards::MeasureMargin& margin : result.margins) {
      shown.margins.push_back(MarginOf(margin, all_hidden));
    }
    return shown;
  }

 private:
  bool IsFew(uint64_t count) const { return control_.leaves && count > 0 && count < control_.k; }
  bool WasHidden(const std::string& dimension, const std::string& code) const {
    return control_.leaves && control_.hidden.contains({measure_.id, dimension, code});
  }
  Cell Shown(uint64_t count) const {
    const uint64_t base = control_.leaves ? control_.rounded_to : 0;
    return Number{.value = static_cast<int64_t>(standards::Rounded(count, base))};
  }
  Cell CountCell(uint64_t count) const { return IsFew(count) ? Cell(Hidden{}) : Shown(count); }
  Cell SpanCell(int64_t value) const {
    if (!OfSpans(measure_)) {
      // A sum of things; less than nothing is no count.
      return value < 0 || measure_.answer != MeasureAnswer::kSum
                 ? Cell(Number{.value = value})
                 : Shown(static_cast<uint64_t>(value));
    }
    return Number{.value = value * 10 / kHourMs, .decimals = 1, .unit = "h"};
  }
  Cell ShareCell(const MeasureFigure& figure) const {
    if (figure.of == 0) return std::string("-");
    const uint64_t rest = figure.of - std::min(figure.of, figure.count);
    if (IsFew(figure.of) || IsFew(figure.count) || IsFew(rest)) return Hidden{};
    const uint64_t thousandths = figure.count * 1000 / figure.of;
    Number share = Scale(measure_, control_.leaves && control_.rounded_to > 1);
    share.value = static_cast<int64_t>(share.decimals == 0 ? (thousandths + 5) / 10 : thousandths);
    return share;
  }
  bool OfPeople() const {
    return std::any_of(measure_.parts.begin(), measure_.parts.end(), [](const auto& part) {
      return part.file_kind != domain::FileKind::kProgramme;
    });
  }
  // One cell that says it; of what leaves, nothing about a few.
  Cell FigureCell(const MeasureFigure& figure) const {
    switch (measure_.answer) {
      case MeasureAnswer::kShare:
        return ShareCell(figure);
      case MeasureAnswer::kMedian:
        if (!figure.median) return std::string("-");
        return IsFew(figure.values) ? Cell(Hidden{}) : SpanCell(*figure.median);
      case MeasureAnswer::kSum:
        // What few got is theirs; what a programme counted itself, how many hours, is nobody's.
        if (OfPeople() && IsFew(figure.values)) return Hidden{};
        return SpanCell(figure.sum);
      default:
        return CountCell(figure.count);
    }
  }

  struct Rows {
    std::vector<ShownRow> rows;
    std::vector<std::vector<uint64_t>> counts;
    std::vector<bool> hidden;  // for another reason than that they are few
  };

  // Whether rows cannot be hidden but together with the figure itself: then all of it is.
  bool TellsItself(const standards::MeasureResult& result) const {
    if (!control_.leaves || measure_.answer != MeasureAnswer::kCount) return false;
    return std::any_of(result.margins.begin(), result.margins.end(), [this](const auto& margin) {
      const Rows rows = RowsOf(margin, false);
      const auto table = Suppressed(rows);
      return !rows.counts.empty() && (!table.ok() || !table->total);
    });
  }

  // The rows add up to the total, and are hidden together.
  Rows RowsOf(const standards::MeasureMargin& margin, bool all_hidden) const {
    std::map<std::string, MeasureFigure> figures;
    for (const auto& row : margin.rows) figures[row.code] = row.figure;
    // Of whom nobody is counted any more, something is still hidden.
    for (const auto& [measure, dimension, code] : control_.hidden) {
      const bool here = control_.leaves && measure == measure_.id && dimension == margin.dimension;
      if (here) figures.try_emplace(code);
    }
    Rows rows;
    for (const auto& [code, figure] : figures) {
      rows.counts.push_back({figure.count});
      rows.hidden.push_back(all_hidden || WasHidden(margin.dimension, code));
      rows.rows.push_back({code, FigureCell(figure)});
    }
    return rows;
  }

  ShownMargin MarginOf(const standards::MeasureMargin& margin, bool all_hidden) const {
    Rows rows = RowsOf(margin, all_hidden);
    if (control_.leaves && measure_.answer == MeasureAnswer::kCount) {
      const auto table = Suppressed(rows);
      for (size_t i = 0; i < rows.rows.size(); ++i) {
        // What cannot be worked out is not shown.
        rows.hidden[i] = rows.hidden[i] || !table.ok() || !table->cells[i][0];
      }
    }
    for (size_t i = 0; i < rows.rows.size(); ++i) {
      if (rows.hidden[i]) rows.rows[i].cell = Hidden{};
    }
    return {margin.dimension, std::move(rows.rows)};
  }

  absl::StatusOr<standards::SuppressedTable> Suppressed(const Rows& rows) const {
    standards::HiddenCells also;
    for (size_t i = 0; i < rows.hidden.size(); ++i) {
      if (rows.hidden[i]) also.emplace_back(i, 0);
    }
    return standards::Suppress(rows.counts, control_.k, also);
  }

  const Measure& measure_;
  const DisclosureControl& control_;
};

domain::PublishedTable TableOf(const ShownMeasure& shown, std::string dimension) {
  domain::PublishedTable table;
  table.measure = shown.measure->id;
  table.dimension = std::move(dimension);
  return table;
}

// Counts beside a figure with decimals are written with as many.
void AddCell(const ShownRow& row, domain::PublishedTable& table) {
  if (std::holds_alternative<Hidden>(row.cell)) {
    table.cells.push_back({row.code, std::nullopt});
  } else if (const auto* number = std::get_if<Number>(&row.cell)) {
    int64_t value = number->value;
    for (auto i = static_cast<uint32_t>(number->decimals); i < table.decimals; ++i) value *= 10;
    table.cells.push_back({row.code, value});
  }
}

void AddTable(const std::vector<ShownRow>& rows, domain::PublishedTable table,
              std::vector<domain::PublishedTable>& tables) {
  for (const ShownRow& row : rows) {
    const auto* number = std::get_if<Number>(&row.cell);
    if (number == nullptr) continue;
    table.decimals = std::max(table.decimals, static_cast<uint32_t>(number->decimals));
  }
  for (const ShownRow& row : rows) AddCell(row, table);
  if (!table.cells.empty()) tables.push_back(std::move(table));
}

Cell CellFrom(const Measure& measure, const domain::PublishedTable& table,
              const domain::PublishedCell& cell, bool count) {
  if (!cell.value) return Hidden{};
  Number number = Scale(measure, table.decimals == 0);
  number.decimals = static_cast<int>(table.decimals);
  number.value = *cell.value;
  if (!count) return number;
  for (uint32_t i = 0; i < table.decimals; ++i) number.value /= 10;
  return Number{.value = number.value};
}

bool IsHidden(const Cell& cell) { return std::holds_alternative<Hidden>(cell); }
bool AnyHidden(const std::vector<ShownRow>& rows) {
  return std::any_of(rows.begin(), rows.end(),
                     [](const ShownRow& row) { return IsHidden(row.cell); });
}

}  // namespace

bool ShownMeasure::HidesAnything() const {
  return IsHidden(figure) || AnyHidden(beside) ||
         std::any_of(margins.begin(), margins.end(),
                     [](const ShownMargin& margin) { return AnyHidden(margin.rows); });
}

ShownMeasure Show(const Measure& measure, const standards::MeasureResult& result,
                  const DisclosureControl& control) {
  return Shower(measure, control).Show(result);
}

std::vector<domain::PublishedTable> ToTables(const std::vector<ShownMeasure>& figures) {
  std::vector<domain::PublishedTable> tables;
  for (const ShownMeasure& shown : figures) {
    std::vector<ShownRow> itself{{"", shown.figure}};
    itself.insert(itself.end(), shown.beside.begin(), shown.beside.end());
    AddTable(itself, TableOf(shown, ""), tables);
    for (const ShownMargin& margin : shown.margins) {
      AddTable(margin.rows, TableOf(shown, margin.dimension), tables);
    }
  }
  return tables;
}

absl::StatusOr<std::vector<ShownMeasure>> FromTables(
    const domain::Pack& pack, const std::vector<domain::PublishedTable>& tables) {
  std::map<std::string, ShownMeasure> by_id;
  for (const domain::PublishedTable& table : tables) {
    const Measure* measure = pack.FindMeasure(table.measure);
    if (measure == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("the pack on this device does not have ", table.measure));
    }
    ShownMeasure& shown = by_id[measure->id];
    if (shown.measure == nullptr) shown.figure = std::string("-");
    shown.measure = measure;
    std::vector<ShownRow> rows;
    for (const domain::PublishedCell& cell : table.cells) {
      const bool count = cell.code == kValues || cell.code == kOver;
      rows.push_back(
          {cell.code, CellFrom(*measure, table, cell, table.dimension.empty() && count)});
    }
    if (!table.dimension.empty()) {
      shown.margins.push_back({table.dimension, std::move(rows)});
      continue;
    }
    for (ShownRow& row : rows) {
      if (row.code.empty()) {
        shown.figure = std::move(row.cell);
      } else {
        shown.beside.push_back(std::move(row));
      }
    }
  }
  std::vector<ShownMeasure> figures;
  for (const Measure& measure : pack.measures) {
    const auto found = by_id.find(measure.id);
    if (found != by_id.end()) figures.push_back(std::move(found->second));
  }
  return figures;
}

}  // namespace kapea::report
