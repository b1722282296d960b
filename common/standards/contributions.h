// What one file adds to questions and indicators: plain values, worked out file by file, so
// that whoever answers needs no file any more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/domain/change.h"
#include "common/domain/measure.h"
#include "common/domain/vocabulary.h"
#include "common/standards/evaluate.h"

namespace kapea::standards {

// One line. Codes, times and ids alone: nothing that was sealed can be in it.
struct Contribution {
  std::string measure;
  std::string part;
  std::optional<RecordId> record;
  FileId person;                        // the file of whom it is about; zero: nobody with a file
  std::optional<domain::EventTime> at;  // absent: of a stock that names no moment
  bool known = true;                    // false: it stands on a file or form that is not at hand
  bool counts = true;                   // false: it is only among those that a share is a share of
  bool certain = true;                  // the proven times alone say the same
  bool disputed = false;                // stands on a value beside which a different one stands
  uint64_t weight = 1;
  std::optional<int64_t> value;  // ms of a span
  bool over = false;             // the limit
  std::optional<PersonId> who;   // of the staff: who read, who waived
  // In the order of the measure's `by`; of several codes each; none: not said.
  std::vector<std::vector<std::string>> by;

  friend bool operator==(const Contribution&, const Contribution&) = default;
};

struct FileContributions {
  FileId file;
  domain::FileKind kind = domain::FileKind::kNone;
  bool drill = false;         // an exercise: it has no lines
  std::vector<UnitId> units;  // of its roster, and who has the person; ascending
  std::vector<FileId> same;   // files of the same person, by its links; ascending
  std::vector<Contribution> lines;

  friend bool operator==(const FileContributions&, const FileContributions&) = default;
};

// Pure: the same file, pack, moment and linked files give the same lines, and until
// `asked.until`, where that is given, every later moment does. `measures` are of that pack; the
// file is judged by the standards of the pack that it stands on itself. Threads: any, while nobody
// writes to the file.
FileContributions Contributions(const Asked& asked, const domain::Pack& pack,
                                const std::vector<const domain::Measure*>& measures);
// Of all measures of the pack.
FileContributions Contributions(const Asked& asked, const domain::Pack& pack);

}  // namespace kapea::standards
