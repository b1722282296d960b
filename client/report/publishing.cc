// Reports as they are published: what the Ledger gets, and why it would not take it.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/field/act.h"
#include "client/field/calendar.h"
#include "client/report/standard_reports.h"
#include "common/base/macros.h"

namespace kapea::report {
namespace {

using domain::Objection;
using domain::PublicationAt;

constexpr uint64_t kHiddenBelowMax = 1000;

std::string DayText(Time time) { return field::ToLocalText(time).substr(0, 10); }

std::string Named(const PublicationAt& one) {
  return absl::StrCat(one.what.report, " ", PeriodText({one.what.from, one.what.before}), " (",
                      one.self.change.hex(), ")");
}

// "I-V01 by sex: F".
std::string FigureName(const Objection& objection) {
  std::string text = objection.measure;
  if (!objection.dimension.empty()) absl::StrAppend(&text, " by ", objection.dimension);
  if (!objection.code.empty()) absl::StrAppend(&text, ": ", objection.code);
  return text;
}

}  // namespace

std::string PeriodText(const standards::Period& period) {
  if (period.from == Time::Min() || period.to == Time::Max()) return "";
  const std::string month = standards::MonthOf(period.from);
  const int year = std::stoi(month.substr(0, 4));
  const int number = std::stoi(month.substr(5, 2));
  for (const std::string& text :
       {absl::StrCat(year), absl::StrFormat("%d-H%d", year, (number + 5) / 6),
        absl::StrFormat("%d-Q%d", year, (number + 2) / 3), month, absl::StrFormat("FY%d", year + 1),
        month + "/" + standards::MonthOf(period.to - Duration::Milliseconds(1))}) {
    const auto named = standards::ParsePeriod(text);
    if (named.ok() && *named == period) return text;
  }
  const std::string first = DayText(period.from);
  const std::string last = DayText(period.to - Duration::Milliseconds(1));
  return first == last ? first : first + "/" + last;
}

absl::StatusOr<domain::Publication> MakePublication(const StandardReport& report,
                                                    const ReportAsk& ask,
                                                    const ReportFigures& figures) {
  if (!report.leaves) {
    return absl::FailedPreconditionError(std::string(report.id) +
                                         " is for use inside; nothing was published");
  }
  const bool bounded =
      ask.period && ask.period->from != Time::Min() && ask.period->to != Time::Max();
  if (!bounded || ask.period->to > figures.as_of) {
    return absl::FailedPreconditionError(
        "want a period that is over: its figures are frozen; nothing was published");
  }
  if (ask.period->from < Time::FromUnixMs(0) || ask.control.k > kHiddenBelowMax) {
    return absl::InvalidArgumentError(
        "want a period from 1970 on, and a k of 1,000 at most; nothing was published");
  }
  domain::Publication what;
  what.report = report.id;
  what.from = ask.period->from;
  what.before = ask.period->to;
  what.scope = ask.scope;
  what.as_of = figures.as_of;
  what.ledger_size = figures.ledger_size;
  what.hidden_below = static_cast<uint32_t>(ask.control.k);
  what.rounded_to = ask.control.rounded_to;
  what.tables = ToTables(figures.shown);
  return what;
}

decltype(DisclosureControl::hidden) HiddenBefore(const std::vector<PublicationAt>& before,
                                                 const domain::PublishedScope& scope,
                                                 const standards::Period& period) {
  decltype(DisclosureControl::hidden) hidden;
  for (const PublicationAt& one : before) {
    const bool same =
        one.what.scope == scope && one.what.from == period.from && one.what.before == period.to;
    if (!same) continue;
    for (const domain::PublishedTable& table : one.what.tables) {
      for (const domain::PublishedCell& cell : table.cells) {
        if (!cell.value) hidden.emplace(table.measure, table.dimension, cell.code);
      }
    }
  }
  return hidden;
}

std::string Explain(const Objection& objection, const std::vector<PublicationAt>& before) {
  const std::string earlier = objection.earlier ? Named(before[*objection.earlier]) : "";
  std::string text;
  switch (objection.why) {
    case Objection::Why::kMeasure:
      text = "the pack does not have " + FigureName(objection);
      break;
    case Objection::Why::kSamePeriod:
      text = earlier + " was published; correct it with --revises and --reason";
      break;
    case Objection::Why::kOverlaps:
      text = "the period overlaps that of " + earlier +
             ", which is frozen: want one beside it, within it or around it";
      break;
    case Objection::Why::kRevision:
      text = earlier.empty() ? "there is no such publication of this report and unit"
                             : earlier + " was revised itself";
      break;
    case Objection::Why::kShows:
      text = FigureName(objection) + " is hidden in " + earlier + ", and would be shown";
      break;
    case Objection::Why::kTells:
      text = FigureName(objection) +
             " is hidden, and would follow from what was published before and this together: "
             "leave the period out, or publish it with --no-breakdown or with --round";
      break;
    case Objection::Why::kTooMuch:
      text = objection.measure + " is broken down too far to be checked: use --no-breakdown";
      break;
    case Objection::Why::kSmall:
      text = FigureName(objection) + " is too small to be shown";
      break;
    case Objection::Why::kContradicts:
      text = "the parts of " + objection.measure + " do not add up";
      break;
  }
  return text + "; nothing was published";
}

absl::StatusOr<std::vector<PublicationAt>> Publications(vault::Vault& vault) {
  KAPEA_ASSIGN(const auto standards, vault.File(vault.identity().standards_file));
  return standards->publications();
}

absl::StatusOr<domain::Ref> Publish(vault::Vault& vault, const domain::Publication& what) {
  const FileId file = vault.identity().standards_file;
  KAPEA_ASSIGN(const auto standards, vault.File(file));
  const domain::Pack* pack = vault.NewestPack();
  if (pack == nullptr)
    return absl::FailedPreconditionError("this device has no pack yet: sync once");
  if (const auto found = domain::ObjectionTo(standards->publications(), what, *pack)) {
    return absl::FailedPreconditionError(Explain(*found, standards->publications()));
  }
  for (const domain::RoleAt& at : field::RolesIn(vault, *standards)) {
    if (at.role != domain::Role::kSupervisor && at.role != domain::Role::kAnalyst) continue;
    auto done = field::CommitAct(
        vault,
        {.file = file, .kind = domain::Kind::kPublication, .body = what, .refs = {}, .acting = at});
    if (!absl::IsPermissionDenied(done.status())) return done;
  }
  return absl::PermissionDeniedError(
      "figures are published by who is supervisor or analyst of every unit that they are of; "
      "nothing was published");
}

}  // namespace kapea::report
