// kapea query, kapea indicator: the questions and figures of the pack, over this device's files
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/measures.h"
#include "client/field/names.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"
#include "common/text/width.h"

namespace kapea::cli {
namespace {

using domain::Measure;
using field::MeasureAnswered;
using nlohmann::json;
using standards::MeasureFigure;

constexpr size_t kCodeCells = 8;
constexpr size_t kRowCells = 30;

struct QueryArgs {
  std::string code, unit, province, from, to, period, as_of;
  bool server = false;
  size_t rows = 1000;
  std::vector<std::string> by, where;
};

bool OfSpans(const Measure& measure) { return !measure.parts.empty() && measure.parts[0].span; }

std::string ValueText(const Measure& measure, int64_t value) {
  if (!OfSpans(measure)) return absl::StrCat(value);
  const Duration span = Duration::Milliseconds(value);
  return value < 0 ? "-" + field::ToText(Duration() - span) : field::ToText(span);
}

double PercentOf(const MeasureFigure& figure) {
  return figure.of == 0
             ? 0
             : 100.0 * static_cast<double>(figure.count) / static_cast<double>(figure.of);
}

std::string FigureText(const Measure& measure, const MeasureFigure& figure) {
  switch (measure.answer) {
    case domain::MeasureAnswer::kSum:
      return absl::StrFormat("%s (of %d)", ValueText(measure, figure.sum), figure.values);
    case domain::MeasureAnswer::kMedian: {
      if (!figure.median) return "nothing to measure";
      const double mean = static_cast<double>(figure.sum) / static_cast<double>(figure.values);
      std::string text =
          absl::StrFormat("%d measured, median %s, 90th percentile %s, mean %s", figure.values,
                          ValueText(measure, *figure.median), ValueText(measure, *figure.p90),
                          OfSpans(measure) ? ValueText(measure, static_cast<int64_t>(mean))
                                           : absl::StrFormat("%.1f", mean));
      if (!measure.parts[0].limit.empty()) absl::StrAppendFormat(&text, ", over %d", figure.over);
      return text;
    }
    case domain::MeasureAnswer::kShare:
      if (figure.of == 0) return "nothing to share";
      return absl::StrFormat("%.1f %% (%d of %d)", PercentOf(figure), figure.count, figure.of);
    default:
      return absl::StrCat(figure.count);
  }
}

json FigureJson(const Measure& measure, const MeasureFigure& figure) {
  const auto or_null = [](const std::optional<int64_t>& value) {
    return value ? json(*value) : json();
  };
  switch (measure.answer) {
    case domain::MeasureAnswer::kSum:
      return {{"sum", figure.sum}, {"values", figure.values}};
    case domain::MeasureAnswer::kMedian:
      return {{"values", figure.values},
              {"median", or_null(figure.median)},
              {"p90", or_null(figure.p90)},
              {"sum", figure.sum},
              {"over", figure.over}};
    case domain::MeasureAnswer::kShare:
      return {{"numerator", figure.count},
              {"denominator", figure.of},
              {"percent", figure.of == 0 ? json() : json(PercentOf(figure))}};
    default:
      return {{"count", figure.count}};
  }
}

// What must be known to read the answer right.
std::string Reservations(const standards::MeasureResult& result) {
  std::string text;
  const auto add = [&text](uint64_t count, const char* what) {
    if (count > 0) absl::StrAppendFormat(&text, "  (?) %d %s\n", count, what);
  };
  add(result.border, "may lie on the other side of the period's border");
  add(result.uncertain, "by the word of a device's clock");
  add(result.disputed, "by one of two values that stand side by side");
  add(result.unknown, "not counted: what they stand on is not on this device");
  add(result.valueless, "without the value that is asked for");
  add(result.drills, "exercises left out");
  return text;
}

std::string FiguresText(const Measure& measure) {
  std::string text;
  for (const domain::Figure& figure : measure.figures) {
    absl::StrAppendFormat(&text, "  %s: %s%d %s%s%s\n", std::string(NameOf(figure.kind)),
                          figure.at_least ? "at least " : "", figure.number,
                          figure.period.empty() ? "" : figure.period + " ",
                          figure.source.empty() ? "(proposed)" : "[" + figure.source + "]",
                          figure.note.empty() ? "" : " " + figure.note);
  }
  return text;
}

json FiguresJson(const Measure& measure, domain::FigureKind kind) {
  json list = json::array();
  for (const domain::Figure& figure : measure.figures) {
    if (figure.kind != kind) continue;
    list.push_back({{"number", figure.number},
                    {"at_least", figure.at_least},
                    {"period", figure.period},
                    {"source", figure.source},
                    {"note", figure.note}});
  }
  return list;
}

std::string RowText(Session& session, const Measure& measure, const standards::MeasureRow& row) {
  std::string text = "  " + field::CodeOf(row.file, row.kind);
  if (row.line.record) text += "  " + field::CodeOf(*row.line.record);
  if (row.line.at) text += "  " + field::ToLocalText(row.line.at->soft.latest);
  if (row.line.who) text += "  " + field::PersonName(session.vault, *row.line.who);
  if (row.line.value) text += "  " + ValueText(measure, *row.line.value);
  for (size_t i = 0; i < measure.by.size(); ++i) {
    if (row.line.by[i].empty()) continue;
    std::vector<std::string> words;
    for (const std::string& code : row.line.by[i]) {
      words.push_back(
          field::CodeText(session.vault, measure.by[i], code, session.options.language));
    }
    text += "  " + measure.by[i] + " " + absl::StrJoin(words, "+");
  }
  return text + (row.line.certain ? "\n" : " (?)\n");
}

json RowJson(const Measure& measure, const standards::MeasureRow& row) {
  const standards::Contribution& line = row.line;
  json codes = json::object();
  for (size_t i = 0; i < measure.by.size(); ++i) codes[measure.by[i]] = line.by[i];
  return {{"file", row.file.hex()},
          {"code", field::CodeOf(row.file, row.kind)},
          {"record", line.record ? json(line.record->hex()) : json()},
          {"part", line.part},
          {"at", line.at ? json(field::ToLocalIso(line.at->soft.latest)) : json()},
          {"value", line.value ? json(*line.value) : json()},
          {"who", line.who ? json(line.who->hex()) : json()},
          {"certain", line.certain},
          {"disputed", line.disputed},
          {"by", codes}};
}

std::string MarginsText(Session& session, const MeasureAnswered& answered) {
  std::string text;
  for (const auto& margin : answered.result.margins) {
    text += "  by " + margin.dimension + "\n";
    for (const auto& row : margin.rows) {
      const std::string name =
          field::CodeText(session.vault, margin.dimension, row.code, session.options.language);
      text += "    " + text::PadTo(text::CutTo(name, kRowCells), kRowCells) + "  " +
              FigureText(*answered.measure, row.figure);
      if (!(row.among == row.figure)) {
        text += "  (beside others: " + FigureText(*answered.measure, row.among) + ")";
      }
      text += "\n";
    }
  }
  return text;
}

json MarginsJson(const MeasureAnswered& answered) {
  json margins = json::object();
  for (const auto& margin : answered.result.margins) {
    json rows = json::array();
    for (const auto& row : margin.rows) {
      json object = FigureJson(*answered.measure, row.figure);
      object["code"] = row.code;
      object["among"] = FigureJson(*answered.measure, row.among);
      rows.push_back(object);
    }
    margins[margin.dimension] = rows;
  }
  return margins;
}

json AnswerJson(const MeasureAnswered& answered) {
  const Measure& measure = *answered.measure;
  const standards::MeasureResult& result = answered.result;
  json cells = json::array();
  for (const standards::MeasureCell& cell : result.cells) {
    json object = FigureJson(measure, cell.figure);
    object["codes"] = cell.codes;
    cells.push_back(object);
  }
  json rows = json::array();
  for (const standards::MeasureRow& row : result.rows) rows.push_back(RowJson(measure, row));
  const bool counted = measure.answer != domain::MeasureAnswer::kNone;
  return {{"id", measure.id},
          {"label", measure.label.en},
          {"source_status", domain::NameOf(measure.provenance.status)},
          {"sources", measure.provenance.sources},
          {"answer", domain::NameOf(measure.answer)},
          {"once", domain::NameOf(measure.once)},
          {"stock", measure.stock},
          {"span", OfSpans(measure)},
          {"unit", measure.unit.en},
          {"total", counted ? FigureJson(measure, result.total) : json()},
          {"by", MarginsJson(answered)},
          {"cells", cells},
          {"rows", rows},
          {"listed", result.listed},
          {"baselines", FiguresJson(measure, domain::FigureKind::kBaseline)},
          {"targets", FiguresJson(measure, domain::FigureKind::kTarget)},
          {"external", FiguresJson(measure, domain::FigureKind::kExternal)},
          {"answered_by", measure.answered_by},
          {"limits", measure.limits},
          {"border", result.border},
          {"uncertain", result.uncertain},
          {"disputed", result.disputed},
          {"unknown", result.unknown},
          {"valueless", result.valueless},
          {"drills", result.drills}};
}

std::string AnswerText(Session& session, const MeasureAnswered& answered) {
  const Measure& measure = *answered.measure;
  std::string text = absl::StrFormat("%s  %s  [%s]\n", measure.id,
                                     field::TextOf(measure.label, session.options.language),
                                     std::string(domain::NameOf(measure.provenance.status)));
  if (measure.answer == domain::MeasureAnswer::kNone) {
    text += "  not answered here: " + measure.answered_by + "\n";
  } else {
    const std::string unit = field::TextOf(measure.unit, session.options.language);
    text += "  " + FigureText(measure, answered.result.total) + (unit.empty() ? "" : "  " + unit) +
            "\n";
  }
  for (const auto& row : answered.result.rows) text += RowText(session, measure, row);
  if (const uint64_t more = answered.result.listed - answered.result.rows.size(); more > 0) {
    text += absl::StrFormat("  and %d more: narrow it down, or --rows N\n", more);
  }
  text += MarginsText(session, answered);
  text += FiguresText(measure);
  text += Reservations(answered.result);
  if (!measure.limits.empty()) text += "  " + measure.limits + "\n";
  return text;
}

absl::StatusOr<std::map<std::string, std::string>> FiltersOf(
    Session& session, const std::vector<std::string>& where) {
  std::map<std::string, std::string> codes;
  for (const std::string& one : where) {
    const size_t equals = one.find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError("want --where DIMENSION=CODE, got '" + one + "'");
    }
    const std::string dimension = one.substr(0, equals);
    std::string code = one.substr(equals + 1);
    if (dimension == domain::kByUnit || dimension == domain::kByFounder) {
      KAPEA_ASSIGN(const UnitId unit, field::FindUnit(session.vault, code));
      code = unit.hex();
    }
    codes[dimension] = code;
  }
  return codes;
}

absl::StatusOr<field::MeasureAsk> AskOf(Session& session, const QueryArgs& args) {
  const Time now = session.vault.clock().Now();
  field::MeasureAsk ask;
  if (!args.code.empty()) ask.measures = {args.code};
  ask.by = args.by;
  KAPEA_ASSIGN(ask.codes, FiltersOf(session, args.where));
  if (!args.unit.empty()) {
    KAPEA_ASSIGN(ask.unit, field::FindUnit(session.vault, args.unit));
  }
  if (!args.as_of.empty()) {
    KAPEA_ASSIGN(ask.as_of, field::ParseTime(args.as_of, now));
  }
  const bool days = !args.from.empty() || !args.to.empty();
  if (days && !args.period.empty()) {
    return absl::InvalidArgumentError("want --period, or --from and --to, not both");
  }
  if (days) {
    KAPEA_ASSIGN(ask.period, field::ParsePeriod(args.from, args.to, now));
  } else if (!args.period.empty()) {
    KAPEA_ASSIGN(ask.period, standards::ParsePeriod(args.period));
  }
  return ask;
}

absl::StatusOr<Result> ListAll(Session& session, domain::MeasureKind kind, const char* key) {
  KAPEA_ASSIGN(const auto measures, field::ListMeasures(session.vault, kind));
  Result result;
  json list = json::array();
  for (const Measure* measure : measures) {
    const bool counted = measure->answer != domain::MeasureAnswer::kNone;
    result.text += text::PadTo(measure->id, kCodeCells) + "  " +
                   field::TextOf(measure->label, session.options.language) +
                   (counted ? "" : "  (not answered here)") + "\n";
    list.push_back({{"id", measure->id},
                    {"label", measure->label.en},
                    {"answer", domain::NameOf(measure->answer)},
                    {"stock", measure->stock},
                    {"by", measure->by},
                    {"answered_by", measure->answered_by}});
  }
  if (measures.empty()) result.text = "the pack has none\n";
  result.json = {{key, list}};
  return result;
}

// What the ledger held, from the server alone.
struct Told {
  std::vector<MeasureAnswered> answers;
  std::optional<CountedByServer> server;
};

absl::StatusOr<Told> AskWhere(Session& session, domain::MeasureKind kind,
                              const field::MeasureAsk& ask, const QueryArgs& args) {
  Told told;
  if (args.server) {
    KAPEA_ASSIGN(told.server, CountByServer(session, kind, ask, args.province, args.rows));
    told.answers = std::move(told.server->answers);
    return told;
  }
  if (!args.province.empty()) {
    return absl::InvalidArgumentError("want --province with --server");
  }
  KAPEA_ASSIGN(told.answers, field::AnswerMeasures(session.vault, kind, ask));
  return told;
}

absl::StatusOr<Result> RunQuery(Session& session, domain::MeasureKind kind, const char* key,
                                const QueryArgs& args) {
  KAPEA_ASSIGN(const field::MeasureAsk ask, AskOf(session, args));
  if (ask.measures.empty()) return ListAll(session, kind, key);
  KAPEA_ASSIGN(const Told told, AskWhere(session, kind, ask, args));
  const auto& [answers, server] = told;
  Result result;
  json list = json::array();
  for (const MeasureAnswered& answered : answers) {
    result.text += AnswerText(session, answered);
    list.push_back(AnswerJson(answered));
  }
  const MeasureAnswered& first = answers.front();
  result.text += absl::StrFormat("%d files %s, as of %s; pack %s %d\n", first.files,
                                 server ? "that the server lets you count" : "of this device",
                                 field::ToLocalText(first.as_of), first.pack, first.pack_version);
  if (server) result.text += absl::StrFormat("ledger size %d\n", server->ledger_size);
  const auto bound = [&](Time standards::Period::*end, Time open) {
    const bool said = ask.period && ask.period.value().*end != open;
    return said ? json(field::ToLocalIso(ask.period.value().*end)) : json();
  };
  result.json = {
      {"as_of", field::ToLocalIso(first.as_of)},
      {"from", bound(&standards::Period::from, Time::Min())},
      {"before", bound(&standards::Period::to, Time::Max())},
      {"files", first.files},
      {"ledger",
       server ? json{{"size", server->ledger_size}, {"root", server->ledger_root.hex()}} : json()},
      {"pack",
       {{"id", first.pack}, {"version", first.pack_version}, {"hash", first.pack_hash.hex()}}},
      {key, list}};
  return result;
}

void AddQuery(CLI::App& app, Chosen& chosen, domain::MeasureKind kind, const char* name,
              const char* what, const char* key, const char* example) {
  auto args = std::make_shared<QueryArgs>();
  CLI::App* one = app.add_subcommand(name, what);
  one->add_option("code", args->code, "Which one; without it all are listed");
  one->add_option("--unit", args->unit, "Files of a unit, by its code");
  one->add_option("--from", args->from, "First day, month or year");
  one->add_option("--to", args->to, "Last day, month or year");
  one->add_option("--period", args->period,
                  "2026, 2026-H1, 2026-Q3, 2026-09, FY2026 (from October)");
  one->add_flag("--server", args->server,
                "Of all files of the units where you are supervisor or analyst, by the server");
  one->add_option("--rows", args->rows, "With --server: of a list so many; default 1000");
  one->add_option("--province", args->province, "With --server: units of that province, 12");
  one->add_option("--as-of", args->as_of, "By what the ledger held at that time");
  one->add_option("--by", args->by, "Break it down by these dimensions: A,B,...")->delimiter(',');
  one->add_option("--where", args->where, "Lines with that code alone: DIMENSION=CODE, repeatable");
  one->footer(
      std::string(
          "Of the files on this device, or with --server of those of your units; exercises\n"
          "left out. Nobody is named.\nExample: ") +
      example);
  one->callback([args, kind, key, &chosen] {
    chosen.network = args->server;
    chosen.run = [args, kind, key](Session& session) {
      return RunQuery(session, kind, key, *args);
    };
  });
}

}  // namespace

void AddQueryCommands(CLI::App& app, Chosen& chosen) {
  AddQuery(app, chosen, domain::MeasureKind::kQuestion, "query", "What a supervisor asks",
           "questions", "kapea query Q05 --period 2026-Q3 --by founder,month");
  AddQuery(app, chosen, domain::MeasureKind::kIndicator, "indicator",
           "The figures that are reported", "indicators",
           "kapea indicator I-V03 --period FY2026 --by age,sex");
}

}  // namespace kapea::cli
