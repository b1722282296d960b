// The standard reports: which questions and indicators each has, for whom, and what of them may
// leave the house.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/field/forms.h"
#include "client/field/measures.h"
#include "client/report/document.h"
#include "common/standards/period.h"

namespace kapea::report {

// Which they are is by the domain research, section F.3; that these bodies want them so is a
// proposal until one of them has said it.
struct StandardReport {
  std::string_view id;  // "R-PCCT"
  std::string_view title_en, title_km;
  std::string_view receiver;
  bool questions = false;               // else indicators
  bool leaves = true;                   // the house: then small counts are hidden
  std::vector<std::string_view> codes;  // of measures; "I-V*": all that begin so
  std::vector<std::string_view> by =
      {};  // dimensions that it is broken down by, where a measure has them
};
const std::vector<StandardReport>& StandardReports();
// nullptr: none of that name.
const StandardReport* FindReport(std::string_view id);

struct ReportAsk {
  std::optional<standards::Period> period;  // absent: all time, and how things stand
  std::string period_name;                  // as it was asked for
  std::optional<UnitId> unit;
  std::optional<Time> as_of;
  field::Language language = field::Language::kEnglish;
  // Counts of 1 to k - 1 are hidden in what leaves the house, and what would tell them.
  uint64_t k = 11;
};
// Over the files of this device. Without identities; files are named by no code in what leaves.
// Threads and errors: as Vault; FailedPrecondition without a pack that has measures;
// InvalidArgument for a k under 2.
absl::StatusOr<Document> BuildReport(vault::Vault& vault, const StandardReport& report,
                                     const ReportAsk& ask);

}  // namespace kapea::report
