// The functions of the condition language, as the compiler checks them.
#include <algorithm>
#include <array>
#include <string_view>

#include "common/codec/pack_compiler_types.h"
#include "common/domain/roles.h"

namespace kapea::codec {

using domain::FieldType;
using domain::Form;
using Op = domain::Expression::Op;

namespace {

// As in proto/kapea/v1/membership.proto, LinkWrite.relation.
constexpr std::array<std::string_view, 4> kRelations = {"operation_person", "same_person",
                                                        "justice_person", "lead_operation"};

bool OneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool ConditionChecker::Arguments(const Expression& call, size_t least, size_t most) {
  if (call.args.size() >= least && call.args.size() <= most) return true;
  const std::string want =
      least == most ? std::to_string(least) : std::to_string(least) + " to " + std::to_string(most);
  Add(call,
      "want " + want + " arguments of " + call.text + ", got " + std::to_string(call.args.size()));
  return false;
}

ConditionChecker::Typed ConditionChecker::CheckCall(const Expression& call,
                                                    const NameScope& scope) {
  const std::string_view name = call.text;
  if (OneOf(name, {"exists", "known", "refused", "unknown", "role_wrote", "second_person"})) {
    return CheckFieldCall(call, scope);
  }
  if (OneOf(name, {"done", "answered", "not_done", "signatures"})) {
    return CheckItemCall(call, scope);
  }
  if (OneOf(name, {"count", "any", "all", "latest", "earliest"})) {
    return CheckRecordsCall(call, scope);
  }
  if (OneOf(name, {"happened", "at", "value", "within", "before", "first", "last", "hour"})) {
    return CheckMomentCall(call, scope);
  }
  if (OneOf(name, {"made", "founded", "now", "custody_accepted", "custody_offered"})) {
    Arguments(call, 0, 0);
    if (name == "made" && scope.form == nullptr) Add(call, "want a record at hand for made()");
    return {name.starts_with("custody") ? Type::kTruth : Type::kMoment};
  }
  if (name == "if") return CheckIf(call, scope);
  if (name == "consent") return CheckConsent(call, scope);
  if (name == "linked") return CheckLinked(call, scope);
  Add(call, "want a function of the condition language, got '" + call.text + "'");
  return {};
}

std::optional<ConditionChecker::Found> ConditionChecker::FieldArgument(const Expression& call,
                                                                       const NameScope& scope) {
  const Expression& arg = call.args[0];
  const auto found = arg.op == Op::kName ? FindField(arg.text, scope) : std::nullopt;
  if (!found) {
    Add(arg, "want a field in " + call.text + "(...)" +
                 (arg.text.empty() ? "" : ", got '" + arg.text + "', which is none here"));
  }
  return found;
}

ConditionChecker::Typed ConditionChecker::CheckFieldCall(const Expression& call,
                                                         const NameScope& scope) {
  const bool by_role = call.text == "role_wrote";
  const size_t count = by_role ? 2 : 1;
  if (!Arguments(call, count, count)) return {Type::kTruth};
  const auto found = FieldArgument(call, scope);
  const bool presence = OneOf(call.text, {"exists", "role_wrote", "second_person"});
  if (found && found->field->sealed() && !presence) {
    Add(call, "want a clear field, got the sealed '" + call.args[0].text + "': only exists(...)");
  }
  if (by_role && domain::RoleNamed(call.args[1].text) == domain::Role::kNone) {
    Add(call.args[1], "want a role, got '" + call.args[1].text + "'");
  }
  return {Type::kTruth};
}

ConditionChecker::Typed ConditionChecker::CheckItemCall(const Expression& call,
                                                        const NameScope& scope) {
  const Typed result{call.text == "signatures" ? Type::kNumber : Type::kTruth};
  if (!Arguments(call, 1, 1)) return result;
  const auto found = FieldArgument(call, scope);
  if (!found) return result;
  const domain::Field& field = *found->field;
  if (field.type != FieldType::kItem) {
    Add(call.args[0], "want an item, got '" + call.args[0].text + "', which is none");
  } else if (field.item && field.item->per != domain::Per::kFile &&
             field.item->per != found->form->per) {
    Add(call.args[0], "'" + call.args[0].text +
                          "' is answered in child records: ask any, all or count of their form");
  }
  return result;
}

ConditionChecker::Typed ConditionChecker::CheckRecordsCall(const Expression& call,
                                                           const NameScope& scope) {
  const bool count = call.text == "count";
  const bool moment = OneOf(call.text, {"latest", "earliest"});
  const Typed result{count ? Type::kNumber : moment ? Type::kMoment : Type::kTruth};
  if (!Arguments(call, count ? 1 : 2, 2)) return result;
  const Expression& arg = call.args[0];
  const Form* form = arg.op == Op::kName ? FindForm(arg.text, scope) : nullptr;
  if (form == nullptr) {
    Add(arg, "want a form of this kind of file, got '" + arg.text + "'");
    return result;
  }
  if (call.args.size() == 1) return result;
  NameScope inner = scope;
  inner.form = form;
  if (moment) {
    CheckMoment(call.args[1], inner);
  } else {
    CheckTruth(call.args[1], inner);
  }
  return result;
}

ConditionChecker::Typed ConditionChecker::CheckMomentCall(const Expression& call,
                                                          const NameScope& scope) {
  const std::string_view name = call.text;
  if (name == "first" || name == "last") {
    Arguments(call, 1, domain::kConditionNodesMax);
    for (const Expression& arg : call.args) CheckMoment(arg, scope);
    return {Type::kMoment};
  }
  const size_t count = name == "within" ? 3 : name == "before" ? 2 : 1;
  const bool truth = OneOf(name, {"happened", "within", "before"});
  const Typed result{truth ? Type::kTruth : name == "hour" ? Type::kNumber : Type::kMoment};
  if (!Arguments(call, count, count)) return result;
  CheckMoment(call.args[0], scope);
  if (count > 1) CheckMoment(call.args[1], scope);
  if (count > 2) {
    const Typed length = Check(call.args[2], scope);
    if (length.type != Type::kDuration && length.type != Type::kBad) {
      Add(call.args[2], std::string("want a duration, got ") + NameOf(length.type));
    }
  }
  return result;
}

ConditionChecker::Typed ConditionChecker::CheckIf(const Expression& call, const NameScope& scope) {
  if (!Arguments(call, 3, 3)) return {};
  CheckTruth(call.args[0], scope);
  const Typed a = Check(call.args[1], scope);
  const Typed b = Check(call.args[2], scope);
  if (a.type == Type::kBad || b.type == Type::kBad) return {};
  if (a.type != b.type || OneOf(NameOf(a.type), {"a truth", "a code"})) {
    Add(call, std::string("want two moments, durations or numbers, got ") + NameOf(a.type) +
                  " and " + NameOf(b.type));
    return {};
  }
  return a;
}

void ConditionChecker::CheckUnitField(const Expression& arg, const NameScope& scope) {
  const auto found = arg.op == Op::kName ? FindField(arg.text, scope) : std::nullopt;
  if (!found || found->field->sealed() || found->field->type != FieldType::kUnit) {
    Add(arg, "want a clear field that is a unit, got '" + arg.text + "'");
  }
}

ConditionChecker::Typed ConditionChecker::CheckConsent(const Expression& call,
                                                       const NameScope& scope) {
  if (!Arguments(call, 1, 2)) return {Type::kTruth};
  const bool by_unit = call.args.size() == 2;
  if (by_unit) CheckUnitField(call.args[1], scope);
  bool any = false;
  for (const auto& form : pack_.forms) {
    const bool here = scope.linked || form->file_kind == scope.file_kind;
    if (!here || !form->id.ends_with("-CONSENT")) continue;
    any = true;
    const auto* purpose = form->FindField("purpose");
    const auto* answer = form->FindField("answer");
    const auto fits = [](const domain::Field* field) {
      return field != nullptr && !field->sealed() && field->type == FieldType::kCode &&
             field->code_list != nullptr;
    };
    if (!fits(purpose) || !fits(answer) || !answer->code_list->Has("yes")) {
      Add(call, "want clear code fields 'purpose' and 'answer' (with 'yes') in " + form->id);
    } else {
      CheckCode(call.args[0], *purpose->code_list);
    }
    const auto* recipient = form->FindField("recipient");
    if (by_unit &&
        (recipient == nullptr || recipient->sealed() || recipient->type != FieldType::kUnit)) {
      Add(call, "want a clear field 'recipient' that is a unit in " + form->id);
    }
  }
  if (!any) Add(call, "want a form of this kind of file whose id ends in -CONSENT");
  return {Type::kTruth};
}

ConditionChecker::Typed ConditionChecker::CheckLinked(const Expression& call,
                                                      const NameScope& scope) {
  if (!Arguments(call, 2, 2)) return {};
  if (scope.linked) {
    Add(call, "want no linked(...) within linked(...)");
    return {};
  }
  const std::string& relation = call.args[0].text;
  if (std::find(kRelations.begin(), kRelations.end(), relation) == kRelations.end()) {
    Add(call.args[0], "want a relation of links, got '" + relation + "'");
  }
  const NameScope there{scope.file_kind, nullptr, nullptr, true};
  const Typed typed = Check(call.args[1], there);
  if (typed.type == Type::kBad) return {};
  if (typed.word || (typed.type != Type::kTruth && typed.type != Type::kMoment)) {
    Add(call.args[1], "want a truth or a moment of the linked file, with FORM.name names");
    return {};
  }
  return typed;
}

}  // namespace kapea::codec
