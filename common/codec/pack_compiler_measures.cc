// Questions and indicators: from their messages to values, and what they may name.
#include <algorithm>

#include "common/codec/pack_compiler_build.h"
#include "common/codec/pack_compiler_types.h"
#include "common/domain/roles.h"
#include "common/standards/period.h"

namespace kapea::codec {
namespace {

using domain::FileKind;
using domain::Measure;
using domain::MeasureAnswer;
using domain::MeasureOver;
using domain::MeasurePart;

std::vector<domain::FindingStatus> BuildStatuses(
    const google::protobuf::RepeatedPtrField<std::string>& names, const char* field,
    const Place& place, Report& report) {
  std::vector<domain::FindingStatus> statuses;
  for (int i = 0; i < names.size(); ++i) {
    const auto status = domain::FindingStatusNamed(names[i]);
    if (status == domain::FindingStatus::kNone) {
      report.Add(place.At(field, i, names[i]),
                 "want the status of a finding, got '" + names[i] + "'");
    }
    statuses.push_back(status);
  }
  return statuses;
}

domain::FindingFilter BuildFilter(const v1::FindingFilter& message, const Place& place,
                                  Report& report) {
  domain::FindingFilter filter;
  filter.codes.assign(message.codes().begin(), message.codes().end());
  filter.statuses = BuildStatuses(message.statuses(), "statuses", place, report);
  filter.of_statuses = BuildStatuses(message.of_statuses(), "of_statuses", place, report);
  for (int i = 0; i < message.severities_size(); ++i) {
    filter.severities.push_back(static_cast<domain::Severity>(message.severities(i)));
    if (filter.severities.back() == domain::Severity::kNone) {
      report.Add(place.At("severities", i, ""), "want a severity");
    }
  }
  filter.critical = message.critical();
  filter.or_not_done = message.or_not_done();
  filter.weighted = message.weighted();
  return filter;
}

bool OfFindings(MeasureOver over) {
  return over == MeasureOver::kFindings || over == MeasureOver::kNeeds;
}

// Of findings it may be a word.
void BuildAt(const v1::MeasurePart& message, const Place& place, Report& report,
             MeasurePart& part) {
  part.at_due = OfFindings(part.over) && message.at() == "due";
  part.at_done = OfFindings(part.over) && message.at() == "done";
  if (part.at_due || part.at_done) return;
  if (part.over != MeasureOver::kRecords && !OfFindings(part.over) && !message.at().empty()) {
    report.Add(place.Part("at"), "want no moment: each line has its own");
  }
  part.at = BuildCondition(message.at(), place.Part("at"), report);
}

MeasurePart BuildPart(const v1::MeasurePart& message, const Place& place, const PackBuild& build) {
  Report& report = build.report;
  MeasurePart part;
  part.code = message.code();
  part.file_kind = static_cast<FileKind>(message.file_kind());
  if (part.file_kind == FileKind::kNone) {
    report.Add(place.Part("file_kind"), "want the kind of file that counts");
  }
  part.over = static_cast<MeasureOver>(message.over());
  if (part.over == MeasureOver::kNone) report.Add(place.Part("over"), "want what the lines are");
  part.per = message.per();
  part.of = BuildCondition(message.of(), place.Part("of"), report);
  part.when = BuildCondition(message.when(), place.Part("when"), report);
  BuildAt(message, place, report, part);
  part.value = BuildCondition(message.value(), place.Part("value"), report);
  part.limit = BuildCondition(message.limit(), place.Part("limit"), report);
  part.person = message.person();
  part.findings = BuildFilter(message.findings(), place.Part("findings"), report);
  if (message.standard().empty()) return part;
  for (const auto& standard : build.pack.standards) {
    if (standard->id != message.standard() || standard->file_kind != part.file_kind) continue;
    if (part.standard == nullptr || part.standard->version < standard->version) {
      part.standard = standard.get();
    }
  }
  if (part.standard == nullptr) {
    report.Add(place.Part("standard"),
               "want a standard for this kind of file, got '" + message.standard() + "'");
  }
  return part;
}

void BuildFigures(const v1::Measure& message, const Place& place, const PackBuild& build,
                  Measure& measure) {
  for (int i = 0; i < message.figures_size(); ++i) {
    const v1::Figure& figure = message.figures(i);
    const Place at = place.At("figures", i, "");
    if (figure.kind() == v1::FIGURE_KIND_UNSPECIFIED) {
      build.report.Add(at.Part("kind"), "want baseline, target or external");
    }
    if (!figure.period().empty()) {
      const auto period = standards::ParsePeriod(figure.period());
      if (!period.ok()) build.report.Add(at.Part("period"), std::string(period.status().message()));
    } else if (figure.note().empty()) {
      build.report.Add(at.Part("note"), "want a period, or a note that says for when it is");
    }
    if (!figure.source().empty()) {
      CheckSource(figure.source(), at.Part("source"), build);
    } else if (figure.kind() != v1::FIGURE_KIND_TARGET) {
      build.report.Add(at.Part("source"), "want a source: a target alone can be proposed");
    }
    measure.figures.push_back({static_cast<domain::FigureKind>(figure.kind()), figure.number(),
                               figure.period(), figure.source(), figure.note(), figure.at_least()});
  }
}

void BuildParts(const v1::Measure& message, const Place& place, const PackBuild& build,
                Measure& measure) {
  std::set<std::string> codes;
  for (int i = 0; i < message.parts_size(); ++i) {
    const v1::MeasurePart& part = message.parts(i);
    const Place at = place.At("parts", i, part.code());
    if (message.parts_size() > 1 || !part.code().empty()) {
      TakeCode(part.code(), {false, true, "_", 40}, codes, at.Part("code"), build.report);
    }
    measure.parts.push_back(BuildPart(part, at, build));
  }
}

// An answer stands on parts, and who has none says what is missing.
void CheckShape(const Measure& measure, const Place& place, Report& report) {
  const bool answered = measure.answer != MeasureAnswer::kNone;
  if (measure.kind == domain::MeasureKind::kNone) {
    report.Add(place.Part("kind"), "want a question or an indicator");
  }
  if (answered && measure.parts.empty()) report.Add(place.Part("parts"), "want what counts");
  if (!answered && !measure.parts.empty()) report.Add(place.Part("answer"), "want an answer");
  if (answered == (measure.once == domain::MeasureOnce::kNone)) {
    report.Add(place.Part("once"), answered ? "want what counts once" : "want no such rule");
  }
  if (!answered && measure.answered_by.empty()) {
    report.Add(place.Part("answered_by"), "want parts, or what is missing for an answer");
  }
  if (answered && !measure.answered_by.empty()) {
    report.Add(place.Part("answered_by"), "want parts or what is missing, not both: see limits");
  }
  if (measure.kind == domain::MeasureKind::kIndicator && measure.unit.en.empty()) {
    report.Add(place.Part("unit"), "want what is counted");
  }
}

void BuildDimensions(const PackBuild& build) {
  std::set<std::string> ids;
  for (int i = 0; i < build.message.dimensions_size(); ++i) {
    const v1::Dimension& message = build.message.dimensions(i);
    const Place place = Place().At("dimensions", i, message.id());
    TakeCode(message.id(), {false, true, "_", 40}, ids, place.Part("id"), build.report);
    if (domain::IsBuiltInDimension(message.id())) {
      build.report.Add(place.Part("id"),
                       "want a name of its own, got the built-in '" + message.id() + "'");
    }
    domain::Dimension& dimension = build.pack.dimensions.emplace_back();
    dimension.id = message.id();
    dimension.label = BuildLabel(message.label(), place.Part("label"), build.report);
    dimension.code_list = message.code_list();
    dimension.provenance = BuildProvenance(message.provenance(), place.Part("provenance"), build);
    if (message.values().empty()) build.report.Add(place.Part("values"), "want a value");
    for (int j = 0; j < message.values_size(); ++j) {
      const v1::DimensionValue& value = message.values(j);
      const Place at = place.At("values", j, "");
      if (value.value().empty()) build.report.Add(at.Part("value"), "want an expression");
      dimension.values.push_back({static_cast<FileKind>(value.file_kind()), value.form(),
                                  BuildCondition(value.value(), at.Part("value"), build.report),
                                  BuildCondition(value.when(), at.Part("when"), build.report)});
    }
  }
}

// The second step, when all fields are there.
class MeasureChecker {
 public:
  MeasureChecker(const PackBuild& build, ConditionChecker& checker)
      : build_(build), checker_(checker) {}

  void Check(domain::Dimension& dimension, const Place& place) {
    const domain::CodeList* list = build_.pack.FindCodeList(dimension.code_list);
    if (list == nullptr) {
      build_.report.Add(place.Part("code_list"),
                        "want a code list of the pack, got '" + dimension.code_list + "'");
      return;
    }
    for (size_t i = 0; i < dimension.values.size(); ++i) {
      domain::DimensionValue& value = dimension.values[i];
      const Place at = place.At("values", static_cast<int>(i), "");
      NameScope scope{value.file_kind, nullptr, nullptr, false};
      scope.form = FormIn(value.form, scope, at.Part("form"));
      value.moment = checker_.WantCode(value.value, *list, scope, at.Part("value"));
      checker_.WantTruth(value.when, scope, at.Part("when"));
    }
  }

  void Check(Measure& measure, const Place& place) {
    const size_t before = build_.report.mistakes().size();
    for (size_t i = 0; i < measure.parts.size(); ++i) {
      MeasurePart& part = measure.parts[i];
      CheckPart(measure, part, place.At("parts", static_cast<int>(i), part.code));
    }
    if (build_.report.mistakes().size() > before || measure.parts.empty()) return;
    for (size_t i = 0; i < measure.by.size(); ++i) {
      const Place at = place.At("by", static_cast<int>(i), measure.by[i]);
      const domain::Dimension* dimension = build_.pack.FindDimension(measure.by[i]);
      const bool month = measure.by[i] == domain::kByMonth;
      if (month && measure.stock) {
        build_.report.Add(at, "want no month where the answer is how things stand");
      } else if (dimension == nullptr && !domain::IsBuiltInDimension(measure.by[i])) {
        build_.report.Add(at, "want a dimension, got '" + measure.by[i] + "'");
      } else if (dimension != nullptr) {
        CheckReach(measure, *dimension, at);
      }
    }
  }

 private:
  const domain::Form* FormIn(const std::string& id, const NameScope& scope, const Place& place) {
    if (id.empty()) return nullptr;
    const domain::Form* form = checker_.FindForm(id, scope);
    if (form == nullptr) {
      build_.report.Add(place, "want a form of this kind of file, got '" + id + "'");
    }
    return form;
  }

  // At least one part has a value for it.
  void CheckReach(const Measure& measure, const domain::Dimension& dimension, const Place& place) {
    for (const MeasurePart& part : measure.parts) {
      for (const domain::DimensionValue& value : dimension.values) {
        const bool form = value.form.empty() || value.form == part.per;
        if (value.file_kind == part.file_kind && form) return;
      }
    }
    build_.report.Add(place, "want a dimension that has a value for these files");
  }

  void CheckAmounts(const Measure& measure, MeasurePart& part, const NameScope& scope,
                    const Place& place) {
    const auto value = checker_.WantAmount(part.value, scope, place.Part("value"));
    const auto limit = checker_.WantAmount(part.limit, scope, place.Part("limit"));
    if (value && limit && *value != *limit) {
      build_.report.Add(place.Part("limit"), "want a limit of the same kind as the value");
    }
    part.span = value.value_or(limit.value_or(false));
    const bool amount =
        measure.answer == MeasureAnswer::kSum || measure.answer == MeasureAnswer::kMedian;
    if (amount && part.over == MeasureOver::kRecords && part.value.empty()) {
      build_.report.Add(place.Part("value"), "want what is added up or measured");
    }
  }

  void CheckPart(const Measure& measure, MeasurePart& part, const Place& place) {
    NameScope scope{part.file_kind, nullptr, part.standard, false};
    const domain::Form* form = FormIn(part.per, scope, place.Part("per"));
    if (form == nullptr && !part.per.empty()) return;
    if (part.over == MeasureOver::kRecords) scope.form = form;
    const bool own = part.over != MeasureOver::kRecords && !OfFindings(part.over);
    const bool timed = own || part.at_due || part.at_done || !part.at.empty();
    if (part.over == MeasureOver::kNeeds && part.per.empty()) {
      build_.report.Add(place.Part("per"), "want the form whose needs count");
    }
    checker_.WantTruth(part.of, scope, place.Part("of"));
    checker_.WantTruth(part.when, scope, place.Part("when"));
    checker_.WantMoment(part.at, scope, place.Part("at"));
    CheckAmounts(measure, part, scope, place);
    if (!measure.stock && !timed) {
      build_.report.Add(place.Part("at"), "want the moment that decides the period, or a stock");
    }
    CheckFindings(measure, part, form, place.Part("findings"));
    if (part.person.empty()) return;
    const domain::Field* field = form == nullptr ? nullptr : form->FindField(part.person);
    if (field == nullptr || field->sealed() || field->type != domain::FieldType::kFile) {
      build_.report.Add(place.Part("person"), "want a clear field of " + part.per +
                                                  " that is a file, got '" + part.person + "'");
    }
  }

  bool IsJudged(const std::string& wanted, FileKind kind, const domain::Form* needs) const {
    domain::FindingFilter one;
    one.codes = {wanted};
    const auto in = [&](const domain::Form& form, bool items) {
      return std::any_of(form.by_code.begin(), form.by_code.end(), [&](const auto& entry) {
        return one.Names(entry.first) && (!items || entry.second->item);
      });
    };
    if (needs != nullptr) return in(*needs, false);
    for (const auto& standard : build_.pack.standards) {
      if (standard->file_kind != kind) continue;
      for (const auto& clause : standard->clauses) {
        if (one.Names(clause.id)) return true;
      }
    }
    return std::any_of(build_.pack.forms.begin(), build_.pack.forms.end(), [&](const auto& form) {
      return form->file_kind == kind && in(*form, true);
    });
  }

  void CheckFindings(const Measure& measure, const MeasurePart& part, const domain::Form* form,
                     const Place& place) {
    if (!OfFindings(part.over)) return;
    const domain::FindingFilter& filter = part.findings;
    const auto* needs = part.over == MeasureOver::kNeeds ? form : nullptr;
    for (size_t i = 0; i < filter.codes.size(); ++i) {
      if (IsJudged(filter.codes[i], part.file_kind, needs)) continue;
      build_.report.Add(
          place.At("codes", static_cast<int>(i), filter.codes[i]),
          "want a clause, item or field of this kind of file, got '" + filter.codes[i] + "'");
    }
    if (filter.statuses.empty()) build_.report.Add(place.Part("statuses"), "want a status");
    if (filter.weighted && measure.once != domain::MeasureOnce::kRecord) {
      build_.report.Add(place.Part("weighted"), "want weights where each finding counts once");
    }
    const bool share = measure.answer == MeasureAnswer::kShare;
    if (share == filter.of_statuses.empty()) {
      build_.report.Add(place.Part("of_statuses"),
                        share ? "want what it is a share of" : "want them for a share alone");
    }
  }

  const PackBuild& build_;
  ConditionChecker& checker_;
};

}  // namespace

void BuildMeasures(const PackBuild& build) {
  BuildDimensions(build);
  std::set<std::string> ids;
  for (int i = 0; i < build.message.measures_size(); ++i) {
    const v1::Measure& message = build.message.measures(i);
    const Place place = Place().At("measures", i, message.id());
    TakeCode(message.id(), {true, true, "-", 40}, ids, place.Part("id"), build.report);
    Measure& measure = build.pack.measures.emplace_back();
    measure.id = message.id();
    measure.kind = static_cast<domain::MeasureKind>(message.kind());
    measure.label = BuildLabel(message.label(), place.Part("label"), build.report);
    measure.answer = static_cast<MeasureAnswer>(message.answer());
    measure.once = static_cast<domain::MeasureOnce>(message.once());
    measure.stock = message.stock();
    BuildParts(message, place, build, measure);
    measure.by.assign(message.by().begin(), message.by().end());
    measure.unit = BuildOptionalLabel(message.unit(), place.Part("unit"), build.report);
    BuildFigures(message, place, build, measure);
    measure.answered_by = message.answered_by();
    measure.limits = message.limits();
    measure.provenance = BuildProvenance(message.provenance(), place.Part("provenance"), build);
    CheckShape(measure, place, build.report);
  }
}

void CheckMeasures(const PackBuild& build, ConditionChecker& conditions) {
  MeasureChecker checker(build, conditions);
  for (size_t i = 0; i < build.pack.dimensions.size(); ++i) {
    domain::Dimension& dimension = build.pack.dimensions[i];
    checker.Check(dimension, Place().At("dimensions", static_cast<int>(i), dimension.id));
  }
  for (size_t i = 0; i < build.pack.measures.size(); ++i) {
    Measure& measure = build.pack.measures[i];
    checker.Check(measure, Place().At("measures", static_cast<int>(i), measure.id));
  }
}

}  // namespace kapea::codec
