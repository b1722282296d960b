// The words of the standard reports around what packs say.
#pragma once

#include "client/field/forms.h"

namespace kapea::report {

struct ReportWords {
  const char *period, *all_time, *as_of, *units, *everything, *files, *receiver, *rules, *measure,
      *figure, *baseline, *target, *external, *code, *several, *unsaid, *total, *not_answered,
      *hidden, *drills, *unsure, *proposed, *inside, *median, *p90, *over, *measured, *of,
      *all_units, *province, *ledger, *published, *revises, *revised_by, *rounded, *draft;
};
const ReportWords& WordsIn(field::Language language);

}  // namespace kapea::report
