#include "common/standards/judge_clause.h"

#include <algorithm>

#include "common/domain/item_state.h"

namespace kapea::standards {
Finding Begin(const Asked& asked, const std::string& source, uint32_t version,
              const std::string& code) {
  Finding finding;
  finding.source = source;
  finding.version = version;
  finding.code = code;
  finding.file = asked.file.id();
  return finding;
}

const domain::WaiverAt* WaiverOf(const Asked& asked, const std::string& code) {
  const auto waiver = asked.file.waivers().find(code);
  if (waiver == asked.file.waivers().end() || waiver->second.waiver.ended) return nullptr;
  return &waiver->second;
}

void DecideAsked(const Asked& asked, const Grounds& grounds, Finding& finding) {
  Decide(grounds, asked.as_of, finding);
  if (asked.until == nullptr || !finding.open() || !finding.due) return;
  *asked.until = std::min(*asked.until, domain::NextTurn(*finding.due, asked.as_of));
}

Finding JudgeClause(const Asked& asked, const domain::Standard& standard,
                    const domain::Clause& clause, domain::EventOutcomes& events) {
  Finding finding = Begin(asked, standard.id, standard.version, clause.id);
  finding.severity = clause.severity;
  const domain::Scope scope{asked.file, asked.as_of, asked.linked, &standard,
                            nullptr,    nullptr,     &events,      asked.until};
  Grounds grounds;
  grounds.applies = EvaluateTruth(clause.applies, scope);
  grounds.applies_text = clause.applies.text();
  if (!grounds.applies.holds()) {  // the rest is not asked for
    DecideAsked(asked, grounds, finding);
    return finding;
  }
  grounds.met = EvaluateTruth(clause.met, scope);
  TakeDeadline(clause.deadline, scope, grounds);
  const auto* waiver = WaiverOf(asked, clause.id);
  const auto& may = clause.waivers;
  const bool entitled =
      waiver != nullptr && std::find(may.begin(), may.end(), waiver->role) != may.end();
  grounds.waiver = entitled ? waiver : nullptr;
  DecideAsked(asked, grounds, finding);
  return finding;
}

}  // namespace kapea::standards
