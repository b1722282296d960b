#include "client/field/measures.h"

#include <algorithm>

#include "client/field/calendar.h"
#include "client/field/links.h"
#include "client/field/names.h"
#include "common/base/macros.h"
#include "common/base/text.h"

namespace kapea::field {
namespace {

using domain::Measure;
using standards::FileContributions;

absl::StatusOr<const domain::Pack*> PackOf(vault::Vault& vault) {
  const domain::Pack* pack = vault.NewestPack();
  if (pack != nullptr) return pack;
  return absl::FailedPreconditionError("this device has no pack yet: sync once");
}

absl::StatusOr<std::vector<FileContributions>> Contribute(
    vault::Vault& vault, const domain::Pack& pack, const std::vector<const Measure*>& measures,
    const MeasureAsk& ask) {
  const Time as_of = ask.as_of.value_or(vault.clock().Now());
  const HeldLinks links(vault, ask.as_of);
  std::vector<FileContributions> files;
  for (const vault::FileLine& line : vault.Files()) {
    const auto state = FileAt(vault, line.file, ask.as_of);
    if (absl::IsNotFound(state.status())) continue;  // founded later than that moment
    KAPEA_TRY(state.status());
    files.push_back(standards::Contributions({**state, as_of, &links}, pack, measures));
  }
  return files;
}

}  // namespace

absl::StatusOr<std::vector<const Measure*>> ListMeasures(vault::Vault& vault,
                                                         domain::MeasureKind kind) {
  KAPEA_ASSIGN(const domain::Pack* pack, PackOf(vault));
  std::vector<const Measure*> measures;
  for (const Measure& measure : pack->measures) {
    if (measure.kind == kind) measures.push_back(&measure);
  }
  return measures;
}

absl::StatusOr<std::vector<MeasureAnswered>> AnswerMeasures(vault::Vault& vault,
                                                            domain::MeasureKind kind,
                                                            const MeasureAsk& ask) {
  KAPEA_ASSIGN(const domain::Pack* pack, PackOf(vault));
  const auto [measures, unknown] = standards::MeasuresNamed(*pack, kind, ask.measures);
  if (!unknown.empty()) {
    return absl::NotFoundError("no " + std::string(domain::NameOf(kind)) + " " + *unknown.begin() +
                               " in pack " + pack->id + "; without a code all are listed");
  }
  KAPEA_ASSIGN(const auto files, Contribute(vault, *pack, measures, ask));
  std::vector<MeasureAnswered> answers;
  for (const Measure* measure : measures) {
    MeasureAnswered answered;
    answered.measure = measure;
    answered.files = files.size();
    answered.as_of = ask.as_of.value_or(vault.clock().Now());
    answered.pack = pack->id;
    answered.pack_version = pack->version;
    answered.pack_hash = pack->hash;
    if (measure->answer != domain::MeasureAnswer::kNone) {
      KAPEA_ASSIGN(answered.result,
                   standards::Answer(*measure, files, {ask.period, ask.unit, ask.codes, ask.by}));
    }
    answers.push_back(std::move(answered));
  }
  return answers;
}

std::string CodeText(vault::Vault& vault, std::string_view dimension, const std::string& code,
                     Language language) {
  if (code.empty()) return "not said";
  if (code == standards::kSeveralCodes) return "several";
  if (dimension == domain::kByUnit || dimension == domain::kByFounder) {
    const auto unit = UnitId::FromHexText(code);
    return unit.ok() ? UnitName(vault, *unit) : code;
  }
  const domain::Pack* pack = vault.NewestPack();
  const auto* known = pack != nullptr ? pack->FindDimension(dimension) : nullptr;
  const auto* list = known != nullptr ? pack->FindCodeList(known->code_list) : nullptr;
  if (list == nullptr) return code;
  for (const domain::CodeItem& item : list->codes) {
    if (item.code == code) return TextOf(item.label, language);
  }
  return code;
}

absl::StatusOr<standards::Period> ParsePeriod(std::string_view from, std::string_view to,
                                              Time now) {
  standards::Period period;
  if (!from.empty()) {
    KAPEA_ASSIGN(const domain::Date date, ParseDate(from, now));
    KAPEA_ASSIGN(const Days days, DaysOf(date));
    period.from = StartOf(days.first);
  }
  if (!to.empty()) {
    KAPEA_ASSIGN(const domain::Date date, ParseDate(to, now));
    KAPEA_ASSIGN(const Days days, DaysOf(date));
    period.to = StartOf(days.last) + Duration::Days(1);
  }
  if (period.from < period.to) return period;
  return absl::InvalidArgumentError("want a period that begins before it ends");
}

}  // namespace kapea::field
