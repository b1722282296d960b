#include "common/standards/kept_findings.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "common/standards/judge_clause.h"

namespace kapea::standards {
namespace {

using domain::Condition;
using domain::Expression;

// Follows an expression, and what its names stand for anywhere in the pack.
class Reading {
 public:
  Reading(const domain::Pack& pack, const domain::Standard& standard)
      : pack_(pack), standard_(standard) {}

  void Read(const Condition& condition) {
    if (!condition.empty()) Read(condition.root());
  }
  ClauseNames::Of Finish() && {
    of_.names.Sort();
    return std::move(of_);
  }

 private:
  void Read(const Expression& node) {
    if (node.op == Expression::Op::kName) ReadName(node.text);
    if (node.op == Expression::Op::kCall && (node.text == "linked" || node.text == "consent")) {
      of_.anything = true;
    }
    for (const Expression& arg : node.args) Read(arg);
  }
  void ReadName(const std::string& name) {
    if (!seen_.insert(name).second) return;
    of_.names.Add(name);
    const size_t dot = name.find('.');
    if (dot != std::string::npos) ReadName(name.substr(dot + 1));
    for (const auto& event : standard_.events) {
      if (event.code == name) Read(event.at);
    }
    for (const auto& form : pack_.forms) {
      for (const auto& event : form->events) {
        if (event.code == name) Read(event.at);
      }
      for (const auto& fact : form->facts) {
        if (fact.code == name) Read(fact.when);
      }
    }
  }

  const domain::Pack& pack_;
  const domain::Standard& standard_;
  ClauseNames::Of of_;
  std::set<std::string> seen_;
};

}  // namespace

ClauseNames::ClauseNames(const domain::Pack& pack) {
  for (const auto& standard : pack.standards) {
    for (const domain::Clause& clause : standard->clauses) {
      Reading reading(pack, *standard);
      reading.Read(clause.applies);
      reading.Read(clause.met);
      reading.Read(clause.deadline.at());
      of_.emplace(&clause, std::move(reading).Finish());
    }
  }
}

void KeptFindings::Begin(const domain::FileState& file, const ClauseNames& names) {
  clauses_.clear();
  findings_.clear();
  pack_ = file.pack();
  for (const domain::Standard* standard : StandardsFor(*pack_, file.kind())) {
    for (const domain::Clause& clause : standard->clauses) {
      clauses_.push_back({standard, &clause, &names.Find(clause), Time::Min()});
    }
  }
  findings_.resize(clauses_.size());
}

const std::vector<Finding>& KeptFindings::Update(const domain::FileState& file, Time as_of,
                                                 domain::Touched touched,
                                                 const ClauseNames* names) {
  judged_ = 0;
  if (file.erased_wholly()) {
    clauses_.clear();
    findings_.clear();
    pack_ = nullptr;
    return findings_;
  }
  if (file.pack() == nullptr || names == nullptr) return findings_;
  const bool all = touched.all || pack_ != file.pack();
  if (all) Begin(file, *names);
  touched.names.Sort();
  domain::EventOutcomes events;
  for (size_t i = 0; i < clauses_.size(); ++i) {
    Kept& kept = clauses_[i];
    if (i > 0 && clauses_[i - 1].standard != kept.standard) events.clear();
    const bool stands = !all && !kept.reads->anything && as_of < kept.until &&
                        !kept.reads->names.Meets(touched.names);
    if (stands) continue;
    ++judged_;
    kept.until = Time::Max();
    const Asked asked{file, as_of, nullptr, &kept.until};
    findings_[i] = JudgeClause(asked, *kept.standard, *kept.clause, events);
  }
  findings_.resize(clauses_.size());
  for (const domain::Form* form : ChecklistsOf(file)) {
    auto more = EvaluateChecklist({file, as_of}, *form);
    std::move(more.begin(), more.end(), std::back_inserter(findings_));
  }
  return findings_;
}

}  // namespace kapea::standards
