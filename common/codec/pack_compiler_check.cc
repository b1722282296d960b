// The second step of the compiler: conditions, and what refers from one part of the
// pack to another.
#include <functional>
#include <map>

#include "common/codec/pack_compiler_build.h"
#include "common/codec/pack_compiler_types.h"

namespace kapea::codec {
namespace {

using domain::Form;
using domain::Standard;

// Facts and events may stand on one another this deep; the engine follows 24.
constexpr size_t kDefinitionDepthMax = 16;

class PackChecker {
 public:
  explicit PackChecker(const PackBuild& build)
      : build_(build), checker_(build.pack, build.report) {}

  void Check() {
    for (const auto& standard : build_.pack.standards) {
      for (const auto& clause : standard->clauses) clauses_.insert(clause.id);
    }
    for (size_t i = 0; i < build_.pack.forms.size(); ++i) {
      const Form& form = *build_.pack.forms[i];
      CheckForm(form, Place().At("forms", static_cast<int>(i), form.id));
    }
    for (size_t i = 0; i < build_.pack.standards.size(); ++i) {
      const Standard& standard = *build_.pack.standards[i];
      CheckStandard(standard, Place().At("standards", static_cast<int>(i), standard.id));
    }
    for (size_t i = 0; i < build_.pack.retentions.size(); ++i) {
      const domain::Retention& rule = build_.pack.retentions[i];
      const Place at = Place().At("retentions", static_cast<int>(i), rule.id);
      const NameScope scope{rule.file_kind, nullptr, nullptr, false};
      checker_.WantMoment(rule.due, scope, at.Part("due"));
      checker_.WantTruth(rule.hold, scope, at.Part("hold"));
    }
    for (size_t i = 0; i < build_.pack.exports.size(); ++i) {
      CheckExport(build_.pack.exports[i],
                  Place().At("exports", static_cast<int>(i), build_.pack.exports[i].id));
    }
    CheckMeasures(build_, checker_);
    CheckCircles();
  }

 private:
  void CheckExport(const domain::Export& what, const Place& place) {
    constexpr auto kKind = domain::FileKind::kPerson;
    checker_.WantTruth(what.where, {kKind, nullptr, nullptr, false}, place.Part("where"));
    for (size_t i = 0; i < what.columns.size(); ++i) {
      const domain::ExportColumn& column = what.columns[i];
      const Place at = place.At("columns", static_cast<int>(i), column.name);
      for (size_t j = 0; j < column.sources.size(); ++j) {
        const domain::ExportSource& source = column.sources[j];
        const domain::Form* form = build_.pack.FindNewestForm(source.form);
        if (form == nullptr) continue;  // said when it was built
        checker_.WantTruth(source.when, {kKind, form, nullptr, false},
                           at.At("sources", static_cast<int>(j), source.field).Part("when"));
      }
    }
  }

  void CheckForm(const Form& form, const Place& place) {
    const NameScope scope{form.file_kind, &form, nullptr, false};
    CheckParents(form, scope, place);
    checker_.TakeReferences();
    for (size_t i = 0; i < form.events.size(); ++i) {
      const Place at = place.At("events", static_cast<int>(i), form.events[i].code);
      checker_.WantMoment(form.events[i].at, scope, at.Part("at"));
      Define(&form, form.events[i].code, at);
    }
    for (size_t i = 0; i < form.facts.size(); ++i) {
      const Place at = place.At("facts", static_cast<int>(i), form.facts[i].code);
      checker_.WantTruth(form.facts[i].when, scope, at.Part("when"));
      Define(&form, form.facts[i].code, at);
    }
    for (size_t i = 0; i < form.sections.size(); ++i) {
      const Place section = place.At("sections", static_cast<int>(i), form.sections[i].code);
      for (size_t j = 0; j < form.sections[i].fields.size(); ++j) {
        const domain::Field& field = form.sections[i].fields[j];
        CheckField(field, scope, section.At("fields", static_cast<int>(j), field.code));
      }
    }
  }

  void CheckParents(const Form& form, const NameScope& scope, const Place& place) {
    const Form* at = &form;
    for (size_t i = 0; !at->parent.empty(); ++i) {
      const Form* parent = checker_.FindForm(at->parent, scope);
      if (parent == nullptr) {
        if (at == &form) {
          build_.report.Add(place.Part("parent"),
                            "want a form of the same kind of file, got '" + form.parent + "'");
        }
        return;
      }
      if (i >= build_.pack.forms.size()) {
        build_.report.Add(place.Part("parent"), "want a form that is not its own ancestor");
        return;
      }
      at = parent;
    }
  }

  void CheckField(const domain::Field& field, const NameScope& scope, const Place& place) {
    checker_.WantTruth(field.relevant, scope, place.Part("relevant"));
    checker_.WantTruth(field.constraint, scope, place.Part("constraint"));
    checker_.WantMoment(field.need.from, scope, place.Part("need").Part("from"));
    checker_.WantTruth(field.need.when, scope, place.Part("need").Part("when"));
    for (size_t i = 0; i < field.clauses.size(); ++i) {
      if (clauses_.contains(field.clauses[i])) continue;
      build_.report.Add(place.At("clauses", static_cast<int>(i), field.clauses[i]),
                        "want a clause of the pack");
    }
    if (!field.item) return;
    // An item per person is asked in the child record, with its form at hand.
    NameScope where = scope;
    if (field.item->per != domain::Per::kFile) {
      for (const auto& form : build_.pack.forms) {
        const bool child = form->parent == scope.form->id && form->per == field.item->per;
        if (child && form->FindField(field.code) != nullptr) where.form = form.get();
      }
    }
    checker_.WantTruth(field.item->applies, where, place.Part("item").Part("applies"));
    checker_.WantMoment(field.item->deadline.at(), where, place.Part("item").Part("deadline"));
  }

  void CheckStandard(const Standard& standard, const Place& place) {
    const NameScope scope{standard.file_kind, nullptr, &standard, false};
    checker_.TakeReferences();
    for (size_t i = 0; i < standard.events.size(); ++i) {
      const Place at = place.At("events", static_cast<int>(i), standard.events[i].code);
      checker_.WantMoment(standard.events[i].at, scope, at.Part("at"));
      Define(&standard, standard.events[i].code, at);
    }
    for (size_t i = 0; i < standard.clauses.size(); ++i) {
      const domain::Clause& clause = standard.clauses[i];
      const Place at = place.At("clauses", static_cast<int>(i), clause.id);
      checker_.WantTruth(clause.applies, scope, at.Part("applies"));
      checker_.WantTruth(clause.met, scope, at.Part("met"));
      checker_.WantMoment(clause.deadline.at(), scope, at.Part("deadline"));
    }
  }

  struct Node {
    Place place;
    std::set<Definition> uses;
    size_t depth = 0;  // 0: not known yet
    bool open = false;
  };

  void Define(const void* owner, const std::string& code, const Place& place) {
    nodes_[{owner, code}] = {place, checker_.TakeReferences()};
  }

  // How many definitions deep one stands; circles are reported and cut.
  size_t DepthOf(Node& node) {
    if (node.depth > 0) return node.depth;
    if (node.open) {
      build_.report.Add(node.place, "want a definition that does not lead back to itself");
      return 1;
    }
    node.open = true;
    size_t depth = 0;
    for (const Definition& use : node.uses) {
      const auto at = nodes_.find(use);
      if (at != nodes_.end()) depth = std::max(depth, DepthOf(at->second));
      if (depth >= kDefinitionDepthMax) break;
    }
    node.open = false;
    node.depth = depth + 1;
    return node.depth;
  }

  void CheckCircles() {
    for (auto& [definition, node] : nodes_) {
      if (DepthOf(node) == kDefinitionDepthMax) {
        build_.report.Add(node.place, "want at most 15 facts and events on top of one another");
      }
    }
  }

  const PackBuild& build_;
  ConditionChecker checker_;
  std::set<std::string> clauses_;
  std::map<Definition, Node> nodes_;
};

}  // namespace

void CheckConditions(const PackBuild& build) { PackChecker(build).Check(); }

}  // namespace kapea::codec
