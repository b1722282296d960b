// kapea justice register
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/court_register.h"
#include "common/base/file.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

struct RegisterArgs {
  std::string period;
  std::string csv;
};

json RowJson(const field::RegisterRow& row) {
  const auto time = [](const std::optional<Time>& at) {
    return at ? json(ToIso8601(*at)) : json();
  };
  return {{"case", row.case_code},
          {"complaint_at", time(row.complaint_at)},
          {"class", row.case_class},
          {"province", row.province},
          {"court", row.court},
          {"stage", row.stage},
          {"accused", row.accused == 0 ? json() : json(row.accused)},
          {"sex", row.sex},
          {"age_group", row.age_band},
          {"state", row.state},
          {"custody_ms", row.custody ? json(row.custody->milliseconds()) : json()},
          {"article", row.article},
          {"outcome", row.outcome},
          {"sentence_months", row.sentence_months ? json(*row.sentence_months) : json()},
          {"verdict_at", time(row.verdict_at)},
          {"final_at", time(row.final_at)}};
}

std::string RowText(const field::RegisterRow& row) {
  return absl::StrFormat(
      "%-10s %-10s %-19s %2s %-3s %3s %-10s %-8s %-11s %s\n", row.case_code,
      row.complaint_at ? field::ToLocalText(*row.complaint_at).substr(0, 10) : "-",
      ShortText(row.case_class, 19), row.province, row.stage,
      row.accused == 0 ? "-" : std::to_string(row.accused), ShortText(row.state, 10),
      ShortText(row.article, 8), row.outcome.empty() ? "-" : row.outcome,
      row.sentence_months ? std::to_string(*row.sentence_months) + " months" : "");
}

absl::StatusOr<Result> RunRegister(Session& session, const RegisterArgs& args) {
  field::RegisterRequest request;
  if (!args.period.empty()) {
    KAPEA_ASSIGN(const domain::Date date,
                 field::ParseDate(args.period, session.vault.clock().Now()));
    KAPEA_ASSIGN(const field::Days days, field::DaysOf(date));
    request.from = field::StartOf(days.first);
    request.to = field::StartOf(days.last) + Duration::Hours(24);
  }
  KAPEA_ASSIGN(const auto rows, field::CourtRegister(session.vault, request));
  Result result;
  if (!args.csv.empty()) {
    KAPEA_TRY(WriteFileAtomically(args.csv, field::ToCsv(rows), kPrivateFileMode));
    result.text = absl::StrFormat("%d lines written: %s\n", rows.size(), args.csv);
  } else {
    for (const field::RegisterRow& row : rows) result.text += RowText(row);
    if (rows.empty()) result.text = "no court case in this period on this device\n";
  }
  json lines = json::array();
  for (const field::RegisterRow& row : rows) lines.push_back(RowJson(row));
  result.json = {{"register", lines}};
  return result;
}

}  // namespace

void AddCourtRegister(CLI::App& justice, Chosen& chosen) {
  auto args = std::make_shared<RegisterArgs>();
  CLI::App* one = justice.add_subcommand("register", "Every charge of every case: a line each");
  one->add_option("--period", args->period, "Complaints of 2026, of 2026-11, of a day");
  one->add_option("--csv", args->csv, "Write it to this file instead");
  one->callback([args, &chosen] {
    chosen.run = [args](Session& session) { return RunRegister(session, *args); };
  });
}

}  // namespace kapea::cli
