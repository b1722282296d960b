#include "common/standards/finding.h"

#include "common/domain/roles.h"

namespace kapea::standards {
namespace {

using domain::FindingStatus;

std::string Words(FindingStatus status) {
  switch (status) {
    case FindingStatus::kMet:
      return "met";
    case FindingStatus::kMetLate:
      return "met late";
    case FindingStatus::kPending:
      return "pending";
    case FindingStatus::kOverdue:
      return "overdue";
    case FindingStatus::kNotApplicable:
      return "not applicable";
    case FindingStatus::kWaived:
      return "waived";
    case FindingStatus::kNone:
      break;
  }
  return "not judged";
}

// One time where the interval says no more than a second, else both ends. An end that
// nothing bounds is left open.
std::string Words(const std::optional<domain::EventTime>& time) {
  if (!time) return "at a time not known";
  const TimeInterval& soft = time->soft;
  if (soft.latest >= Time::Max()) return "after " + ToIso8601(soft.earliest);
  if (soft.earliest <= Time::Min()) return "before " + ToIso8601(soft.latest);
  const std::string earliest = ToIso8601(soft.earliest);
  const std::string latest = ToIso8601(soft.latest);
  return earliest == latest ? latest : "between " + earliest + " and " + latest;
}

std::string Words(const Part& part) {
  switch (part.reason) {
    case Reason::kDone:
      return "done " + Words(part.time);
    case Reason::kDue:
      return "due " + Words(part.time);
    case Reason::kDueBefore:
      return "due before " + Words(part.time);
    case Reason::kAsOf:
      return "as of " + Words(part.time);
    case Reason::kWaitsFor:
      return "its clock starts with " + part.text;
    case Reason::kDoesNotApply:
      return "applies only if " + part.text;
    case Reason::kAnsweredNotDone:
      return "answered not done";
    case Reason::kAnsweredNotApplicable:
      return "answered not applicable";
    case Reason::kReasonMissing:
      return "the answer needs a reason";
    case Reason::kEvidenceMissing:
      return "the tick needs its photo or document";
    case Reason::kSignatureMissing:
      return "a second person has not signed";
    case Reason::kNotAtHand:
      return "a part of it is not held here";
    case Reason::kByDeviceClock:
      return "by the device's clock";
    case Reason::kDisputed:
      return "a value it stands on is disputed";
    case Reason::kWaived:
      return "waived by an entitled person";
    case Reason::kNoAnswer:
      return "the field needs a value";
  }
  return "";
}

}  // namespace

std::string Explain(const Finding& finding) {
  std::string sentence = Words(finding.status);
  const char* joint = ": ";
  for (const Part& part : finding.parts) {
    sentence += joint + Words(part);
    joint = "; ";
  }
  return sentence;
}

}  // namespace kapea::standards
