// Whether the names in a condition exist where it stands, and whether its parts fit.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/codec/pack_compiler_report.h"
#include "common/domain/condition.h"
#include "common/domain/form.h"

namespace kapea::codec {

// Where names are looked up; see common/domain/README.md, "Names".
struct NameScope {
  domain::FileKind file_kind = domain::FileKind::kNone;
  const domain::Form* form = nullptr;          // the form at hand
  const domain::Standard* standard = nullptr;  // whose events are names
  bool linked = false;                         // forms of any kind of file
};

// A fact or event by where it is defined (form or standard) and its code.
using Definition = std::pair<const void*, std::string>;

// Checks the conditions of one pack. All forms must have their fields by then.
// Threads: one at a time.
class ConditionChecker {
 public:
  ConditionChecker(const domain::Pack& pack, Report& report) : pack_(pack), report_(report) {}

  void WantTruth(const domain::Condition& condition, const NameScope& scope, const Place& place);
  void WantMoment(const domain::Condition& condition, const NameScope& scope, const Place& place);
  // A number or a span of time. Whether it is a span; nullopt after a mistake.
  std::optional<bool> WantAmount(const domain::Condition& condition, const NameScope& scope,
                                 const Place& place);
  // A code field of that list, or a truth where the list has yes and no.
  // Whether it is a moment, which counts as a truth.
  bool WantCode(const domain::Condition& condition, const domain::CodeList& list,
                const NameScope& scope, const Place& place);
  // The definitions named since the last call.
  std::set<Definition> TakeReferences() { return std::exchange(references_, {}); }

  // The highest version of a form that conditions of that scope may name.
  const domain::Form* FindForm(std::string_view id, const NameScope& scope) const;

 private:
  enum class Type { kBad, kTruth, kNumber, kDuration, kMoment, kCodes };
  struct Typed {
    Type type = Type::kBad;
    const domain::CodeList* list = nullptr;  // kCodes of a field
    bool several = false;                    // a multi-code field
    bool word = false;                       // a name that nothing is called: maybe a code
  };
  struct Found {
    const domain::Form* form = nullptr;
    const domain::Field* field = nullptr;
  };
  using Expression = domain::Expression;

  void Add(const Expression& at, const std::string& what);
  static const char* NameOf(Type type);

  Typed Check(const Expression& node, const NameScope& scope);
  void CheckTruth(const Expression& node, const NameScope& scope);
  bool CheckMoment(const Expression& node, const NameScope& scope);
  Typed CheckComparison(const Expression& node, const NameScope& scope);
  Typed CheckCodes(const Expression& node, const Typed& a, const Typed& b);
  Typed CheckIn(const Expression& node, const NameScope& scope);
  Typed CheckSum(const Expression& node, const NameScope& scope);
  void CheckCode(const Expression& code, const domain::CodeList& list);

  Typed CheckName(const Expression& node, const NameScope& scope);
  std::optional<Typed> FindDefinition(const std::string& name, const NameScope& scope);
  std::optional<Found> FindField(const std::string& name, const NameScope& scope) const;
  Typed TypeOf(const Expression& node, const Found& found);

  Typed CheckCall(const Expression& call, const NameScope& scope);
  Typed CheckFieldCall(const Expression& call, const NameScope& scope);
  Typed CheckItemCall(const Expression& call, const NameScope& scope);
  Typed CheckRecordsCall(const Expression& call, const NameScope& scope);
  Typed CheckMomentCall(const Expression& call, const NameScope& scope);
  Typed CheckIf(const Expression& call, const NameScope& scope);
  void CheckUnitField(const domain::Expression& arg, const NameScope& scope);
  Typed CheckConsent(const Expression& call, const NameScope& scope);
  Typed CheckLinked(const Expression& call, const NameScope& scope);
  bool Arguments(const Expression& call, size_t least, size_t most);
  std::optional<Found> FieldArgument(const Expression& call, const NameScope& scope);

  const domain::Pack& pack_;
  Report& report_;
  const Place* place_ = nullptr;  // of the condition being checked
  std::set<Definition> references_;
};

}  // namespace kapea::codec
