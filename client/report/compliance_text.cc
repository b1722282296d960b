#include <algorithm>

#include "absl/strings/str_format.h"
#include "client/field/calendar.h"
#include "client/report/compliance_report.h"
#include "common/domain/roles.h"
#include "common/text/width.h"

namespace kapea::report {
namespace {

using domain::FindingStatus;

constexpr size_t kIndent = 2;
constexpr size_t kMarkCells = 5;
constexpr size_t kCodeCells = 9;
constexpr size_t kCodeCellsMax = 20;  // a longer one moves its own line alone

std::string Counts(const field::Tally& tally) {
  return absl::StrFormat("%u met, %u late, %u overdue, %u pending, %u waived, %u not applicable",
                         tally.met, tally.met_late, tally.overdue, tally.pending, tally.waived,
                         tally.not_applicable);
}

std::string CodeOf(const field::ClauseLine& line) {
  if (line.number) return absl::StrFormat("%s/%d", line.code, *line.number);
  return line.official.empty() ? line.code : line.code + "=" + line.official;
}

size_t CodeCellsOf(const field::FileCompliance& file) {
  size_t cells = kCodeCells;
  for (const field::ClauseLine& line : file.lines) {
    cells = std::max(cells, text::WidthOf(CodeOf(line)));
  }
  return std::min(cells, kCodeCellsMax);
}

void AddLine(const field::ClauseLine& line, size_t code_cells, const TextOptions& options,
             std::string& out) {
  const std::string head = std::string(kIndent, ' ') +
                           text::PadTo(MarkOf(line.finding), kMarkCells) +
                           text::PadTo(CodeOf(line), code_cells) + " ";
  const std::string status = StatusWords(line);
  const std::string source(domain::NameOf(line.provenance.status));
  const std::string tail = "  " + (status.empty() ? source : status + "; " + source);
  const size_t used = text::WidthOf(head) + text::WidthOf(tail);
  const std::string& label = field::TextOf(line.label, options.language);
  if (used + 12 <= options.columns) {
    const size_t room = options.columns - used;
    out += head + text::PadTo(text::CutTo(label, room), room) + tail + "\n";
  } else {
    const size_t room = std::max(options.columns, text::WidthOf(head) + 1) - text::WidthOf(head);
    out += head + text::CutTo(label, room) + "\n" + std::string(kIndent + kMarkCells, ' ') + tail +
           "\n";
  }
}

void AddFile(const field::FileCompliance& file, const TextOptions& options, std::string& out) {
  out += absl::StrFormat("%s  %s v%u%s\n", file.code, file.source, file.version,
                         file.drill ? "  DRILL" : "");
  out += std::string(kIndent, ' ') + Counts(file.tally) + "\n";
  if (file.tally.uncertain > 0) {
    out += absl::StrFormat("  %u by the device's clock alone (?)\n", file.tally.uncertain);
  }
  if (file.tally.disputed > 0) {
    out += absl::StrFormat("  %u disputed (*)\n", file.tally.disputed);
  }
  if (file.waiting > 0) {
    out +=
        absl::StrFormat("  %d entries of this device are not with the server yet\n", file.waiting);
  }
  if (file.incomplete) out += "  entries of this file are withheld: the report may be wrong\n";
  const size_t code_cells = CodeCellsOf(file);
  for (const field::ClauseLine& line : file.lines) {
    const bool hidden = line.finding.status == FindingStatus::kNotApplicable && !options.all;
    if (!hidden) AddLine(line, code_cells, options, out);
  }
  out += "\n";
}

}  // namespace

std::string StatusWords(const field::ClauseLine& line) {
  switch (line.finding.status) {
    case FindingStatus::kMet:
      return "";
    case FindingStatus::kMetLate:
      return line.late_by ? "late by " + field::ToText(*line.late_by) : "late";
    case FindingStatus::kPending:
      return line.finding.due ? "due " + field::ToLocalText(line.finding.due->soft.latest) : "open";
    case FindingStatus::kOverdue:
      return line.late_by ? "overdue " + field::ToText(*line.late_by) : "overdue";
    case FindingStatus::kNotApplicable:
      return "n/a";
    case FindingStatus::kWaived:
      return "waived";
    case FindingStatus::kNone:
      break;
  }
  return "not judged";
}

std::string MarkOf(const standards::Finding& finding) {
  std::string mark = "[ ]";
  switch (finding.status) {
    case FindingStatus::kMet:
      mark = "[x]";
      break;
    case FindingStatus::kMetLate:
      mark = "[~]";
      break;
    case FindingStatus::kOverdue:
      mark = "[!]";
      break;
    case FindingStatus::kWaived:
      mark = "[w]";
      break;
    case FindingStatus::kNotApplicable:
      mark = "[-]";
      break;
    case FindingStatus::kPending:
    case FindingStatus::kNone:
      break;
  }
  if (finding.disputed) return mark + "*";
  return finding.certain ? mark : mark + "?";
}

std::string ComplianceText(const field::Report& report, const TextOptions& options) {
  std::string out = absl::StrFormat("Compliance as of %s%s\n\n", field::ToLocalText(report.as_of),
                                    report.by_ledger ? ", by the ledger" : "");
  for (const field::FileCompliance& file : report.files) AddFile(file, options, out);
  if (report.files.size() != 1) {
    out += absl::StrFormat("All %d: %s\n", report.files.size(), Counts(report.tally));
    if (report.drills > 0) out += absl::StrFormat("%u drills are not counted\n", report.drills);
    out += "\n";
  }
  if (report.ledger_size == 0) {
    out += "Ledger: none seen yet; this is what this device alone knows\n";
  } else {
    out += absl::StrFormat("Ledger %s\n  size %d\n  root %s\n", report.origin, report.ledger_size,
                           report.ledger_root.hex());
  }
  out += "Sources: documented, unverified or proposed; nothing here claims to be law.\n";
  return out;
}

}  // namespace kapea::report
