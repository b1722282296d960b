// The findings board: which clauses are breached, in which month and by which unit, whether it
// gets better, and in which files they stand open now. For use inside: files by their codes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/report/document.h"
#include "client/report/standard_reports.h"

namespace kapea::report {

struct OverdueFinding {
  FileId file;
  domain::FileKind kind = domain::FileKind::kNone;
  std::string code;  // of the clause or item
  std::optional<Time> due;
  bool certain = true;
};

// A breach belongs to the month in which it was due; what is overdue, to now. By the pack's
// measures of breaches and of what is kept (Q07, I-S01): FailedPrecondition where it has none.
// Errors else as CountReport. Threads: as Vault.
absl::StatusOr<Document> Board(vault::Vault& vault, const ReportAsk& ask, const Count& count,
                               std::vector<OverdueFinding> overdue);

}  // namespace kapea::report
