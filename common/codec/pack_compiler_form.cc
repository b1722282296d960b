// Forms and their fields, declared and implied.
#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "common/codec/pack_compiler_build.h"
#include "common/domain/item_state.h"
#include "common/domain/roles.h"

namespace kapea::codec {
namespace {

using domain::Evidence;
using domain::Field;
using domain::FieldType;
using domain::Form;
using domain::FormKind;
using domain::KeyClass;
using domain::Per;
using domain::Sensitivity;

// An item's companions add up to twelve characters, and all must fit in forty.
constexpr size_t kItemCodeMax = 24;
constexpr CodeShape kFieldShape{true, true, "_.-", 40};

class FormBuilder {
 public:
  FormBuilder(const PackBuild& build, const v1::Form& message, Place place, Form& form)
      : build_(build),
        report_(build.report),
        message_(message),
        place_(std::move(place)),
        form_(form) {}

  void Build() {
    BuildHead();
    std::set<std::string> sections;
    for (int i = 0; i < message_.sections_size(); ++i) {
      const v1::Section& section = message_.sections(i);
      const Place place = place_.At("sections", i, section.code());
      TakeCode(section.code(), {true, true, "_-", 40}, sections, place.Part("code"), report_);
      domain::Section built{
          section.code(), BuildLabel(section.label(), place.Part("label"), report_), {}};
      for (int j = 0; j < section.fields_size(); ++j) {
        const v1::Field& field = section.fields(j);
        built.fields.push_back(BuildField(field, place.At("fields", j, field.code())));
      }
      form_.sections.push_back(std::move(built));
    }
    BuildEvents();
    BuildFacts();
    for (auto& section : form_.sections) {
      for (const Field& field : section.fields) Index(field);
    }
    for (const Field& field : form_.implied) Index(field);
  }

 private:
  void BuildHead() {
    form_.id = message_.id();
    form_.version = message_.version();
    form_.kind = static_cast<FormKind>(message_.kind());
    form_.file_kind = static_cast<domain::FileKind>(message_.file_kind());
    form_.title = BuildLabel(message_.title(), place_.Part("title"), report_);
    form_.parent = message_.parent();
    form_.per = static_cast<Per>(message_.per());
    form_.provenance = BuildProvenance(message_.provenance(), place_.Part("provenance"), build_);
    if (!Fits(form_.id, {true, false, "-", 40})) {
      report_.Add(place_.Part("id"), "want a form id of A-Z, 0-9 and -, got '" + form_.id + "'");
    }
    if (form_.version == 0) report_.Add(place_.Part("version"), "want a version of at least 1");
    if (form_.kind == FormKind::kNone) {
      report_.Add(place_.Part("kind"), "want FORM_KIND_RECORD or FORM_KIND_CHECKLIST");
    }
    if (form_.file_kind == domain::FileKind::kNone) {
      report_.Add(place_.Part("file_kind"), "want the kind of file that the form belongs to");
    }
    if (form_.per != Per::kFile && form_.parent.empty()) {
      report_.Add(place_.Part("per"), "want a parent of a form that stands for one of several");
    }
  }

  Field BuildField(const v1::Field& message, const Place& place) {
    Field field;
    field.code = message.code();
    field.type = static_cast<FieldType>(message.type());
    const bool item = field.type == FieldType::kItem;
    TakeCode(field.code, {true, true, "_.-", item ? kItemCodeMax : kFieldShape.max}, codes_,
             place.Part("code"), report_);
    field.label = BuildLabel(message.label(), place.Part("label"), report_);
    if (field.type == FieldType::kNone) report_.Add(place.Part("type"), "want a type");
    field.code_list = BuildCodeList(field.type, message.code_list(), place.Part("code_list"));
    field.sensitivity = static_cast<Sensitivity>(message.sensitivity());
    BuildSensitivity(field, place);
    BuildNeed(message.need(), place.Part("need"), field.need);
    field.relevant = BuildCondition(message.relevant(), place.Part("relevant"), report_);
    field.constraint = BuildCondition(message.constraint(), place.Part("constraint"), report_);
    field.constraint_message =
        BuildOptionalLabel(message.constraint_message(), place.Part("constraint_message"), report_);
    if (!field.constraint.empty() && field.constraint_message.en.empty()) {
      report_.Add(place.Part("constraint_message"), "want a sentence for who breaks it");
    }
    for (int i = 0; i < message.writers_size(); ++i) {
      field.writers.push_back(static_cast<domain::Role>(message.writers(i)));
      if (field.writers.back() == domain::Role::kNone) {
        report_.Add(place.At("writers", i, ""), "want a role");
      }
    }
    BuildItem(message, place, field);
    field.provenance = form_.provenance;
    if (item || message.has_provenance()) {
      field.provenance = BuildProvenance(message.provenance(), place.Part("provenance"), build_);
    }
    field.guidance = BuildOptionalLabel(message.guidance(), place.Part("guidance"), report_);
    field.clauses = {message.clauses().begin(), message.clauses().end()};
    field.record_key = message.record_key();
    BuildBounds(message, place, field);
    BuildDerived(message, place, field);
    return field;
  }

  const domain::CodeList* BuildCodeList(FieldType type, const std::string& id, const Place& place) {
    const bool wanted = type == FieldType::kCode || type == FieldType::kCodes;
    if (!wanted && !id.empty()) report_.Add(place, "want no code list for this type");
    if (!wanted) return nullptr;
    const domain::CodeList* list = build_.pack.FindCodeList(id);
    if (list == nullptr) report_.Add(place, "want a code list of the pack, got '" + id + "'");
    return list;
  }

  // An item is a tick and never more: it is operational without saying so.
  void BuildSensitivity(Field& field, const Place& place) {
    const Place at = place.Part("sensitivity");
    if (field.type == FieldType::kItem) {
      if (field.sensitivity > Sensitivity::kOperational) {
        report_.Add(at, "want SENSITIVITY_OPERATIONAL for an item");
      }
      field.sensitivity = Sensitivity::kOperational;
    } else if (field.sensitivity == Sensitivity::kNone) {
      report_.Add(at, "want a sensitivity");
    } else if (field.sensitivity == Sensitivity::kPlan &&
               form_.file_kind != domain::FileKind::kOperation) {
      report_.Add(at, "want SENSITIVITY_PLAN in forms of operations alone");
    }
    field.key_class = KeyClassOf(field.type, field.sensitivity);
  }

  void BuildNeed(const v1::Need& message, const Place& place, domain::Need& need) {
    need.required = message.kind() == v1::Need::KIND_REQUIRED;
    if (!need.required &&
        (!message.within().empty() || !message.from().empty() || !message.when().empty())) {
      report_.Add(place.Part("kind"), "want KIND_REQUIRED where a time or condition is given");
    }
    if (!message.within().empty()) {
      auto within = domain::ParseDuration(message.within());
      if (within.ok()) {
        need.within = *within;
      } else {
        report_.Add(place.Part("within"), std::string(within.status().message()));
      }
    } else if (!message.from().empty()) {
      report_.Add(place.Part("within"), "want a duration where `from` is given");
    }
    need.from = BuildCondition(message.from(), place.Part("from"), report_);
    need.when = BuildCondition(message.when(), place.Part("when"), report_);
  }

  void BuildItem(const v1::Field& message, const Place& place, Field& field) {
    const bool is_item = field.type == FieldType::kItem;
    const bool checklist = form_.kind == FormKind::kChecklist;
    if (is_item != checklist) {
      report_.Add(place.Part("type"), checklist ? "want FIELD_TYPE_ITEM in a checklist"
                                                : "want a checklist for an item");
    }
    if (is_item != message.has_item()) {
      report_.Add(place.Part("item"), is_item ? "want the item's duties" : "want FIELD_TYPE_ITEM");
    }
    if (!is_item || !message.has_item()) return;
    const Place at = place.Part("item");
    const v1::Item& from = message.item();
    domain::Item item;
    for (int i = 0; i < from.duties_size(); ++i) {
      item.duties.push_back(static_cast<domain::Duty>(from.duties(i)));
      if (item.duties.back() == domain::Duty::kNone) {
        report_.Add(at.At("duties", i, ""), "want a duty");
      }
    }
    if (item.duties.empty()) report_.Add(at.Part("duties"), "want who may answer it");
    item.per = static_cast<Per>(from.per());
    item.evidence = static_cast<Evidence>(from.evidence());
    item.deadline = BuildDeadline(from.deadline(), at.Part("deadline"), report_);
    item.deadline_text = from.deadline_text();
    item.applies = BuildCondition(from.applies(), at.Part("applies"), report_);
    item.critical = from.critical();
    item.about_persons = from.about_persons();
    const bool photo =
        item.evidence == Evidence::kPhoto || item.evidence == Evidence::kPhotoAndDocument;
    if (photo && (item.about_persons || item.per == Per::kPerson)) {
      report_.Add(at.Part("evidence"), "want no photo for an item about persons");
    }
    field.item = std::move(item);
    ImplyCompanions(field);
  }

  void BuildBounds(const v1::Field& message, const Place& place, Field& field) {
    if (message.min() == 0 && message.max() == 0) return;
    if (field.type != FieldType::kInteger) {
      report_.Add(place.Part("max"), "want bounds for FIELD_TYPE_INTEGER alone");
    } else if (message.min() > message.max()) {
      report_.Add(place.Part("max"), "want max of at least min");
    }
    field.min = message.min();
    field.max = message.max();
  }

  void BuildDerived(const v1::Field& message, const Place& place, Field& field) {
    static const std::map<std::string, FieldType> kRules = {
        {"age_band", FieldType::kCode},   {"year", FieldType::kInteger},
        {"present", FieldType::kBoolean}, {"answered", FieldType::kBoolean},
        {"copy_time", FieldType::kTime},  {"wording", FieldType::kBoolean}};
    for (int i = 0; i < message.derived_size(); ++i) {
      const v1::DerivedFact& from = message.derived(i);
      const Place at = place.At("derived", i, from.code());
      if (!field.sealed()) report_.Add(at, "want derived facts of a sealed field alone");
      domain::DerivedFact fact{from.code(),
                               BuildLabel(from.label(), at.Part("label"), report_),
                               static_cast<FieldType>(from.type()),
                               from.code_list(),
                               from.rule(),
                               from.reveals()};
      TakeCode(fact.code, kFieldShape, codes_, at.Part("code"), report_);
      if (fact.reveals.empty()) report_.Add(at.Part("reveals"), "want what the server learns");
      const auto rule = kRules.find(fact.rule);
      if (rule == kRules.end()) {
        report_.Add(at.Part("rule"),
                    "want age_band, year, present, answered, copy_time or wording, got '" +
                        fact.rule + "'");
      } else if (rule->second != fact.type) {
        report_.Add(at.Part("type"), "want the type that rule " + fact.rule + " gives");
      }
      const bool wording = fact.rule == "wording";
      if (wording && field.type != FieldType::kText) {
        report_.Add(at.Part("rule"), "want the rule wording of FIELD_TYPE_TEXT alone");
      }
      Field implied;
      implied.code = fact.code;
      implied.label = fact.label;
      implied.type = fact.type;
      // Of a text it is the words that are looked for.
      implied.code_list = BuildCodeList(wording ? FieldType::kCode : fact.type, fact.code_list,
                                        at.Part("code_list"));
      implied.sensitivity = Sensitivity::kStatistical;
      implied.key_class = KeyClassOf(fact.type, implied.sensitivity);
      implied.derived_from = field.code;
      implied.provenance = field.provenance;
      form_.implied.push_back(std::move(implied));
      field.derived.push_back(std::move(fact));
    }
  }

  void ImplyCompanions(const Field& item) {
    const auto imply = [&](std::string_view suffix, FieldType type, const char* label) {
      Field field;
      field.code = item.code + std::string(suffix);
      field.label.en = label;
      field.type = type;
      field.sensitivity = Sensitivity::kOperational;
      field.key_class = KeyClassOf(type, field.sensitivity);
      field.provenance = form_.provenance;
      codes_.insert(field.code);
      form_.implied.push_back(std::move(field));
      return &form_.implied.back();
    };
    if (const auto* reasons = build_.pack.FindCodeList("CL_REASON")) {
      imply(domain::kReasonCodeSuffix, FieldType::kCode, "Reason")->code_list = reasons;
    }
    imply(domain::kReasonSuffix, FieldType::kText, "Reason in words");
    imply(domain::kEvidenceSuffix, FieldType::kAttachment, "Evidence");
    if (item.item && item.item->evidence == Evidence::kPhotoAndDocument) {
      imply(domain::kDocumentSuffix, FieldType::kAttachment, "Document");
    }
  }

  void BuildEvents() {
    for (int i = 0; i < message_.events_size(); ++i) {
      const v1::Event& event = message_.events(i);
      const Place at = place_.At("events", i, event.code());
      TakeCode(event.code(), {true, false, "_", 40}, codes_, at.Part("code"), report_);
      form_.events.push_back({event.code(), BuildLabel(event.label(), at.Part("label"), report_),
                              BuildCondition(event.at(), at.Part("at"), report_)});
      if (event.at().empty()) report_.Add(at.Part("at"), "want when the event happens");
    }
  }

  void BuildFacts() {
    for (int i = 0; i < message_.facts_size(); ++i) {
      const v1::Fact& fact = message_.facts(i);
      const Place at = place_.At("facts", i, fact.code());
      TakeCode(fact.code(), {false, true, "_", 30}, codes_, at.Part("code"), report_);
      form_.facts.push_back({fact.code(), BuildLabel(fact.label(), at.Part("label"), report_),
                             BuildCondition(fact.when(), at.Part("when"), report_)});
      Field box;
      box.code = std::string(domain::kFactPrefix) + fact.code();
      box.label = form_.facts.back().label;
      box.type = FieldType::kBoolean;
      box.sensitivity = Sensitivity::kOperational;
      box.provenance = form_.provenance;
      form_.implied.push_back(std::move(box));
    }
    for (int i = 0; i < message_.variants_size(); ++i) {
      const v1::Variant& variant = message_.variants(i);
      const Place at = place_.At("variants", i, variant.code());
      for (int j = 0; j < variant.facts_size(); ++j) {
        bool known = false;
        for (const auto& fact : form_.facts) known = known || fact.code == variant.facts(j);
        if (!known) report_.Add(at.At("facts", j, variant.facts(j)), "want a fact of the form");
      }
      form_.variants.push_back({variant.code(),
                                BuildLabel(variant.label(), at.Part("label"), report_),
                                {variant.facts().begin(), variant.facts().end()}});
    }
  }

  // Duplicates have been reported where they stand.
  void Index(const Field& field) { form_.by_code.emplace(field.code, &field); }

  const PackBuild& build_;
  Report& report_;
  const v1::Form& message_;
  const Place place_;
  Form& form_;
  std::set<std::string> codes_;  // fields, companions, derived facts, facts and events
};

bool Declares(const Form& form, const std::string& code) {
  const auto is = [&](const Field& field) { return field.code == code; };
  if (std::any_of(form.implied.begin(), form.implied.end(), is)) return true;
  return std::any_of(form.sections.begin(), form.sections.end(), [&](const auto& section) {
    return std::any_of(section.fields.begin(), section.fields.end(), is);
  });
}

// An item with its companions, to every version of the child form. Where an older
// version of the checklist has the item too, the newest one's stands.
void LendItem(const PackBuild& build, const Form& checklist, const Field& item, const Place& at) {
  const Form* lent = nullptr;
  for (const auto& child : build.pack.forms) {
    if (child->parent != checklist.id || child->per != item.item->per) continue;
    if (lent != nullptr && lent->id != child->id) {
      build.report.Add(at,
                       "want one child form for each per, got " + lent->id + " and " + child->id);
      return;
    }
    lent = child.get();
    for (const auto& [code, field] : checklist.by_code) {
      if (code != item.code && !code.starts_with(item.code + ".")) continue;
      if (Declares(*child, code)) {
        build.report.Add(at, "want a code that " + child->id + " does not have");
      }
      child->by_code.emplace(code, field);
    }
  }
  if (lent == nullptr) {
    build.report.Add(at.Part("item").Part("per"),
                     "want a child form of " + checklist.id + " with that per");
  }
}

// Items with `per` are answered in the child records: the child form has them too.
void LendItems(const PackBuild& build, size_t index) {
  const Form& checklist = *build.pack.forms[index];
  const Place place = Place().At("forms", static_cast<int>(index), checklist.id);
  for (size_t i = 0; i < checklist.sections.size(); ++i) {
    const auto& section = checklist.sections[i];
    const Place in = place.At("sections", static_cast<int>(i), section.code);
    for (size_t j = 0; j < section.fields.size(); ++j) {
      const Field& field = section.fields[j];
      if (!field.item || field.item->per == Per::kFile) continue;
      LendItem(build, checklist, field, in.At("fields", static_cast<int>(j), field.code));
    }
  }
}

}  // namespace

void BuildForms(const PackBuild& build) {
  std::set<std::pair<std::string, uint32_t>> seen;
  for (int i = 0; i < build.message.forms_size(); ++i) {
    const v1::Form& message = build.message.forms(i);
    const Place place = Place().At("forms", i, message.id());
    if (!seen.emplace(message.id(), message.version()).second) {
      build.report.Add(place, "want each version of a form once");
    }
    build.pack.forms.push_back(std::make_unique<Form>());
    FormBuilder(build, message, place, *build.pack.forms.back()).Build();
  }
  std::vector<size_t> checklists;
  for (size_t i = 0; i < build.pack.forms.size(); ++i) {
    if (build.pack.forms[i]->kind == FormKind::kChecklist) checklists.push_back(i);
  }
  std::stable_sort(checklists.begin(), checklists.end(), [&](size_t a, size_t b) {
    return build.pack.forms[a]->version > build.pack.forms[b]->version;
  });
  for (const size_t index : checklists) LendItems(build, index);
}

}  // namespace kapea::codec
