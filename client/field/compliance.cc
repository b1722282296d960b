#include "client/field/compliance.h"

#include <algorithm>

#include "client/field/forms.h"
#include "client/field/links.h"
#include "client/field/membership.h"
#include "client/field/names.h"
#include "client/field/operation.h"
#include "client/vault/replica.h"
#include "common/base/macros.h"

namespace kapea::field {
namespace {

using domain::FindingStatus;

std::optional<Duration> LateBy(const standards::Finding& finding, Time as_of) {
  if (!finding.due) return std::nullopt;
  const Time due = finding.due->soft.latest;
  Time until = as_of;
  if (finding.status == FindingStatus::kMetLate && finding.done) {
    until = finding.done->soft.latest;
  } else if (finding.status != FindingStatus::kOverdue) {
    return std::nullopt;
  }
  return until > due ? until - due : Duration();
}

// The pack that the file stands on; of a file without records the newest.
const domain::Pack* PackOf(vault::Vault& vault, const domain::FileState& file) {
  return file.pack() != nullptr ? file.pack() : vault.NewestPack();
}

FileCompliance HeadOf(const domain::FileState& file, const vault::FileLine& line) {
  FileCompliance head;
  head.file = file.id();
  head.kind = file.kind();
  head.code = CodeOf(file.id(), file.kind());
  head.drill = file.drill();
  head.number = file.number();
  head.waiting = line.waiting;
  head.incomplete = line.incomplete;
  return head;
}

void AddLine(ClauseLine line, Time as_of, FileCompliance& report) {
  line.late_by = LateBy(line.finding, as_of);
  report.tally.Add(line.finding);
  report.lines.push_back(std::move(line));
}

// `newest` of that pack knows the official numbers: they may be younger than the work.
std::vector<FileCompliance> ByStandards(const standards::Asked& asked, const domain::Pack& pack,
                                        const domain::Pack* newest, const FileCompliance& head) {
  const domain::Pack& numbers = newest != nullptr ? *newest : pack;
  std::vector<FileCompliance> reports;
  for (const auto* standard : standards::StandardsFor(pack, asked.file.kind())) {
    FileCompliance report = head;
    report.source = standard->id;
    report.version = standard->version;
    report.title = standard->title;
    std::vector<standards::Finding> findings = standards::Evaluate(asked, *standard);
    for (size_t i = 0; i < findings.size() && i < standard->clauses.size(); ++i) {
      const domain::Clause& clause = standard->clauses[i];
      AddLine({clause.id, std::string(numbers.OfficialNumber(standard->id, clause.id)),
               clause.label, clause.provenance, std::nullopt, std::move(findings[i]), std::nullopt},
              asked.as_of, report);
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

std::vector<FileCompliance> ByChecklists(const standards::Asked& asked,
                                         const FileCompliance& head) {
  std::vector<FileCompliance> reports;
  for (const auto* form : standards::ChecklistsOf(asked.file)) {
    FileCompliance report = head;
    report.source = form->id;
    report.version = form->version;
    report.title = form->title;
    for (standards::Finding& finding : standards::EvaluateChecklist(asked, *form)) {
      const domain::Field* item = form->FindField(finding.code);
      const domain::Record* record =
          finding.record ? asked.file.FindRecord(*finding.record) : nullptr;
      if (item == nullptr) continue;
      const bool child = record != nullptr && record->form.form != form->id;
      AddLine({item->code, "", item->label, item->provenance,
               child ? NumberOf(*record) : std::nullopt, std::move(finding), std::nullopt},
              asked.as_of, report);
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

void Merge(const Tally& from, Tally& into) {
  into.met += from.met;
  into.met_late += from.met_late;
  into.pending += from.pending;
  into.overdue += from.overdue;
  into.not_applicable += from.not_applicable;
  into.waived += from.waived;
  into.uncertain += from.uncertain;
  into.disputed += from.disputed;
}

}  // namespace

void Tally::Add(const standards::Finding& finding) {
  switch (finding.status) {
    case FindingStatus::kMet:
      ++met;
      break;
    case FindingStatus::kMetLate:
      ++met_late;
      break;
    case FindingStatus::kPending:
      ++pending;
      break;
    case FindingStatus::kOverdue:
      ++overdue;
      break;
    case FindingStatus::kNotApplicable:
      ++not_applicable;
      break;
    case FindingStatus::kWaived:
      ++waived;
      break;
    case FindingStatus::kNone:
      break;
  }
  if (!finding.certain) ++uncertain;
  if (finding.disputed) ++disputed;
}

absl::StatusOr<Report> ReportCompliance(vault::Vault& vault, const ReportRequest& request) {
  Report report;
  report.by_ledger = request.as_of.has_value();
  report.as_of = request.as_of.value_or(vault.clock().Now());
  if (const auto& checkpoint = vault.replica().checkpoint()) {
    report.origin = checkpoint->origin;
    report.ledger_size = checkpoint->size;
    report.ledger_root = checkpoint->root;
  }
  const HeldLinks links(vault, request.as_of);
  bool found = false;
  for (const vault::FileLine& line : vault.Files()) {
    const bool judged =
        line.kind != domain::FileKind::kDirectory && line.kind != domain::FileKind::kStandards;
    if (!judged || (request.file && line.file != *request.file)) continue;
    const auto state = FileAt(vault, line.file, request.as_of);
    if (absl::IsNotFound(state.status())) continue;  // founded later than that moment
    KAPEA_TRY(state.status());
    if (request.unit && !IsOfUnit(**state, *request.unit)) continue;
    found = true;
    FileCompliance head = HeadOf(**state, line);
    // What waits here is in no Ledger yet, and a report by the Ledger is the same everywhere.
    if (request.as_of) head.waiting = 0;
    const standards::Asked asked{**state, report.as_of, &links};
    std::vector<FileCompliance> parts;
    if (line.kind == domain::FileKind::kOperation) {
      parts = ByChecklists(asked, head);
    } else if (const domain::Pack* pack = PackOf(vault, **state)) {
      parts = ByStandards(asked, *pack, vault.NewestPack(pack->id), head);
    }
    for (FileCompliance& part : parts) {
      if (part.drill) {
        ++report.drills;
      } else {
        Merge(part.tally, report.tally);
      }
      report.files.push_back(std::move(part));
    }
  }
  if (request.file && !found) return absl::NotFoundError("no such file at that time");
  std::stable_sort(report.files.begin(), report.files.end(),
                   [](const FileCompliance& a, const FileCompliance& b) {
                     return std::tie(a.code, a.file, a.source) < std::tie(b.code, b.file, b.source);
                   });
  return report;
}

}  // namespace kapea::field
