// The standard reports: which questions and indicators each has, for whom, what of them may leave
// the house, and what has left it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/field/forms.h"
#include "client/field/measures.h"
#include "client/report/document.h"
#include "client/report/shown_figures.h"
#include "common/domain/publication.h"
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
  domain::PublishedScope scope;
  std::optional<Time> as_of;
  field::Language language = field::Language::kEnglish;
  bool broken_down = true;  // as far as the report is
  // Of a report that leaves the house; `leaves` is the report's own.
  DisclosureControl control = {};
};

// Who counts: this device over its files, or the server over those of the asker's units.
// Errors: as field::AnswerMeasures, and those of the way there.
struct Counted {
  std::vector<field::MeasureAnswered> answers;
  uint64_t ledger_size = 0;  // that the server counted by; 0: this device did
};
using Count =
    std::function<absl::StatusOr<Counted>(domain::MeasureKind, const field::MeasureAsk& ask)>;
// Over the files of this device. A province is none of them.
Count CountHere(vault::Vault& vault);

// A report's figures, and where they come from.
struct ReportFigures {
  std::vector<ShownMeasure> shown;              // in the order of the pack
  std::vector<field::MeasureAnswered> answers;  // likewise; of one that was published: none
  std::optional<size_t> files;                  // looked at
  Time as_of;
  uint64_t ledger_size = 0;
  std::string rules;    // by which text they were counted
  bool unsure = false;  // some stand on what may be otherwise
};
// One call of `count` for all that are broken down alike, one after the other; the moment is that
// of the first.
// FailedPrecondition without a pack that has measures; InvalidArgument for a k under 2 or a
// rounding of 1. Threads: as Vault.
absl::StatusOr<ReportFigures> CountReport(vault::Vault& vault, const StandardReport& report,
                                          const ReportAsk& ask, const Count& count);
// Without identities; files are named by no code in what leaves. Threads: as Vault.
Document ReportDocument(vault::Vault& vault, const StandardReport& report, const ReportAsk& ask,
                        const ReportFigures& figures);

// --- Publications (common/domain/publication.h). ---

// What of a report would be published. FailedPrecondition for one that does not leave the house,
// or without a period that was over when it was counted.
absl::StatusOr<domain::Publication> MakePublication(const StandardReport& report,
                                                    const ReportAsk& ask,
                                                    const ReportFigures& figures);
// What earlier publications of the same files hide for that period, as DisclosureControl has it.
decltype(DisclosureControl::hidden) HiddenBefore(const std::vector<domain::PublicationAt>& before,
                                                 const domain::PublishedScope& scope,
                                                 const standards::Period& period);
// Why it cannot be published, in words: what stands against it, and what to do.
std::string Explain(const domain::Objection& objection,
                    const std::vector<domain::PublicationAt>& before);
// All of the Ledger, oldest first. NotFound before the first sync.
absl::StatusOr<std::vector<domain::PublicationAt>> Publications(vault::Vault& vault);
// Commits it, as the server will judge it; it is published once the server has it.
// FailedPrecondition in the words of Explain; PermissionDenied for who is no supervisor or analyst
// of all of it.
absl::StatusOr<domain::Ref> Publish(vault::Vault& vault, const domain::Publication& what);
// As it was published, by the numbers in the Ledger. FailedPrecondition where the pack of this
// device does not have its measures, or no report of that name is known. Threads: as Vault.
absl::StatusOr<Document> PublishedDocument(vault::Vault& vault, const domain::PublicationAt& one,
                                           field::Language language);
// "2026-Q3" where it is a quarter, and so on; else two days.
std::string PeriodText(const standards::Period& period);

}  // namespace kapea::report
