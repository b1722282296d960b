#include "common/codec/measure_codec.h"

#include <algorithm>
#include <utility>

#include "common/base/macros.h"
#include "common/codec/wire_values.h"

namespace kapea::codec {
namespace {

using standards::Contribution;
using standards::MeasureFigure;
using standards::MeasureResult;

absl::Status Unreadable() { return absl::DataLossError("an answer to a measure cannot be read"); }

void FigureToWire(const MeasureFigure& figure, v1::CountedFigure& wire) {
  wire.set_count(figure.count);
  wire.set_of(figure.of);
  wire.set_sum(figure.sum);
  wire.set_values(figure.values);
  wire.set_over(figure.over);
  if (figure.median) wire.set_median(*figure.median);
  if (figure.p90) wire.set_p90(*figure.p90);
}

MeasureFigure FigureFromWire(const v1::CountedFigure& wire) {
  MeasureFigure figure{wire.count(), wire.of(), wire.sum(), wire.values(), wire.over(), {}, {}};
  if (wire.has_median()) figure.median = wire.median();
  if (wire.has_p90()) figure.p90 = wire.p90();
  return figure;
}

void TimeToWire(const domain::EventTime& time, v1::MeasureLine& wire) {
  wire.set_soft_earliest_ms(time.soft.earliest.unix_ms());
  wire.set_soft_latest_ms(time.soft.latest.unix_ms());
  wire.set_hard_earliest_ms(time.hard.earliest.unix_ms());
  wire.set_hard_latest_ms(time.hard.latest.unix_ms());
  wire.set_clock_doubted(time.clock_doubted);
}

domain::EventTime TimeFromWire(const v1::MeasureLine& wire) {
  const auto at = [](int64_t ms) { return Time::FromUnixMs(ms); };
  return {{at(wire.soft_earliest_ms()), at(wire.soft_latest_ms())},
          {at(wire.hard_earliest_ms()), at(wire.hard_latest_ms())},
          wire.clock_doubted()};
}

}  // namespace

void AskToWire(const MeasureQuestion& ask, v1::MeasureAsk& wire) {
  wire.set_kind(static_cast<v1::MeasureKind>(ask.kind));
  for (const std::string& code : ask.measures) wire.add_codes(code);
  if (ask.period && ask.period->from != Time::Min()) wire.set_from_ms(ask.period->from.unix_ms());
  if (ask.period && ask.period->to != Time::Max()) wire.set_before_ms(ask.period->to.unix_ms());
  for (const auto& [dimension, code] : ask.codes) {
    v1::MeasureFilter& filter = *wire.add_where();
    filter.set_dimension(dimension);
    filter.set_code(code);
  }
  for (const std::string& dimension : ask.by) wire.add_by(dimension);
}

absl::StatusOr<MeasureQuestion> AskFromWire(const v1::MeasureAsk& wire) {
  MeasureQuestion ask;
  ask.kind = EnumCast(wire.kind(), domain::MeasureKind::kIndicator);
  if (ask.kind == domain::MeasureKind::kNone) {
    return absl::InvalidArgumentError("measure: want a question or an indicator");
  }
  ask.measures.assign(wire.codes().begin(), wire.codes().end());
  if (ask.measures.empty() || wire.codes_size() > kAskedMeasuresMax ||
      !std::all_of(ask.measures.begin(), ask.measures.end(),
                   [](const std::string& code) { return IsName(code); })) {
    return absl::InvalidArgumentError("measure: want 1 to 256 codes");
  }
  if (wire.has_from_ms() || wire.has_before_ms()) {
    ask.period.emplace();
    if (wire.has_from_ms()) ask.period->from = Time::FromUnixMs(wire.from_ms());
    if (wire.has_before_ms()) ask.period->to = Time::FromUnixMs(wire.before_ms());
    if (ask.period == standards::Period()) ask.period.reset();
  }
  if (wire.by_size() > kAskedDimensionsMax || wire.where_size() > kAskedFiltersMax) {
    return absl::InvalidArgumentError("measure: want at most 4 dimensions and 16 filters");
  }
  for (const v1::MeasureFilter& filter : wire.where()) {
    const bool said = IsName(filter.dimension()) && IsName(filter.code());
    if (!said || !ask.codes.emplace(filter.dimension(), filter.code()).second) {
      return absl::InvalidArgumentError("where: want one code for each dimension");
    }
  }
  for (const std::string& dimension : wire.by()) {
    if (!IsName(dimension)) return absl::InvalidArgumentError("by: want dimensions");
    ask.by.push_back(dimension);
  }
  return ask;
}

void LineToWire(const Contribution& line, v1::MeasureLine& wire) {
  wire.set_part(line.part);
  WriteOptionalId(line.record, wire.mutable_record());
  if (line.person != FileId()) wire.set_person(line.person.str());
  if (line.at) TimeToWire(*line.at, wire);
  wire.set_unknown(!line.known);
  wire.set_beside(!line.counts);
  wire.set_uncertain(!line.certain);
  wire.set_disputed(line.disputed);
  wire.set_weight(line.weight);
  if (line.value) wire.set_value(*line.value);
  wire.set_over(line.over);
  WriteOptionalId(line.who, wire.mutable_who());
  for (const auto& codes : line.by) {
    v1::LineCodes& said = *wire.add_by();
    for (const std::string& code : codes) said.add_codes(code);
  }
}

absl::StatusOr<Contribution> LineFromWire(const v1::MeasureLine& wire, const std::string& measure) {
  Contribution line;
  line.measure = measure;
  line.part = wire.part();
  if (!ReadOptionalId(wire.record(), line.record).ok()) return Unreadable();
  if (!wire.person().empty() && !ReadId(wire.person(), line.person).ok()) return Unreadable();
  if (wire.has_soft_earliest_ms()) line.at = TimeFromWire(wire);
  line.known = !wire.unknown();
  line.counts = !wire.beside();
  line.certain = !wire.uncertain();
  line.disputed = wire.disputed();
  line.weight = wire.weight();
  if (wire.has_value()) line.value = wire.value();
  line.over = wire.over();
  if (!ReadOptionalId(wire.who(), line.who).ok()) return Unreadable();
  line.by.reserve(static_cast<size_t>(wire.by_size()));
  for (const v1::LineCodes& codes : wire.by()) {
    line.by.emplace_back(codes.codes().begin(), codes.codes().end());
  }
  return line;
}

void CountsToWire(const MeasureResult& result, v1::MeasureAnswered& wire) {
  FigureToWire(result.total, *wire.mutable_total());
  for (const standards::MeasureMargin& margin : result.margins) {
    v1::CountedMargin& to = *wire.add_margins();
    to.set_dimension(margin.dimension);
    for (const auto& row : margin.rows) {
      auto& counted = *to.add_rows();
      counted.set_code(row.code);
      FigureToWire(row.figure, *counted.mutable_figure());
      FigureToWire(row.among, *counted.mutable_among());
    }
  }
  for (const standards::MeasureCell& cell : result.cells) {
    v1::CountedCell& to = *wire.add_cells();
    for (const std::string& code : cell.codes) to.add_codes(code);
    FigureToWire(cell.figure, *to.mutable_figure());
  }
  wire.set_border(result.border);
  wire.set_uncertain(result.uncertain);
  wire.set_disputed(result.disputed);
  wire.set_unknown(result.unknown);
  wire.set_valueless(result.valueless);
  wire.set_drills(result.drills);
  wire.set_listed(result.listed);
}

void RowToWire(const standards::MeasureRow& row, v1::ListedLine& wire) {
  wire.set_file(row.file.str());
  wire.set_file_kind(static_cast<v1::FileKind>(row.kind));
  LineToWire(row.line, *wire.mutable_line());
}

absl::StatusOr<MeasureResult> AnsweredFromWire(const v1::MeasureAnswered& wire) {
  MeasureResult result;
  result.total = FigureFromWire(wire.total());
  for (const v1::CountedMargin& margin : wire.margins()) {
    result.by.push_back(margin.dimension());
    standards::MeasureMargin& to = result.margins.emplace_back();
    to.dimension = margin.dimension();
    for (const auto& row : margin.rows()) {
      to.rows.push_back({row.code(), FigureFromWire(row.figure()), FigureFromWire(row.among())});
    }
  }
  for (const v1::CountedCell& cell : wire.cells()) {
    if (cell.codes_size() != wire.margins_size()) return Unreadable();
    result.cells.push_back(
        {{cell.codes().begin(), cell.codes().end()}, FigureFromWire(cell.figure())});
  }
  for (const v1::ListedLine& row : wire.rows()) {
    standards::MeasureRow& to = result.rows.emplace_back();
    if (!ReadId(row.file(), to.file).ok()) return Unreadable();
    to.kind = EnumCast(row.file_kind(), domain::FileKind::kStandards);
    KAPEA_ASSIGN(to.line, LineFromWire(row.line(), wire.measure()));
  }
  result.border = wire.border();
  result.uncertain = wire.uncertain();
  result.disputed = wire.disputed();
  result.unknown = wire.unknown();
  result.valueless = wire.valueless();
  result.drills = wire.drills();
  result.listed = wire.listed();
  return result;
}

}  // namespace kapea::codec
