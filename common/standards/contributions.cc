#include "common/standards/contributions.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "common/domain/evaluate.h"
#include "common/domain/roles.h"
#include "common/standards/contribution_facts.h"
#include "common/standards/period.h"

namespace kapea::standards {
namespace {

using domain::Condition;
using domain::EventTime;
using domain::FileState;
using domain::Measure;
using domain::MeasureAnswer;
using domain::MeasureOver;
using domain::MeasurePart;
using domain::Outcome;
using domain::Record;
using Codes = std::vector<std::string>;

constexpr size_t kDeviceCharacters = 8;

std::string YesNo(bool truth) { return truth ? "yes" : "no"; }

// What a line knows beside what expressions say.
using BuiltIn = std::map<std::string_view, Codes>;

// Works the lines of one file out. What several measures ask is worked out once.
class Collector {
 public:
  Collector(const Asked& asked, const domain::Pack& pack, FileContributions& into)
      : asked_(asked), pack_(pack), into_(into) {}

  void Collect(const Measure& measure) {
    measure_ = &measure;
    for (const MeasurePart& part : measure.parts) {
      if (part.file_kind != asked_.file.kind()) continue;
      part_ = &part;
      switch (part.over) {
        case MeasureOver::kRecords:
          CollectRecords();
          break;
        case MeasureOver::kFindings:
        case MeasureOver::kNeeds:
          CollectFindings();
          break;
        case MeasureOver::kWaivers:
          CollectWaivers();
          break;
        case MeasureOver::kReads:
          CollectReads();
          break;
        case MeasureOver::kVersions:
          CollectVersions();
          break;
        case MeasureOver::kDevices:
          CollectDevices();
          break;
        case MeasureOver::kNone:
          break;
      }
    }
  }

 private:
  domain::Scope ScopeOf(const Record* record) {
    domain::Scope scope{asked_.file, asked_.as_of, asked_.linked, part_->standard, record};
    scope.until = asked_.until;
    if (part_->standard != nullptr) scope.events = &events_[part_->standard];
    return scope;
  }

  // A line that nothing is known of but where it stands.
  Contribution Begin(const Record* record) const {
    Contribution line;
    line.measure = measure_->id;
    line.part = part_->code;
    if (record != nullptr) line.record = record->id;
    if (asked_.file.kind() == domain::FileKind::kPerson) line.person = asked_.file.id();
    if (record != nullptr && !part_->person.empty()) {
      if (const auto* named = record->ShownAs<domain::Reference>(part_->person)) {
        line.person = FileId::FromPrefix(named->id.view());
      }
    }
    return line;
  }

  static void Note(const Outcome& used, Contribution& line) {
    line.certain = line.certain && used.certain;
    line.disputed = line.disputed || used.disputed;
    line.known = line.known && !used.unknown();
  }

  void LastsUntil(Time moment) const {
    if (asked_.until != nullptr) *asked_.until = std::min(*asked_.until, moment);
  }

  bool HasCome(Time moment) const {
    if (moment > asked_.as_of) LastsUntil(moment);
    return moment <= asked_.as_of;
  }

  // Whether the file itself fits, for lines that are no records. An unknown one is noted.
  bool FileFits(Contribution& line) {
    for (const Condition* condition : {&part_->of, &part_->when}) {
      if (condition->empty()) continue;
      const Outcome fits = EvaluateTruth(*condition, ScopeOf(nullptr));
      Note(fits, line);
      if (!fits.unknown() && !fits.truth) return false;
    }
    return true;
  }

  void CollectRecords() {
    if (part_->per.empty()) return CollectRecord(nullptr);
    for (const Record* record : asked_.file.RecordsOf(part_->per)) CollectRecord(record);
  }

  void CollectRecord(const Record* record) {
    const domain::Scope scope = ScopeOf(record);
    Contribution line = Begin(record);
    const Outcome of = EvaluateTruth(part_->of, scope);
    if (!of.unknown() && !of.truth) return;
    Note(of, line);
    const Outcome when = EvaluateTruth(part_->when, scope);
    line.counts = when.unknown() || when.truth;
    if (!line.counts && measure_->answer != MeasureAnswer::kShare) return;
    if (!part_->when.empty()) Note(when, line);
    if (!TakeMoment(scope, line)) return;
    TakeValue(scope, line);
    Finish(record, {}, std::move(line));
  }

  // False: what decides the period has not happened.
  bool TakeMoment(const domain::Scope& scope, Contribution& line) {
    if (part_->at.empty()) return true;
    const Outcome at = EvaluateMoment(part_->at, scope);
    Note(at, line);
    if (at.unknown()) return true;
    const bool come = at.kind == Outcome::Type::kMoment && HasCome(at.time.soft.earliest);
    if (come) line.at = at.time;
    return line.at.has_value() || measure_->stock;
  }

  void TakeValue(const domain::Scope& scope, Contribution& line) {
    if (part_->value.empty()) return;
    const Outcome value = Evaluate(part_->value, scope);
    Note(value, line);
    if (value.kind != Outcome::Type::kNumber && value.kind != Outcome::Type::kDuration) return;
    line.value = value.number;
    if (part_->limit.empty()) return;
    const Outcome limit = Evaluate(part_->limit, scope);
    Note(limit, line);
    line.over = limit.kind == value.kind && value.number > limit.number;
  }

  std::vector<const Finding*> FindingsOfPart() {
    std::vector<const Finding*> found;
    if (part_->over == MeasureOver::kNeeds) {
      auto [at, fresh] = needs_.try_emplace(part_->per);
      if (fresh) {
        for (const Record* record : asked_.file.RecordsOf(part_->per)) {
          auto more = EvaluateNeeds(asked_, *record);
          std::move(more.begin(), more.end(), std::back_inserter(at->second));
        }
      }
      for (const Finding& finding : at->second) found.push_back(&finding);
      return found;
    }
    if (!findings_) findings_ = EvaluateFile(asked_);
    for (const Finding& finding : *findings_) found.push_back(&finding);
    return found;
  }

  void CollectFindings() {
    const domain::FindingFilter& filter = part_->findings;
    const auto in = [](const auto& list, auto value) {
      return std::find(list.begin(), list.end(), value) != list.end();
    };
    for (const Finding* finding : FindingsOfPart()) {
      if (!filter.Names(finding->code) || (filter.critical && !finding->critical)) continue;
      if (!filter.severities.empty() && !in(filter.severities, finding->severity)) continue;
      const bool not_done =
          std::any_of(finding->parts.begin(), finding->parts.end(),
                      [](const Part& part) { return part.reason == Reason::kAnsweredNotDone; });
      const bool counts = in(filter.statuses, finding->status) || (filter.or_not_done && not_done);
      const bool share = measure_->answer == MeasureAnswer::kShare;
      if (share ? !in(filter.of_statuses, finding->status) : !counts) continue;
      TakeFinding(*finding, counts, not_done);
    }
  }

  void TakeFinding(const Finding& finding, bool counts, bool not_done) {
    const Record* record = finding.record ? asked_.file.FindRecord(*finding.record) : nullptr;
    Contribution line = Begin(record);
    line.counts = counts;
    if (!FileFits(line)) return;
    line.certain = line.certain && finding.certain;
    line.disputed = line.disputed || finding.disputed;
    if (part_->findings.weighted) {
      line.weight = finding.severity == domain::Severity::kMust     ? 3
                    : finding.severity == domain::Severity::kShould ? 1
                                                                    : 0;
    }
    if (!TakeMomentOf(finding, line)) return;
    Finish(nullptr,
           {{domain::kByClause, {finding.code}},
            {domain::kByStatus, {not_done ? "not_done" : std::string(NameOf(finding.status))}},
            {domain::kBySeverity, {std::string(NameOf(finding.severity))}},
            {domain::kByCritical, {YesNo(finding.critical)}},
            {domain::kByForm, {finding.source + "@" + std::to_string(finding.version)}}},
           std::move(line));
  }

  // False: it belongs to no period yet.
  bool TakeMomentOf(const Finding& finding, Contribution& line) {
    if (!part_->at_due && !part_->at_done) return TakeMoment(ScopeOf(nullptr), line);
    line.at = part_->at_due && finding.due ? finding.due : finding.done;
    const bool come = line.at && HasCome(line.at->soft.earliest);
    if (!come) line.at.reset();
    return come || measure_->stock;
  }

  void CollectWaivers() {
    for (const auto& [clause, waiver] : asked_.file.waivers()) {
      Contribution line = Begin(nullptr);
      if (!FileFits(line)) continue;
      line.at = waiver.time;
      line.who = waiver.by;
      Finish(nullptr,
             {{domain::kByClause, {clause}},
              {domain::kByRole, {std::string(NameOf(waiver.role))}},
              {domain::kByReason, {waiver.waiver.reason}}},
             std::move(line));
    }
  }

  void TakeReading(const EventTime& at, const PersonId& who, Contribution line, BuiltIn codes) {
    if (!FileFits(line)) return;
    line.at = at;
    line.who = who;
    codes[domain::kByRole] = RolesOf(asked_.file, who);
    Finish(nullptr, codes, std::move(line));
  }

  void CollectReads() {
    for (const domain::ReadAt& read : asked_.file.reads()) {
      Contribution line = Begin(asked_.file.FindRecord(read.notice.record));
      line.value = read.notice.times;
      TakeReading(
          read.time, read.by, std::move(line),
          {{domain::kByClass, ClassesOf(asked_.file, read.notice)}, {domain::kByReason, {"read"}}});
    }
    for (const domain::GlassAt& glass : asked_.file.glasses()) {
      if (const Time turn = TurnOf(glass); turn > asked_.as_of) LastsUntil(turn);
      Codes classes;
      for (const domain::KeyClass one : glass.classes) classes.emplace_back(NameOf(one));
      TakeReading(glass.time, glass.by, Begin(nullptr),
                  {{domain::kByClass, classes},
                   {domain::kByReason, {"break_glass_" + glass.reason}},
                   {domain::kByStatus, {std::string(NameOf(StatusOf(glass, asked_.as_of)))}}});
    }
    for (const domain::RecoveryAt& recovery : asked_.file.recoveries()) {
      TakeReading(recovery.time, recovery.by, Begin(nullptr),
                  {{domain::kByReason, {"recovery_" + recovery.reason}}});
    }
  }

  uint32_t NewestVersion(const std::string& form) const {
    uint32_t newest = 0;
    for (const auto& known : pack_.forms) {
      if (known->id == form) newest = std::max(newest, known->version);
    }
    return newest;
  }

  void CollectVersions() {
    for (const auto& [id, record] : asked_.file.records()) {
      if (record.voided()) continue;
      Contribution line = Begin(&record);
      if (!FileFits(line)) continue;
      line.at = record.made;
      const auto& pin = record.form;
      Finish(nullptr,
             {{domain::kByForm, {pin.form + "@" + std::to_string(pin.version)}},
              {domain::kByBehind, {YesNo(pin.version < NewestVersion(pin.form))}}},
             std::move(line));
    }
  }

  void CollectDevices() {
    for (const auto& [device, waited] : WaitsByDevice(asked_.file, asked_.as_of)) {
      if (waited.on) LastsUntil(asked_.as_of);
      Contribution line = Begin(nullptr);
      if (!FileFits(line)) continue;
      line.at = waited.at;
      line.value = waited.longest.milliseconds();
      const Outcome limit = Evaluate(part_->limit, ScopeOf(nullptr));
      line.over = limit.kind == Outcome::Type::kDuration && *line.value > limit.number;
      line.counts = line.over || waited.doubted;
      if (!line.counts && measure_->answer != MeasureAnswer::kShare) continue;
      Finish(nullptr,
             {{domain::kByDevice, {device.hex().substr(0, kDeviceCharacters)}},
              {domain::kByClock, {waited.doubted ? "doubted" : "sound"}}},
             std::move(line));
    }
  }

  // Puts the codes of every dimension to it, and keeps it.
  void Finish(const Record* record, const BuiltIn& known, Contribution line) {
    for (const std::string& code : measure_->by) {
      Codes codes;
      const auto built_in = known.find(code);
      if (built_in != known.end()) {
        codes = built_in->second;
      } else if (const auto* dimension = pack_.FindDimension(code)) {
        codes = CodesOf(*dimension, record);
      } else {
        codes = PlaceOf(code, line);
      }
      std::sort(codes.begin(), codes.end());
      codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
      line.by.push_back(std::move(codes));
    }
    into_.lines.push_back(std::move(line));
  }

  Codes PlaceOf(std::string_view code, const Contribution& line) const {
    if (code == domain::kByPart) return {line.part};
    if (code == domain::kByMonth && line.at) return {MonthOf(line.at->soft.latest)};
    if (code == domain::kByFounder) return {asked_.file.founding_line().unit.hex()};
    if (code == domain::kByUnit) {
      return {asked_.file.custody().holder.value_or(asked_.file.founding_line().unit).hex()};
    }
    return {};
  }

  // About the record where the dimension has a value for its form, else about the file.
  Codes CodesOf(const domain::Dimension& dimension, const Record* record) {
    for (const domain::DimensionValue& value : dimension.values) {
      if (value.file_kind != asked_.file.kind()) continue;
      const bool own = record != nullptr && value.form == record->form.form;
      if (!value.form.empty() && !own) continue;
      domain::Scope scope{asked_.file, asked_.as_of, asked_.linked};
      scope.until = asked_.until;
      if (own) scope.record = record;
      if (!EvaluateTruth(value.when, scope).holds()) continue;
      Codes codes =
          CodesOf(value.moment ? EvaluateTruth(value.value, scope) : Evaluate(value.value, scope));
      if (!codes.empty()) return codes;
    }
    return {};
  }

  static Codes CodesOf(const Outcome& outcome) {
    switch (outcome.kind) {
      case Outcome::Type::kCodes:
        return outcome.codes;
      case Outcome::Type::kTruth:
        return {YesNo(outcome.truth)};
      default:
        return {};
    }
  }

  const Asked& asked_;
  const domain::Pack& pack_;
  FileContributions& into_;
  const Measure* measure_ = nullptr;
  const MeasurePart* part_ = nullptr;
  std::optional<std::vector<Finding>> findings_;
  std::map<std::string, std::vector<Finding>> needs_;  // by form
  std::map<const domain::Standard*, domain::EventOutcomes> events_;
};

}  // namespace

FileContributions Contributions(const Asked& asked, const domain::Pack& pack,
                                const std::vector<const Measure*>& measures) {
  FileContributions from;
  from.file = asked.file.id();
  from.kind = asked.file.kind();
  from.drill = asked.file.drill();
  from.units = UnitsOf(asked.file);
  const auto same = domain::LinkedIds(asked.file, "same_person");
  from.same.assign(same.begin(), same.end());
  if (from.drill || !asked.file.founded()) return from;
  Collector collector(asked, pack, from);
  for (const Measure* measure : measures) collector.Collect(*measure);
  return from;
}

FileContributions Contributions(const Asked& asked, const domain::Pack& pack) {
  std::vector<const Measure*> measures;
  for (const Measure& measure : pack.measures) measures.push_back(&measure);
  return Contributions(asked, pack, measures);
}

}  // namespace kapea::standards
