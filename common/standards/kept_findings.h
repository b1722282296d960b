// The findings of one file, kept from Change to Change.
#pragma once

#include <map>
#include <vector>

#include "common/base/time.h"
#include "common/domain/touched.h"
#include "common/standards/evaluate.h"
#include "common/standards/finding.h"

namespace kapea::standards {

// The names that each clause of a pack may read, worked out once for the pack.
// Constant once made. Threads: any. Limits: must not outlive the pack.
class ClauseNames {
 public:
  explicit ClauseNames(const domain::Pack& pack);
  struct Of {
    bool anything = false;  // also what names do not tell: links, consent
    domain::Names names;
  };
  const Of& Find(const domain::Clause& clause) const { return of_.at(&clause); }

 private:
  std::map<const domain::Clause*, Of> of_;
};

// Evaluating a file costs more than all else about a Change, and a Change alters few
// clauses: those alone that read what it wrote, or whose moment has come, are judged
// again. What comes out is what EvaluateFile says of the same file and moment.
// Threads: one at a time.
class KeptFindings {
 public:
  // `touched`: what was folded into the file since the last call. `names`: of the file's
  // pack, nullptr when it has none; it and the pack must outlive this. Moments never fall.
  const std::vector<Finding>& Update(const domain::FileState& file, Time as_of,
                                     domain::Touched touched, const ClauseNames* names);
  // How many clauses the last Update judged again.
  size_t judged() const { return judged_; }

 private:
  struct Kept {
    const domain::Standard* standard;
    const domain::Clause* clause;
    const ClauseNames::Of* reads;
    Time until;  // from then on it may be another
  };
  void Begin(const domain::FileState& file, const ClauseNames& names);

  const domain::Pack* pack_ = nullptr;
  std::vector<Kept> clauses_;
  size_t judged_ = 0;
  std::vector<Finding> findings_;  // of clauses_, in order; then of checklists
};

}  // namespace kapea::standards
