#include "common/codec/pack_compiler_types.h"

#include <algorithm>

namespace kapea::codec {

using domain::CodeList;
using domain::Condition;
using domain::FieldType;
using domain::Form;
using Op = domain::Expression::Op;

void ConditionChecker::Add(const Expression& at, const std::string& what) {
  report_.Add(*place_, "column " + std::to_string(at.column) + ": " + what);
}

const char* ConditionChecker::NameOf(Type type) {
  switch (type) {
    case Type::kTruth:
      return "a truth";
    case Type::kNumber:
      return "a number";
    case Type::kDuration:
      return "a duration";
    case Type::kMoment:
      return "a moment";
    case Type::kCodes:
      return "a code";
    case Type::kBad:
      break;
  }
  return "nothing";
}

void ConditionChecker::WantTruth(const Condition& condition, const NameScope& scope,
                                 const Place& place) {
  if (condition.empty()) return;
  place_ = &place;
  CheckTruth(condition.root(), scope);
}

void ConditionChecker::WantMoment(const Condition& condition, const NameScope& scope,
                                  const Place& place) {
  if (condition.empty()) return;
  place_ = &place;
  CheckMoment(condition.root(), scope);
}

std::optional<bool> ConditionChecker::WantAmount(const Condition& condition, const NameScope& scope,
                                                 const Place& place) {
  if (condition.empty()) return std::nullopt;
  place_ = &place;
  const Expression& root = condition.root();
  const Typed typed = Check(root, scope);
  if (typed.type == Type::kNumber || typed.type == Type::kDuration) {
    return typed.type == Type::kDuration;
  }
  if (typed.word) {
    Add(root, "want a number or a span, got '" + root.text + "', which is no field here");
  } else if (typed.type != Type::kBad) {
    Add(root, std::string("want a number or a span, got ") + NameOf(typed.type));
  }
  return std::nullopt;
}

bool ConditionChecker::WantCode(const Condition& condition, const CodeList& list,
                                const NameScope& scope, const Place& place) {
  if (condition.empty()) return false;
  place_ = &place;
  const Expression& root = condition.root();
  const Typed typed = Check(root, scope);
  if (typed.word) {
    Add(root, "want a code field, got '" + root.text + "', which is none here");
  } else if (typed.type == Type::kCodes) {
    if (typed.list != &list) Add(root, "want a code field of " + list.id);
  } else if (typed.type == Type::kTruth || typed.type == Type::kMoment) {
    if (!list.Has("yes") || !list.Has("no")) {
      Add(root, "want a list with yes and no for a truth, got " + list.id);
    }
  } else if (typed.type != Type::kBad) {
    Add(root, std::string("want a code or a truth, got ") + NameOf(typed.type));
  }
  return typed.type == Type::kMoment;
}

void ConditionChecker::CheckTruth(const Expression& node, const NameScope& scope) {
  const Typed typed = Check(node, scope);
  if (typed.word) {
    Add(node, "want a field, fact or event, got '" + node.text + "', which is none here");
  } else if (typed.type != Type::kTruth && typed.type != Type::kMoment &&
             typed.type != Type::kBad) {
    Add(node, std::string("want a truth, got ") + NameOf(typed.type));
  }
}

bool ConditionChecker::CheckMoment(const Expression& node, const NameScope& scope) {
  const Typed typed = Check(node, scope);
  if (typed.type == Type::kMoment || typed.type == Type::kTruth) return true;
  if (typed.word) {
    Add(node, "want a moment, got '" + node.text + "', which is no field or event here");
  } else if (typed.type != Type::kBad) {
    Add(node, std::string("want a moment, got ") + NameOf(typed.type));
  }
  return false;
}

ConditionChecker::Typed ConditionChecker::Check(const Expression& node, const NameScope& scope) {
  switch (node.op) {
    case Op::kOr:
    case Op::kAnd:
    case Op::kNot:
      for (const Expression& arg : node.args) CheckTruth(arg, scope);
      return {Type::kTruth};
    case Op::kIn:
      return CheckIn(node, scope);
    case Op::kPlus:
    case Op::kMinus:
      return CheckSum(node, scope);
    case Op::kName:
      return CheckName(node, scope);
    case Op::kCall:
      return CheckCall(node, scope);
    case Op::kCode:
      return {Type::kCodes, nullptr, false, true};
    case Op::kBoolean:
      return {Type::kTruth};
    case Op::kNumber:
      return {Type::kNumber};
    case Op::kDuration:
      return {Type::kDuration};
    default:
      return CheckComparison(node, scope);
  }
}

void ConditionChecker::CheckCode(const Expression& code, const CodeList& list) {
  if (!list.Has(code.text)) Add(code, "want a code of " + list.id + ", got '" + code.text + "'");
}

ConditionChecker::Typed ConditionChecker::CheckIn(const Expression& node, const NameScope& scope) {
  const Typed left = Check(node.args[0], scope);
  if (left.type == Type::kBad) return {Type::kTruth};
  if (left.type != Type::kCodes || left.list == nullptr) {
    Add(node.args[0], "want a code field before 'in'");
    return {Type::kTruth};
  }
  for (size_t i = 1; i < node.args.size(); ++i) CheckCode(node.args[i], *left.list);
  return {Type::kTruth};
}

// Two codes: one of them must be a field, so that the other is one of its list.
ConditionChecker::Typed ConditionChecker::CheckCodes(const Expression& node, const Typed& a,
                                                     const Typed& b) {
  const Expression& left = node.args[0];
  const Expression& right = node.args[1];
  if (node.op != Op::kEqual && node.op != Op::kNotEqual) {
    Add(node, "want = or != between codes");
  } else if (a.several || b.several) {
    Add(node, "want 'in [...]' for a field of several codes");
  } else if (a.list != nullptr && b.list != nullptr) {
    if (a.list != b.list) Add(node, "want two fields of one code list");
  } else if (a.list != nullptr) {
    CheckCode(right, *a.list);
  } else if (b.list != nullptr) {
    CheckCode(left, *b.list);
  } else {
    Add(left, "want a code field, got '" + left.text + "', which is none here");
  }
  return {Type::kTruth};
}

ConditionChecker::Typed ConditionChecker::CheckComparison(const Expression& node,
                                                          const NameScope& scope) {
  Typed a = Check(node.args[0], scope);
  Typed b = Check(node.args[1], scope);
  if (a.type == Type::kBad || b.type == Type::kBad) return {Type::kTruth};
  // A code may look like a number: "12" of a list of provinces.
  if (a.type == Type::kCodes && node.args[1].op == Op::kNumber) b = {Type::kCodes};
  if (b.type == Type::kCodes && node.args[0].op == Op::kNumber) a = {Type::kCodes};
  if (a.type != b.type) {
    const bool hidden = a.list != nullptr && a.list->Has(node.args[1].text);
    Add(node, std::string("want two of a kind, got ") + NameOf(a.type) + " and " + NameOf(b.type) +
                  (hidden ? ": write 'in [" + node.args[1].text + "]'" : ""));
    return {Type::kTruth};
  }
  const bool equality = node.op == Op::kEqual || node.op == Op::kNotEqual;
  if (a.type == Type::kCodes) return CheckCodes(node, a, b);
  if (a.type == Type::kTruth && !equality) Add(node, "want = or != between truths");
  if (a.type == Type::kMoment && equality) {
    Add(node, "want <, <=, > or >= between moments: they are intervals");
  }
  return {Type::kTruth};
}

ConditionChecker::Typed ConditionChecker::CheckSum(const Expression& node, const NameScope& scope) {
  const Typed a = Check(node.args[0], scope);
  const Typed b = Check(node.args[1], scope);
  if (a.type == Type::kBad || b.type == Type::kBad) return {};
  const bool moment = a.type == Type::kMoment || a.type == Type::kTruth;
  if (moment && b.type == Type::kDuration) return {Type::kMoment};
  if (node.op == Op::kMinus && a.type == Type::kMoment && b.type == Type::kMoment) {
    return {Type::kDuration};
  }
  if (a.type == b.type && (a.type == Type::kNumber || a.type == Type::kDuration)) return a;
  if (a.word || b.word) {
    const Expression& word = a.word ? node.args[0] : node.args[1];
    Add(word, "want a field or event, got '" + word.text + "', which is none here");
  } else {
    Add(node, std::string("want a moment and a duration, or two numbers, got ") + NameOf(a.type) +
                  " and " + NameOf(b.type));
  }
  return {};
}

const Form* ConditionChecker::FindForm(std::string_view id, const NameScope& scope) const {
  const Form* newest = nullptr;
  for (const auto& form : pack_.forms) {
    if (form->id != id || (!scope.linked && form->file_kind != scope.file_kind)) continue;
    // The version at hand, where one is: its children and parents are of its own pack.
    if (newest == nullptr || form->version > newest->version) newest = form.get();
  }
  return newest;
}

std::optional<ConditionChecker::Found> ConditionChecker::FindField(const std::string& name,
                                                                   const NameScope& scope) const {
  if (scope.form != nullptr) {
    if (const auto* field = scope.form->FindField(name)) return Found{scope.form, field};
  }
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return std::nullopt;
  const Form* form = FindForm(std::string_view(name).substr(0, dot), scope);
  const auto* field = form != nullptr ? form->FindField(name.substr(dot + 1)) : nullptr;
  if (field == nullptr) return std::nullopt;
  return Found{form, field};
}

std::optional<ConditionChecker::Typed> ConditionChecker::FindDefinition(const std::string& name,
                                                                        const NameScope& scope) {
  const auto has = [&](const auto& named, const void* owner, const std::string& code) {
    const bool found = std::any_of(named.begin(), named.end(),
                                   [&](const auto& entry) { return entry.code == code; });
    if (found) references_.emplace(owner, code);
    return found;
  };
  const Form* form = scope.form;
  for (size_t i = 0; form != nullptr && i <= pack_.forms.size(); ++i) {
    if (has(form->facts, form, name)) return Typed{Type::kTruth};
    if (has(form->events, form, name)) return Typed{Type::kMoment};
    form = form->parent.empty() ? nullptr : FindForm(form->parent, scope);
  }
  if (scope.standard != nullptr && has(scope.standard->events, scope.standard, name)) {
    return Typed{Type::kMoment};
  }
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return std::nullopt;
  const Form* other = FindForm(std::string_view(name).substr(0, dot), scope);
  if (other == nullptr) return std::nullopt;
  const std::string code = name.substr(dot + 1);
  if (has(other->facts, other, code)) return Typed{Type::kTruth};
  if (has(other->events, other, code)) return Typed{Type::kMoment};
  return std::nullopt;
}

ConditionChecker::Typed ConditionChecker::CheckName(const Expression& node,
                                                    const NameScope& scope) {
  if (const auto found = FindField(node.text, scope)) return TypeOf(node, *found);
  if (const auto defined = FindDefinition(node.text, scope)) return *defined;
  const size_t dot = node.text.find('.');
  if (dot == std::string::npos) return {Type::kCodes, nullptr, false, true};
  const std::string form = node.text.substr(0, dot);
  if (FindForm(form, scope) == nullptr) {
    Add(node, "want a form of this kind of file before the dot, got '" + form + "'");
  } else {
    Add(node,
        "want a field, fact or event of " + form + ", got '" + node.text.substr(dot + 1) + "'");
  }
  return {};
}

ConditionChecker::Typed ConditionChecker::TypeOf(const Expression& node, const Found& found) {
  const domain::Field& field = *found.field;
  if (field.sealed()) {
    Add(node, "want a clear field, got the sealed '" + node.text +
                  "': ask exists(...) or declare a derived fact");
    return {};
  }
  switch (field.type) {
    case FieldType::kBoolean:
      return {Type::kTruth};
    case FieldType::kInteger:
      return {Type::kNumber};
    case FieldType::kCode:
    case FieldType::kCodes:
      // A list that is missing has been reported where the field stands.
      if (field.code_list == nullptr) return {};
      return {Type::kCodes, field.code_list, field.type == FieldType::kCodes};
    case FieldType::kTime:
    case FieldType::kDate:
      return {Type::kMoment};
    case FieldType::kDuration:
      return {Type::kDuration};
    case FieldType::kItem:
      Add(node, "want done(" + node.text + ") or another question about the item");
      return {};
    default:
      Add(node, "want a value to compare, got '" + node.text + "': ask exists(...)");
      return {};
  }
}

}  // namespace kapea::codec
