// Were the standards kept? Findings of files, gathered for a supervisor.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/domain/form.h"
#include "common/standards/evaluate.h"

namespace kapea::field {

// One clause of a standard, or one item of a checklist, for one file.
struct ClauseLine {
  std::string code;
  std::string official;  // number in the official text, by the newest pack; empty: not known
  domain::Label label;
  domain::Provenance provenance;  // how sure the source is
  std::optional<int64_t> number;  // which person (...) of the operation
  standards::Finding finding;
  std::optional<Duration> late_by;  // met late: by how much; overdue: until now
};

struct Tally {
  uint32_t met = 0, met_late = 0, pending = 0, overdue = 0, not_applicable = 0, waived = 0;
  uint32_t uncertain = 0;  // of all of these: by a device's clock alone
  uint32_t disputed = 0;
  void Add(const standards::Finding& finding);
};

struct FileCompliance {
  FileId file;
  std::string code;  // "P-..."
  domain::FileKind kind = domain::FileKind::kNone;
  bool drill = false;
  std::string source;    // standard or checklist
  uint32_t version = 0;  // of it
  domain::Label title;
  uint64_t number = 0;      // of the file's last Entry that counts
  uint64_t waiting = 0;     // Changes of this device that no server has yet
  bool incomplete = false;  // numbers of the file are withheld
  std::vector<ClauseLine> lines;
  Tally tally;
};

struct Report {
  Time as_of;
  bool by_ledger = false;             // asked for a moment: what the Ledger held then, nothing else
  std::vector<FileCompliance> files;  // by code
  Tally tally;                        // drills left out
  uint32_t drills = 0;
  // The newest checkpoint that this device has verified; size 0: none yet.
  std::string origin;
  uint64_t ledger_size = 0;
  Hash ledger_root;
};

struct ReportRequest {
  std::optional<FileId> file;  // absent: all
  std::optional<UnitId> unit;  // files whose roster has that unit
  std::optional<Time> as_of;   // absent: now, with what waits on this device
};

// Persons' files by the standards, operations by their checklist. The same Ledger, asked
// for the same moment, gives the same Report on every device that holds the files.
// Threads: one at a time. Errors: as Vault; NotFound for a file that is not here.
absl::StatusOr<Report> ReportCompliance(vault::Vault& vault, const ReportRequest& request);

}  // namespace kapea::field
