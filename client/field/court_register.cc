#include "client/field/court_register.h"

#include <algorithm>
#include <tuple>

#include "client/field/names.h"
#include "common/base/macros.h"
#include "common/domain/record.h"

namespace kapea::field {
namespace {

constexpr char kCaseForm[] = "KH-JUSTICE-CASE";
constexpr char kAccusedForm[] = "KH-ACCUSED";
constexpr char kChargeForm[] = "KH-CHARGE";
constexpr char kHearingForm[] = "KH-HEARING";
constexpr char kAwardForm[] = "KH-AWARD";

std::string CodeIn(const domain::Record& record, std::string_view field) {
  const auto* code = record.ShownAs<domain::Code>(field);
  return code == nullptr ? "" : code->code;
}

template <typename T>
std::optional<T> ValueIn(const domain::Record& record, std::string_view field) {
  const T* value = record.ShownAs<T>(field);
  return value == nullptr ? std::nullopt : std::optional<T>(*value);
}

bool Has(const domain::Record& record, std::string_view field) {
  return record.ShownAs<Time>(field) != nullptr;
}

bool AnyAccused(const domain::FileState& file, std::string_view field) {
  const auto all = file.RecordsOf(kAccusedForm);
  return std::any_of(all.begin(), all.end(),
                     [field](const domain::Record* one) { return Has(*one, field); });
}

std::string StageOf(const domain::FileState& file, const domain::Record& record) {
  const std::pair<const char*, bool> stages[] = {
      {"L13", Has(record, "final_at")},
      {"L12", Has(record, "appeal_at")},
      {"L11", Has(record, "civil_at") || !file.RecordsOf(kAwardForm).empty()},
      {"L10", Has(record, "verdict_at")},
      {"L9", Has(record, "trial_at") || !file.RecordsOf(kHearingForm).empty()},
      {"L8", Has(record, "closing_order_at")},
      {"L7", !CodeIn(record, "procedure").empty()},
      {"L6", Has(record, "charged_at") || !file.RecordsOf(kChargeForm).empty()},
      {"L5", Has(record, "prosecutor_at")},
      {"L4", AnyAccused(file, "unit_arrival_at")},
      {"L3", AnyAccused(file, "arrested_at")},
      {"L2", Has(record, "inquiry_at")}};
  for (const auto& [stage, reached] : stages) {
    if (reached) return stage;
  }
  return "L1";
}

void AddAccused(const domain::FileState& file, const domain::Record& accused, RegisterRow row,
                std::vector<RegisterRow>& rows) {
  row.accused = ValueIn<int64_t>(accused, "number").value_or(0);
  row.sex = CodeIn(accused, "sex");
  row.age_band = CodeIn(accused, "age_band");
  row.state = CodeIn(accused, "state");
  const auto from = ValueIn<Time>(accused, "unit_arrival_at");
  const auto to = ValueIn<Time>(accused, "custody_ended_at");
  if (from && to) row.custody = *to - *from;
  const auto charges = file.ChildrenOf(accused.id, kChargeForm);
  if (charges.empty()) rows.push_back(row);
  for (const domain::Record* charge : charges) {
    row.article = CodeIn(*charge, "article");
    row.outcome = CodeIn(*charge, "outcome");
    row.sentence_months = ValueIn<int64_t>(*charge, "sentence_months");
    rows.push_back(row);
  }
}

void AddCase(const domain::FileState& file, const domain::Record& record,
             std::vector<RegisterRow>& rows) {
  RegisterRow row;
  row.case_code = CodeOf(file.id(), file.kind());
  row.complaint_at = ValueIn<Time>(record, "complaint_at");
  row.case_class = CodeIn(record, "case_class");
  row.province = CodeIn(record, "province");
  row.court = CodeIn(record, "court");
  row.stage = StageOf(file, record);
  row.verdict_at = ValueIn<Time>(record, "verdict_at");
  row.final_at = ValueIn<Time>(record, "final_at");
  const auto accused = file.RecordsOf(kAccusedForm);
  if (accused.empty()) rows.push_back(row);
  for (const domain::Record* one : accused) AddAccused(file, *one, row, rows);
}

bool IsWithin(const std::optional<Time>& at, const RegisterRequest& request) {
  if (!request.from && !request.to) return true;
  if (!at) return false;
  return (!request.from || *at >= *request.from) && (!request.to || *at < *request.to);
}

std::string Cell(const std::optional<Time>& at) { return at ? ToIso8601(*at) : ""; }

}  // namespace

absl::StatusOr<std::vector<RegisterRow>> CourtRegister(vault::Vault& vault,
                                                       const RegisterRequest& request) {
  std::vector<RegisterRow> rows;
  for (const vault::FileLine& line : vault.Files()) {
    if (line.kind != domain::FileKind::kJustice || line.drill) continue;
    KAPEA_ASSIGN(const auto state, vault.File(line.file));
    const domain::Record* record = state->FirstOf(kCaseForm);
    if (record == nullptr || !IsWithin(ValueIn<Time>(*record, "complaint_at"), request)) continue;
    AddCase(*state, *record, rows);
  }
  std::sort(rows.begin(), rows.end(), [](const RegisterRow& a, const RegisterRow& b) {
    return std::tie(a.complaint_at, a.case_code, a.accused, a.article) <
           std::tie(b.complaint_at, b.case_code, b.accused, b.article);
  });
  return rows;
}

std::string ToCsv(const std::vector<RegisterRow>& rows) {
  std::string csv =
      "case,complaint_at,class,province,court,stage,accused,sex,age_group,state,custody_hours,"
      "article,outcome,sentence_months,verdict_at,final_at\n";
  for (const RegisterRow& row : rows) {
    const std::string cells[] = {
        row.case_code,
        Cell(row.complaint_at),
        row.case_class,
        row.province,
        row.court,
        row.stage,
        row.accused == 0 ? "" : std::to_string(row.accused),
        row.sex,
        row.age_band,
        row.state,
        row.custody ? std::to_string(row.custody->milliseconds() / 3'600'000) : "",
        row.article,
        row.outcome,
        row.sentence_months ? std::to_string(*row.sentence_months) : "",
        Cell(row.verdict_at),
        Cell(row.final_at)};
    for (size_t i = 0; i < std::size(cells); ++i) csv += (i == 0 ? "" : ",") + cells[i];
    csv += "\n";
  }
  return csv;
}

}  // namespace kapea::field
